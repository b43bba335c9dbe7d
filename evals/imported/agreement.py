"""How far raters agree with each other, and a judge with them. Pure: readings in, a JSON-able result out.

Marks come as shares of their scales, 0-1. Pearson, Spearman, MAE and bias are of those; QWK and α of the grades 0-5
that `scales.band` cuts them into, for judge and raters alike. Neither the readings' nor the raters' order counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import fmean, pstdev
from typing import Any

import numpy as np

from evals import metrics as m
from evals.rounding import estimate_json

LEVELS = 6
RESAMPLES = 2000
BETWEEN_RESAMPLES = 500
"""For the raters among each other: α is slow."""
Measure = Callable[[m.Floats, m.Floats, m.Ints], float]
"""Of the reference, the other, and the question that each answer is to."""


@dataclass(frozen=True)
class Reading:
    """One answer with what everyone made of it."""

    question: str
    marks: Mapping[str, float]
    """By rater, 0-1."""
    known: Mapping[str, float] = field(default_factory=dict)
    """By rater of the eval set, where the answer is from there: compared, but not part of a mean."""
    judge: float | None = None
    """0-1; None where there is no judge or it gave no score."""
    length: int = 0
    """Characters of the answer."""

    @property
    def order(self) -> tuple[Any, ...]:
        given = -1.0 if self.judge is None else self.judge
        return (self.question, sorted(self.marks.items()), sorted(self.known.items()), given, self.length)


def agreement(readings: Sequence[Reading]) -> dict[str, Any]:
    """`raters`, `pairs`, `alpha`, `against_others`, and `judge` with `length` where anything was judged."""
    table = _Table(sorted(readings, key=lambda r: r.order))
    return {
        "n": len(readings),
        "questions": len(set(table.questions)),
        "raters": [table.about(r) for r in table.columns],
        "pairs": [
            {"raters": [a, b]} | table.compared(table.columns[a], table.columns[b], BETWEEN)
            for a, b in combinations(table.columns, 2)
        ],
        "alpha": table.alpha(),
        "against_others": table.against_others(),
        "judge": table.judged(table.judge, JUDGE),
        "length": table.judged(np.log1p(table.length), LENGTH)[:1],
    }


def bands(units: m.Floats) -> m.Floats:
    """`scales.band` of each; nan stays nan."""
    return np.clip(np.floor(5 * units + 0.5 + 1e-9), 0, LEVELS - 1)


def within_questions(reference: m.Floats, given: m.Floats, questions: m.Ints) -> float:
    """Pearson of what is left without each question's mean: telling hard questions from easy earns nothing."""
    _, at = np.unique(questions, return_inverse=True)
    n = np.bincount(at)
    left = [x - (np.bincount(at, weights=x) / n)[at] for x in (reference, given)]
    # What is left of equal numbers need not be exactly nothing.
    return m.pearson(*(np.round(x, 12) for x in left))


def _plain(f: Callable[[m.Floats, m.Floats], float]) -> Measure:
    return lambda reference, given, _: f(reference, given)


QWK = _plain(lambda a, b: m.qwk(bands(a), bands(b), LEVELS))
ALPHA = _plain(lambda a, b: m.krippendorff_alpha(np.array([bands(a), bands(b)]), "ordinal"))
BETWEEN: Mapping[str, Measure] = {"qwk": QWK, "pearson": _plain(m.pearson), "alpha": ALPHA}
BESIDE: Mapping[str, Measure] = {
    "qwk": QWK, "pearson": _plain(m.pearson), "spearman": _plain(m.spearman), "mae": _plain(m.mae),
    "bias": _plain(m.mean_signed_error),
}  # fmt: skip
JUDGE: Mapping[str, Measure] = {**BESIDE, "within_questions": within_questions}
LENGTH: Mapping[str, Measure] = {
    "pearson": _plain(m.pearson), "spearman": _plain(m.spearman), "within_questions": within_questions,
}  # fmt: skip


