"""A worker process as its pool sees it: started, asked in chunks, killed when it is late. Inside runs `worker`."""

from __future__ import annotations

import asyncio
import os
import pickle
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from interviewer.batch.worker import READY
from interviewer.errors import ConfigError
from interviewer.models import Rubric

RUBRICS = 512
"""Kept by each worker, as many as its judge keeps indexes."""
START_SECONDS = 120.0
STARTS = 3
_COMMAND = "from interviewer.batch.worker import main; main()"


class Died(Exception):
    """The worker ended before it answered; `late` when that was our doing, after the deadline."""

    def __init__(self, *, late: bool = False) -> None:
        self.late = late


@dataclass(slots=True)
class Job:
    rubric: Rubric
    answer: str
    lang: str
    digest: str | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class Crew:
    """The processes of one pool that live. `close` ends them, whoever waits for one; those that come later end too."""

    def __init__(self) -> None:
        self.alive: set[subprocess.Popen[bytes]] = set()
        self.closed = False
        self.ready = False
        """Some process has loaded the judge."""
        self._lock = threading.Lock()

    def join(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self.alive.add(process)
            if self.closed:
                process.kill()

    def leave(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self.alive.discard(process)

    def close(self) -> None:
        with self._lock:
            self.closed = True
            for process in self.alive:
                process.kill()


class WorkerProcess:
    """One process, started when it is needed and again when it died. Used by one thread.

    `judge` is what is sent to it first, `deadline` is in seconds for one row.
    """

    def __init__(self, judge: bytes, crew: Crew, deadline: float | None = None) -> None:
        self._judge, self._crew, self._deadline = judge, crew, deadline
        self._process: subprocess.Popen[bytes] | None = None
        self._known: OrderedDict[int, Rubric] = OrderedDict()

    def load(self) -> None:
        """Have a process. Raises Died when the pool is closed, ConfigError when there can be none."""
        for attempt in range(STARTS):  # one may be killed as it starts
            if self._process is not None:
                break
            self._start(last=attempt == STARTS - 1)
        self._crew.ready = True

    def ask(self, jobs: Sequence[Job]) -> list[Any]:
        """Raises Died, ConfigError."""
        self.load()
        new, old = self._news_of(jobs)
        rows = [(id(j.rubric), j.answer, j.lang, j.digest) for j in jobs]
        seconds = None if self._deadline is None else self._deadline * len(jobs)
        made: list[Any] = self._exchange((new, old, rows), seconds)
        return made

    def _news_of(self, jobs: Sequence[Job]) -> tuple[dict[int, Rubric], list[int]]:
        new: dict[int, Rubric] = {}
        for job in jobs:
            number = id(job.rubric)  # it stays that rubric's while we hold it
            if number not in self._known:
                new[number] = job.rubric
            self._known[number] = job.rubric
            self._known.move_to_end(number)
        old = [self._known.popitem(last=False)[0] for _ in range(len(self._known) - RUBRICS)]
        return new, old

    def _start(self, *, last: bool) -> None:
        paths = [p for p in sys.path if p]
        try:
            process = subprocess.Popen(  # noqa: S603 - this very interpreter
                [sys.executable, "-P", "-c", _COMMAND],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            )
        except OSError as e:
            raise no_worker(e.strerror or str(e)) from None
        self._process = process
        self._crew.join(process)
        try:
            if self._exchange(None, START_SECONDS) != READY:
                raise Died
        except Died:
            if self._crew.closed:
                raise
            if not last:
                return
            raise no_worker(f"it ended before it was ready (exit code {process.returncode})") from None

    def _exchange(self, message: Any, seconds: float | None) -> Any:
        """Send (None: the judge itself) and wait for the answer, no longer than `seconds`."""
        process, late = self._process, False
        assert process is not None and process.stdin is not None and process.stdout is not None

        def kill() -> None:
            nonlocal late
            late = True
            process.kill()

        timer = threading.Timer(seconds, kill) if seconds is not None else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            process.stdin.write(self._judge if message is None else pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
            process.stdin.flush()
            return pickle.load(process.stdout)  # noqa: S301 - a process of our own
        except (OSError, EOFError, pickle.UnpicklingError, ValueError):
            self.end()
            raise Died(late=late) from None
        finally:
            if timer is not None:
                timer.cancel()

    def end(self) -> None:
        process, self._process = self._process, None
        self._known.clear()
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                assert stream is not None
                stream.close()
        process.wait()
        self._crew.leave(process)


def no_worker(why: str) -> ConfigError:
    return ConfigError(f"no worker process can be started: {why}", hint="--workers 1 grades in this process")
