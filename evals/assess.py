"""From judged items to what `evals run` says: agreement with intervals, the annotators' ceiling, slices.

Pure: the same items give the same result to the digit. Grades are compared as they are given, 0-5; scores
as half the 0-10 score, against the reference before rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from evals import metrics as m
from evals.datasets import Dataset, Item
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
            return lambda at: f(_joined(reference, at), _joined(given, at))

        def beliefs(at: m.Ints) -> float:
            held, found = (_joined([b[side] for b in self.beliefs], at) for side in (0, 1))
            return m.precision_recall_f1(held, found).f1

        return {
            "qwk": grades(m.qwk, LEVELS),
            "pearson": scores(m.pearson),
            "spearman": scores(m.spearman),
            "kendall": scores(m.kendall_tau_b),
            "mae": scores(m.mae),
            "rmse": scores(m.rmse),
            "mean_signed_error": scores(m.mean_signed_error),
            "exact": grades(m.agreement),
            "adjacent": grades(m.agreement, 1),
            "point_f1": points(lambda r, g: m.precision_recall_f1(r, g).f1, covered),
            "point_kappa": points(m.kappa, covered),
            "point_qwk": points(lambda r, g: m.qwk(r, g, 3), thirds),
            "misconception_f1": beliefs,
            "residual_length": lambda at: m.spearman(self.half_score[at] - self.mean[at], self.length[at]),
        }


def assess(dataset: Dataset, judged: Sequence[Judged]) -> dict[str, Any]:
    """Everything that `evals run --json` prints but the name of the judge."""
    table = Table(judged)
    n = len(table.rows)
    statistics = table.statistics()
    estimates = m.bootstrap(statistics, table.clusters, resamples=RESAMPLES) if n else {}
    return {
        "metrics": {name: _estimate(e) for name, e in estimates.items()} | _rates(judged),
        "n": n,
        "questions": len(set(table.clusters)),
        "data": dataset.hash,
        "annotators": ceiling(dataset.items),
        "confusion": m.confusion(table.reference, table.grade, LEVELS).tolist(),
        "point_confusion": _point_confusion(table),
        "slices": slices(table),
        "probes": {},
        "failures": [{"answer": j.item.answer.id, "error": j.error} for j in judged if not j.scored],
    }


def ceiling(items: Sequence[Item]) -> dict[str, Any]:
    """How far the annotators agree with each other: the mean over pairs of raters, α over all of them."""
    raters = sorted({r.rater for i in items for r in i.readers})
    out: dict[str, Any] = {"raters": raters, "metrics": {}}
    shared = [i for i in items if len(i.readers) > 1]
    if not shared:
        return out
    by_rater = [{r.rater: r for r in i.readers} for i in shared]
    matrix = np.array([[b[r].grade if r in b else np.nan for b in by_rater] for r in raters])
    present = {r: np.array([r in b for b in by_rater]) for r in raters}

    def grades(f: Callable[..., float], *more: Any) -> m.Statistic:
        def mean(at: m.Ints) -> float:
            values = []
            for x, y in combinations(range(len(raters)), 2):
                both = at[present[raters[x]][at] & present[raters[y]][at]]
                values.append(f(matrix[x, both], matrix[y, both], *more))
            return _mean(values)

        return mean

    def points(f: Callable[[m.Ints, m.Ints], float], cut: Callable[[m.Floats], m.Ints]) -> m.Statistic:
        credits = [
            {r: cut(np.array([v.points[p.id] for p in i.question.points])) for r, v in b.items()}
            for i, b in zip(shared, by_rater, strict=True)
        ]

        def mean(at: m.Ints) -> float:
            values = []
            for x, y in combinations(raters, 2):
                both = [credits[k] for k in at if x in credits[k] and y in credits[k]]
                if both:
                    values.append(f(np.concatenate([c[x] for c in both]), np.concatenate([c[y] for c in both])))
            return _mean(values)

        return mean

    statistics = {
        "alpha": lambda at: m.krippendorff_alpha(matrix[:, at], "ordinal"),
        "qwk": grades(m.qwk, LEVELS),
        "mae": grades(m.mae),
        "exact": grades(m.agreement),
        "adjacent": grades(m.agreement, 1),
        "point_f1": points(lambda r, g: m.precision_recall_f1(r, g).f1, covered),
        "point_kappa": points(m.kappa, covered),
        "point_qwk": points(lambda r, g: m.qwk(r, g, 3), thirds),
    }
    estimates = m.bootstrap(statistics, [i.question.id for i in shared], resamples=SLICE_RESAMPLES)
    return out | {"n": len(shared), "metrics": {name: _estimate(e) for name, e in estimates.items()}}


def slices(table: Table) -> dict[str, dict[str, Any]]:
    """Agreement by what the answers and questions are; few answers each, so mind the intervals."""
    by: dict[str, list[str]] = {
        "lang": [j.item.answer.lang for j in table.rows],
        "kind": [j.item.question.kind.value for j in table.rows],
        "mode": [j.item.answer.mode for j in table.rows],
        "band": [_band(j.item.grade) for j in table.rows],
    }
    every = table.statistics()
    chosen = {k: every[k] for k in ("qwk", "mae", "mean_signed_error", "exact", "adjacent", "point_f1")}
    out: dict[str, dict[str, Any]] = {}
    for name, values in by.items():
        out[name] = {}
        for value in sorted(set(values)):
            rows = np.array([i for i, v in enumerate(values) if v == value], dtype=np.int64)
            within = {k: _over(s, rows) for k, s in chosen.items()}
            estimates = m.bootstrap(within, [table.clusters[i] for i in rows], resamples=SLICE_RESAMPLES)
            out[name][value] = {"n": len(rows)} | {k: _estimate(e) for k, e in estimates.items()}
    return out


def covered(credit: m.Floats) -> m.Ints:
    """1 from half the credit on."""
    return (credit >= HALF).astype(np.int64)


def thirds(credit: m.Floats) -> m.Ints:
    """0, 1 or 2: nothing, part, all."""
    return (credit >= PARTIAL).astype(np.int64) + (credit >= FULL)


def _rates(judged: Sequence[Judged]) -> dict[str, Any]:
    """Shares of items and quotes that have no interval of their own here."""
    scored = [j for j in judged if j.scored]
    with_interval = [j for j in scored if j.verdict.interval is not None]
    quotes = [
        e.text == j.item.answer.answer[e.start : e.end] != ""
        for j in scored
        for e in [e for p in j.verdict.points for e in p.evidence]
        + [e for b in j.verdict.misconceptions for e in b.evidence]
    ]
    inside = [
        low - 1e-9 <= 2 * j.item.mean_grade <= high + 1e-9
        for j in with_interval
        for low, high in [j.verdict.interval or (0.0, 0.0)]
    ]
    rates = {
        "unscored": [not j.scored for j in judged],
        "needs_review": [j.verdict.needs_review for j in scored],
        "interval_coverage": inside,
        "quote_validity": quotes,
    }
    return {k: {"value": _round(_mean(map(float, v))), "low": None, "high": None} for k, v in rates.items()}


def _point_confusion(table: Table) -> list[list[int]]:
    """Rows: reference nothing, part, all; columns: the judge."""
    if not table.rows:
        return [[0] * 3 for _ in range(3)]
    reference = thirds(np.concatenate([r for r, _ in table.points]))
    given = thirds(np.concatenate([g for _, g in table.points]))
    counts: list[list[int]] = m.confusion(reference, given, 3).tolist()
    return counts


def _joined(parts: Sequence[m.Ints], at: m.Ints) -> m.Ints:
    return np.concatenate([parts[i] for i in at]) if len(at) else np.empty(0, dtype=np.int64)


def _over(statistic: m.Statistic, rows: m.Ints) -> m.Statistic:
    return lambda at: statistic(rows[at])


def _band(grade: int) -> str:
    return "0-1" if grade < 2 else "2-3" if grade < 4 else "4-5"


def _mean(values: Iterable[float]) -> float:
    known = [v for v in values if not math.isnan(v)]
    return sum(known) / len(known) if known else float("nan")


def _round(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


def _estimate(e: m.Estimate) -> Mapping[str, float | None]:
    return {"value": _round(e.value), "low": _round(e.low), "high": _round(e.high)}
