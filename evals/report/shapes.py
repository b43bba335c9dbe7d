"""What a result of `evals run` holds, as far as the report shows it. Every part but the counts may be missing.

The report is made again from files that anyone may have written, so they are read into these shapes first; what is
not in them is left alone. Strings are hostile text: ids, answers, notes, errors.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _list(value: Any) -> Any:
    """An empty object stands for an empty list: what was not run has no shape."""
    return [] if value in ({}, None) else value


def _square(counts: list[list[int]]) -> list[list[int]]:
    if any(len(row) != len(counts) for row in counts):
        raise ValueError("rows and columns are not the same number")
    return counts


def _estimate(value: Any) -> Any:
    """A bare number is an estimate without an interval; null is one that is not known."""
    return value if isinstance(value, dict | BaseModel) else {"value": value}


Number = Annotated[float | None, BeforeValidator(_known)]
"""NaN and infinities are written by some JSON writers; they mean that the number is not known."""
Finite = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Counts = list[list[Count]]


class Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Interval(Shape):
    """A number and the ends of its 95 % interval; null where undefined."""

    value: Number = None
    low: Number = None
    high: Number = None


Estimate = Annotated[Interval, BeforeValidator(_estimate)]
Metrics = dict[str, Estimate]
UNKNOWN = Interval()


class Both(Shape):
    """The same text in both languages."""

    zh: str = ""
    en: str = ""

    def text(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


class Annotators(Shape):
    raters: list[str] = []
    n: Count = 0
    metrics: Metrics = {}
    kind: str | None = None
    """`language models`, or null where it is not known what they are."""


class Slice(Shape):
    n: Count = 0
    qwk: Estimate = UNKNOWN
    mae: Estimate = UNKNOWN
    mean_signed_error: Estimate = UNKNOWN
    smd: Estimate = UNKNOWN
    exact: Estimate = UNKNOWN
    adjacent: Estimate = UNKNOWN
    point_f1: Estimate = UNKNOWN


class Bin(Shape):
    low: Finite
    high: Finite
    n: Count
    given: Finite
    reference: Estimate


class Reliability(Shape):
    top: float = Field(gt=0, allow_inf_nan=False)
    error: Number = None
    bins: list[Bin] = []


class Difference(Shape):
    answer: str
    mean: Finite
    difference: Finite


class BlandAltman(Shape):
    bias: Estimate = UNKNOWN
    lower: Estimate = UNKNOWN
    upper: Estimate = UNKNOWN
    sd: Number = None
    items: list[Difference] = []


class Quote(Shape):
    start: int = 0
    end: int = 0
    text: str = ""


class WorstPoint(Shape):
    id: str
    text: Both = Both()
    weight: Finite = 1
    core: bool = True
    reference: Number = None
    credit: Finite = 0
    verdict: str | None = None
    evidence: list[Quote] = []


class WorstBelief(Shape):
    id: str
    text: Both = Both()
    reference: bool = False
    judge: bool = False
    evidence: list[Quote] = []


class Note(Shape):
    rater: str
    grade: int
    note: str = ""


class Worst(Shape):
    answer_id: str
    question_id: str = ""
    question: Both = Both()
    answer: str = ""
    lang: str = ""
    kind: str = ""
    mode: str = ""
    reference: Number = None
    score: Number = None
    difference: Number = None
    flags: list[str] = []
    points: list[WorstPoint] = []
    misconceptions: list[WorstBelief] = []
    raters: list[Note] = []


class ProbeOutcome(Shape):
    """`evals.probes.Outcome.as_json()`."""

    name: str
    value: Number = None
    low: Number = None
    high: Number = None
    line: str = ""
    passed: bool = False
    n: Count = 0
    worst: list[str] = []


class Beside(Shape):
    """A baseline, or the judge without one of its parts, on the same answers."""

    name: str
    what: str = ""
    qwk: Estimate = UNKNOWN
    mae: Estimate = UNKNOWN
    point_f1: Estimate = UNKNOWN
    difference: Estimate | None = None
    """QWK of the judge less this one's, on the same draws."""


class Other(Shape):
    """Another judge, on a sample of the answers."""

    name: str
    n: Count = 0
    metrics: Metrics = {}
    cost: Number = None
    seconds_per_answer: Number = None


class Failure(Shape):
    answer: str
    error: str | None = None


class Timing(Shape):
    answers: Count = 0
    seconds_median: Number = None
    seconds_p95: Number = None
    calls: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: Number = None
    wall: Number = None
    """Seconds for all of them together, waiting included."""


class Result(Shape):
    """What `evals run --output DIR` writes as result.json."""

    metrics: Metrics
    n: Count
    questions: Count = 0
    data: str = ""
    judge: dict[str, Any] = {}
    split: str = "all"
    versions: dict[str, str] = {}
    annotators: Annotators = Annotators()
    confusion: Annotated[Counts, AfterValidator(_square)] = []
    point_confusion: Annotated[Counts, AfterValidator(_square)] = []
    slices: dict[str, dict[str, Slice]] = {}
    names: dict[str, dict[str, Both]] = {}
    calibration: Reliability | None = None
    point_calibration: Reliability | None = None
    bland_altman: BlandAltman | None = None
    worst: list[Worst] = []
    failures: list[Failure] = []
    probes: Annotated[list[ProbeOutcome], BeforeValidator(_list)] = []
    beside: Annotated[list[Beside], BeforeValidator(_list)] = []
    others: Annotated[list[Other], BeforeValidator(_list)] = []
    timing: Timing | None = None


class Reference(Shape):
    grade: int = 0
    mean_grade: float = 0


class Marks(Shape):
    score: Number = None
    grade: int | None = None


class Line(Shape):
    """One line of items.jsonl, as far as the scatter shows it."""

    id: str
    lang: str = ""
    mode: str = ""
    reference: Reference = Reference()
    judgement: Marks | None = None
