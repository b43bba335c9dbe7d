"""How grading goes on, on stderr where that is a terminal: rows, rate, time left, failures, cost, rows to review."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

    from interviewer.batch import GradedRow, Summary

TOLD = 5
"""Failed rows that are named on the terminal; the rest are in the file."""


class Progressing:
    """Hears of the start and of every row. Keeps the failed rows that are to be named."""

    def __init__(self, bar: Progress | None) -> None:
        self.summary: Summary | None = None
        """None until grading begins."""
        self.failed: list[GradedRow] = []
        self._bar = bar
        self._task = None if bar is None else bar.add_task("grading", total=None, start=False, rate="", more="")

    @property
    def shown(self) -> bool:
        return self._bar is not None

    def start(self, summary: Summary) -> None:
        self.summary = summary
        if self._bar is not None and self._task is not None:
            self._bar.start_task(self._task)

    def total(self, rows: int) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=rows)

    def row(self, row: GradedRow) -> None:
        if row.failed and len(self.failed) < TOLD:
            self.failed.append(row)
        if self._bar is not None and self._task is not None and self.summary is not None:
            speed = self._bar.tasks[0].finished_speed or self._bar.tasks[0].speed
            rate = f"{speed:,.0f} rows/s" if speed and speed >= 10 else f"{speed:.1f} rows/s" if speed else ""
            self._bar.update(self._task, advance=1, rate=rate, more=standing(self.summary))

    def parts(self, done: int, total: int | None, rate: float, more: str) -> None:
        """So much of so much is done, where whole parts are told of and not each row."""
        if self._bar is not None and self._task is not None:
            self._bar.start_task(self._task)
            speed = f"{rate:,.0f} rows/s" if rate else ""
            self._bar.update(self._task, completed=done, total=total, rate=speed, more=more)


def standing(s: Summary) -> str:
    """What became of the rows so far, in a few words."""
    parts = [f"{s.failed:,} failed"]
    if s.from_journal:
        parts.append(f"{s.from_journal:,} from the journal")
    if s.graded:
        parts.append(f"{s.needs_review / s.graded:.0%} to review")
    if s.known_cost:
        parts.append(f"${s.known_cost:.4f}" if s.known_cost < 1 else f"${s.known_cost:,.2f}")
    return " · ".join(parts)


@contextmanager
def progressing(*, show: bool) -> Iterator[Progressing]:
    """A bar while the block runs, if `show` and stderr is a terminal."""
    if not (show and sys.stderr.isatty()):
        yield Progressing(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    bar = Progress(
        SpinnerColumn(),
        MofNCompleteColumn(),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[more]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        yield Progressing(bar)
