"""The eval set on disk: answers, raters' grades, and the reference made of them.

`answers*.jsonl` and `grades*.jsonl` below a folder (default: `evals/data`); ANNOTATION.md says what the
grades mean. Faults are told with file and line. Knows the map; nothing of judges or metrics.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.splits import split_of
from interviewer.errors import InputError
from knowledge import KnowledgeMap, Question, UnknownNameError, load_map
from knowledge.models import Category

DATA = Path(__file__).parent / "data"
ADJUDICATED = "adj"
"""The rater whose grades, where there are any, are the reference."""

T = TypeVar("T", bound=BaseModel)
Credit = Annotated[float, Field(ge=0, le=1, multiple_of=0.5)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EvalAnswer(Strict):
    """One authored answer. `mode` says how it was made; raters and judges never see it."""

    id: str = Field(min_length=1)
    question_id: str
    lang: Literal["zh", "en", "mixed"]
    mode: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    answer: str
    choice_order: list[int] | None = None


class Rating(Strict):
    """One rater's reading of one answer."""

    answer_id: str
    rater: str = Field(min_length=1)
    points: dict[str, Credit]
    misconceptions: list[str] = []
    grade: int = Field(ge=0, le=5)
    note: str = ""


@dataclass(frozen=True)
class Item:
    """An answer with all its ratings; at least one."""

    answer: EvalAnswer
    question: Question
    ratings: tuple[Rating, ...]
    category: Category | None = None
    """Of the question's skill."""

    @cached_property
    def readers(self) -> tuple[Rating, ...]:
        """The independent ratings, without the adjudicated one."""
        return tuple(r for r in self.ratings if r.rater != ADJUDICATED)

    @cached_property
    def _deciding(self) -> tuple[Rating, ...]:
        return tuple(r for r in self.ratings if r.rater == ADJUDICATED) or self.ratings

    @cached_property
    def mean_grade(self) -> float:
        """The reference before rounding, 0-5."""
        return fmean(r.grade for r in self._deciding)

    @cached_property
    def grade(self) -> int:
        """The reference grade: adjudicated, else the raters' mean rounded half up."""
        return math.floor(self.mean_grade + 0.5)

    @cached_property
    def points(self) -> dict[str, float]:
        """Reference credit per point."""
        return {p.id: fmean(r.points[p.id] for r in self._deciding) for p in self.question.points}

    @cached_property
    def misconceptions(self) -> frozenset[str]:
        """Those that at least half of the deciding raters found."""
        found = [m for r in self._deciding for m in set(r.misconceptions)]
        return frozenset(m for m in found if 2 * found.count(m) >= len(self._deciding))


@dataclass(frozen=True)
class Dataset:
    items: tuple[Item, ...]
    """Answers with grades, in the order of the files."""
    ungraded: tuple[EvalAnswer, ...]
    hash: str
    """Of every file that was read."""
    annotators: str | None = None
    """What gave the grades, where that is known: `language models` for the packaged set (CARD.md)."""

    def only(self, split: str | None) -> Dataset:
        """The answers to the questions of one half (`splits.py`); all of them for None."""
        if split is None:
            return self
        return Dataset(
            tuple(i for i in self.items if split_of(i.answer.question_id) == split),
            tuple(a for a in self.ungraded if split_of(a.question_id) == split),
            self.hash,
            self.annotators,
        )

    def sample(self, least: int, seed: int = 0) -> Dataset:
        """At least `least` answers (where there are as many), drawn as whole questions with a seed.

        Whole, because the answers to one question share a prompt prefix, and a bootstrap draws questions.
        """
        ids = sorted({i.answer.question_id for i in self.items})
        random.Random(seed).shuffle(ids)
        sizes = Counter(i.answer.question_id for i in self.items)
        chosen: set[str] = set()
        for question in ids:
            if sum(sizes[c] for c in chosen) >= least:
                break
            chosen.add(question)
        return Dataset(tuple(i for i in self.items if i.answer.question_id in chosen), (), self.hash, self.annotators)

    @property
    def raters(self) -> list[str]:
        return sorted({r.rater for i in self.items for r in i.readers})


