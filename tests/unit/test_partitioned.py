"""Folders of answers in parts: when one is made again, and that they are what the local engine makes."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import Generator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.batch import grade_file
from interviewer.batch.parquet import ParquetTable
from interviewer.batch.partitioned import Job, Outcome, PartedSummary, Task, files_in, grade_partitioned, partitions_of
from interviewer.batch.partitioned.folder import PartFolder
from interviewer.batch.partitioned.part import InProcess, settings_for
from interviewer.config import load_settings
from interviewer.errors import ConfigError, InputError, StoreError, UsageError
from interviewer.examiners import offline_judge
from knowledge import load_map
from knowledge.packs import example
from tests.batch_samples import OTHER, QUESTION, excel_csv
from tests.llm.server import FaultServer, Received, Say, error
from tests.scripted_verdicts import QUESTION as JUDGED
from tests.scripted_verdicts import judged_reply, marked, marker_of

ANSWER = "冻结预训练权重，只训练两个低秩矩阵 A 和 B，B 初始化为零，所以起点与原模型一致"


def table(rows: int, *, start: int = 0, html: int | None = None) -> pa.Table:
    """Answers with columns of several types, null at first; that of row `html` is HTML."""
    numbers = range(start, start + rows)
    return pa.table(
        {
            "id": pa.array([f"s{n}" for n in numbers]),
            "question_id": pa.array([OTHER if n % 5 == 0 else QUESTION for n in numbers]),
            "answer": pa.array([f"<p>{ANSWER}</p>" if n == html else f"{ANSWER} {n}" for n in numbers]),
            "group": pa.array([None if n < start + rows // 2 else n for n in numbers], type=pa.int64()),
            "late": pa.array([None if n < start + rows // 2 else bool(n % 2) for n in numbers], type=pa.bool_()),
            "score": pa.array([None if n % 3 else n / 2 for n in numbers], type=pa.float64()),
        }
    )


def put(path: Path, rows: pa.Table, group: int = 7) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, row_group_size=group)
    return path


class Watched:
    """The executor of this process, and which parts it was asked for. `leave` are not made, as if workers had died."""

    def __init__(self, *, leave: Sequence[int] = (), stop_after: int | None = None) -> None:
        self.asked: list[int] = []
        self.leave, self.stop_after = leave, stop_after

    def __call__(self, job: Job, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
        self.asked = [t.number for t in tasks]
        # as over a wire
        job = Job.model_validate_json(job.model_dump_json())
        tasks = [Task.model_validate_json(t.model_dump_json()) for t in tasks]
        for n, outcome in enumerate(InProcess()(job, [t for t in tasks if t.number not in self.leave])):
            if n == self.stop_after:
                raise KeyboardInterrupt
            yield Outcome.model_validate_json(outcome.model_dump_json())


def run(folder: Path, executor: Watched | None = None, *, rows: int = 10, **options: Any) -> PartedSummary:
    """From `folder`/in to `folder`/out."""
    control = {name: options.pop(name) for name in ("replace", "fresh", "notice") if name in options}
    configured = options.pop("settings", None) or load_settings()
    job = Job(settings=settings_for(configured), **options)
    return grade_partitioned(folder / "in", folder / "out", job, executor or Watched(), rows=rows, **control)


def rows_in(*files: Path) -> list[dict[str, Any]]:
    """Every row, less the time it took."""
    out = []
    for path in files:
        for row in pq.read_table(path).to_pylist():
            usage = json.loads(row["usage"]) if row["usage"] else {}
            out.append(row | {"usage": {k: v for k, v in usage.items() if k != "seconds"}})
    return out


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "out").glob("part-*.parquet"))


def local(folder: Path) -> list[Path]:
    """What the local engine makes of each file."""
    made = []
    (folder / "local").mkdir()
    judge = offline_judge()
    for n, path in enumerate(files_in(folder / "in")):
        made.append(folder / "local" / f"{n}.parquet")
        asyncio.run(grade_file(path, made[-1], judge, journal=False, workers=1))
    return made


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.integers(1, 400), st.lists(st.integers(1, 700), max_size=5))
def test_slices_of_a_parquet_file_are_its_rows(rows: int, group: int, cuts: list[int]) -> None:
    file = io.BytesIO()
    pq.write_table(pa.table({"n": list(range(rows))}), file, row_group_size=group)
    ends = sorted({1, rows + 1, *(c for c in cuts if c <= rows)})
    whole = ParquetTable(io.BytesIO(file.getvalue()), "x")
    slices = [ParquetTable(io.BytesIO(file.getvalue()), "x", only=range(a, b)) for a, b in pairwise(ends)]
    assert [row for s in slices for row in s.rows()] == list(whole.rows())
    assert sum(s.total or 0 for s in slices) == whole.total == rows


def test_a_damaged_row_group_is_told_by_one_slice() -> None:
    file = io.BytesIO()
    pq.write_table(
        pa.table({"n": [f"row {n} " * 20 for n in range(90)]}), file, row_group_size=30, compression="none",
        use_dictionary=False,
    )  # fmt: skip
    data = bytearray(file.getvalue())
    second = pq.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(1).column(0)
    data[second.data_page_offset : second.data_page_offset + 40] = b"\xff" * 40
    whole = list(ParquetTable(io.BytesIO(bytes(data)), "x").rows())
    assert [r[0] for r in whole if r[2]] == [31]
    cut = [r for a in (1, 21, 41, 61) for r in ParquetTable(io.BytesIO(bytes(data)), "x", only=range(a, a + 20)).rows()]
    assert cut == [r for r in whole if r[0] < 81]


def test_files_of_a_folder(tmp_path: Path) -> None:
    for name in (
        "b.csv",
        "a/2.parquet",
        "a/1.jsonl.gz",
        "readme.md",
        ".hidden.csv",
        "_parts/x.parquet",
        "a/.tmp/y.csv",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [str(p.relative_to(tmp_path)) for p in files_in(tmp_path)] == ["a/1.jsonl.gz", "a/2.parquet", "b.csv"]
    (tmp_path / "empty").mkdir()
    for bad in ("empty", "not there"):
        with pytest.raises(UsageError):
            files_in(tmp_path / bad)


def test_partitions_cover_every_row_once(tmp_path: Path) -> None:
    path = put(tmp_path / "a.parquet", table(107, html=100), group=1000)
    made = partitions_of([path], load_map(), rows=25)
    assert [n for p in made for n in (p.only or [])] == list(range(1, 108))
    assert max(p.rows or 0 for p in made) <= 25 and min(p.rows or 0 for p in made) >= 21
    assert all(p.html for p in made), "one answer in HTML gives every part its column"
    (whole,) = partitions_of([path], load_map(), rows=107)
    assert whole.only is None and whole.rows == 107


def test_parts_are_what_the_local_engine_makes(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    bad = table(30, html=29).set_column(1, "question_id", [[QUESTION] * 29 + ["no.such-question"]])
    put(folder / "a.parquet", bad)
    put(folder / "b" / "big.pq", table(25, start=10), group=100)
    (folder / "c.csv").write_bytes(excel_csv([["题目编号", "答案"], [QUESTION, ANSWER], [OTHER, "不知道"]]))
    lines = [{"question_id": QUESTION, "answer": ANSWER, "n": None}, {"question_id": QUESTION, "answer": 5, "n": 1.5}]
    (folder / "d.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + "{broken\n")
    told: list[str] = []
    summary = run(tmp_path, notice=told.append)
    files, made = local(tmp_path), parts(tmp_path)
    assert summary.parts == len(made) == 3 + 3 + 1 + 1
    assert rows_in(*made) == rows_in(*files)
    for some, file in ((made[:3], files[0]), (made[3:6], files[1]), (made[6:7], files[2]), (made[7:], files[3])):
        assert {pq.read_schema(p) for p in some} == {pq.read_schema(file)}
    assert (summary.rows, summary.failed, summary.graded) == (60, 2, 58) and summary.complete
    assert summary.duplicate_ids == 20, "s10 to s29 are in both files"
    errors = [json.loads(line) for line in (tmp_path / "out" / "_errors.jsonl").read_text().splitlines()]
    assert [(Path(e["file"]).name, e["row"]) for e in errors] == [("a.parquet", 30), ("d.jsonl", 3)]
    assert PartedSummary.model_validate_json((tmp_path / "out" / "_summary.json").read_bytes()) == summary
    assert any("not all the same columns" in line for line in told)


def test_the_folder_reads_as_one_dataset(tmp_path: Path) -> None:
    put(tmp_path / "in" / "a.parquet", table(20))
    assert run(tmp_path).failed == 0
    assert pq.read_table(tmp_path / "out").num_rows == 20


def test_a_second_run_makes_what_changed(tmp_path: Path) -> None:
    a, b = put(tmp_path / "in" / "a.parquet", table(20)), put(tmp_path / "in" / "b.parquet", table(20, start=20))
    run(tmp_path)
    with pytest.raises(UsageError, match="finished already"):
        run(tmp_path)
    before = {p.name: p.stat().st_mtime_ns for p in parts(tmp_path)}

    def again(**options: Any) -> list[int]:
        watched = Watched()
        summary = run(tmp_path, watched, replace=True, **options)
        assert summary.parts_kept == summary.parts - len(watched.asked)
        assert summary.rows == sum(pq.read_metadata(p).num_rows for p in parts(tmp_path))
        return watched.asked

    assert again() == []
    assert {p.name: p.stat().st_mtime_ns for p in parts(tmp_path)} == before
    shutil.copy(b, tmp_path / "copy")
    (tmp_path / "copy").replace(b)
    assert again() == [], "another time, the same content"
    put(b, table(20, start=50))
    assert again() == [2, 3]
    assert again(lang="en") == [0, 1, 2, 3]
    assert again(lang="en", fresh=True) == [0, 1, 2, 3]
    assert again() == [0, 1, 2, 3]
    parts(tmp_path)[1].unlink()
    (tmp_path / "out" / "_parts" / "part-00003.json").write_text("{")
    assert again() == [1, 3]
    assert again(rows=20) == [0, 1] and len(parts(tmp_path)) == 2
    a.unlink()
    assert again(rows=20) == [] and rows_in(*parts(tmp_path)) == rows_in(*local(tmp_path))


def test_parts_move_when_files_come_before_them(tmp_path: Path) -> None:
    put(tmp_path / "in" / "b.parquet", table(30))
    put(tmp_path / "in" / "d.parquet", table(10, start=30))
    run(tmp_path)
    put(tmp_path / "in" / "a.parquet", table(20, start=60))
    (tmp_path / "in" / "b.parquet").rename(tmp_path / "in" / "e.parquet")
    watched = Watched()
    summary = run(tmp_path, watched, replace=True)
    assert watched.asked == [0, 1] and summary.parts_kept == 4
    assert rows_in(*parts(tmp_path)) == rows_in(*local(tmp_path))
    assert not list((tmp_path / "out" / "_parts").glob("moved-*"))


def test_a_changed_rubric_makes_the_parts_it_is_in_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = tmp_path / "pack"
    shutil.copytree(str(example("sql")), pack)
    the_map = load_map(pack)
    first, second = [q.id for q in the_map.questions.values() if not q.choices][:2]
    for name, question in (("a", first), ("b", second)):
        put(tmp_path / "in" / f"{name}.parquet", pa.table({"question_id": [question] * 3, "answer": ["答案"] * 3}))
    with_pack = {"settings": load_settings(pack=pack)}
    assert run(tmp_path, **with_pack).failed == 0
    watched = Watched()
    run(tmp_path, watched, replace=True, **with_pack)
    assert watched.asked == []
    point = the_map.question(second).points[0]
    changed = 0
    for path in pack.rglob("*.yaml"):
        text = path.read_text("utf-8")
        if point.zh in text:
            changed += 1
            path.write_text(text.replace(point.zh, point.zh + "，并说明理由"), "utf-8")
    assert changed == 1
    monkeypatch.setattr("knowledge.load._loaded", {})  # as in another process
    run(tmp_path, watched, replace=True, **with_pack)
    assert watched.asked == [1]


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


def test_workers_share_the_limits_of_the_provider() -> None:
    job = Job(settings={"rpm": 600.0, "tpm": None, "model": "openai/m"})
    assert job.shared(4).settings == {"rpm": 150.0, "tpm": None, "model": "openai/m"}
    assert job.shared(4).options() == job.options()
