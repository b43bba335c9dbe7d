"""Agreement within a part of the answers: by language, kind, category, difficulty, length, mode, grade. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evals import metrics as m
from evals.rounding import estimate_json
from evals.table import SLICE_RESAMPLES, Table

CHOSEN = ("qwk", "mae", "mean_signed_error", "smd", "exact", "adjacent", "point_f1")


def slices(table: Table) -> dict[str, dict[str, Any]]:
    """Agreement by what the answers and questions are; few answers each, so mind the intervals."""
    rows = table.rows
    by: dict[str, Sequence[str]] = {
        "lang": [j.item.answer.lang for j in rows],
        "kind": [j.item.question.kind.value for j in rows],
        "category": [j.item.category.id if j.item.category else "" for j in rows],
        "difficulty": [_difficulty(j.item.question.difficulty) for j in rows],
        "length": terciles(table.length),
        "mode": [j.item.answer.mode for j in rows],
        "band": [_band(j.item.grade) for j in rows],
    }
    every = table.statistics()
    chosen = {k: every[k] for k in CHOSEN}
    out: dict[str, dict[str, Any]] = {}
    for name, values in by.items():
        out[name] = {}
        for value in sorted(set(values), key=_numbers_first):
            at = np.array([i for i, v in enumerate(values) if v == value], dtype=np.int64)
            within = {k: _over(s, at) for k, s in chosen.items()}
            estimates = m.bootstrap(within, [table.clusters[i] for i in at], resamples=SLICE_RESAMPLES)
            out[name][value] = {"n": len(at)} | {k: estimate_json(e) for k, e in estimates.items()}
    return out


def names(table: Table) -> dict[str, dict[str, dict[str, str]]]:
    """What the values of a slice are called in both languages, where they are ids of the map."""
    categories = [j.item.category for j in table.rows if j.item.category]
    return {"category": {c.id: {"zh": c.zh, "en": c.en} for c in sorted(categories, key=lambda c: c.id)}}


def terciles(lengths: m.Floats) -> list[str]:
    """The third that each length lies in, called by the shortest and the longest in it: `12-143`.

    Cut at the 1/3 and 2/3 quantiles of the inverted distribution (Hyndman & Fan 1996, type 1), so equal lengths
    stay together and a third may be empty.
    """
    if not len(lengths):
        return []
    cuts = np.quantile(lengths, [1 / 3, 2 / 3], method="inverted_cdf")
    third = np.searchsorted(cuts, lengths, side="left")
    ends = {int(t): (int(lengths[third == t].min()), int(lengths[third == t].max())) for t in set(third)}
    return ["{}-{}".format(*ends[int(t)]) for t in third]


def _difficulty(value: int) -> str:
    return "1-3" if value < 4 else "4-6" if value < 7 else "7-10"


def _band(grade: int) -> str:
    return "0-1" if grade < 2 else "2-3" if grade < 4 else "4-5"


def _numbers_first(value: str) -> tuple[float, str]:
    """Ranges in the order of their lower ends, then words."""
    first = value.partition("-")[0]
    return (int(first) if first.isdecimal() else float("inf"), value)


def _over(statistic: m.Statistic, rows: m.Ints) -> m.Statistic:
    return lambda at: statistic(rows[at])
