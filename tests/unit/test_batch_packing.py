"""interviewer.batch: packed files, and which format an output has."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.batch import RawRow, Summary, grade_file, open_source
from interviewer.batch.packing import Unpacked, pack
from interviewer.errors import InputError, UsageError
from tests.batch_samples import QUESTION, excel_csv, workbook
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


def packed(data: bytes, packing: str) -> bytes:
    return gzip.compress(data) if packing == "gzip" else zstandard.ZstdCompressor().compress(data)


class TestPacked:
    @pytest.mark.parametrize("packing", ["gzip", "zstd"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16", "utf-16-le"])
    def test_read_whatever_the_name(self, tmp_path: Path, packing: str, encoding: str) -> None:
        rows = [["学号", "题目", "回答"], *([str(n), "什么是低秩", "冻结原来的权重"] for n in range(3000))]
        (tmp_path / "a.csv").write_bytes(packed(excel_csv(rows, encoding=encoding), packing))
        found, _ = read(tmp_path / "a.csv")
        assert [list(r.data.values()) for r in found] == rows[1:]

    def test_several_members(self, tmp_path: Path) -> None:
        for packing in ("gzip", "zstd"):
            data = packed(b'{"a": 1}\n', packing) + packed(b'{"a": 2}\n', packing)
            (tmp_path / "a.jsonl.x").write_bytes(data)
            assert [r.data["a"] for r in read(tmp_path / "a.jsonl.x")[0]] == [1, 2]

    @pytest.mark.parametrize("packing", ["gzip", "zstd"])
    def test_a_cut_is_told_and_the_rows_before_it_are_graded(self, tmp_path: Path, packing: str) -> None:
        body = "".join(f"{n},{QUESTION},@{n % 11} {hash(str(n))}\n" for n in range(20_000))
        whole = packed(f"id,question_id,answer\n{body}".encode(), packing)
        (tmp_path / "a.csv.gz").write_bytes(whole[: len(whole) // 2])
        found, _ = read(tmp_path / "a.csv.gz")
        assert len(found) > 1000
        assert [r.number for r in found] == list(range(2, len(found) + 2))
        assert f"the {packing} file breaks off here" in str(found[-1].error)
        assert all(r.error is None for r in found[:-1])
        wanted = body.splitlines()
        assert [",".join(r.data.values()) for r in found[:-1]] == wanted[: len(found) - 1]

    def test_a_cut_between_two_rows(self, tmp_path: Path) -> None:
        out = io.BytesIO()
        with gzip.GzipFile(fileobj=out, mode="wb") as f:
            f.write(f"question_id,answer\n{QUESTION},@8\n".encode())
            f.flush()
            (tmp_path / "a.csv.gz").write_bytes(out.getvalue())
        first, cut = read(tmp_path / "a.csv.gz")[0]
        assert first.data["answer"] == "@8"
        assert cut == RawRow(3, {}, "the gzip file breaks off here; rows after row 2 are lost")

    def test_a_cut_in_json_lines(self, tmp_path: Path) -> None:
        data = gzip.compress(b"".join(b'{"answer": "%d", "question_id": "q"}\n' % n for n in range(9000)))
        (tmp_path / "a.jsonl.gz").write_bytes(data[: len(data) // 2])
        found, _ = read(tmp_path / "a.jsonl.gz")
        assert [r.data["answer"] for r in found if r.error is None] == [str(n) for n in range(len(found) - 1)]
        assert "breaks off here" in str(found[-1].error)

    def test_bytes_that_were_changed(self, tmp_path: Path) -> None:
        data = bytearray(gzip.compress(b"question_id,answer\n" + b"q,some answer\n" * 5000))
        data[-6] ^= 0xFF
        (tmp_path / "a.csv.gz").write_bytes(data)
        found, _ = read(tmp_path / "a.csv.gz")
        assert len(found) == 5001
        assert "damaged here: CRC check failed" in str(found[-1].error)

    def test_packed_twice_and_workbooks_in_it(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(gzip.compress(b"x")))
        with pytest.raises(InputError, match="packed twice"):
            read(tmp_path / "a.csv.gz")
        book = workbook(tmp_path / "a.xlsx", {"S": [HEADER, [1, QUESTION, "x"]]})
        (tmp_path / "a.xlsx.gz").write_bytes(gzip.compress(book.read_bytes()))
        assert read(tmp_path / "a.xlsx.gz")[0][0].data["answer"] == "x"

    @pytest.mark.parametrize(("suffix", "unpack"), [("gz", gzip.decompress), ("zst", None)])
    def test_written(self, tmp_path: Path, suffix: str, unpack: Any) -> None:
        unpack = unpack or (lambda b: zstandard.ZstdDecompressor().decompressobj().decompress(b))
        (tmp_path / "a.csv").write_text(f"question_id;answer\n{QUESTION};@8\n")
        run(tmp_path / "a.csv", tmp_path / f"out.csv.{suffix}")
        run(tmp_path / "a.csv", tmp_path / f"out.jsonl.{suffix}")
        (row,) = table(unpack((tmp_path / f"out.csv.{suffix}").read_bytes()), ";")
        assert row["score"] == "8.0"
        assert json.loads(unpack((tmp_path / f"out.jsonl.{suffix}").read_bytes()))["score"] == 8
        first = (tmp_path / f"out.csv.{suffix}").read_bytes()
        run(tmp_path / "a.csv", tmp_path / f"out.csv.{suffix}", overwrite=True)
        assert len((tmp_path / f"out.csv.{suffix}").read_bytes()) == len(first)

    @given(st.binary(max_size=5000), st.integers(0, 5000), st.sampled_from(["gzip", "zstd"]))
    @settings(max_examples=60, deadline=None)
    def test_what_was_packed_comes_out_up_to_the_cut(self, data: bytes, cut: int, packing: Any) -> None:
        file = io.BytesIO()
        stream = pack(file, packing)
        stream.write(data)
        stream.close()
        whole = Unpacked(file, packing)
        assert whole.read() == data
        assert whole.broken is None
        whole.seek(0)
        assert whole.read() == data
        kept = file.getvalue()[:cut]
        part = Unpacked(io.BytesIO(kept), packing)
        found = part.read()
        assert data.startswith(found)
        assert (part.broken is None) == (kept == b"" or kept == file.getvalue())


class TestTargets:
    @pytest.mark.parametrize(
        ("name", "delimiter", "target", "expected"),
        [
            ("a.csv", ";", "out.csv", ";"),
            ("a.csv", "\t", "out.csv", "\t"),
            ("a.csv", "|", "out.txt", "|"),
            ("a.csv", ";", "out.tsv", "\t"),
            ("a.tsv", "\t", "out.csv", ","),
            ("a.tsv", "\t", "out", "\t"),
            ("a.csv", ";", "out", ";"),
        ],
    )
    def test_the_delimiter(self, tmp_path: Path, name: str, delimiter: str, target: str, expected: str) -> None:
        data = excel_csv([HEADER, ["1", QUESTION, "a @8"]], delimiter=delimiter, encoding="utf-8")
        (tmp_path / name).write_bytes(data)
        run(tmp_path / name, tmp_path / target)
        (row,) = table((tmp_path / target).read_bytes(), expected)
        assert (row["answer"], row["score"]) == ("a @8", "8.0")

    def test_to_says_what_a_name_does_not(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text(f"question_id,answer\n{QUESTION},@8\n")
        run(tmp_path / "a.csv", tmp_path / "out", to="jsonl.gz")
        assert json.loads(gzip.decompress((tmp_path / "out").read_bytes()))["score"] == 8
        for to, words in (("xml", "none of csv"), ("xlsx.gz", "packed in itself")):
            with pytest.raises(UsageError, match=words):
                run(tmp_path / "a.csv", tmp_path / "other", to=to)
        with pytest.raises(UsageError, match="packed in itself"):
            run(tmp_path / "a.csv", tmp_path / "out.parquet.zst")
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "out"]

    @pytest.mark.parametrize("name", ["out.xls", "out.xlsm", "out.json", "out.csv.zip", "OUT.ODS"])
    def test_a_suffix_that_would_lie(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "a.csv").write_text(f"question_id,answer\n{QUESTION},@8\n")
        with pytest.raises(UsageError, match="is not written") as e:
            run(tmp_path / "a.csv", tmp_path / name)
        assert str(e.value.hint).startswith("try .")

    @pytest.mark.parametrize("target", ["out.csv", "out.jsonl.gz", "out.xlsx", "out.parquet"])
    def test_interrupted_what_is_done_can_be_read(self, tmp_path: Path, target: str) -> None:
        class Stops(FakeJudge):
            async def judge(self, rubric: Any, answer: str, lang: str) -> Any:
                if "stop" in answer:
                    raise asyncio.CancelledError
                return await super().judge(rubric, answer, lang)

        (tmp_path / "a.csv").write_text(f"question_id,answer\n{QUESTION},@8\n{QUESTION},@6\n{QUESTION},stop\n")
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(grade_file(tmp_path / "a.csv", tmp_path / target, Stops()))
        part = (tmp_path / f"{target}.part").rename(tmp_path / f"part.{target}")
        with open_source(part) as source:
            assert [float(r.data["score"]) for r in source] == [8, 6]
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", part.name]
