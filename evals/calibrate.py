"""Fits the offline judge's fusion on the dev half: weights, ceiling, and conformal intervals. Refuses any other half.

Rubrics whose points bring no accepted wordings keep the version that was started from: fitted on rubrics like the
map's, the weights did worse on public graded answers to questions with a reference only.

weights    logistic regression of the reference credit on the signals (a credit of ½ counts half to either side),
           ridge, and no weight below zero: a signal that says "made" must never lower the credit
           (weights that were there before stay when they agree better)
ceiling    the probability that earns all, by QWK of the grades plus F1 of the points; the floor stays; so are
           the threshold of a wrong belief, and what is left of the points that it denies
intervals  split conformal prediction by score band (Vovk 2012, Mondrian): quantiles of reference minus score
           over answers judged by weights that had not seen their question
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from evals.datasets import Dataset, Item
from evals.fitting import EQUAL, RIDGE, Floats, MakeJudge, Seen, agreement, observe, rows, weighted, with_ceiling
from evals.splits import for_fitting
from interviewer.judge.examined import NOTHING
from interviewer.judge.fusion import Band, Fusion

FITTED = ("cover", "facet", "model", "phrase", "mass", "term", "similar", "lead", "apart", "topic", "number")
"""Signals that may get a weight; `against` and `hedge` have rules of their own."""
THRESHOLDS = (0.57, 0.52, 0.47)
"""Of a belief, strictest first: the strictest that agrees about as well as the best is taken."""
FOLDS = 6
EDGES = (0.5, 2.0, 4.0, 6.0, 8.0, 9.5, 10.0)
"""Upper ends of the score bands that have an interval of their own."""
LEAST = 25
"""Answers in a band, or it is joined with the next."""
NOMINAL = 0.90


def calibrate(dataset: Dataset, make: MakeJudge, start: Fusion, *, id: str, split: str = "dev") -> Fusion:
    """`start` with everything fitted on the dev half of `dataset`. Raises UsageError for another half."""
    dev = dataset.only(for_fitting(split))
    start = start.model_copy(update={"weights": dict.fromkeys(FITTED, 0.0) | start.weights})
    start, seen = _with_rule(dev.items, make, start)
    # The likelihood of single credits is not the agreement of grades: weights that do better there stay.
    refitted = weighted(start, list(rows(seen)))
    fitted, _ = max((with_ceiling(seen, make, f) for f in (start, refitted)), key=lambda found: found[1])
    kept = fitted.weights == start.weights
    fitted = _with_beliefs(seen, make, fitted)
    bands = _bands(seen, make, fitted, refit=not kept)
    how = f"weights of {start.id}, which agreed better than weights refitted by" if kept else "weights by"
    questions = len({s.item.question.id for s in seen})
    return fitted.model_copy(
        update={
            "id": id,
            "bare": start.bare or start.id,
            "intervals": bands,
            "provenance": (
                f"`python -m evals calibrate`: {how} logistic regression, none below zero (ridge {RIDGE:g}), on "
                f"{sum(1 for _ in rows(seen))} points of {len(seen)} answers to {questions} questions, the dev half of "
                f"evals/data ({dataset.hash}); ceiling, belief threshold and what a belief denies by QWK "
                f"plus point F1 on the same; conformal intervals at {NOMINAL:.0%} over {FOLDS} folds of questions. "
                f"Floor, gates and hedging as in {start.id}. All by language models (evals/data/CARD.md)."
            ),
        }
    )


def _with_rule(items: Sequence[Item], make: MakeJudge, start: Fusion) -> tuple[Fusion, list[Seen]]:
    """`start` with the threshold of beliefs that agrees best, and what was observed under it."""
    found = []
    for threshold in THRESHOLDS:
        rule = start.misconception.model_copy(update={"threshold": threshold})
        fusion = start.model_copy(update={"misconception": rule})
        seen = observe(items, make(fusion))
        found.append((agreement(seen, make(fusion)), fusion, seen))
    best = max(value for value, _, _ in found)
    return next((f, s) for value, f, s in found if value >= best - EQUAL)


def _with_beliefs(seen: Sequence[Seen], make: MakeJudge, fusion: Fusion) -> Fusion:
    """`fusion` with what a held belief leaves of the points that it denies."""
    made = {share: fusion.model_copy(update={"denied_share": share}) for share in (1.0, 0.5, 0.25, 0.0)}
    values = {share: agreement(seen, make(f)) for share, f in made.items()}
    return made[max(values, key=lambda share: values[share])]


def _bands(seen: Sequence[Seen], make: MakeJudge, fitted: Fusion, *, refit: bool) -> tuple[Band, ...]:
    """Intervals by score band, of residuals; with `refit`, on questions that the weights had not seen."""
    ids = sorted({s.item.question.id for s in seen})
    scores: list[float] = []
    residuals: list[float] = []
    silent: list[bool] = []
    for fold in range(FOLDS):
        held = set(ids[fold::FOLDS])
        others = [s for s in seen if s.item.question.id not in held]
        judge = make(weighted(fitted, list(rows(others))) if refit else fitted)
        for s in seen:
            if s.item.question.id not in held:
                continue
            judgement = s.judged(judge)
            if judgement.score is not None:
                scores.append(judgement.score)
                residuals.append(2 * s.item.mean_grade - judgement.score)
                silent.append(bool(NOTHING & set(judgement.flags)))
    quiet, at, off = np.array(silent), np.array(scores), np.array(residuals)
    return (*_conformal(at[~quiet], off[~quiet], silent=False), *_conformal(at[quiet], off[quiet], silent=True))


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
