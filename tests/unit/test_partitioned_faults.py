"""Parts that fail, workers that die, folders that are not touched, limits and credentials of workers."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from interviewer.batch.partitioned import Job, Outcome, Task, grade_partitioned
from interviewer.batch.partitioned.folder import PartFolder
from interviewer.batch.partitioned.part import settings_for
from interviewer.config import load_settings
from interviewer.errors import ConfigError, InputError, StoreError, UsageError
from tests.batch_samples import QUESTION
from tests.llm.server import FaultServer, Received, Say, error
from tests.scripted_verdicts import QUESTION as JUDGED
from tests.scripted_verdicts import judged_reply, marked, marker_of
from tests.unit.partitioned_runs import Watched, local, parts, put, rows_in, run, table


def test_a_bad_file_fails_alone(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.parquet", table(10))
    (tmp_path / "in" / "b.csv").write_bytes(b"%PDF-1.7 no table")
    put(tmp_path / "in" / "c.parquet", table(10, start=10))
    broken = tmp_path / "in" / "d.parquet"
    broken.write_bytes(b"PAR1" + b"\0" * 100)
    summary = run(tmp_path)
    assert (summary.rows, summary.graded, summary.complete) == (20, 20, True)
    assert [(f.part, Path(f.file).name) for f in summary.parts_failed] == [(1, "b.csv"), (3, "d.parquet")]
    errors = [json.loads(line) for line in (tmp_path / "out" / "_errors.jsonl").read_text().splitlines()]
    assert [Path(e["file"]).name for e in errors] == ["b.csv", "d.parquet"]
    assert "PDF" in errors[0]["error"] and errors[0]["row"] is None
    (tmp_path / "in" / "b.csv").write_text(f"question_id,answer\n{QUESTION},x\n")
    broken.unlink()
    watched = Watched()
    assert run(tmp_path, watched, replace=True).parts_failed == [] and watched.asked == [1]
    assert not (tmp_path / "out" / "_errors.jsonl").exists()


def test_the_only_file_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_bytes(b"%PDF-1.7 no table")
    with pytest.raises(InputError, match="a PDF") as e:
        run(tmp_path)
    assert e.value.hint
    (tmp_path / "in" / "a.csv").unlink()
    put(tmp_path / "in" / "a.parquet", pa.table({"x": ["y"] * 20}))
    with pytest.raises((InputError, UsageError)):
        run(tmp_path)


def test_a_part_whose_workers_died_is_said(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.parquet", table(40))
    summary = run(tmp_path, Watched(leave=[2]))
    assert (summary.rows, summary.graded, summary.failed) == (40, 30, 10)
    (failed,) = summary.parts_failed
    assert (failed.part, failed.first, failed.rows) == (2, 21, 10) and "died" in failed.error
    assert [p.name for p in parts(tmp_path)] == [f"part-0000{n}.parquet" for n in (0, 1, 3)]
    watched = Watched()
    assert run(tmp_path, watched, replace=True).graded == 40 and watched.asked == [2]


def test_interrupted_it_goes_on(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.parquet", table(50))
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Watched(stop_after=2))
    left = tmp_path / "out" / "_parts"
    (left / ".part-00004.parquet.abc.tmp").write_bytes(b"half")
    (left / "part-00004.parquet").write_bytes(b"whole, but not in its place")
    watched = Watched()
    summary = run(tmp_path, watched)
    assert watched.asked == [3, 4] and summary.parts_kept == 3
    assert {p.suffix for p in left.iterdir()} == {".json", ".ids"}
    assert rows_in(*parts(tmp_path)) == rows_in(*local(tmp_path))


def test_folders_that_are_not_touched(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.parquet", table(10))
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("x")
    for replace in (False, True):
        with pytest.raises(UsageError, match="something else"):
            run(tmp_path, replace=replace)
    assert [p.name for p in out.iterdir()] == ["mine.txt"]
    for output in (tmp_path / "in", tmp_path / "in" / "out", tmp_path):
        with pytest.raises(UsageError):
            grade_partitioned(tmp_path / "in", output, Job(settings=settings_for(load_settings())), Watched())
    (out / "mine.txt").unlink()
    with PartFolder(out).alone(), pytest.raises(StoreError, match="another run"):
        run(tmp_path)
    assert run(tmp_path).graded == 10


def test_another_map_or_judge_on_a_worker_is_said(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.parquet", table(10))
    for changed, said in (({"fingerprint": "x"}, "judge"), ({"map_digest": "x"}, "map"), ({"version": "0"}, "0")):

        class Elsewhere(Watched):
            def __call__(self, job: Job, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
                return super().__call__(job.model_copy(update=changed), tasks)  # noqa: B023

        with pytest.raises(ConfigError, match=said):
            run(tmp_path, Elsewhere())


@pytest.fixture
def server() -> Generator[FaultServer, None, None]:
    server = FaultServer()
    yield server
    server.close()


def test_rows_that_a_model_failed_on_are_asked_again(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-test-0123456789")
    asked: list[int] = []
    broken = {3}

    def reply(r: Received) -> Say:
        asked.append(marker_of(r))
        return error(400) if asked[-1] in broken else judged_reply(r)

    server.script = reply
    rows = pa.table({"id": [f"s{n}" for n in range(8)], "question_id": [JUDGED] * 8,
                     "answer": [marked(n) for n in range(8)]})  # fmt: skip
    put(tmp_path / "in" / "a.parquet", rows)
    judged_by = {"settings": load_settings(model="openai/m", api_base=server.url, cache=False)}
    first = run(tmp_path, rows=4, **judged_by)
    assert (first.graded, first.failed) == (7, 1) and first.this_run.calls >= 7
    asked.clear()
    broken.clear()
    watched = Watched()
    second = run(tmp_path, watched, rows=4, replace=True, **judged_by)
    assert watched.asked == [0] and set(asked) == {3}, "the others of the part are in its journal"
    assert (second.graded, second.failed) == (8, 0)
    kept = "".join(p.read_text("latin-1") for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert "sk-secret" not in kept


def test_no_credential_goes_to_a_worker() -> None:
    with pytest.raises(UsageError, match="credential"):
        settings_for(load_settings(model="openai/m", api_base="http://user:hunter2hunter2@host/v1"))
    job = Job(settings=settings_for(load_settings(model="openai/m", api_base="http://host:8000/v1")))
    assert {"db", "theme"}.isdisjoint(job.settings) and job.settings["api_base"] == "http://host:8000/v1"


def test_workers_share_what_the_provider_is_to_have() -> None:
    job = Job(settings={}, concurrency=10)
    assert [job.shared(n).concurrency for n in (1, 3, 64)] == [10, 3, 1]

    job = Job(settings={"rpm": 600.0, "tpm": None, "model": "openai/m"})
    assert job.shared(4).settings == {"rpm": 150.0, "tpm": None, "model": "openai/m"}
    assert job.shared(4).options() == job.options()
