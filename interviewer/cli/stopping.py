"""Ctrl-C and SIGTERM for work that can be gone on with: the first asks it to end well, the second ends it."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from interviewer.cli.guard import say

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """`asked` is set by the first signal once `begin` was called; until then a signal is a KeyboardInterrupt."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        self._times = 0

    def begin(self) -> None:
        """From now on there is something to end well. Called in the task that the second signal cancels."""
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()

    def handle(self, number: int, frame: FrameType | None) -> None:
        self._times += 1
        if self._loop is None or self._task is None or self._times > 2:
            raise KeyboardInterrupt
        self._loop.call_soon_threadsafe(self._first if self._times == 1 else self._task.cancel)

    def _first(self) -> None:
        self.asked.set()
        say("stopping: the rows under way are finished; once more stops at once")


@contextmanager
def stopping() -> Iterator[Stopping]:
    """Both signals handled in this way; main thread only."""
    stop = Stopping()
    before = {number: signal.signal(number, stop.handle) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def same_command(*without: str) -> str:
    """The command that is running, as one would type it, less some options. Keys are masked."""
    from interviewer.llm.secrets import redact

    name = "interviewer" if Path(sys.argv[0]).name.startswith("interviewer") else "python -m interviewer"
    return f"{name} {redact(shlex.join(a for a in sys.argv[1:] if a not in without))}"
