"""What the model is asked to write, as shapes that check it. Field order is the order in which it is written.

Points go by the labels `P1`, `P2`, … of the prompt, misconceptions by `M1`, …: one schema serves every question, so
a provider compiles it once. With a validation context (`known`) the points must be those asked for, each once; a few
may be absent and are then asked for one by one, which costs less than the whole reply again.
What the model adds beside the shape, a score for one, is dropped unread.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from interviewer.llm.schema import BRIEF
from interviewer.models import Verdict

MOST_QUOTES = 5
LONGEST_QUOTE = 2_000
LONGEST_TEXT = 2_000
ABSENT_SHARE = 1 / 3
"""Part of the points that a reply may leave out, rounded down."""
_LABEL = re.compile(r"\W*([pm]?)\W*0*(\d{1,3})\W*", re.I)


def known(points: int, misconceptions: int, dimensions: tuple[str, ...]) -> dict[str, Any]:
    """The validation context of a rubric with so many points and misconceptions."""
    return {
        "points": tuple(f"P{n}" for n in range(1, points + 1)),
        "absent": int(points * ABSENT_SHARE),
        "misconceptions": frozenset(f"M{n}" for n in range(1, misconceptions + 1)),
        "dimensions": frozenset(dimensions),
    }


def _label(kind: str, value: Any) -> Any:
    found = _LABEL.fullmatch(value) if isinstance(value, str) else None
    return f"{(found[1] or kind).upper()}{found[2]}" if found else value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else [] if value is None else value


def _cut_quotes(value: list[str]) -> list[str]:
    return [q[:LONGEST_QUOTE] for q in value if q.strip()][:MOST_QUOTES]


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _share(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError("must lie between 0 and 1")
    return value


def _one_to_five(value: int) -> int:
    if not 1 <= value <= 5:
        raise ValueError("must lie between 1 and 5")
    return value


def _cut(value: str) -> str:
    return value[:LONGEST_TEXT]


PointLabel = Annotated[str, BeforeValidator(lambda v: _label("p", v))]
MisconceptionLabel = Annotated[str, BeforeValidator(lambda v: _label("m", v))]
Quote = Annotated[str, Field(json_schema_extra={BRIEF: 90})]
Quotes = Annotated[
    list[Quote], BeforeValidator(_as_list), AfterValidator(_cut_quotes), Field(json_schema_extra={BRIEF: 2})
]
AnyVerdict = Annotated[Verdict, BeforeValidator(_lower)]
Share = Annotated[float, AfterValidator(_share)]
Level = Annotated[int, AfterValidator(_one_to_five)]
Text = Annotated[str, AfterValidator(_cut), Field(json_schema_extra={BRIEF: 240})]
Reason = Annotated[str, AfterValidator(_cut), Field(json_schema_extra={BRIEF: 90})]


class Out(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class PointOut(Out):
    id: PointLabel
    quotes: Quotes = []
    verdict: AnyVerdict
    reason: Reason = ""
    confidence: Share = 0.5


class MisconceptionOut(Out):
    id: MisconceptionLabel
    quotes: Quotes = []


class LevelOut(Out):
    id: str
    level: Level


class Verdicts(Out):
    """The whole answer judged in one call."""

    points: list[PointOut]
    misconceptions: list[MisconceptionOut] = []
    dimensions: list[LevelOut] = []
    feedback: Text = ""

    @model_validator(mode="after")
    def _of_the_rubric(self, info: ValidationInfo) -> Verdicts:
        context = info.context
        return self if not isinstance(context, Mapping) or "points" not in context else self.checked(context)

    def checked(self, context: Mapping[str, Any]) -> Verdicts:
        """The points in the rubric's order, other things that are not of the rubric left out.

        Raises ValueError, with no word of the model's in it: too many points missing, given twice, or unknown.
        """
        wanted: tuple[str, ...] = context["points"]
        given = [p.id for p in self.points]
        faults = []
        if any(i not in wanted for i in given):
            faults.append(f"there are ids that the rubric has not (it has {wanted[0]} to {wanted[-1]})")
        if twice := [i for i in wanted if given.count(i) > 1]:
            faults.append(f"given more than once: {', '.join(twice)}")
        absent = [i for i in wanted if i not in given]
        if len(absent) > context.get("absent", 0):
            faults.append(f"missing: {', '.join(absent)}")
        if faults:
            raise ValueError("points: " + "; ".join(faults))
        by_id = {p.id: p for p in self.points}
        return self.model_copy(
            update={
                "points": [by_id[i] for i in wanted if i in by_id],
                "misconceptions": [m for m in self.misconceptions if m.id in context["misconceptions"]],
                "dimensions": [d for d in self.dimensions if d.id in context["dimensions"]],
            }
        )


class SecondLook(Out):
    """One point judged by itself."""

    quotes: Quotes = []
    verdict: AnyVerdict
    reason: Reason = ""
    confidence: Share = 0.5


class CompiledPoint(Out):
    text: Text
    quote: Text = ""
    weight: float = 1
    core: bool = True
    terms: list[str] = []


class CompiledPoints(Out):
    """A reference taken apart."""

    points: list[CompiledPoint]