def load_dataset(folder: Path = DATA, the_map: KnowledgeMap | None = None) -> Dataset:
    """The eval set below `folder`. Raises InputError with every fault."""
    the_map = the_map or load_map()
    faults: list[str] = []
    answers: dict[str, EvalAnswer] = {}
    digest = hashlib.sha256()
    for place, raw in _lines(folder, "answers", digest, faults):
        answer = _shaped(EvalAnswer, raw, place, faults)
        if answer is None:
            continue
        if answer.id in answers:
            faults.append(f"{place}: the id {answer.id!r} occurs twice")
        try:
            the_map.question(answer.question_id)
        except UnknownNameError as e:
            faults.append(f"{place}: {e}")
            continue
        answers[answer.id] = answer
    ratings: dict[str, dict[str, Rating]] = defaultdict(dict)
    for place, raw in _lines(folder, "grades", digest, faults):
        rating = _shaped(Rating, raw, place, faults)
        if rating is None:
            continue
        if rating.answer_id not in answers:
            faults.append(f"{place}: there is no answer {rating.answer_id!r}")
            continue
        if rating.rater in ratings[rating.answer_id]:
            faults.append(f"{place}: {rating.rater} grades {rating.answer_id!r} twice")
        question = the_map.question(answers[rating.answer_id].question_id)
        faults.extend(f"{place}: {f}" for f in _misfits(rating, question))
        ratings[rating.answer_id][rating.rater] = rating
    if not answers and not faults:
        faults.append(f"{folder}: no answers*.jsonl")
    if faults:
        more = f"\n… and {len(faults) - 50} more" if len(faults) > 50 else ""
        raise InputError("\n".join(faults[:50]) + more, hint="ANNOTATION.md and README.md describe the files")
    categories = {c.id: c for c in the_map.categories}
    return Dataset(
        items=tuple(
            Item(
                a,
                the_map.question(a.question_id),
                tuple(ratings[a.id][r] for r in sorted(ratings[a.id])),
                categories.get(the_map.skill_of(a.question_id).category),
            )
            for a in answers.values()
            if ratings.get(a.id)
        ),
        ungraded=tuple(a for a in answers.values() if not ratings.get(a.id)),
        hash=digest.hexdigest()[:12],
        annotators="language models" if folder.resolve() == DATA.resolve() else None,
    )


def _lines(folder: Path, kind: str, digest: Any, faults: list[str]) -> Iterator[tuple[str, Any]]:
    for path in sorted(folder.glob(f"{kind}*.jsonl")):
        content = path.read_bytes()
        digest.update(content)
        for number, line in enumerate(content.split(b"\n"), 1):
            if not line.strip():
                continue
            place = f"{path.name}:{number}"
            try:
                yield place, json.loads(line)
            except ValueError as e:
                faults.append(f"{place}: not valid JSON: {e}")


def _shaped(shape: type[T], raw: Any, place: str, faults: list[str]) -> T | None:
    try:
        return shape.model_validate(raw)
    except ValidationError as e:
        for fault in e.errors(include_url=False, include_context=False, include_input=False):
            faults.append(f"{place}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}")
        return None


def _misfits(rating: Rating, question: Question) -> Iterator[str]:
    ids = [p.id for p in question.points]
    if missing := [i for i in ids if i not in rating.points]:
        yield f"{rating.rater}, {rating.answer_id}: no value for {', '.join(missing)}"
    if unknown := [i for i in rating.points if i not in ids]:
        yield f"{rating.rater}, {rating.answer_id}: no such point: {', '.join(unknown)}"
    known = {m.id for m in question.misconceptions}
    if strange := [m for m in rating.misconceptions if m not in known]:
        yield f"{rating.rater}, {rating.answer_id}: no such misconception: {', '.join(strange)}"
