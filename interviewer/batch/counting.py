"""How many rows there are, where that can be said at once."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from interviewer.batch.readers import RawRow

SECONDS = 2.0
"""Longest that rows are counted for: some hundred thousand."""


@dataclass(frozen=True)
class Total:
    rows: int
    exact: bool
    """False: there may be more; counting was given up."""


def count(source: Iterable[RawRow], *, few: int, all: bool) -> Total:
    """The rows of a source that can be read again: whether they are more than `few`, and with `all` how many."""
    until, n = time.monotonic() + SECONDS, 0
    for _ in source:
        n += 1
        if n > few and (not all or (n % 1000 == 0 and time.monotonic() > until)):
            return Total(n, exact=False)
    return Total(n, exact=True)
