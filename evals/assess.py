"""From judged items to what `evals run` says, put together from the rooms that measure it.

Pure: the same items give the same result to the digit, all but `timing`, which is what the clock said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evals import metrics as m
from evals.ceiling import ceiling
from evals.datasets import Dataset
from evals.reliability import bland_altman, calibration, point_calibration
from evals.rounding import estimate_json, rounded
from evals.slices import names, slices
from evals.table import HALF, LEVELS, RESAMPLES, Judged, Table, covered, mean_known, thirds
from evals.timing import timing
from evals.worst import worst

__all__ = ["HALF", "LEVELS", "Judged", "Table", "assess", "ceiling", "covered", "slices", "thirds"]


def assess(dataset: Dataset, judged: Sequence[Judged]) -> dict[str, Any]:
    """Everything that `evals run --json` prints but what names the judge; `report/shapes.py` says what is in it."""
    table = Table(judged)
    n = len(table.rows)
    estimates = m.bootstrap(table.statistics(), table.clusters, resamples=RESAMPLES) if n else {}
    return {
        "metrics": {name: estimate_json(e) for name, e in estimates.items()} | _rates(judged),
        "n": n,
        "questions": len(set(table.clusters)),
        "data": dataset.hash,
        "annotators": ceiling(dataset.items) | {"kind": dataset.annotators},
        "confusion": m.confusion(table.reference, table.grade, LEVELS).tolist(),
        "point_confusion": _point_confusion(table),
        "slices": slices(table),
        "names": names(table),
        "calibration": calibration(table),
        "point_calibration": point_calibration(table),
        "bland_altman": bland_altman(table),
        "worst": worst(table),
        "probes": {},
        "failures": [{"answer": j.item.answer.id, "error": j.error} for j in judged if not j.scored],
        "timing": timing(judged),
    }


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
    return {k: {"value": rounded(mean_known(map(float, v))), "low": None, "high": None} for k, v in rates.items()}


def _point_confusion(table: Table) -> list[list[int]]:
    """Rows: reference nothing, part, all; columns: the judge."""
    if not table.rows:
        return [[0] * 3 for _ in range(3)]
    reference = thirds(np.concatenate([r for r, _ in table.points]))
    given = thirds(np.concatenate([g for _, g in table.points]))
    counts: list[list[int]] = m.confusion(reference, given, 3).tolist()
    return counts
