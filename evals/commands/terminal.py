"""Notices and progress on standard error: standard output is data."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from interviewer.models import Judgement


class Judged(Protocol):
    """An answer that has been to the judge."""

    @property
    def scored(self) -> bool: ...

    @property
    def judgement(self) -> Judgement | None: ...


MINUTE = 60.0


def say(text: str) -> None:
    print(text, file=sys.stderr)


@contextmanager
def progress(total: int) -> Iterator[Callable[[Judged], None]]:
    """Answers, time left, what was unscored, calls and cost so far; a line a minute where there is no terminal."""
    if not sys.stderr.isatty():
        yield _every_minute(total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[more]}", markup=False),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
    unscored = calls = 0
    cost: float | None = 0.0
    with bar:
        task = bar.add_task("judging", total=total, more="")

        def tell(judged: Judged) -> None:
            nonlocal unscored, calls, cost
            unscored += not judged.scored
            if judged.judgement is not None:
                usage = judged.judgement.usage
                calls += usage.calls
                cost = None if cost is None or usage.cost is None else cost + usage.cost
            spent = f"{calls} calls, {'cost unknown' if cost is None else f'${cost:.4f}'}" if calls else ""
            bar.update(
                task, advance=1, more="  ".join(x for x in (f"{unscored} unscored" if unscored else "", spent) if x)
            )

        yield tell


def _every_minute(total: int) -> Callable[[Judged], None]:
    began = told = time.monotonic()
    done = unscored = 0

    def tell(judged: Judged) -> None:
        nonlocal told, done, unscored
        done += 1
        unscored += not judged.scored
        if (now := time.monotonic()) - told >= MINUTE:
            told = now
            left = (now - began) / done * (total - done)
            say(f"{done} of {total} answers, {unscored} unscored, {now - began:.0f} s; about {left:.0f} s left")

    return tell
