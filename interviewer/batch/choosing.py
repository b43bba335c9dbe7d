"""Some of the rows of a file: the first ones, or a sample. Rows keep their numbers."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from interviewer.batch.readers import RawRow
from interviewer.errors import UsageError


@dataclass(frozen=True)
class Chosen:
    """Of `rows`, which can be read again: `sample` of them drawn with `seed`, in order; then the first `limit`.

    The same file, number and seed draw the same rows. None leaves out that step. Raises UsageError below 1.
    """

    rows: Iterable[RawRow]
    limit: int | None = None
    sample: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in (("limit", self.limit), ("sample", self.sample)):
            if value is not None and value < 1:
                raise UsageError(f"--{name} must be at least 1")

    def __iter__(self) -> Iterator[RawRow]:
        drawn = self._drawn
        rows = self.rows if drawn is None else (row for n, row in enumerate(self.rows) if n in drawn)
        return iter(rows) if self.limit is None else islice(iter(rows), self.limit)

    @cached_property
    def _drawn(self) -> frozenset[int] | None:
        if self.sample is None:
            return None
        total = sum(1 for _ in self.rows)
        return frozenset(random.Random(self.seed).sample(range(total), min(self.sample, total)))
