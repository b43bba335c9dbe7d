"""The score on the scale of the row: 7.5 of 10 is 3 of 4. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from interviewer.batch.columns import resolve

SCALED = "score_scaled"
TOP = 10.0
"""The top of the judge's own scale."""
_MARKS = re.compile(r"/?\s*(\d+(?:[.,]\d+)?)\s*(?:分|点|points?|pts\.?|marks?)?", re.IGNORECASE)
_CACHED = 4096


class Scale:
    """Finds the most marks a row can have, in its own column or for all rows alike."""

    def __init__(self, mapping: Mapping[str, str] | None = None, constant: Any = None) -> None:
        self._mapping = dict(mapping or {})
        self._constant = constant
        self._columns: dict[tuple[str, ...], str | None] = {}
        self._unusable = 0
        self._called = ""

    def holds(self, columns: Mapping[str, Any] | list[str]) -> bool:
        """Whether rows with these columns get a scaled score."""
        return self._constant is not None or self._column(tuple(columns)) is not None

    def scaled(self, data: Mapping[str, Any], score: float | None) -> float | None:
        """`score`, 0-10, on the row's scale; None when it has no score or the scale is unusable."""
        column = self._column(tuple(data))
        given = data[column] if column is not None else self._constant
        if given is None or given == "":
            return None
        most = marks(given)
        if most is None:
            self._unusable += 1
            self._called = column or "max_score"
            return None
        return None if score is None else round(score / TOP * most, 3)

    def notes(self) -> list[str]:
        """How many rows have something else than a number there."""
        if not self._unusable:
            return []
        return [f"rows whose {self._called} is no number above 0, without {SCALED}: {self._unusable}"]

    def _column(self, keys: tuple[str, ...]) -> str | None:
        if keys not in self._columns:
            if len(self._columns) >= _CACHED:
                self._columns.clear()
            self._columns[keys] = resolve(keys, self._mapping).get("max_score")
        return self._columns[keys]


def marks(value: Any) -> float | None:
    """A number of marks above 0: 5, "5", "5 分", "/5"; None for anything else."""
    if isinstance(value, str):
        found = _MARKS.fullmatch(value.strip())
        value = float(found[1].replace(",", ".")) if found else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None
