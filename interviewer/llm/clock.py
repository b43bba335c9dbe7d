"""Deadlines that stand still while their work waits for its turn: a low limit makes a row late, it does not fail it.

Whoever sets a deadline runs its work under a Clock; whoever makes the work wait does so in `standing_still()`. The two
need not know each other: the clocks of a task go with its context, to the tasks that it starts too.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

_CLOCKS: ContextVar[tuple[Clock, ...]] = ContextVar("clocks", default=())


class Clock:
    """`seconds` of work; None is no limit. Used once, either way."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._until = math.inf
        """On the loop's clock; the seconds left, while it stands still."""
        self._waiting = 0
        """How many parts of the work wait for their turn."""
        self._timeout: asyncio.Timeout | None = None
        self._over = False

    @property
    def left(self) -> float:
        """Seconds; infinite without a limit."""
        if self._waiting:
            return max(0.0, self._until)
        return max(0.0, self._until - asyncio.get_running_loop().time())

    @property
    def expired(self) -> bool:
        return self._timeout is not None and self._timeout.expired()

    @contextmanager
    def running(self) -> Iterator[Clock]:
        """It runs in the block, and ends nothing."""
        if self._seconds is not None:
            self._until = asyncio.get_running_loop().time() + self._seconds
        before = _CLOCKS.set((*_CLOCKS.get(), self))
        try:
            yield self
        finally:
            _CLOCKS.reset(before)
            self._over = True

    @asynccontextmanager
    async def limiting(self) -> AsyncIterator[Clock]:
        """It runs in the block, and ends that with a TimeoutError when no time is left."""
        async with asyncio.timeout(self._seconds) as self._timeout:
            with self.running():
                yield self

    def stop(self) -> None:
        if not self._waiting:
            self._set(self._until - asyncio.get_running_loop().time(), None)
        self._waiting += 1

    def go_on(self) -> None:
        self._waiting -= 1
        if not self._waiting:
            until = asyncio.get_running_loop().time() + self._until
            self._set(until, until)

    def give(self, seconds: float) -> None:
        self._set(self._until + seconds, None if self._waiting else self._until + seconds)

    def _set(self, until: float, alarm: float | None) -> None:
        self._until = until
        if self._timeout is not None and not self._over and not self._timeout.expired():
            self._timeout.reschedule(None if alarm == math.inf else alarm)


@contextmanager
def standing_still() -> Iterator[None]:
    """The clocks of this task stand still in the block."""
    clocks = _CLOCKS.get()
    for clock in clocks:
        clock.stop()
    try:
        yield
    finally:
        for clock in clocks:
            clock.go_on()


def give_back(seconds: float) -> None:
    """Time that passed and is not to count, on all clocks of this task."""
    for clock in _CLOCKS.get():
        clock.give(seconds)
