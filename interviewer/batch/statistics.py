"""Statistics of graded rows, counted while the rows go by: bounded memory for any number of rows.

Numbers are exact, the median and quartiles included. What cannot be kept of every row (quotes, rows to review, pairs
of scores, scores by person) is kept of the first ones, of the most urgent, or of a uniform sample. Statistics are JSON
(`model_dump_json`), and `merge` makes of two parts what one pass over both would have made, as long as no cap on
questions, points or reasons is reached. Pure.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from pydantic import BaseModel, Field

from interviewer.batch.facts import NO_FACTS, Facts
from interviewer.batch.runner import GradedRow
from interviewer.batch.samples import HUNDRED, PairSample, People
from interviewer.batch.tallies import FailureTally, JudgeTally, QuestionTally, SpentTally, cut, reason_of
from interviewer.models import JudgeInfo, Judgement

MOST_QUESTIONS = 2000
MOST_FAILURES = 50
MOST_JUDGES = 20
MOST_REVIEW = 100
MOST_UNUSABLE = 5
_DOUBT = (0.25, 0.75)
"""Between these a credit is neither here nor there."""
_ATTACK = frozenset({"injection"})
_CONDUCT = frozenset({"stuffing", "copied_question"})
_LOOK = _ATTACK | _CONDUCT | {"too_long", "no_choice", "code_unparsed", "embedder_fallback", "ungraded"}
"""Flags for which a person should look at a row even when the judge is sure."""
K = TypeVar("K", int, str)


class ReviewRow(NamedTuple):
    """A row that a person should look at; sorts by urgency."""

    tier: int
    """0 an attempt to steer the judge, 1 doubt together with a flag, 2 doubt, 3 a flag alone."""
    minus_width: float
    """The width of the interval, negative: the widest first."""
    number: int
    id: str
    question: str
    score: float
    low: float
    high: float
    asked: bool
    """Whether the judge asks for a second reader."""
    doubtful: int
    """Core points whose credit is near one half."""
    points: int
    flags: tuple[str, ...]
    excerpt: str


class ClassStatistics(BaseModel):
    """What graded rows come to."""

    rows: int = 0
    graded: int = 0
    failed: int = 0
    waiting: int = 0
    """Rows that are neither graded nor failed: an answer is still to come."""
    needs_review: int = 0
    """Of the graded rows."""
    scores: dict[int, int] = {}
    """How many graded rows have which score, in hundredths of a mark."""
    questions: dict[str, QuestionTally] = {}
    others: QuestionTally = Field(default_factory=QuestionTally)
    """Questions above the most that are told apart."""
    flags: dict[str, int] = {}
    failures: dict[str, FailureTally] = {}
    other_failures: FailureTally = Field(default_factory=FailureTally)
    review: list[ReviewRow] = []
    """The most urgent ones."""
    pairs: PairSample = Field(default_factory=PairSample)
    unusable: int = 0
    """Human scores that are no scores."""
    unusable_examples: list[tuple[int, str]] = []
    people: People = Field(default_factory=People)
    judges: dict[str, JudgeTally] = {}
    spent: SpentTally = Field(default_factory=SpentTally)

    def add(self, row: GradedRow, facts: Facts = NO_FACTS) -> None:
        """Count one row."""
        self.rows += 1
        tally = self._question(facts.question)
        if facts.ask and not tally.ask:
            tally.ask = facts.ask
        if facts.unusable:
            self.unusable += 1
            self._example(row.number, facts.unusable)
        found = row.judgement
        if found is not None:
            self._judged_by(found.judge)
            self.spent.add(found.usage)
        if found is None or found.score is None or row.failed:
            if row.failed or found is None:
                self.failed += 1
                tally.failed += 1
                self._failure(reason_of(row.error or ""), FailureTally(), row)
            else:
                self.waiting += 1
            if facts.person:
                self.people.add(facts.person, facts.question, None, review=False)
            return
        self.graded += 1
        self.needs_review += found.needs_review
        hundredths = round(found.score * HUNDRED)
        self.scores[hundredths] = self.scores.get(hundredths, 0) + 1
        for flag in found.flags:
            self.flags[flag] = self.flags.get(flag, 0) + 1
        tally.marks.add(found.score)
        tally.review += found.needs_review
        if tally is not self.others:
            tally.judged(row.number, found.points, found.misconceptions)
        self._to_review(row, found, found.score, facts)
        if facts.person:
            self.people.add(facts.person, facts.question, found.score, review=found.needs_review)
        if facts.human is not None:
            self.pairs.add(row.number, row.id, facts.question, facts.human, facts.top, found.score)

    def merge(self, other: ClassStatistics) -> None:
        """Take in the statistics of further rows; `other` is not used afterwards."""
        for name in ("rows", "graded", "failed", "waiting", "needs_review", "unusable"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        _add(self.scores, other.scores)
        _add(self.flags, other.flags)
        for id, tally in other.questions.items():
            self._question(id).merge(tally)
        self.others.merge(other.others)
        for reason, failure in other.failures.items():
            self._failure(reason, failure)
        self.other_failures.merge(other.other_failures)
        for row in other.review:
            self._keep(row)
        for number, text in other.unusable_examples:
            self._example(number, text)
        self.pairs.merge(other.pairs)
        self.people.merge(other.people)
        for key, judge in other.judges.items():
            self._judge(key, judge.info, judge.rows)
        self.spent.merge(other.spent)

    @property
    def mean(self) -> float | None:
        if not self.graded:
            return None
        return sum(score * n for score, n in self.scores.items()) / self.graded / HUNDRED

    @property
    def sd(self) -> float | None:
        """The sample standard deviation."""
        if self.graded < 2:
            return None
        total = sum(score * n for score, n in self.scores.items())
        squares = sum(score * score * n for score, n in self.scores.items())
        return math.sqrt((self.graded * squares - total**2) / (self.graded * (self.graded - 1))) / HUNDRED

    def quantile(self, share: float) -> float | None:
        """The score below which this share of the graded rows lies, linear between neighbours (type 7 of Hyndman &
        Fan 1996, Am. Statistician 50, 361-365)."""
        if not self.graded:
            return None
        at = share * (self.graded - 1)
        below = math.floor(at)
        low, high = self._nth(below), self._nth(min(below + 1, self.graded - 1))
        return (low + (at - below) * (high - low)) / HUNDRED

    def _nth(self, n: int) -> int:
        seen = 0
        for score in sorted(self.scores):
            seen += self.scores[score]
            if seen > n:
                return score
        raise IndexError(n)

    def _question(self, id: str) -> QuestionTally:
        found = self.questions.get(id)
        if found is None:
            if len(self.questions) >= MOST_QUESTIONS:
                return self.others
            found = self.questions[id] = QuestionTally()
        return found

    def _failure(self, reason: str, more: FailureTally, row: GradedRow | None = None) -> None:
        tally = self.failures.get(reason)
        if tally is None:
            if len(self.failures) >= MOST_FAILURES:
                tally = self.other_failures
            else:
                tally = self.failures[reason] = FailureTally()
        if row is None:
            tally.merge(more)
        else:
            tally.add(row.number, row.error or "")

    def _judged_by(self, info: JudgeInfo) -> None:
        # A rubric hash belongs to a question, a note to a row.
        kept = info.model_copy(update={"rubric_hash": "", "note": ""})
        key = "|".join(
            map(str, (kept.kind, kept.model, kept.prompt_hash, kept.calibration, kept.embedder, kept.fallback))
        )
        self._judge(key, kept, 1)

    def _judge(self, key: str, info: JudgeInfo, rows: int) -> None:
        tally = self.judges.get(key)
        if tally is None:
            if len(self.judges) >= MOST_JUDGES:
                return
            tally = self.judges[key] = JudgeTally(info=info)
        tally.rows += rows

    def _to_review(self, row: GradedRow, found: Judgement, score: float, facts: Facts) -> None:
        flags = tuple(str(f) for f in found.flags if f in _LOOK)
        if not found.needs_review and not flags:
            return
        tier = 0 if _ATTACK & set(flags) else (1 if flags else 2) if found.needs_review else 3
        low, high = found.interval or (score, score)
        core = [p.credit for p in found.points if p.core]
        self._keep(
            ReviewRow(
                tier, round(low - high, 3), row.number, row.id[:80], facts.question, score, low, high,
                found.needs_review, sum(_DOUBT[0] <= c <= _DOUBT[1] for c in core), len(core), flags,
                cut(facts.answer, 160),
            )
        )  # fmt: skip

    def _keep(self, row: ReviewRow) -> None:
        if len(self.review) < MOST_REVIEW or row < self.review[-1]:
            insort(self.review, row)
            del self.review[MOST_REVIEW:]

    def _example(self, number: int, text: str) -> None:
        insort(self.unusable_examples, (number, text))
        del self.unusable_examples[MOST_UNUSABLE:]


def _add(counts: dict[K, int], more: Mapping[K, int]) -> None:
    for key, n in more.items():
        counts[key] = counts.get(key, 0) + n
