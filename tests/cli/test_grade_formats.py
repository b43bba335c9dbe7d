"""`interviewer grade` on the files that people and platforms really send, as a process, on the offline judge."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from knowledge import load_map
from tests.batch_samples import OTHER, QUESTION, cells, excel_csv, forms_csv, pandas_parquet, workbook

GOOD = "原权重冻住，旁边加一个低秩增量 BA，B 初始化为零，所以一开始和原模型一样。"


def grade(*args: str | Path, stdin: bytes | None = None, cwd: Path | None = None, stdout: Any = subprocess.PIPE) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "interviewer", "grade", *map(str, args)],
        input=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=120, cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip


def test_a_teachers_workbook(tmp_path: Path) -> None:
    rows = [
        ["微调面试 2026", None, None, None],
        ["学号", "题号", "学生答案", "满分"],
        ["s1", QUESTION, GOOD, 5],
        ["s2", None, "=不知道", 5],
    ]
    path = workbook(tmp_path / "成绩.xlsx", {"名单": [["学号"], ["s1"]], "答卷": rows}, merged=["A1:D1", "B3:B4"])
    done = grade(path, "-o", tmp_path / "out.xlsx", "--json")
    said = done.stderr.decode()
    assert done.returncode == 0, said
    assert "sheet '答卷' is read, not '名单'" in said
    assert "2 merged ranges" in said
    assert json.loads(done.stdout)["sheet"] == "答卷"
    header, good, unknown = cells(tmp_path / "out.xlsx")
    assert header[:6] == ["学号", "题号", "学生答案", "满分", "score", "score_scaled"]
    assert good[5] == pytest.approx(good[4] / 2, abs=0.001)
    assert good[4] > unknown[4]
    assert unknown[:4] == ["s2", QUESTION, "=不知道", 5]


def test_a_survey_in_a_pipe(tmp_path: Path) -> None:
    asks = [load_map().question(q).ask.zh for q in (QUESTION, OTHER)]
    data = gzip.compress(forms_csv(asks, [("a@x.org", [GOOD, "A，省显存"]), ("b@x.org", ["不知道", ""])]))
    done = grade("-", stdin=data, cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert "one column per question, one row per person" in done.stderr.decode()
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
    assert [(r["Email Address"], r["question_id"]) for r in rows] == [
        (email, q) for email in ("a@x.org", "b@x.org") for q in (QUESTION, OTHER)
    ]
    assert float(rows[0]["score"]) > float(rows[2]["score"])
    assert list(tmp_path.iterdir()) == []


def test_parquet_through_pipes(tmp_path: Path) -> None:
    path = pandas_parquet(tmp_path / "a.parquet", {"question_id": [QUESTION] * 2, "answer": [GOOD, ""]})
    done = grade("-", "--to", "parquet", stdin=path.read_bytes())
    assert done.returncode == 0, done.stderr.decode()
    found = pq.read_table(io.BytesIO(done.stdout))
    assert found["score"].to_pylist()[0] > found["score"].to_pylist()[1] == 0
    done = grade(path, "--to", "xlsx")
    (tmp_path / "b.xlsx").write_bytes(done.stdout)
    assert cells(tmp_path / "b.xlsx")[1][1] == GOOD
    assert len(grade(path).stdout.splitlines()) == 2


def test_one_question_for_all_and_html(tmp_path: Path) -> None:
    rows = [["Surname", "Response 1"], ["甲", f"<p>{GOOD}</p>"], ["乙", "<p>不知道</p>"]]
    (tmp_path / "a.csv").write_bytes(excel_csv(rows, encoding="utf-8-sig"))
    (tmp_path / "points.json").write_text('[{"id": "zero", "text": "B 初始化为零"}]', "utf-8")
    args = [
        "--map",
        "answer=Response 1",
        "--set",
        "question=LoRA 怎样起步？",
        "--set",
        f"points=@{tmp_path}/points.json",
    ]
    done = grade(tmp_path / "a.csv", *args, "-o", tmp_path / "out.csv.gz")
    assert done.returncode == 0, done.stderr.decode()
    assert "answers in HTML, read as text: 2" in done.stderr.decode()
    text = gzip.decompress((tmp_path / "out.csv.gz").read_bytes()).decode("utf-8-sig")
    good, bad = csv.DictReader(io.StringIO(text, newline=""))
    assert float(good["score"]) > float(bad["score"])
    quote = json.loads(good["points"])[0]["evidence"][0]
    assert good["answer_text"][quote["start"] : quote["end"]] == quote["text"]


def test_a_packed_file_that_breaks_off(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"id": n, "question_id": QUESTION, "answer": f"{GOOD}{n}"}) + "\n" for n in range(40))
    whole = gzip.compress(rows.encode())
    (tmp_path / "a.jsonl.gz").write_bytes(whole[:-150])
    done = grade(tmp_path / "a.jsonl.gz", "-o", tmp_path / "out.jsonl")
    assert done.returncode == 1
    assert "the gzip file breaks off here" in done.stderr.decode()
    assert len((tmp_path / "out.jsonl").read_text("utf-8").splitlines()) > 3


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["a.csv", "--set", "question_id=lora.nope"], 2, "unknown question 'lora.nope'"),
        (["a.csv", "--set", "nothing"], 2, "FIELD=VALUE"),
        (["a.csv", "--ask", "answer"], 2, "COLUMN=QUESTION_ID"),
        (["a.csv", "--ask", f"Answers={QUESTION}"], 2, "did you mean answer"),
        (["a.csv", "--sheet", "x"], 2, "not an Excel workbook"),
        (["a.csv", "--to", "yaml"], 2, "none of csv"),
        (["a.csv", "-o", "out.xlsx.gz", "--set", f"question_id={QUESTION}"], 2, "packed in itself"),
        (["a.csv"], 1, "--set question_id=ID"),
        (["old.xls"], 1, "save it as .xlsx"),
        (["a.zip"], 1, "a zip archive"),
        (["/dev/null"], 1, "is empty"),
    ],
)
def test_usage(tmp_path: Path, args: list[str], code: int, words: str) -> None:
    import zipfile

    (tmp_path / "a.csv").write_text("name,answer\na,b\n")
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "x")
    done = grade(*args, cwd=tmp_path)
    assert done.returncode == code, done.stderr.decode()
    assert words in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.zip", "old.xls"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("to", ["csv", "jsonl.gz", "xlsx"])
def test_standard_output_that_is_full(tmp_path: Path, to: str) -> None:
    (tmp_path / "a.csv").write_text(f"question_id,answer\n{QUESTION},{GOOD}\n", "utf-8")
    with Path("/dev/full").open("wb") as full:
        done = grade(tmp_path / "a.csv", "--to", to, stdout=full)
    assert done.returncode == 3
    assert "No space left" in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
