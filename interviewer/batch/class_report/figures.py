"""What a class report says, as numbers and texts. Field names are the JSON contract.

Scores are 0-10, shares and credits 0-1, rows as the graded file counts them. Every text may be hostile: the renderers
escape.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from interviewer.models import JudgeInfo


class Estimate(BaseModel):
    """A number with its 95 % interval; null where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Bin(BaseModel):
    low: float
    high: float
    """The upper end belongs to the next bin, except for the last."""
    n: int


class Distribution(BaseModel):
    """Of the graded rows."""

    mean: float
    sd: float | None
    lowest: float
    q1: float
    median: float
    q3: float
    highest: float
    histogram: list[Bin]


class Failure(BaseModel):
    reason: str
    n: int
    example: str
    rows: list[int]
    """The first few."""


class Point(BaseModel):
    """One rubric point over all answers to its question."""

    question: str
    id: str
    text: str
    core: bool
    n: int
    covered: int
    partial: int
    missing: int
    contradicted: int
    credit: float
    """The mean."""


class Quoted(BaseModel):
    row: int
    text: str


class Misconception(BaseModel):
    question: str
    id: str
    text: str
    n: int
    share: float
    """Of the graded answers to the question."""
    quotes: list[Quoted]


class QuestionFigures(BaseModel):
    id: str
    ask: str
    n: int
    """Graded answers."""
    failed: int
    mean: float | None
    sd: float | None
    review_share: float | None
    histogram: list[int]
    """Ten bins of one mark."""
    discrimination: float | None
    """The correlation of a person's score here with their mean score elsewhere; null for too few such persons."""
    persons: int
    """Persons who answered this question and another."""
    points: list[Point]
    """The hardest first, core points before bonus points."""
    misconceptions: list[Misconception]
    """The most common first."""


class Review(BaseModel):
    row: int
    id: str
    question: str
    score: float
    interval: tuple[float, float]
    asked: bool
    """Whether the judge asks for a second reader; else it is for the flags alone."""
    doubtful: int
    points: int
    flags: list[str]
    answer: str
    """The beginning."""


class PersonFigures(BaseModel):
    id: str
    answers: int
    """Graded."""
    unscored: int
    review: int
    mean: float | None
    total: float


class Dot(BaseModel):
    human: float
    judge: float
    n: int


class Disagreement(BaseModel):
    row: int
    id: str
    question: str
    human: float
    """As it stood in the file, out of `max_score`."""
    max_score: float
    human_of_ten: float
    score: float
    difference: float
    """Above zero the judge gave more."""


class Agreement(BaseModel):
    """The judge beside the scores that persons gave."""

    pairs: int
    seen: int
    sampled: bool
    """Whether `pairs` is a uniform sample of those seen, drawn with `seed`."""
    seed: int
    max_score: float | None
    """Of the human scores; null when it differs from row to row."""
    max_score_from: Literal["option", "rows", "highest"]
    """`highest`: nobody said; it is the highest that was found."""
    levels: int
    """For kappa, exact and adjacent agreement."""
    clustered_on: Literal["question", "row"]
    clusters: int
    resamples: int
    metrics: dict[str, Estimate]
    """qwk, pearson, spearman, mae, bias, exact, adjacent. Bias above zero: the judge is the more lenient."""
    scatter: list[Dot]
    worst: list[Disagreement]


class Spent(BaseModel):
    calls: int
    input_tokens: int | None
    output_tokens: int | None
    cost: float | None
    """US dollars; null when unknown for some row."""
    known_cost: float
    judge_seconds: float
    """The sum over rows."""


class Figures(BaseModel):
    """The whole report."""

    source: str
    """The file, without its folder."""
    created: str
    seconds: float | None
    """From the first row to the last, where that is known."""
    lang: str
    rows: int
    graded: int
    failed: int
    waiting: int
    needs_review: int
    distribution: Distribution | None
    flags: dict[str, int]
    failures: list[Failure]
    other_failures: int
    questions: list[QuestionFigures]
    """The hardest first."""
    other_questions: int
    """Graded rows of questions above the most that are told apart."""
    hardest_points: list[Point]
    common_misconceptions: list[Misconception]
    review: list[Review]
    """The most urgent first."""
    people: list[PersonFigures]
    """The highest mean first; empty unless some person has answers to several questions."""
    people_sampled: bool
    """Whether persons were left out: what is kept is a uniform sample of them."""
    columns: dict[str, str]
    """Which column was taken for `human` and for `person`."""
    agreement: Agreement | None
    unusable_scores: int
    """Cells in the column of human scores that are no scores."""
    unusable_examples: list[Quoted]
    judges: list[tuple[JudgeInfo, int]]
    judge_card: str
    spent: Spent
