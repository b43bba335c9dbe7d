"""The engine on Ray itself: workers that die, clusters of others, Ctrl-C. Needs the extra `ray`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interviewer.batch.partitioned import Job, PartedSummary, grade_partitioned, on_ray
from interviewer.batch.partitioned.on_ray import GradePart, RayExecutor
from interviewer.batch.partitioned.part import settings_for
from interviewer.batch.runner import rows_for
from interviewer.config import load_settings
from interviewer.errors import ConfigError
from tests.llm.server import FaultServer
from tests.scripted_verdicts import QUESTION, judged_reply, marked, marker_of
from tests.unit.test_partitioned import local, parts, put, rows_in, table

pytest.importorskip("ray")
from ray.cluster_utils import Cluster

ROOT = Path(__file__).parents[2]
ACTOR = "ray::MapWorker"
DEADLY = 2
"""The part that no worker survives, in one test."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Somebody's cluster of one CPU."""
    # it lends its environment, and so the tests' modules, to its workers
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)
    made = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False},
    )
    yield made.address
    made.shutdown()
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster has this machine's own address, and tests reach for loopback only."""
    monkeypatch.setattr(on_ray, "_reach", lambda address: None)


def grading(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    command = ["grade", "in", "-o", "out", "--engine", "ray", "--workers", "2", "--partition-rows", "20", *options]
    return subprocess.Popen(
        [sys.executable, "-m", "interviewer", *command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, start_new_session=True,
    )  # fmt: skip


def children(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(c) for c in task.read_text().split()]
            except OSError:
                continue
    return found[1:]


def actors(pid: int) -> list[int]:
    found = []
    for child in children(pid):
        try:
            if Path(f"/proc/{child}/cmdline").read_text().startswith(ACTOR):
                found.append(child)
        except OSError:
            continue
    return found


def until(true: Any, seconds: float = 120) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_killed_workers_and_a_stopped_run_change_nothing(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.parquet", table(150, html=149), group=64)
    put(tmp_path / "in" / "b.parquet", table(90, start=200))
    running = grading(tmp_path)
    until(lambda: parts(tmp_path))
    started = children(running.pid)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    stdout, stderr = running.communicate(timeout=120)
    assert running.returncode == 4, stderr.decode()
    assert b"to go on: " in stderr and not stdout and b"Traceback" not in stderr
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))
    kept = len(parts(tmp_path))
    assert 0 < kept < 13

    running = grading(tmp_path, "--json")
    until(lambda: len(parts(tmp_path)) > kept and actors(running.pid))
    os.kill(actors(running.pid)[0], signal.SIGKILL)
    stdout, stderr = running.communicate(timeout=240)
    assert running.returncode == 0, stderr.decode()
    summary = PartedSummary.model_validate_json(stdout)  # and nothing else
    assert b"Traceback" not in stderr and b"raylet" not in stderr
    assert (summary.parts, summary.rows, summary.failed) == (13, 240, 0) and summary.parts_kept >= kept
    made = local(tmp_path)
    assert rows_in(*parts(tmp_path)) == rows_in(*made)
    assert {pq.read_schema(p) for p in parts(tmp_path)[:8]} == {pq.read_schema(made[0])}


class Deadly(GradePart):
    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        if json.loads(row["task"])["number"] == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(row)


class DeadlyExecutor(RayExecutor):
    actor = Deadly


class Elsewhere(GradePart):
    def __init__(self, job: str) -> None:
        super().__init__(Job.model_validate_json(job).model_copy(update={"version": "0.0"}).model_dump_json())


class ElsewhereExecutor(RayExecutor):
    actor = Elsewhere


def on(cluster: str, folder: Path, kind: type[RayExecutor] = RayExecutor, **options: Any) -> PartedSummary:
    job = Job(settings=settings_for(load_settings()))
    return grade_partitioned(folder / "in", folder / "out", job, kind(cluster, 2), rows=20, **options)


def test_a_part_that_kills_its_workers_fails_alone(cluster: str, reached: None, tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.parquet", table(100))
    summary = on(cluster, tmp_path, DeadlyExecutor)
    assert [(p.part, p.rows) for p in summary.parts_failed] == [(DEADLY, 20)]
    assert "died" in summary.parts_failed[0].error
    assert (summary.graded, summary.failed) == (80, 20)
    assert on(cluster, tmp_path, replace=True).graded == 100, "the cluster is there, and so is every other part"


def test_a_worker_that_cannot_grade_ends_the_run(cluster: str, reached: None, tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.parquet", table(40))
    with pytest.raises(ConfigError, match=r"the command that asks it 0\.0"):
        on(cluster, tmp_path, ElsewhereExecutor)
    assert on(cluster, tmp_path).graded == 40


def test_no_cluster_there() -> None:
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1:1 cannot be used"):
        next(RayExecutor("127.0.0.1:1")(Job(settings={}), []))


def test_a_model_is_not_asked_twice_when_its_worker_dies(tmp_path: Path) -> None:
    server, lock, succeeded = FaultServer(), threading.Lock(), Counter[int]()

    def reply(r: Any) -> Any:
        with lock:
            succeeded[marker_of(r)] += 1
        return judged_reply(r, delay=0.1)

    server.script = reply
    try:
        rows = [marked(n) for n in range(60)]
        put(tmp_path / "in" / "a.parquet", pa.table({"question_id": [QUESTION] * 60, "answer": rows}))
        running = grading(tmp_path, "--model", "openai/m", "--api-base", server.url, "--no-cache", "-j", "4")
        until(lambda: succeeded.total() > 12)
        os.kill(actors(running.pid)[0], signal.SIGKILL)
        _, stderr = running.communicate(timeout=240)
        assert running.returncode == 0, stderr.decode()
        assert set(succeeded) == set(range(60))
        # what was answered but not in a journal yet when the worker died
        assert succeeded.total() - 60 <= rows_for(2)
        assert [r["error"] for r in rows_in(*parts(tmp_path))] == [None] * 60
    finally:
        server.close()
