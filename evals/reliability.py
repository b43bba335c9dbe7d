"""Whether the judge's numbers mean what they say: calibration by bins, and the limits of agreement. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from evals import metrics as m
from evals.rounding import estimate_json, rounded
from evals.table import SLICE_RESAMPLES, Table

BINS = 10


def calibration(table: Table) -> dict[str, Any]:
    """Mean reference, as a 0-10 score before rounding, per bin of the judge's score."""
    return reliability(2 * table.mean, 2 * table.half_score, table.clusters, top=10)


def point_calibration(table: Table) -> dict[str, Any]:
    """Mean reference credit per bin of the judge's credit, over all points of all answers."""
    reference = np.concatenate([r for r, _ in table.points]) if table.rows else np.empty(0)
    given = np.concatenate([g for _, g in table.points]) if table.rows else np.empty(0)
    clusters = [c for c, (r, _) in zip(table.clusters, table.points, strict=True) for _ in r]
    return reliability(reference, given, clusters, top=1)


def reliability(
    reference: m.Floats, given: m.Floats, clusters: Sequence[Hashable], *, top: float, bins: int = BINS
) -> dict[str, Any]:
    """What a reliability diagram shows (DeGroot & Fienberg 1983, The Statistician 32, 12-22).

    Per bin of `given`, bins without an item left out: its ends, n, the mean of `given`, and the mean of
    `reference` with a bootstrap over the clusters in the bin. `error` is `metrics.calibration_error`.
    """
    found = m.bin_of(given, top, bins)
    rows = []
    for b in sorted(set(found.tolist())):
        at = np.flatnonzero(found == b)
        inside = reference[at]
        estimate = m.bootstrap(
            {"mean": lambda chosen, inside=inside: float(inside[chosen].mean())},  # type: ignore[misc]
            [clusters[int(i)] for i in at],
            resamples=SLICE_RESAMPLES,
        )["mean"]
        rows.append(
            {
                "low": rounded(b * top / bins),
                "high": rounded((b + 1) * top / bins),
                "n": len(at),
                "given": rounded(float(given[at].mean())),
                "reference": estimate_json(estimate),
            }
        )
    return {"top": top, "error": rounded(m.calibration_error(reference, given, top, bins)), "bins": rows}


def bland_altman(table: Table) -> dict[str, Any]:
    """Judge less reference in grades 0-5: bias, limits of agreement, and every answer's mean and difference.

    Intervals are by bootstrap over questions, not the normal ones of the paper: answers to one question are not
    independent.
    """
    names = ("bias", "lower", "upper")

    def limits(at: m.Ints) -> m.Limits:
        return m.limits_of_agreement(table.mean[at], table.half_score[at])

    statistics: dict[str, m.Statistic] = {
        "bias": lambda at: limits(at).bias,
        "lower": lambda at: limits(at).low,
        "upper": lambda at: limits(at).high,
    }
    nothing = m.Estimate(*(float("nan"),) * 3)
    found = m.bootstrap(statistics, table.clusters, resamples=SLICE_RESAMPLES) if table.rows else {}
    everything = np.arange(len(table.rows))
    return {
        **{name: estimate_json(found.get(name, nothing)) for name in names},
        "sd": rounded(limits(everything).sd),
        "items": [
            {
                "answer": j.item.answer.id,
                "mean": rounded(float(reference + given) / 2),
                "difference": rounded(float(given - reference)),
            }
            for j, reference, given in zip(table.rows, table.mean, table.half_score, strict=True)
        ],
    }
