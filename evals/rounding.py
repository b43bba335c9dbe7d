"""Numbers as they stand in a result: four digits, and null for what is undefined."""

from __future__ import annotations

import math

from evals.metrics import Estimate

DIGITS = 4


def rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, DIGITS)


def estimate_json(e: Estimate) -> dict[str, float | None]:
    """{"value", "low", "high"}."""
    return {"value": rounded(e.value), "low": rounded(e.low), "high": rounded(e.high)}
