"""The counters that statistics of graded rows are made of: each counts, and each takes in another of its kind.

Sums are whole numbers (hundredths of a mark, thousandths of a credit), so that the order of rows and of merging does
not matter. Pure.
"""

from __future__ import annotations

import math
import re
from bisect import insort
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, Field

from interviewer.batch.samples import HUNDRED
from interviewer.models import JudgeInfo, MisconceptionFound, PointVerdict, Usage, Verdict

BINS = 10
"""Of the small histogram of a question: one mark each."""
MOST_POINTS = 40
MOST_QUOTES = 3
MOST_ROWS_NAMED = 5
LONGEST_TEXT = 600
LONGEST_QUOTE = 240
_THOUSAND = 1000
T = TypeVar("T", bound=BaseModel)


class Marks(BaseModel):
    """Scores of 0-10: number, mean, spread, a histogram of ten bins."""

    n: int = 0
    total: int = 0
    squares: int = 0
    bins: list[int] = [0] * BINS

    def add(self, score: float) -> None:
        hundredths = round(score * HUNDRED)
        self.n += 1
        self.total += hundredths
        self.squares += hundredths * hundredths
        self.bins[min(max(hundredths // HUNDRED, 0), BINS - 1)] += 1

    def merge(self, other: Marks) -> None:
        self.n += other.n
        self.total += other.total
        self.squares += other.squares
        self.bins = [a + b for a, b in zip(self.bins, other.bins, strict=True)]

    @property
    def mean(self) -> float | None:
        return self.total / self.n / HUNDRED if self.n else None

    @property
    def sd(self) -> float | None:
        """The sample standard deviation; None for fewer than two scores."""
        if self.n < 2:
            return None
        # Whole numbers until here, so that nothing cancels.
        return math.sqrt((self.n * self.squares - self.total**2) / (self.n * (self.n - 1))) / HUNDRED


class PointTally(BaseModel):
    """What became of one rubric point over all answers."""

    text: str = ""
    core: bool = True
    verdicts: dict[Verdict, int] = {}
    credit: int = 0
    """In thousandths."""

    @property
    def n(self) -> int:
        return sum(self.verdicts.values())

    def add(self, found: PointVerdict) -> None:
        if not self.verdicts:
            self.text, self.core = found.text[:LONGEST_TEXT], found.core
        self.verdicts[found.verdict] = self.verdicts.get(found.verdict, 0) + 1
        self.credit += round(found.credit * _THOUSAND)

    def merge(self, other: PointTally) -> None:
        if not self.verdicts:
            self.text, self.core = other.text, other.core
        for verdict, n in other.verdicts.items():
            self.verdicts[verdict] = self.verdicts.get(verdict, 0) + n
        self.credit += other.credit

    @property
    def mean_credit(self) -> float:
        return self.credit / self.n / _THOUSAND if self.n else 0.0


class Quote(NamedTuple):
    number: int
    text: str


class MisconceptionTally(BaseModel):
    """How often one misconception was found, with the first different wordings of it."""

    text: str = ""
    n: int = 0
    quotes: list[Quote] = []

    def add(self, number: int, found: MisconceptionFound) -> None:
        self.text = self.text or found.text[:LONGEST_TEXT]
        self.n += 1
        words = next((e.text for e in found.evidence if e.text.strip()), "")
        if words:
            self._quote(Quote(number, cut(words, LONGEST_QUOTE)))

    def merge(self, other: MisconceptionTally) -> None:
        self.text = self.text or other.text
        self.n += other.n
        for quote in other.quotes:
            self._quote(quote)

    def _quote(self, new: Quote) -> None:
        same = next((q for q in self.quotes if q.text == new.text), None)
        if same is not None:
            if same.number <= new.number:
                return
            self.quotes.remove(same)
        insort(self.quotes, new)
        del self.quotes[MOST_QUOTES:]


class QuestionTally(BaseModel):
    """One question: its scores, its points, its misconceptions."""

    ask: str = ""
    """Its text, where the rows bring it."""
    failed: int = 0
    review: int = 0
    marks: Marks = Field(default_factory=Marks)
    points: dict[str, PointTally] = {}
    misconceptions: dict[str, MisconceptionTally] = {}

    def judged(self, number: int, points: list[PointVerdict], misconceptions: list[MisconceptionFound]) -> None:
        """Points and misconceptions of one answer; of rubrics that keep changing only the first ones."""
        for point in points:
            if tally := _entry(self.points, point.id, PointTally):
                tally.add(point)
        for found in {m.id: m for m in misconceptions}.values():
            if wrong := _entry(self.misconceptions, found.id, MisconceptionTally):
                wrong.add(number, found)

    def merge(self, other: QuestionTally) -> None:
        self.ask = self.ask or other.ask
        self.failed += other.failed
        self.review += other.review
        self.marks.merge(other.marks)
        for id, point in other.points.items():
            if mine := _entry(self.points, id, PointTally):
                mine.merge(point)
        for id, wrong in other.misconceptions.items():
            if tally := _entry(self.misconceptions, id, MisconceptionTally):
                tally.merge(wrong)


class FailureTally(BaseModel):
    """Rows that failed for one reason."""

    n: int = 0
    example: str = ""
    rows: list[int] = []
    """The first few."""

    def add(self, number: int, error: str) -> None:
        self.merge(FailureTally(n=1, example=cut(error, LONGEST_TEXT), rows=[number]))

    def merge(self, other: FailureTally) -> None:
        self.n += other.n
        if other.rows and (not self.rows or other.rows[0] < self.rows[0]):
            self.example = other.example
        self.rows = sorted([*self.rows, *other.rows])[:MOST_ROWS_NAMED]


class JudgeTally(BaseModel):
    """A judge, without what differs from question to question, and how many rows it judged."""

    info: JudgeInfo
    rows: int = 0


class SpentTally(BaseModel):
    """What judging used, as whole numbers. What is unknown of a row counts as a row unknown."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tokens_unknown: int = 0
    billionths: int = 0
    """Of a US dollar."""
    cost_unknown: int = 0
    microseconds: int = 0

    def add(self, usage: Usage) -> None:
        self.calls += usage.calls
        if usage.input_tokens is None or usage.output_tokens is None:
            self.tokens_unknown += 1
        self.input_tokens += usage.input_tokens or 0
        self.output_tokens += usage.output_tokens or 0
        if usage.cost is None:
            self.cost_unknown += 1
        self.billionths += round((usage.cost or 0) * 1e9)
        self.microseconds += round(usage.seconds * 1e6)

    def merge(self, other: SpentTally) -> None:
        for name in SpentTally.model_fields:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_QUOTED = re.compile(r"(?<!\w)'[^']*'|\"[^\"]*\"|“[^”]*”|‘[^’]*’|「[^」]*」")
_NUMBERS = re.compile(r"\d+(?:[.,:]\d+)*")


def reason_of(error: str) -> str:
    """An error without what is different in every row, to group rows by: names in quotes and numbers."""
    line = " ".join(error.split())
    # What follows is advice for the one row: the nearest names.
    line = re.split(r"; did you mean|, did you mean|; nearest", line, maxsplit=1)[0]
    return _NUMBERS.sub("N", _QUOTED.sub("…", line))[:160] or "unknown"


def cut(text: str, most: int) -> str:
    """`text` on one line, at most `most` characters."""
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _entry(entries: dict[str, T], key: str, make: type[T]) -> T | None:
    found = entries.get(key)
    if found is None and len(entries) < MOST_POINTS:
        found = entries[key] = make()
    return found
