"""Fits the offline judge's fusion on the dev half: weights, ceiling, and conformal intervals. Refuses any other half.

Rubrics whose points bring no accepted wordings keep the version that was started from: fitted on rubrics like the
map's, the weights did worse on public graded answers to questions with a reference only.

weights    logistic regression of the reference credit on the signals (a credit of ½ counts half to either side),
           ridge, and no weight below zero: a signal that says "made" must never lower the credit
ceiling    the probability that earns all, by QWK of the grades plus F1 of the points; the floor stays
intervals  split conformal prediction by score band (Vovk 2012, Mondrian): quantiles of reference minus score
           over answers judged by weights that had not seen their question
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.assess import HALF
from evals.datasets import Dataset, Item
from evals.metrics import precision_recall_f1, qwk
from evals.splits import for_fitting, split_of
from interviewer.judge import OfflineJudge, question_rubric
from interviewer.judge.examined import NOTHING
from interviewer.judge.fusion import Band, Fusion
from interviewer.models import Judgement, PointVerdict

RIDGE = 2.0
FOLDS = 6
CEILINGS = (0.45, 0.5, 0.55, 0.6, 0.65, 0.75)
EQUAL = 0.02
"""Differences of QWK plus F1 that say nothing on some 350 answers."""
EDGES = (0.5, 2.0, 4.0, 6.0, 8.0, 9.5, 10.0)
"""Upper ends of the score bands that have an interval of their own."""
LEAST = 25
"""Answers in a band, or it is joined with the next."""
NOMINAL = 0.90
Floats = NDArray[np.float64]
MakeJudge = Callable[[Fusion], OfflineJudge]


@dataclass(frozen=True)
class Row:
    """One point of one answer: what was measured, and what the raters made of it."""

    signals: dict[str, float]
    credit: float
    question: str


def calibrate(dataset: Dataset, make: MakeJudge, start: Fusion, *, id: str, split: str = "dev") -> Fusion:
    """`start` with everything fitted on the dev half of `dataset`. Raises UsageError for another half."""
    dev = dataset.only(for_fitting(split))
    items = list(dev.items)
    rows = list(_rows(items, make(start)))
    fitted = _with_ceiling(items, make, _weighted(start, rows))
    bands = _bands(items, make, start, fitted, rows)
    questions = len({i.question.id for i in items})
    return fitted.model_copy(
        update={
            "id": id,
            "bare": start.bare or start.id,
            "intervals": bands,
            "provenance": (
                f"`python -m evals calibrate`: logistic regression with non-negative weights (ridge {RIDGE:g}) on "
                f"{len(rows)} points of {len(items)} answers to {questions} questions, the dev half of evals/data "
                f"({dataset.hash}); ceiling by QWK plus point F1 on the same; conformal intervals at {NOMINAL:.0%} by "
                f"{FOLDS}-fold cross-fitting over questions. Floor, gates, hedging and the misconception rule as in "
                f"{start.id}. The answers and their grades are by language models (evals/data/CARD.md)."
            ),
        }
    )


def _judged(items: Sequence[Item], judge: OfflineJudge) -> Iterator[Judgement]:
    for item in items:
        lang = "en" if item.answer.lang == "en" else "zh"
        rubric = question_rubric(item.question, lang, item.answer.choice_order or ())
        yield judge.judge_sync(rubric, item.answer.answer, lang)


def _rows(items: Sequence[Item], judge: OfflineJudge) -> Iterator[Row]:
    """Points whose credit is the signals' own: not those that a program's checks decide."""
    for item, judgement in zip(items, _judged(items, judge), strict=True):
        assert split_of(item.question.id) == "dev"
        checked = {c.point for c in item.question.checks}
        for p in judgement.points:
            if p.id not in checked:
                yield Row(p.signals, item.points[p.id], item.question.id)


def _weighted(start: Fusion, rows: Sequence[Row]) -> Fusion:
    """`start` with weights and bias of the rows. Signals keep the names that `start` gives them."""
    from scipy.optimize import minimize

    names = list(start.weights)
    x = np.array([[r.signals.get(n, 0.0) for n in names] for r in rows])
    y = np.array([r.credit for r in rows])

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = x @ theta[1:] + theta[0]
        p = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
        nll = float(np.sum(np.logaddexp(0, z) - y * z)) + RIDGE * float(theta[1:] @ theta[1:]) / 2
        slope = p - y
        return nll, np.concatenate([[slope.sum()], x.T @ slope + RIDGE * theta[1:]])

    found = minimize(
        loss, np.array([start.bias, *start.weights.values()]), jac=True, method="L-BFGS-B",
        bounds=[(None, None), *[(0.0, None)] * len(names)],
    )  # fmt: skip
    bias, *weights = (round(float(v), 4) for v in found.x)
    return start.model_copy(update={"bias": bias, "weights": dict(zip(names, weights, strict=True))})


def _with_ceiling(items: Sequence[Item], make: MakeJudge, fusion: Fusion) -> Fusion:
    """Of the ceilings that agree about equally well the highest: a gentle ramp turns on less by a word more or less."""
    reference = np.array([i.grade for i in items], dtype=np.int64)
    made = np.array([v >= HALF for i in items for v in i.points.values()], dtype=np.int64)
    values: dict[float, float] = {}
    for ceiling in CEILINGS:
        judged = list(_judged(items, make(fusion.model_copy(update={"ceiling": ceiling}))))
        grades = np.array([j.grade or 0 for j in judged], dtype=np.int64)
        found = np.array(
            [p.credit >= HALF for i, j in zip(items, judged, strict=True) for p in _in_order(i, j)], dtype=np.int64
        )
        values[ceiling] = qwk(reference, grades, 6) + precision_recall_f1(made, found).f1
    best = max(values.values())
    return fusion.model_copy(update={"ceiling": max(c for c, v in values.items() if v >= best - EQUAL)})


def _in_order(item: Item, judgement: Judgement) -> Iterator[PointVerdict]:
    by_id = {p.id: p for p in judgement.points}
    return (by_id[i] for i in item.points)


def _bands(
    items: Sequence[Item], make: MakeJudge, start: Fusion, fitted: Fusion, rows: Sequence[Row]
) -> tuple[Band, ...]:
    """Intervals by score band, of residuals on questions that the weights had not seen."""
    ids = sorted({i.question.id for i in items})
    scores: list[float] = []
    residuals: list[float] = []
    silent: list[bool] = []
    for fold in range(FOLDS):
        held = set(ids[fold::FOLDS])
        apart = _weighted(start, [r for r in rows if r.question not in held])
        apart = apart.model_copy(update={"ceiling": fitted.ceiling})
        chosen = [i for i in items if i.question.id in held]
        for item, judgement in zip(chosen, _judged(chosen, make(apart)), strict=True):
            if judgement.score is not None:
                scores.append(judgement.score)
                residuals.append(2 * item.mean_grade - judgement.score)
                silent.append(bool(NOTHING & set(judgement.flags)))
    quiet, s, r = np.array(silent), np.array(scores), np.array(residuals)
    return (*_conformal(s[~quiet], r[~quiet], silent=False), *_conformal(s[quiet], r[quiet], silent=True))


def _conformal(scores: Floats, residuals: Floats, *, silent: bool) -> Iterator[Band]:
    waiting = np.zeros(len(scores), dtype=bool)
    for n, edge in enumerate(EDGES):
        below = EDGES[n - 1] if n else -1.0
        waiting |= (scores > below) & (scores <= edge)
        last = edge == EDGES[-1]
        rest = int((scores > edge).sum())
        if (waiting.sum() >= LEAST and (last or rest >= LEAST or rest == 0)) or last:
            low, high = _quantiles(residuals[waiting]) if waiting.any() else (-3.0, 3.0)
            yield Band(up_to=edge, low=round(min(low, 0.0), 2), high=round(max(high, 0.0), 2), silent=silent)
            waiting[:] = False


def _quantiles(residuals: Floats) -> tuple[float, float]:
    """The narrowest range that holds the nominal share, with the finite-sample correction (n + 1).

    Scores end at 0 and 10, so residuals lean to one side; equal tails would cover too much.
    """
    ordered, n = np.sort(residuals), len(residuals)
    held = min(math.ceil(NOMINAL * (n + 1)), n)
    widths = ordered[held - 1 :] - ordered[: n - held + 1]
    at = int(np.argmin(widths))
    return float(ordered[at]), float(ordered[at + held - 1])


def as_json(fusion: Fusion) -> dict[str, Any]:
    return fusion.model_dump(mode="json")
