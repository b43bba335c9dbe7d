"""Answers observed once and weighed many times: what calibration and ablation share. Knows no half of the eval set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evals.datasets import Item
from evals.metrics import precision_recall_f1, qwk
from evals.table import HALF
from interviewer.judge import OfflineJudge, question_rubric
from interviewer.judge.fusion import Fusion
from interviewer.judge.observed import Observed
from interviewer.models import Judgement, PointVerdict, Rubric

RIDGE = 2.0
CEILINGS = (0.45, 0.5, 0.55, 0.6, 0.65, 0.75)
EQUAL = 0.005
"""Differences of QWK plus F1 that say nothing on some 350 answers."""
Floats = NDArray[np.float64]
MakeJudge = Callable[[Fusion], OfflineJudge]


@dataclass(frozen=True)
class Seen:
    """One answer, measured; `weigh` turns it into a judgement under any weights."""

    item: Item
    rubric: Rubric
    lang: str
    observed: Observed

    def judged(self, judge: OfflineJudge) -> Judgement:
        return judge.judge_observed(self.rubric, self.observed, self.lang)


@dataclass(frozen=True)
class Row:
    """One point of one answer: what was measured, and what the raters made of it."""

    signals: dict[str, float]
    credit: float
    question: str


def observe(items: Sequence[Item], judge: OfflineJudge, *, phrasings: bool = True) -> list[Seen]:
    """Every answer, measured; without `phrasings`, against rubrics in the map's own words alone."""
    out = []
    for item in items:
        lang = "en" if item.answer.lang == "en" else "zh"
        rubric = question_rubric(item.question, lang, item.answer.choice_order or ())
        if not phrasings:
            rubric = rubric.model_copy(update={"phrasings": {}, "denies": {}})
        out.append(Seen(item, rubric, lang, judge.observe(rubric, item.answer.answer)))
    return out


def rows(seen: Sequence[Seen]) -> Iterator[Row]:
    """Points whose credit is the signals' own: not those that a program's checks decide."""
    for s in seen:
        checked = {c.point for c in s.item.question.checks}
        for point, signals in zip(s.rubric.points, s.observed.signals, strict=True):
            if point.id not in checked:
                yield Row(signals.values, s.item.points[point.id], s.item.question.id)


def weighted(start: Fusion, found: Sequence[Row], names: Sequence[str] | None = None) -> Fusion:
    """`start` with weights and bias fitted to the rows, on the signals of `start` or on those named."""
    from scipy.optimize import minimize

    names = list(start.weights) if names is None else list(names)
    x = np.array([[r.signals.get(n, 0.0) for n in names] for r in found])
    y = np.array([r.credit for r in found])

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = x @ theta[1:] + theta[0]
        p = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
        nll = float(np.sum(np.logaddexp(0, z) - y * z)) + RIDGE * float(theta[1:] @ theta[1:]) / 2
        slope = p - y
        return nll, np.concatenate([[slope.sum()], x.T @ slope + RIDGE * theta[1:]])

    found_at = minimize(
        loss, np.array([start.bias, *(start.weights.get(n, 1.0) for n in names)]), jac=True, method="L-BFGS-B",
        bounds=[(None, None), *[(0.0, None)] * len(names)],
    )  # fmt: skip
    bias, *weights = (round(float(v), 4) for v in found_at.x)
    return start.model_copy(update={"bias": bias, "weights": dict(zip(names, weights, strict=True))})


def with_ceiling(seen: Sequence[Seen], make: MakeJudge, fusion: Fusion) -> tuple[Fusion, float]:
    """Of the ceilings that agree about equally well the lowest, and how well: QWK of the grades plus F1 of points.

    A low one asks for less likeness, which is what a right answer in other words has.
    """
    values: dict[float, float] = {}
    for ceiling in CEILINGS:
        values[ceiling] = agreement(seen, make(fusion.model_copy(update={"ceiling": ceiling})))
    best = max(values.values())
    chosen = min(c for c, v in values.items() if v >= best - EQUAL)
    return fusion.model_copy(update={"ceiling": chosen}), values[chosen]


def agreement(seen: Sequence[Seen], judge: OfflineJudge) -> float:
    """QWK of the grades plus F1 of the points covered."""
    judged = [s.judged(judge) for s in seen]
    reference = np.array([s.item.grade for s in seen], dtype=np.int64)
    grades = np.array([j.grade or 0 for j in judged], dtype=np.int64)
    made = np.array([v >= HALF for s in seen for v in s.item.points.values()], dtype=np.int64)
    found = np.array(
        [p.credit >= HALF for s, j in zip(seen, judged, strict=True) for p in _in_order(s.item, j)], dtype=np.int64
    )
    return qwk(reference, grades, 6) + precision_recall_f1(made, found).f1


def _in_order(item: Item, judgement: Judgement) -> Iterator[PointVerdict]:
    by_id = {p.id: p for p in judgement.points}
    return (by_id[i] for i in item.points)
