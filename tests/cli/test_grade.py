"""`interviewer grade` as a process: streams, exit codes, files left behind, on the offline judge."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

QUESTION = "lora.principle-and-starting-point"
GOOD = (
    "原权重冻住，旁边加一个低秩增量 BA，B 初始化为零，所以一开始和原模型一样；"
    "QLoRA 把基座存成 NF4，用到哪层再反量化成 bf16 算。"
)


def interviewer(*args: str | Path, stdin: bytes | None = None, cwd: Path | None = None) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "interviewer", "grade", *map(str, args)],
        input=stdin, capture_output=True, timeout=60, cwd=cwd, env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "答卷.csv"
    with path.open("w", encoding="gbk", newline="") as f:
        csv.writer(f).writerows(
            [["学号", "题号", "学生答案"], ["s1", QUESTION, GOOD], ["s2", QUESTION, "不知道"], ["s3", QUESTION, ""]]
        )
    return path


def test_a_file_in_and_out(answers: Path, tmp_path: Path) -> None:
    done = interviewer(answers, "-o", tmp_path / "out.csv", "--json")
    assert done.returncode == 0, done.stderr.decode()
    summary = json.loads(done.stdout)
    assert (summary["rows"], summary["graded"], summary["failed"]) == (3, 3, 0)
    assert summary["judge"] == "offline"
    assert "3 rows: 3 graded, 0 failed" in done.stderr.decode()
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as f:
        good, unknown, empty = csv.DictReader(f)
    assert float(good["score"]) > 4 > float(unknown["score"])
    quote = json.loads(good["points"])[0]["evidence"][0]
    assert GOOD[quote["start"] : quote["end"]] == quote["text"]
    assert (empty["score"], empty["grade"], empty["flags"], empty["error"]) == ("0.0", "0", "empty", "")


def test_streams(tmp_path: Path) -> None:
    rows = [
        {"question": "What is dropout?", "reference": "It zeroes random activations.", "answer": "zeroing activations"}
    ]
    done = interviewer("-", stdin="\n".join(map(json.dumps, rows)).encode(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    (row,) = map(json.loads, done.stdout.splitlines())
    assert row["question"] == rows[0]["question"]
    assert row["judge"]["kind"] == "offline"
    assert list(tmp_path.iterdir()) == []


def test_a_named_pipe(answers: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"$0" -m interviewer grade <(cat "{answers}") -o -', sys.executable],
        capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert [r["学号"] for r in csv.DictReader(done.stdout.decode().splitlines())] == ["s1", "s2", "s3"]


def test_one_bad_row_does_not_stop_the_rest(answers: Path, tmp_path: Path) -> None:
    text = answers.read_text("gbk").splitlines()
    text.insert(2, "s9,no.such.question,随便说说")
    answers.write_bytes("\r\n".join(text).encode("gbk"))
    done = interviewer(answers, "-o", tmp_path / "out.jsonl")
    assert done.returncode == 1
    assert done.stdout == b""
    said = done.stderr.decode()
    assert "row 3 (s9): unknown question 'no.such.question'" in said
    assert "4 rows: 3 graded, 1 failed" in said
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) == 4
    assert json.loads((tmp_path / "out.jsonl.errors.jsonl").read_text("utf-8"))["row"] == 3


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["nowhere.csv"], 2, "no file"),
        (["答卷.csv", "--lang", "fr"], 2, "neither zh nor en"),
        (["答卷.csv", "--format", "xml"], 2, "none of csv, tsv, jsonl"),
        (["答卷.csv", "--json"], 2, "give the rows a file with -o"),
        (["答卷.csv", "--map", "answer=作文"], 2, "there is no such column"),
        (["答卷.csv", "--map", "x"], 2, "FIELD=COLUMN"),
        (["答卷.csv", "-o", "答卷.csv", "--overwrite"], 2, "the output is the input"),
        (["other.csv", "-o", "out.csv"], 1, "columns found: name, text"),
    ],
)
def test_usage(answers: Path, tmp_path: Path, args: list[str], code: int, words: str) -> None:
    (tmp_path / "other.csv").write_text("name,text\na,b\n")
    done = interviewer(*args, cwd=tmp_path)
    assert done.returncode == code
    assert words in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert done.stdout == b""
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.csv", "答卷.csv"]


def test_few_rows_and_hostile_names_in_words(tmp_path: Path) -> None:
    name = "an\x1b[31m\u202eswers.csv"
    (tmp_path / name).write_text("id,question_id,answer\n")
    done = interviewer(name, "-o", "o.csv", cwd=tmp_path)
    said = done.stderr.decode()
    assert done.returncode == 0 and "nothing to grade" in said and "\x1b" not in said and "\u202e" not in said
    with (tmp_path / name).open("a") as f:
        f.write(f"1,{QUESTION},no\n")
    said = interviewer(name, "-o", "o.csv", "--overwrite", cwd=tmp_path).stderr.decode()
    assert "1 row: 1 graded, 0 failed" in said and "judged before" not in said
    with (tmp_path / name).open("a") as f:
        f.write("2,no.such,x\n")
    done = interviewer(name, "-o", "o.csv", "--overwrite", cwd=tmp_path)
    assert "of the graded rows, 0 judged now, 1 judged before (in the journal, or an identical row)" in (
        done.stderr.decode()
    )
    assert done.returncode == 1


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    row = json.dumps({"question_id": QUESTION, "answer": GOOD})
    (tmp_path / "a.jsonl").write_text("\n".join([row] * 60), "utf-8")
    done = subprocess.run(
        f'"{sys.executable}" -m interviewer grade "{tmp_path / "a.jsonl"}" | head -n 1',
        shell=True, capture_output=True, timeout=60,
    )  # fmt: skip
    assert json.loads(done.stdout)["score"] > 0
    assert b"Traceback" not in done.stderr


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    row = json.dumps({"question_id": QUESTION, "answer": GOOD * 30})
    (tmp_path / "a.jsonl").write_text("\n".join([row] * 20_000), "utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "interviewer", "grade", tmp_path / "a.jsonl", "-o", tmp_path / "out.jsonl"],
        stderr=subprocess.PIPE,
    ) as process:
        until = time.monotonic() + 30
        while time.monotonic() < until and not any(p.stat().st_size for p in tmp_path.glob(".out*")):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        try:
            said = process.communicate(timeout=30)[1].decode()
        finally:
            process.kill()
    assert process.returncode == 4, said
    assert "out.jsonl.part" in said
    assert json.loads((tmp_path / "out.jsonl.part").read_text("utf-8").splitlines()[0])["score"] > 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jsonl", "out.jsonl.journal", "out.jsonl.part"]
