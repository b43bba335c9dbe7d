"""How far the annotators agree with each other: the ceiling that a judge is seen beside. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from evals import metrics as m
from evals.datasets import Item
from evals.rounding import estimate_json
from evals.table import LEVELS, SLICE_RESAMPLES, covered, mean_known, thirds


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
            return mean_known(values)

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
            return mean_known(values)

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
    return out | {"n": len(shared), "metrics": {name: estimate_json(e) for name, e in estimates.items()}}
