"""interviewer.batch: Parquet files, read and written."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interviewer.batch import RawRow, Summary, grade_file, open_source
from interviewer.batch.writers import ADDED
from interviewer.errors import ConfigError, InputError
from tests.batch_samples import QUESTION, pandas_parquet
from tests.fake_judge import FakeJudge

HEADER = ["id", "question_id", "answer"]
FORMULA = '=HYPERLINK("http://evil","click")'


def read(path: Path, **options: Any) -> tuple[list[RawRow], list[str]]:
    told: list[str] = []
    with open_source(path, notice=told.append, **options) as source:
        return list(source), told


def run(source: Path | str, target: Path | str, **options: Any) -> Summary:
    return asyncio.run(grade_file(source, target, FakeJudge(), **options))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def table(data: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


class TestParquet:
    def test_a_frame_with_an_index(self, tmp_path: Path) -> None:
        columns = {
            "学号": ["a", "b", "c"],
            "question_id": [QUESTION] * 3,
            "answer": ["@8", None, "@4"],
            "weight": [1.5, None, 2.0],
            "seen": [True, False, None],
            "tags": [["x"], [], None],
        }
        path = pandas_parquet(tmp_path / "a.parquet", columns)
        summary = run(path, tmp_path / "out.parquet")
        assert (summary.rows, summary.graded, summary.failed) == (3, 2, 1)
        assert summary.columns == {"id": "学号", "question_id": "question_id", "answer": "answer"}
        (failed,) = lines(tmp_path / "out.parquet.errors.jsonl")
        assert (failed["row"], failed["id"], failed["error"]) == (2, "b", "no answer: the answer is null")
        found = pq.read_table(tmp_path / "out.parquet")
        assert found.column_names == [*columns, "__index_level_0__", *ADDED]
        types = dict(zip(found.schema.names, found.schema.types, strict=True))
        assert types["weight"] == pa.float64()
        assert types["seen"] == pa.bool_()
        assert types["__index_level_0__"] == types["grade"] == pa.int64()
        assert types["interval"] == pa.list_(pa.float64())
        assert found["score"].to_pylist() == [8, None, 4]
        assert found["interval"].to_pylist() == [[8, 8], None, [4, 4]]
        assert json.loads(found["points"][0].as_py())[0]["verdict"] == "covered"
        assert json.loads(found["tags"][0].as_py()) == ["x"]

    def test_jsonl_keeps_its_types(self, tmp_path: Path) -> None:
        rows = [
            {"n": 1, "x": 1, "m": "a", "question_id": QUESTION, "answer": "@8 \ud800"},
            {"n": 2, "x": 0.5, "m": 3, "question_id": QUESTION, "answer": "@2", "big": 2**70},
        ]
        (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
        run(tmp_path / "a.jsonl", tmp_path / "out.parquet")
        found = pq.read_table(tmp_path / "out.parquet")
        assert [found[c].to_pylist() for c in ("n", "x", "m")] == [[1, 2], [1, 0.5], ["a", "3"]]
        assert found["big"].to_pylist() == [None, str(2**70)]
        assert found["answer"][0].as_py() == "@8 ?"

    def test_many_row_groups_in_little_memory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("interviewer.batch.parquet._ROW_GROUP", 100)
        rows = {"question_id": [QUESTION] * 1000, "answer": [f"@{n % 11}" for n in range(1000)]}
        path = pandas_parquet(tmp_path / "a.parquet", rows, row_group_size=64)
        run(path, tmp_path / "out.parquet")
        out = pq.ParquetFile(tmp_path / "out.parquet")
        assert out.num_row_groups == 10
        assert out.read()["score"].to_pylist() == [n % 11 for n in range(1000)]
        with open_source(path) as source:
            assert source.total == 1000

    def test_a_row_group_that_is_damaged(self, tmp_path: Path) -> None:
        rows = {"question_id": [QUESTION] * 300, "answer": [f"answer number {n}" for n in range(300)]}
        path = pandas_parquet(tmp_path / "a.parquet", rows, row_group_size=100, use_dictionary=False)
        meta = pq.ParquetFile(path).metadata
        start = meta.row_group(1).column(1).data_page_offset
        data = bytearray(path.read_bytes())
        data[start : start + 200] = b"\xff" * 200
        path.write_bytes(data)
        found, _ = read(path)
        assert [(r.number, r.error is None) for r in found if r.error] == [(101, False)]
        assert "rows 101 to 200 cannot be read" in str(found[100].error)
        assert [r.number for r in found[101:]] == list(range(201, 301))

    def test_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        raw = pa.array([b"fine", b"\xb5\xcd\xd6\xc8"], type=pa.binary())
        answers = pa.Array.from_buffers(pa.string(), 2, raw.buffers())
        pq.write_table(pa.table({"question_id": [QUESTION] * 2, "answer": answers}), tmp_path / "a.parquet")
        first, second = read(tmp_path / "a.parquet")[0]
        assert first.data["answer"] == "fine"
        assert second.error == "answer: bytes that are not valid utf-8"

    def test_what_is_cut(self, tmp_path: Path) -> None:
        path = pandas_parquet(tmp_path / "a.parquet", {"question_id": [QUESTION], "answer": ["x"]})
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(InputError, match="cannot be read"):
            read(path)

    def test_without_the_library(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = pandas_parquet(tmp_path / "a.parquet", {"question_id": [QUESTION], "answer": ["x"]})
        (tmp_path / "a.csv").write_text(f"question_id,answer\n{QUESTION},x\n")
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        for source, target in ((path, "out.csv"), (tmp_path / "a.csv", "out.parquet")):
            with pytest.raises(ConfigError, match="needs pyarrow") as e:
                run(source, tmp_path / target)
            assert e.value.hint == "pip install 'interviewer[files]'"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.parquet"]
