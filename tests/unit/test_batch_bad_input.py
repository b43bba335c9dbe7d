"""interviewer.batch: what is wrong in a file is told by row, and everything else is graded."""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from interviewer.batch import Summary, grade_file
from interviewer.errors import ConfigError, InputError, UsageError
from tests.batch_samples import QUESTION, cells, excel_csv, pandas_parquet, workbook
from tests.fake_judge import FakeJudge

HEADER = ["id", "question_id", "answer"]


def run(source: Path, target: Path, **options: Any) -> Summary:
    return asyncio.run(grade_file(source, target, FakeJudge(), **options))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


def failed(summary: Summary) -> dict[int, str]:
    """The errors file: row to reason."""
    assert summary.errors is not None
    return {e["row"]: e["error"] for e in map(json.loads, Path(summary.errors).read_text("utf-8").splitlines())}


class TestRows:
    def test_everything_at_once(self, tmp_path: Path) -> None:
        rows = [
            HEADER,
            ["1", QUESTION, "x @8"],
            ["2", "lora.principal-and-starting-point", "x"],
            ["1", QUESTION, ""],
            ["4", QUESTION, "字" * 200_000 + "@6"],
            ["5", QUESTION, "nul \0 inside @4"],
            ["6", "", "x"],
            ["7", QUESTION, "a" * 1_000_000 + "@2"],
        ]
        (tmp_path / "a.csv").write_bytes(excel_csv(rows, encoding="utf-8"))
        summary = run(tmp_path / "a.csv", tmp_path / "out.csv")
        assert (summary.rows, summary.graded, summary.failed, summary.duplicate_ids) == (7, 5, 2, 1)
        reasons = failed(summary)
        assert list(reasons) == [3, 7]
        assert "did you mean lora.principle-and-starting-point" in reasons[3]
        assert reasons[7] == "no question: neither a question_id nor a question"
        found = table(tmp_path / "out.csv")
        assert [r["answer"] for r in found] == [r[2] for r in rows[1:]]
        assert [r["score"] for r in found] == ["8.0", "", "0.0", "6.0", "4.0", "", "2.0"]

    def test_utf8_lines_in_a_gbk_file(self, tmp_path: Path) -> None:
        """Every one of them would decode as GBK, to other characters."""
        text = "冻结原权重训练低秩增量矩阵 @8"
        rows = [",".join(["题号", "答案"]).encode("gbk"), *[f"{QUESTION},{text}".encode("gbk")] * 5]
        rows.insert(3, f"{QUESTION},{text}".encode())
        (tmp_path / "a.csv").write_bytes(b"\r\n".join(rows))
        summary = run(tmp_path / "a.csv", tmp_path / "out.csv")
        assert failed(summary) == {4: "the row is in utf-8, the file in gb18030"}
        assert summary.graded == 5
        assert {r["答案"] for r in table(tmp_path / "out.csv")} - {text} != set()
        line = json.dumps({"question_id": QUESTION, "answer": text}, ensure_ascii=False)
        (tmp_path / "a.jsonl").write_bytes(b"\n".join([line.encode("gbk")] * 3 + [line.encode()]))
        assert failed(run(tmp_path / "a.jsonl", tmp_path / "o.jsonl")) == {
            4: "the line is in utf-8, the file in gb18030"
        }

    def test_gbk_that_happens_to_be_utf8(self, tmp_path: Path) -> None:
        rows = [["题号", "答案"], [QUESTION, "联通"], [QUESTION, "这一行是普通的中文，写得长一些"]]
        (tmp_path / "a.csv").write_bytes(excel_csv(rows))
        assert run(tmp_path / "a.csv", tmp_path / "out.csv").failed == 0

    def test_gbk_lines_in_a_utf8_file(self, tmp_path: Path) -> None:
        good = f"{QUESTION},冻结原权重 @8".encode()
        content = [b"question_id,answer", good, good, f"{QUESTION},冻结原权重".encode("gbk"), good]
        (tmp_path / "a.csv").write_bytes(b"\n".join(content))
        assert failed(run(tmp_path / "a.csv", tmp_path / "out.csv")) == {
            4: "the row holds bytes that are not valid utf-8"
        }

    def test_a_number_that_is_none(self, tmp_path: Path) -> None:
        columns = {"question_id": [QUESTION] * 2, "answer": [float("nan"), 3.5]}
        pandas_parquet(tmp_path / "a.parquet", columns)
        summary = run(tmp_path / "a.parquet", tmp_path / "out.csv")
        assert list(failed(summary)) == [1]
        (tmp_path / "a.jsonl").write_text(f'{{"question_id": "{QUESTION}", "answer": NaN}}\n')
        assert "NaN" in failed(run(tmp_path / "a.jsonl", tmp_path / "o.jsonl"))[1]

    def test_a_half_written_last_line(self, tmp_path: Path) -> None:
        line = json.dumps({"id": "1", "question_id": QUESTION, "answer": "x @8"})
        (tmp_path / "a.jsonl").write_text(f"{line}\n{line[:40]}")
        summary = run(tmp_path / "a.jsonl", tmp_path / "out.jsonl")
        assert failed(summary) == {2: "the line breaks off"}
        assert summary.graded == 1

    def test_a_packed_file_that_breaks_off(self, tmp_path: Path) -> None:
        rows = [HEADER, *([str(n), QUESTION, f"x @{n % 11} {n * 7919}"] for n in range(30_000))]
        whole = gzip.compress(excel_csv(rows))
        (tmp_path / "a.csv.gz").write_bytes(whole[: len(whole) // 3])
        summary = run(tmp_path / "a.csv.gz", tmp_path / "out.csv")
        ((row, reason),) = failed(summary).items()
        assert "the gzip file breaks off here" in reason
        assert summary.graded == row - 2
        # The row at the cut is never graded as if it were whole.
        assert [r["answer"] for r in table(tmp_path / "out.csv")][:-1] == [r[2] for r in rows[1 : row - 1]]

    def test_a_workbook_with_all_of_it(self, tmp_path: Path) -> None:
        rows = [
            HEADER,
            ["1", QUESTION, "=A1 @8"],
            ["2", None, "x @6"],
            ["3", "no.such", "x"],
            ["4", QUESTION, "a", "b"],
        ]
        path = workbook(tmp_path / "a.xlsx", {"notes": [["read me"]], "answers": rows}, merged=["B2:B3"])
        told: list[str] = []
        summary = run(path, tmp_path / "out.xlsx", notice=told.append)
        assert summary.sheet == "answers"
        assert failed(summary).keys() == {4, 5}
        assert [r[:4] for r in cells(tmp_path / "out.xlsx")[1:3]] == [
            ["1", QUESTION, "=A1 @8", 8], ["2", QUESTION, "x @6", 6],
        ]  # fmt: skip
        assert [t.split(": ", 1)[-1].split(";")[0] for t in told] == [
            "sheet 'answers' is read, not 'notes'",
            "1 merged range",
            "what Excel last showed is read, or the formula's text where it kept nothing",
        ]


class TestFiles:
    def test_columns_that_are_missing(self, tmp_path: Path) -> None:
        workbook(tmp_path / "a.xlsx", {"S": [["id", "question_id", "answr"], ["1", QUESTION, "x"]]})
        pandas_parquet(tmp_path / "a.parquet", {"question_id": [QUESTION], "answr": ["x"]})
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"id,question_id,answr\n1,q,x\n"))
        for name in ("a.xlsx", "a.parquet", "a.csv.gz"):
            with pytest.raises(InputError, match=r"columns found: .*answr.*; nearest: answr") as e:
                run(tmp_path / name, tmp_path / "out.csv")
            assert "--map answer=answr" in str(e.value.hint)
        assert not (tmp_path / "out.csv").exists()

    @pytest.mark.parametrize("target", ["out.csv", "out.csv.gz", "out.jsonl.zst", "out.xlsx", "out.parquet"])
    def test_an_output_that_exists_stays_until_the_new_one_is_whole(self, tmp_path: Path, target: str) -> None:
        (tmp_path / "a.csv").write_text(f"question_id,answer\n{QUESTION},x @8\n")
        (tmp_path / target).write_text("mine")
        with pytest.raises(UsageError, match="is there already"):
            run(tmp_path / "a.csv", tmp_path / target)

        def stop(_: object) -> None:
            raise RuntimeError

        with pytest.raises(RuntimeError):
            run(tmp_path / "a.csv", tmp_path / target, overwrite=True, on_row=stop)
        assert (tmp_path / target).read_text() == "mine"
        assert run(tmp_path / "a.csv", tmp_path / target, overwrite=True).graded == 1
        assert (tmp_path / target).read_bytes() != b"mine"

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
    @pytest.mark.parametrize("to", ["csv", "jsonl.gz", "jsonl.zst", "xlsx", "parquet"])
    def test_a_disk_that_is_full(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str) -> None:
        rows = [HEADER, *([str(n), QUESTION, f"x @{n % 11}"] for n in range(300))]
        (tmp_path / "a.csv").write_bytes(excel_csv(rows))
        with Path("/dev/full").open("wb", buffering=0) as full:
            monkeypatch.setattr("interviewer.batch.writers.os.fdopen", lambda handle, mode: os.close(handle) or full)
            with pytest.raises(ConfigError, match="No space left") as e:
                run(tmp_path / "a.csv", tmp_path / f"out.{to}")
        assert e.value.hint
        assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]

    @pytest.mark.parametrize("target", ["out.csv.zst", "out.xlsx", "out.parquet"])
    def test_a_disk_that_is_read_only(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
        (tmp_path / "a.csv").write_text(f"question_id,answer\n{QUESTION},x\n")

        def refuse(*_: object, **__: object) -> None:
            raise OSError(30, "Read-only file system")

        monkeypatch.setattr("interviewer.batch.writers.tempfile.mkstemp", refuse)
        with pytest.raises(ConfigError, match="Read-only file system"):
            run(tmp_path / "a.csv", tmp_path / target)

    def test_libraries_that_are_slow_are_imported_when_needed(self) -> None:
        code = "import sys, interviewer.batch; print({'pyarrow', 'openpyxl', 'zstandard'} & set(sys.modules))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        assert done.stdout.strip() == "set()", done.stderr

    def test_a_workbook_to_a_terminal(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "a.csv").write_text(f"question_id,answer\n{QUESTION},x\n")
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        with pytest.raises(UsageError, match="nothing for a terminal"):
            asyncio.run(grade_file(tmp_path / "a.csv", "-", FakeJudge(), to="xlsx"))
