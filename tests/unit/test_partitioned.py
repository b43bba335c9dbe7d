"""Folders of answers in parts: when one is made again, and that they are what the local engine makes."""

from __future__ import annotations

import io
import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.batch.parquet import ParquetTable
from interviewer.batch.partitioned import PartedSummary, files_in, partitions_of
from interviewer.config import load_settings
from interviewer.errors import UsageError
from knowledge import load_map
from knowledge.packs import example
from tests.batch_samples import OTHER, QUESTION, excel_csv
from tests.unit.partitioned_runs import ANSWER, Watched, local, parts, put, rows_in, run, table


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
