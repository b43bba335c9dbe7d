"""The judged items as columns, and every statistic of agreement over any choice of their rows.

Grades are compared as they are given, 0-5; scores as half the 0-10 score, against the reference before rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from evals import metrics as m
from evals.datasets import Item
from interviewer.models import Judgement

LEVELS = 6
"""Grades 0 to 5."""
HALF = 0.5
"""A point counts as covered from half its credit on, for the judge as for the reference."""
PARTIAL, FULL = 0.25, 0.75
"""Where credits are cut into the three values of a rater: 0, 0.5, 1."""
RESAMPLES = 2000
SLICE_RESAMPLES = 500


@dataclass(frozen=True)
class Judged:
    """An item with what the judge made of it, or why it made nothing of it."""

    item: Item
    judgement: Judgement | None
    error: str | None = None

    @property
    def scored(self) -> bool:
        return self.judgement is not None and self.judgement.score is not None

    @property
    def verdict(self) -> Judgement:
        assert self.judgement is not None
        return self.judgement


class Table:
    """The scored items as columns, with every statistic over any choice of rows."""

    def __init__(self, judged: Sequence[Judged]) -> None:
        self.rows = [j for j in judged if j.scored]
        self.reference = np.array([j.item.grade for j in self.rows], dtype=np.int64)
        self.mean = np.array([j.item.mean_grade for j in self.rows], dtype=np.float64)
        self.grade = np.array([j.verdict.grade for j in self.rows], dtype=np.int64)
        self.half_score = np.array([(j.verdict.score or 0.0) / 2 for j in self.rows], dtype=np.float64)
        self.length = np.array([len(j.item.answer.answer) for j in self.rows], dtype=np.float64)
        self.clusters = [j.item.question.id for j in self.rows]

    @cached_property
    def points(self) -> list[tuple[m.Floats, m.Floats]]:
        """Per item: reference and judged credit of its points."""
        out = []
        for j in self.rows:
            credit = {p.id: p.credit for p in j.verdict.points}
            pairs = [(r, credit.get(i, 0.0)) for i, r in j.item.points.items()]
            both = np.array(pairs, dtype=np.float64).reshape(-1, 2)
            out.append((both[:, 0], both[:, 1]))
        return out

    @cached_property
    def beliefs(self) -> list[tuple[m.Ints, m.Ints]]:
        """Per item: which misconceptions the reference and the judge found."""
        out = []
        for j in self.rows:
            found = {b.id for b in j.verdict.misconceptions}
            ids = [b.id for b in j.item.question.misconceptions]
            reference = np.array([i in j.item.misconceptions for i in ids], dtype=np.int64)
            out.append((reference, np.array([i in found for i in ids], dtype=np.int64)))
        return out

    def statistics(self) -> dict[str, m.Statistic]:
        """By name; each takes the indexes of rows."""

        def grades(f: Callable[..., float], *more: Any) -> m.Statistic:
            return lambda at: f(self.reference[at], self.grade[at], *more)

        def scores(f: Callable[..., float]) -> m.Statistic:
            return lambda at: f(self.mean[at], self.half_score[at])

        def points(f: Callable[[m.Ints, m.Ints], float], cut: Callable[[m.Floats], m.Ints]) -> m.Statistic:
            reference = [cut(r) for r, _ in self.points]
            given = [cut(g) for _, g in self.points]
            return lambda at: f(joined(reference, at), joined(given, at))

        def beliefs(at: m.Ints) -> float:
            held, found = (joined([b[side] for b in self.beliefs], at) for side in (0, 1))
            return m.precision_recall_f1(held, found).f1

        return {
            "qwk": grades(m.qwk, LEVELS),
            "pearson": scores(m.pearson),
            "spearman": scores(m.spearman),
            "kendall": scores(m.kendall_tau_b),
            "mae": scores(m.mae),
            "rmse": scores(m.rmse),
            "mean_signed_error": scores(m.mean_signed_error),
            "smd": scores(m.standardised_mean_difference),
            "exact": grades(m.agreement),
            "adjacent": grades(m.agreement, 1),
            "point_f1": points(lambda r, g: m.precision_recall_f1(r, g).f1, covered),
            "point_kappa": points(m.kappa, covered),
            "point_qwk": points(lambda r, g: m.qwk(r, g, 3), thirds),
            "misconception_f1": beliefs,
            "residual_length": lambda at: m.spearman(self.half_score[at] - self.mean[at], self.length[at]),
        }


def covered(credit: m.Floats) -> m.Ints:
    """1 from half the credit on."""
    return (credit >= HALF).astype(np.int64)


def thirds(credit: m.Floats) -> m.Ints:
    """0, 1 or 2: nothing, part, all."""
    return (credit >= PARTIAL).astype(np.int64) + (credit >= FULL)


def joined(parts: Sequence[m.Ints], at: m.Ints) -> m.Ints:
    """The parts at these places, end to end."""
    return np.concatenate([parts[i] for i in at]) if len(at) else np.empty(0, dtype=np.int64)


def mean_known(values: Iterable[float]) -> float:
    """Mean of those that are defined; nan where none is."""
    known = [v for v in values if not math.isnan(v)]
    return sum(known) / len(known) if known else float("nan")
