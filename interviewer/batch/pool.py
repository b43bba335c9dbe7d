"""The offline judge in processes of its own: workers that judge, or examine, rows in chunks.

One thread per worker waits for it, so that it is known which rows a worker that died had. They are judged again,
one by one, by a new one; a row that two workers die on, or that exceeds its deadline, is told apart and fails alone.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from interviewer.batch.halting import Halted
from interviewer.batch.worker import READY, Task
from interviewer.embeddings import StaticTable
from interviewer.errors import ConfigError, InterviewerError, JudgeError
from interviewer.judge.examined import Examined
from interviewer.judge.offline import OfflineJudge
from interviewer.judge.protocol import Judge
from interviewer.models import Judgement, Rubric

CHUNK = 16
"""Most rows sent at once: about 50 ms of work."""
FEW = 4
"""The same where each row is waited for by a call to a model."""
IN_FLIGHT = 2 * CHUNK
"""Rows per worker that are to be under way, so that none waits for the next."""
RUBRICS = 512
"""Kept by each worker, as many as its judge keeps indexes."""
START_SECONDS = 120.0
STARTS = 3
_COMMAND = "from interviewer.batch.worker import main; main()"


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gains(judge: Judge) -> bool:
    """Whether more processes judge faster: torch, behind other embedders, has its threads on every core already."""
    return type(judge) is OfflineJudge and isinstance(judge.embedder, StaticTable) and cores() > 1


def make(judge: Judge, workers: int, *, deadline: float | None = None) -> WorkerPool:
    """Raises ConfigError for a judge that is no use to other processes."""
    if not isinstance(judge, OfflineJudge):
        raise ConfigError(
            "worker processes are for the offline judge",
            hint="a model is asked many things at once by one process: --concurrency says how many",
        )
    return WorkerPool(judge, workers, deadline=deadline)


class _Died(Exception):
    """The worker ended before it answered; `late` when that was our doing, after the deadline."""

    def __init__(self, *, late: bool = False) -> None:
        self.late = late


@dataclass(slots=True)
class _Job:
    rubric: Rubric
    answer: str
    lang: str
    digest: str | None
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class WorkerPool:
    """A judge that has `workers` processes do it. Processes start with the first row, or `start`; `close` ends them.

    `deadline` is in seconds for one row. Raises Halted from `judge` when no process can be started. One whose
    `task` is "examine" is no judge: it examines.
    """

    kind = "offline"

    def __init__(
        self, judge: OfflineJudge, workers: int, *, deadline: float | None = None, task: Task = "judge"
    ) -> None:
        self.fingerprint = judge.fingerprint
        self.deadline = deadline
        self.ready = False
        """Some process has loaded the judge."""
        self._workers = workers
        self._most = FEW if task == "examine" else CHUNK
        try:
            self._judge = pickle.dumps((judge, task), pickle.HIGHEST_PROTOCOL)
        except Exception as e:  # whatever an embedder of the caller's own makes of it
            raise ConfigError(
                f"this judge cannot be sent to worker processes: {type(e).__name__}: {e}"[:300],
                hint="--workers 1 grades in this process",
            ) from None
        self._jobs: deque[_Job] = deque()
        self._news = threading.Condition()
        self._closed = False
        self._broken: InterviewerError | None = None
        """Why no process can be started."""
        self._alive: set[subprocess.Popen[bytes]] = set()
        self._threads: list[threading.Thread] = []

    @property
    def wanted(self) -> int:
        """How many rows to have under way."""
        return IN_FLIGHT * self._workers

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        made: Judgement = await self._done(rubric, answer, lang, None)
        return made

    async def examine(self, rubric: Rubric, answer: str, lang: str, digest: str | None) -> Examined:
        """As `OfflineJudge.examine`, but without the index, which stays there. Raises JudgeError, Halted."""
        seen: Examined = await self._done(rubric, answer, lang, digest)
        return seen

    def start(self) -> None:
        """Have a process load the judge, before there is a row for it."""
        with self._news:
            self._more()

    async def _done(self, rubric: Rubric, answer: str, lang: str, digest: str | None) -> Any:
        loop = asyncio.get_running_loop()
        job = _Job(rubric, answer, lang, digest, loop, loop.create_future())
        with self._news:
            if self._closed:
                raise RuntimeError("the pool is closed")
            if self._broken is not None:
                raise Halted(self._broken)
            self._jobs.append(job)
            self._more()
            self._news.notify()
        return await job.future

    def _more(self) -> None:
        """One more thread with its process, if there is to be one. Called with the lock held."""
        if len(self._threads) < self._workers:
            thread = threading.Thread(target=self._serve, name=f"worker-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """End the processes; what they were at is dropped."""
        with self._news:
            self._closed = True
            self._jobs.clear()
            self._news.notify_all()
            for process in self._alive:
                process.kill()
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        if hasattr(signal, "pthread_sigmask"):  # passed on to the process: Ctrl-C is for us to handle
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        worker = _Worker(self)
        jobs: list[_Job] = []
        try:
            with suppress(_Died):  # the pool was closed meanwhile
                worker.load()
            while jobs := self._take():
                try:
                    _deliver(jobs, worker.ask(jobs))
                except _Died:
                    for job in jobs:
                        _deliver([job], [self._alone(worker, job)])
        except Exception as e:  # no worker can be had
            error = e if isinstance(e, InterviewerError) else ConfigError(f"a worker process: {type(e).__name__}: {e}")
            with self._news:
                self._broken = error
                left = [*jobs, *self._jobs]
                self._jobs.clear()
            _deliver(left, [Halted(error)] * len(left))
        finally:
            worker.end()

    def _take(self) -> list[_Job]:
        """The next chunk, no more than this worker's share; nothing when it is over."""
        with self._news:
            while not self._closed:
                if not self._jobs:
                    self._news.wait()
                    continue
                share = -(-len(self._jobs) // self._workers)
                jobs = [self._jobs.popleft() for _ in range(min(self._most, share))]
                if jobs := [j for j in jobs if not j.future.done()]:
                    return jobs
        return []

    def _alone(self, worker: _Worker, job: _Job) -> Any:
        for _ in range(2):
            if self._closed:
                break
            try:
                return worker.ask([job])[0]
            except _Died as e:
                if e.late:
                    return JudgeError(f"not judged within {self.deadline:g} s (the deadline)")
        return JudgeError("the worker process died on this row, twice")


class _Worker:
    """One process, started when it is needed and again when it died. Used by one thread."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._process: subprocess.Popen[bytes] | None = None
        self._known: OrderedDict[int, Rubric] = OrderedDict()

    def load(self) -> None:
        """Have a process. Raises _Died when the pool is closed, ConfigError when there can be none."""
        for attempt in range(STARTS):  # one may be killed as it starts
            if self._process is not None:
                break
            self._start(last=attempt == STARTS - 1)
        self._pool.ready = True

    def ask(self, jobs: Sequence[_Job]) -> list[Any]:
        """Raises _Died, ConfigError."""
        self.load()
        new, old = self._news_of(jobs)
        rows = [(id(j.rubric), j.answer, j.lang, j.digest) for j in jobs]
        seconds = None if self._pool.deadline is None else self._pool.deadline * len(jobs)
        made: list[Any] = self._exchange((new, old, rows), seconds)
        return made

    def _news_of(self, jobs: Sequence[_Job]) -> tuple[dict[int, Rubric], list[int]]:
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
            raise _no_worker(e.strerror or str(e)) from None
        self._process = process
        with self._pool._news:
            self._pool._alive.add(process)
            if self._pool._closed:
                process.kill()
        try:
            if self._exchange(None, START_SECONDS) != READY:
                raise _Died
        except _Died:
            if self._pool._closed:
                raise
            if not last:
                return
            raise _no_worker(f"it ended before it was ready (exit code {process.returncode})") from None

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
            process.stdin.write(
                self._pool._judge if message is None else pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
            )
            process.stdin.flush()
            return pickle.load(process.stdout)  # noqa: S301 - a process of our own
        except (OSError, EOFError, pickle.UnpicklingError, ValueError):
            self.end()
            raise _Died(late=late) from None
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
        with self._pool._news:
            self._pool._alive.discard(process)


def _deliver(jobs: Sequence[_Job], found: Sequence[Any]) -> None:
    """From the worker's thread to the rows that wait in the event loop."""

    def tell() -> None:
        for job, what in zip(jobs, found, strict=True):
            if job.future.done():
                continue
            if isinstance(what, Exception):
                job.future.set_exception(what)
            else:
                job.future.set_result(what)

    if jobs:
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            jobs[0].loop.call_soon_threadsafe(tell)


def _no_worker(why: str) -> ConfigError:
    return ConfigError(f"no worker process can be started: {why}", hint="--workers 1 grades in this process")