class _Table:
    """Readings as columns, nan where a mark is not there."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self.questions = [r.question for r in readings]
        self.codes = np.unique(self.questions, return_inverse=True)[1].astype(np.int64)
        self.raters = sorted({name for r in readings for name in r.marks})
        self.columns = {name: _column([r.marks.get(name) for r in readings]) for name in self.raters}
        for name in sorted({name for r in readings for name in r.known}):
            self.columns[_beside(name, self.raters)] = _column([r.known.get(name) for r in readings])
        self.judge = _column([r.judge for r in readings])
        self.length = np.array([r.length for r in readings], dtype=np.float64)

    def about(self, rater: str) -> dict[str, Any]:
        given = [float(v) for v in self.columns[rater] if not np.isnan(v)]
        return {
            "rater": rater, "of_the_set": rater not in self.raters, "n": len(given),
            "mean": round(fmean(given), 4), "sd": round(pstdev(given), 4),
        }  # fmt: skip

    def alpha(self) -> dict[str, Any]:
        """Over all raters of the file, on the answers that at least two of them have marked."""
        every = bands(self._file())
        at = np.flatnonzero(np.count_nonzero(~np.isnan(every), axis=0) > 1)
        marks = every[:, at]
        found = m.bootstrap(
            {"alpha": lambda i: m.krippendorff_alpha(marks[:, i], "ordinal")},
            [self.questions[i] for i in at],
            resamples=BETWEEN_RESAMPLES,
        )
        return {"n": len(at)} | estimate_json(found["alpha"])

    def against_others(self) -> list[dict[str, Any]]:
        """Each rater against the mean of the file's other raters, where there are any."""
        out = []
        for name, column in self.columns.items():
            others = [r for r in self.raters if r != name]
            if others:
                out.append({"rater": name} | self.compared(_mean(self._file(others)), column, BESIDE))
        return out

    def judged(self, given: m.Floats, measures: Mapping[str, Measure]) -> list[dict[str, Any]]:
        """`given` against the mean of the raters, then against each; empty where nothing was judged."""
        if np.isnan(self.judge).all():
            return []
        given = np.where(np.isnan(self.judge), np.nan, given)
        references: list[tuple[str | None, m.Floats]] = [(None, _mean(self._file())), *self.columns.items()]
        return [{"rater": r} | self.compared(x, given, measures, RESAMPLES) for r, x in references]

    def compared(
        self, reference: m.Floats, given: m.Floats, measures: Mapping[str, Measure], resamples: int = BETWEEN_RESAMPLES
    ) -> dict[str, Any]:
        """The measures over the answers that both have marked."""
        both = np.flatnonzero(~np.isnan(reference) & ~np.isnan(given))
        r, g, q = reference[both], given[both], self.codes[both]
        found = m.bootstrap(
            {name: _over(f, r, g, q) for name, f in measures.items()},
            [self.questions[i] for i in both],
            resamples=resamples,
        )
        return {"n": len(both)} | {name: estimate_json(e) for name, e in found.items()}

    def _file(self, raters: Sequence[str] | None = None) -> m.Floats:
        """Raters of the file × answers."""
        return np.array([self.columns[r] for r in (self.raters if raters is None else raters)])


def _over(measure: Measure, reference: m.Floats, given: m.Floats, questions: m.Ints) -> m.Statistic:
    return lambda at: measure(reference[at], given[at], questions[at])


def _column(values: Sequence[float | None]) -> m.Floats:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _mean(marks: m.Floats) -> m.Floats:
    """Over raters, of those that are there; nan where none is."""
    there = ~np.isnan(marks)
    n = there.sum(axis=0)
    total = np.where(there, marks, 0.0).sum(axis=0)
    means: m.Floats = np.where(n > 0, total / np.maximum(n, 1), np.nan)
    return means


def _beside(name: str, taken: Sequence[str]) -> str:
    return f"{name} (eval set)" if name in taken else name
