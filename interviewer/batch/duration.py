"""How long grading would take: measured on a few of the rows without a model, by a formula with one."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle, islice
from statistics import fmean
from typing import TYPE_CHECKING

from interviewer.batch.rows import Row

if TYPE_CHECKING:
    from interviewer.judge import OfflineJudge

CALL_SECONDS = 5.0
"""What a call is taken to last: nobody knows before the first."""
SAMPLED = 64
"""Rows that are kept for measuring, at most."""
MEASURED_SECONDS = 1.0


def with_a_model(
    calls: int, tokens: int | None, *, at_once: int, rpm: float | None = None, tpm: float | None = None,
    call_seconds: float = CALL_SECONDS,
) -> float:  # fmt: skip
    """Seconds: as many calls `at_once` as there may be, and no faster than the limits a minute."""
    return max(
        math.ceil(calls / at_once) * call_seconds,
        60 * calls / rpm if rpm else 0.0,
        60 * tokens / tpm if tpm and tokens else 0.0,
    )


def offline(sample: Sequence[Row], judge: OfflineJudge, *, rows: int, questions: int, workers: int) -> float | None:
    """Seconds for `rows` rows on `questions` questions by `workers` processes, measured in a second on `sample`.

    A question's first row takes longer: its points are indexed, by every process for itself. None when nothing of the
    sample can be judged.
    """
    first, further, until = [], [], time.perf_counter() + MEASURED_SECONDS
    for row, other in zip(sample, islice(cycle(sample), 1, None), strict=False):
        with suppress(Exception):  # grading tells what is wrong with it
            began = time.perf_counter()
            judge.judge_sync(row.rubric, row.answer, row.lang)
            indexed = time.perf_counter()
            judge.judge_sync(row.rubric, f"{other.answer} ", row.lang)
            further.append(time.perf_counter() - indexed)
            first.append(indexed - began)
        if time.perf_counter() > until:
            break
    if not further:
        return None
    start, more = first[0], first[1:]  # the very first loads what all need
    index = max(0.0, fmean(more) - fmean(further)) if more else 0.0
    return start + index * questions + fmean(further) * rows / workers
