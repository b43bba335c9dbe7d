"""What judging took. Depends on the machine, the cache and the clock, so it is kept apart from what is reproduced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evals.table import Judged


def timing(judged: Sequence[Judged]) -> dict[str, Any]:
    """Seconds per answer (median and 95th percentile, type 7 of Hyndman & Fan 1996), calls, tokens, US dollars.

    Calls, tokens and cost are null for a judge that asked no model; tokens and cost also where they are unknown
    for one of the answers.
    """
    usages = [j.judgement.usage for j in judged if j.judgement is not None]
    seconds = np.array([u.seconds for u in usages], dtype=np.float64)
    median, p95 = (float(v) for v in np.quantile(seconds, [0.5, 0.95])) if len(seconds) else (None, None)
    calls = sum(u.calls for u in usages)
    return {
        "answers": len(usages),
        "seconds_median": None if median is None else round(median, 6),
        "seconds_p95": None if p95 is None else round(p95, 6),
        "calls": calls or None,
        "input_tokens": _sum([u.input_tokens for u in usages]) if calls else None,
        "output_tokens": _sum([u.output_tokens for u in usages]) if calls else None,
        "cost": _sum([u.cost for u in usages]) if calls else None,
    }


def _sum(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return round(sum(known), 6) if len(known) == len(values) else None
