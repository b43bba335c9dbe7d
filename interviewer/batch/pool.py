"""The offline judge in processes of its own: workers that judge, or examine, rows in chunks.

One thread per worker waits for it, so that it is known which rows a worker that died had. They are judged again,
one by one, by a new one; a row that two workers die on, or that exceeds its deadline, is told apart and fails alone.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from interviewer.batch.halting import Halted
from interviewer.batch.worker import Task
from interviewer.batch.worker_process import Crew, Died, Job, WorkerProcess
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
        self._crew = Crew()
        self._workers = workers
        self._most = FEW if task == "examine" else CHUNK
        try:
            self._judge = pickle.dumps((judge, task), pickle.HIGHEST_PROTOCOL)
        except Exception as e:  # whatever an embedder of the caller's own makes of it
            raise ConfigError(
                f"this judge cannot be sent to worker processes: {type(e).__name__}: {e}"[:300],
                hint="--workers 1 grades in this process",
            ) from None
        self._jobs: deque[Job] = deque()
        self._news = threading.Condition()
        self._closed = False
        self._broken: InterviewerError | None = None
        """Why no process can be started."""
        self._threads: list[threading.Thread] = []

    @property
    def ready(self) -> bool:
        """Some process has loaded the judge."""
        return self._crew.ready

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
        job = Job(rubric, answer, lang, digest, loop, loop.create_future())
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
        self._crew.close()
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        if hasattr(signal, "pthread_sigmask"):  # passed on to the process: Ctrl-C is for us to handle
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        worker = WorkerProcess(self._judge, self._crew, self.deadline)
        jobs: list[Job] = []
        try:
            with suppress(Died):  # the pool was closed meanwhile
                worker.load()
            while jobs := self._take():
                try:
                    _deliver(jobs, worker.ask(jobs))
                except Died:
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

    def _take(self) -> list[Job]:
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

    def _alone(self, worker: WorkerProcess, job: Job) -> Any:
        for _ in range(2):
            if self._closed:
                break
            try:
                return worker.ask([job])[0]
            except Died as e:
                if e.late:
                    return JudgeError(f"not judged within {self.deadline:g} s (the deadline)")
        return JudgeError("the worker process died on this row, twice")


def _deliver(jobs: Sequence[Job], found: Sequence[Any]) -> None:
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
