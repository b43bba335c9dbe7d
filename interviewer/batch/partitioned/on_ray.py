"""Parts made by a pool of Ray actors, through Ray Data. The one module that imports ray, where it is used.

A worker that dies is started again and its part with it; the rest goes on. On a cluster of others, only our own
dataset is stopped.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from interviewer.batch.partitioned.part import Grader, Job, Outcome, Task
from interviewer.batch.pool import cores
from interviewer.errors import ConfigError, InterviewerError, UsageError

RETRIES = 3
"""Of a part whose worker died: a part that kills every worker must not go on for ever."""
STORE_BYTES = 200 << 20
"""Object store of a cluster of our own: what goes through it is numbers of rows, not rows."""
WORKER_CPUS = 1
REACH_SECONDS = 10.0


class GradePart:
    """The actor: loads judge and map once, then grades a part at a time."""

    def __init__(self, job: str) -> None:
        gc.set_threshold(50_000, 20, 20)  # as in the local engine's workers: nearly all that is made is soon gone
        self._fault: InterviewerError | None = None
        self._notices = _restarted()
        try:
            self._grader = Grader(Job.model_validate_json(job))
        except InterviewerError as e:  # told as the part's outcome: Ray would wrap it in its own
            self._fault = e

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        task = Task.model_validate_json(row["task"])
        if self._fault is not None:
            fault = Outcome(number=task.number, error=self._fault.message, hint=self._fault.hint, fatal=True)
            return {"outcome": fault.model_dump_json()}
        outcome = self._grader.grade(task)
        outcome.notices += self._notices
        self._notices = []
        return {"outcome": outcome.model_dump_json()}


def _restarted() -> list[str]:
    """What is to be told when this worker stands for one that died."""
    import ray

    with suppress(Exception):  # nothing hangs on it
        if ray.get_runtime_context().was_current_actor_reconstructed:
            return [f"a worker died; another one (process {os.getpid()}) made its part again"]
    return []


class RayExecutor:
    """Has parts made by `workers` actors of one CPU each (None: as many as the cluster has CPUs).

    Without an `address` a cluster is started on this machine for the time of the run, with the environment of this
    process. On a cluster that is there, the keys of a model must be in the environment of its workers: none is sent.

    Raises ConfigError when ray is missing, or the cluster cannot be reached or has not this project.
    """

    actor: type = GradePart
    """What Ray Data makes its workers of."""

    def __init__(
        self, address: str | None = None, workers: int | None = None, *, notice: Callable[[str], None] = lambda _: None
    ) -> None:
        if address is not None and address.startswith("ray://"):
            raise UsageError(
                "--ray-address ray://… is a Ray Client, which Ray Data does not work through",
                hint="run the command on a machine of the cluster, with --ray-address auto or HOST:6379",
            )
        self._address = None if address == "local" else address
        if self._address is not None:
            os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "2")  # each takes half a minute where no Ray answers
        self._ray = _import()
        self._workers = workers
        self._notice = notice

    @contextmanager
    def _started(self) -> Iterator[int]:
        """A cluster for the time of the block, and how many workers it is to have; one of our own ends with it."""
        ray = self._ray
        options: dict[str, Any] = {"address": self._address or "local"}
        if self._address is None:
            options |= {
                "num_cpus": self._workers or cores(),
                "num_gpus": 0,
                "object_store_memory": STORE_BYTES,
                "include_dashboard": False,
            }
        with _signals_kept(), _silent():
            try:
                _reach(self._address)
                ray.init(**options, log_to_driver=False, logging_level=logging.ERROR, configure_logging=True)
            except (ConnectionError, RuntimeError, ValueError, OSError, TimeoutError) as e:
                raise _unreachable(self._address, e) from None
        try:
            yield self._workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        finally:
            with _undisturbed(), suppress(Exception):
                ray.shutdown()

    def __call__(self, job: Job, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
        with self._started() as workers:
            workers = min(workers, len(tasks))
            count = "1 worker" if workers == 1 else f"{workers:,} workers"
            self._notice(f"{count} {f'of the cluster {self._address}' if self._address else 'on this machine'}")
            if self._ray.available_resources().get("CPU", 0) < WORKER_CPUS:
                self._notice("every CPU of the cluster is taken: waiting for one")
            yield from self._made(job.shared(workers), tasks, workers)

    def _made(self, job: Job, tasks: Sequence[Task], workers: int) -> Iterator[Outcome]:
        import ray.data
        from ray.exceptions import RayError

        _quiet(ray.data)
        # One block a part: what is done is told at once, and a worker that dies takes one part with it.
        dataset = ray.data.from_items([{"task": t.model_dump_json()} for t in tasks], override_num_blocks=len(tasks))
        with warnings.catch_warnings():
            # Without the two limits a part would be tried for ever; Ray 2.60 has no other place for them.
            warnings.filterwarnings("ignore", message="`ray_remote_args` is deprecated")
            graded = dataset.map(
                self.actor,
                fn_constructor_args=(job.model_dump_json(),),
                compute=ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=1),
                num_cpus=WORKER_CPUS,
                max_restarts=-1,
                max_task_retries=RETRIES,
            )
        try:
            for row in graded.iter_rows():
                yield Outcome.model_validate_json(row["outcome"])
        except RayError as e:
            raise _broken(e) from None


def _import() -> Any:
    # Read when ray is imported: nothing is sent anywhere, and nothing is told that is not ours.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
    except ImportError as e:
        raise ConfigError(
            f"--engine ray needs Ray Data ({e})", hint="pip install 'interviewer[ray]', on every machine of the cluster"
        ) from None
    return ray


def _quiet(data: Any) -> None:
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.max_errored_blocks = -1  # a part whose workers died fails alone; the run knows which one did not come
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    logging.getLogger("ray").setLevel(logging.ERROR)
    # What Ray has to say of a worker that died it prints to standard output, which is for data; we say it ourselves.
    worker: Any = importlib.import_module("ray._private.worker")
    worker._worker_logs_enabled = False


def _reach(address: str | None) -> None:
    """Raises OSError where nobody answers: Ray itself would try for many minutes."""
    host, colon, port = (address or "").rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_SECONDS).close()


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray puts a handler of its own for SIGTERM."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _silent() -> Iterator[None]:
    """Ray's own code says on standard error that it was told to say nothing."""
    sys.stderr.flush()
    before = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor is wanted
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Once the end has begun, a second Ctrl-C does not leave processes behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {n: signal.signal(n, signal.SIG_IGN) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _unreachable(address: str | None, error: Exception) -> ConfigError:
    why = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
    if address is None:
        return ConfigError(f"no Ray cluster can be started here: {why}", hint="--engine local needs none")
    return ConfigError(
        f"the Ray cluster at {address} cannot be used: {why}",
        hint="`ray status` tells whether it runs; it needs the same versions of Python and Ray as this machine",
    )


def _broken(error: Exception) -> ConfigError:
    text = str(error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if "No module named 'interviewer" in text:
        return ConfigError(
            "the workers of the cluster have not this version of interviewer",
            hint=f"pip install 'interviewer[ray]' on every machine of the cluster ({lines[-1][:200]})",
        )
    return ConfigError(
        f"Ray gave up: {lines[-1][:300] if lines else type(error).__name__}",
        hint="parts that were finished are kept; the same command goes on",
    )
