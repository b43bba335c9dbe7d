"""How far the judge's scores agree with those that a person gave, by the metrics of the evaluation harness.

Correlations and errors are on the judge's scale of 0-10. Kappa and exact agreement need levels: those of the person's
own scale where it has at most eleven whole ones, else the grades 0-5.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evals import metrics
from interviewer.batch.class_report.figures import Agreement, Disagreement, Dot, Estimate
from interviewer.batch.samples import Pair, PairSample

WORST = 10
GRID = 40
"""Steps of a quarter of a mark, in which pairs of scores are drawn."""
_FINEST = 10
_GRADES = 5
_RESAMPLES = (200, 2000)
_WORK = 4_000_000
"""Scores looked at by all resamples together: some seconds."""
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def agreement(sample: PairSample, said_top: float | None = None) -> Agreement | None:
    """None when there is no pair. `said_top` is what --max-score gave; the pairs hold it already."""
    found = sample.pairs()
    if not found:
        return None
    tops = np.array([p.top or sample.highest for p in found])
    # All marks zero, and nobody says out of how many: there is no scale.
    usable = tops > 0
    pairs = [p for p, ok in zip(found, usable, strict=True) if ok]
    if not pairs:
        return None
    top = tops[usable]
    human = np.array([p.human for p in pairs]) / top * 10
    judge = np.array([p.score for p in pairs])
    levels = _levels(pairs, top)
    h, j = _on(human, levels), _on(judge, levels)
    clustered, clusters = _clusters(pairs)

    def of(statistic: Callable[[Floats, Floats], float], a: NDArray[np.generic], b: NDArray[np.generic]) -> Statistic:
        return lambda at: statistic(a[at], b[at])  # type: ignore[arg-type]

    resamples = min(max(_WORK // len(pairs), _RESAMPLES[0]), _RESAMPLES[1])
    estimates = metrics.bootstrap(
        {
            "qwk": of(lambda a, b: metrics.qwk(a, b, levels), h, j),
            "pearson": of(metrics.pearson, human, judge),
            "spearman": of(metrics.spearman, human, judge),
            "mae": of(metrics.mae, human, judge),
            "bias": of(metrics.mean_signed_error, human, judge),
            "exact": of(metrics.agreement, h, j),
            "adjacent": of(lambda a, b: metrics.agreement(a, b, within=1), h, j),
        },
        clusters,
        resamples=resamples,
    )
    return Agreement(
        pairs=len(pairs),
        seen=sample.seen,
        sampled=sample.seen > len(found),
        seed=sample.seed,
        max_score=float(top[0]) if np.ptp(top) == 0 else None,
        max_score_from=_source(pairs, said_top),
        levels=levels,
        clustered_on=clustered,
        clusters=len(set(clusters)),
        resamples=resamples if len(set(clusters)) > 1 else 0,
        metrics={name: _estimate(e) for name, e in estimates.items()},
        scatter=_dots(human, judge),
        worst=_worst(pairs, top, human, judge),
    )


Statistic = Callable[[Ints], float]


def _levels(pairs: Sequence[Pair], top: Floats) -> int:
    own = float(top[0])
    whole = own.is_integer() and own <= _FINEST and np.ptp(top) == 0 and all(p.human == int(p.human) for p in pairs)
    return int(own) + 1 if whole else _GRADES + 1


def _on(marks: Floats, levels: int) -> Ints:
    """Marks of 0-10 as levels, rounded half up; the first rounding takes back what division added."""
    found: Ints = np.floor(np.round(marks / 10 * (levels - 1), 9) + 0.5).astype(np.int64)
    return found


def _clusters(pairs: Sequence[Pair]) -> tuple[Literal["question", "row"], list[str]]:
    """Answers to one question are not independent; where there is one question only, rows are drawn."""
    questions = [p.question for p in pairs]
    if len(set(questions)) > 1:
        return "question", questions
    return "row", [str(n) for n in range(len(pairs))]


def _source(pairs: Sequence[Pair], said_top: float | None) -> Literal["option", "rows", "highest"]:
    if any(not p.top for p in pairs):
        return "highest"
    return "option" if said_top and all(p.top == said_top for p in pairs) else "rows"


def _estimate(e: metrics.Estimate) -> Estimate:
    value, low, high = (None if math.isnan(x) else round(float(x), 4) for x in e)
    return Estimate(value=value, low=low, high=high)


def _dots(human: Floats, judge: Floats) -> list[Dot]:
    steps = GRID / 10
    counted = Counter(
        zip(np.round(human * steps).astype(int).tolist(), np.round(judge * steps).astype(int).tolist(), strict=True)
    )
    return [Dot(human=h / steps, judge=j / steps, n=n) for (h, j), n in sorted(counted.items())]


def _worst(pairs: Sequence[Pair], top: Floats, human: Floats, judge: Floats) -> list[Disagreement]:
    apart = judge - human
    order = sorted(range(len(pairs)), key=lambda i: (-abs(round(float(apart[i]), 6)), pairs[i].number, pairs[i].id))
    return [
        Disagreement(
            row=pairs[i].number,
            id=pairs[i].id,
            question=pairs[i].question,
            human=pairs[i].human,
            max_score=float(top[i]),
            human_of_ten=round(float(human[i]), 2),
            score=pairs[i].score,
            difference=round(float(apart[i]), 2),
        )
        for i in order[:WORST]
        if round(float(apart[i]), 6)
    ]
