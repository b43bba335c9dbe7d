"""`python -m evals import` as a person runs it, on a spreadsheet as a school makes it."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score

from evals.datasets import load_dataset
from knowledge import load_map

RATERS = ["老师1", "老师2", "老师3"]
OWN = ("什么是梯度累积？", "把几个小批次的梯度加起来再更新一次参数。显存不变，等效批次更大。")


def run(*args: str | Path, code: int, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "evals", "import", *map(str, args)],
        input=stdin, capture_output=True, timeout=170, env=os.environ | {"PYTHONIOENCODING": "utf-8"}, check=False,
    )  # fmt: skip
    out = subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in out.stderr, out.stderr
    assert out.returncode == code, (out.returncode, out.stderr)
    return out


def truth() -> list[dict[str, Any]]:
    """Answers to six questions of the map and one of the school's, each with marks 1-10 by three raters or two."""
    chance = random.Random(7)
    chosen = sorted({i.question.id for i in load_dataset().items})[:6]
    rows: list[dict[str, Any]] = []
    for item in load_dataset().items:
        if item.question.id in chosen:
            base = 1 + round(9 * item.mean_grade / 5)
            rows.append({"qid": item.question.id, "question": "", "reference": "", "answer": item.answer.answer})
            rows[-1]["marks"] = [min(max(base + chance.choice((-1, 0, 0, 1)), 1), 10) for _ in RATERS]
    for text, base in ((OWN[1], 10), ("不知道", 1), ("就是把梯度加起来，等效批次变大。", 7)):
        rows.append({"qid": "", "question": OWN[0], "reference": OWN[1], "answer": text, "marks": [base] * 3})
    for n, row in enumerate(rows):
        row["id"] = f"考生{n:03}"
        if n % 3:
            row["marks"][2] = None
    return rows


def sheet(rows: list[dict[str, Any]], bad: list[list[str]] | None = None) -> bytes:
    """As Excel on a Chinese Windows saves it, with what people do to it."""
    header = ["准考证号", "题号", "题目", "参考答案", "学生答案", *RATERS, "平均分", "备注"]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    written = [
        lambda m: str(m),
        lambda m: f"{m}分",
        lambda m: f" {m}.0",
        lambda m: f"{m}/10",
        lambda m: chr(0xFF10 + m),
    ]
    for n, row in enumerate(rows):
        missing = ["", "缺考", "-", "N/A"][n % 4]
        marks = [
            missing if m is None else written[(n + k) % (5 if m < 10 else 4)](m) for k, m in enumerate(row["marks"])
        ]
        writer.writerow([row["id"], row["qid"], row["question"], row["reference"], row["answer"], *marks, "7.3", ""])
        if n == 10:
            writer.writerow(header)
    writer.writerows(bad or [])
    writer.writerows([[""] * len(header)] * 3)
    return out.getvalue().encode("gb18030")


BAD = [
    ["x1", "", *OWN, "", "8", "8", "8", "", "交了白卷"],
    ["x2", "", *OWN, "梯度先加后用。", "85", "8", "8", "", ""],
    ["x3", "", *OWN, "更新一次参数。", "好", "8", "", "", ""],
    ["x4", "", *OWN, "没有人评的回答。", "", "-", "缺考", "", ""],
    ["考生000", *[""] * 9],
]


def test_a_messy_spreadsheet_with_three_raters(tmp_path: Path) -> None:
    rows = truth()
    (tmp_path / "answers.csv").write_bytes(sheet(rows, BAD))
    done = run(tmp_path / "answers.csv", "--scale", "1-10", "--output", tmp_path / "out", "--json", code=1)
    result = json.loads(done.stdout)
    assert result == json.loads((tmp_path / "out" / "result.json").read_text("utf-8"))
    found = result["agreement"]

    assert [(r["rater"], r["n"]) for r in found["raters"]] == [
        ("老师1", len(rows)), ("老师2", len(rows) + 2), ("老师3", sum(r["marks"][2] is not None for r in rows) + 1),
    ]  # fmt: skip
    assert found["questions"] == 7
    assert result["scales"] == {r: ["1-10"] for r in RATERS}

    # What an independent program makes of the marks as they were meant.
    for pair, (a, b) in zip(found["pairs"], ((0, 1), (0, 2), (1, 2)), strict=True):
        both = [r["marks"] for r in rows if r["marks"][a] is not None and r["marks"][b] is not None]
        # x2 has marks by the second and the third.
        both += [[None, 8, 8]] if (a, b) == (1, 2) else []
        assert pair["n"] == len(both)
        grades = [[int(5 * (m[k] - 1) / 9 + 0.5) for m in both] for k in (a, b)]
        expected = cohen_kappa_score(*grades, labels=range(6), weights="quadratic")
        assert pair["qwk"]["value"] == pytest.approx(expected, abs=1e-4)
        assert pair["qwk"]["low"] <= pair["qwk"]["value"] <= pair["qwk"]["high"]
    assert found["alpha"]["value"] > 0.8
    assert [r["rater"] for r in found["against_others"]] == RATERS
    assert [r["rater"] for r in found["judge"]] == [None, *RATERS]
    for compared in found["judge"]:
        assert 0 <= compared["qwk"]["low"] < compared["qwk"]["value"] < 1
        assert set(compared) == {"rater", "n", "qwk", "pearson", "spearman", "mae", "bias", "within_questions"}
    assert result["judge"]["kind"] == "offline"
    assert result["failures"] == []

    first = len(rows) + 3  # the header, and the header again
    errors = [json.loads(x) for x in (tmp_path / "out" / "errors.jsonl").read_text("utf-8").splitlines()]
    assert [(e["row"], e["rater"], e["error"]) for e in errors] == [
        (first, None, "no answer"), (first + 1, "老师1", "老师1: 85 lies outside 1-10"),
        (first + 2, "老师1", "老师1: '好' is no rating"), (first + 4, None, "no answer"),
    ]  # fmt: skip
    for said in (
        "read as gb18030", "ratings in '老师1', '老师2', '老师3'", "'平均分' seems made of the others",
        "the header stands again in row 13; skipped", f"row {first}: no answer", "1 row holds no rating",
    ):  # fmt: skip
        assert said in done.stderr, said
    items = [json.loads(x) for x in (tmp_path / "out" / "items.jsonl").read_text("utf-8").splitlines()]
    assert items[0]["ratings"]["老师1"] == {
        "rating": rows[0]["marks"][0], "scale": [1, 10], "unit": round((rows[0]["marks"][0] - 1) / 9, 6),
    }  # fmt: skip
    assert items[0]["judgement"]["judge"]["kind"] == "offline"


def test_the_scale_is_found_and_the_table_is_for_people(tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_bytes(sheet(truth()))
    done = run(tmp_path / "answers.csv", code=0)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("answers.csv: ")
    assert lines[1].startswith("judge offline")
    for words in ("老师1 · 老师2", "all raters of the file", "the raters' mean", "length of the answer"):
        assert sum(line.startswith(words) for line in lines) == 1, words
    assert "taken as 0-10" in done.stderr
    assert max(map(len, lines)) <= 110


def test_kept_joined_and_read_again(tmp_path: Path) -> None:
    """Without a judge, from standard input, and then from the folders."""
    named = [i.answer.id for i in load_dataset().items[:12]]
    people = "answer_id,rater,grade\n" + "".join(f"{a},张三,{n % 6}\n" for n, a in enumerate(named))
    done = run("-", "--judge", "none", "--into", tmp_path / "mine", "--save", tmp_path / "kept", code=0,
               stdin=people.encode())  # fmt: skip
    assert "nothing was judged" in done.stdout
    assert "of the eval set" in done.stdout
    assert "copied to" in done.stderr and "ratings-张三.jsonl written" in done.stderr
    again = json.loads(run(tmp_path / "mine", "--judge", "none", "--json", code=0).stdout)
    assert [r["rater"] for r in again["agreement"]["raters"]] == ["张三", "r1", "r2", "r3"]
    assert {tuple(p["raters"]) for p in again["agreement"]["pairs"]} >= {("张三", "r1"), ("r1", "r2")}
    kept = json.loads(run(tmp_path / "kept", "--judge", "none", "--json", code=0).stdout)
    assert kept["data"] == again["data"]
    refused = run("-", "--judge", "none", "--into", tmp_path / "mine", code=2, stdin=people.encode())
    assert "'张三' already" in refused.stderr
    refused = run("-", "--judge", "none", "--save", tmp_path / "kept", code=2, stdin=people.encode())
    assert "is there already" in refused.stderr


def test_what_goes_wrong(tmp_path: Path) -> None:
    question = next(iter(load_map().questions))
    (tmp_path / "a.csv").write_text(f"question_id,answer,score\n{question},some,3\n{question},more,7\n")
    (tmp_path / "b.csv").write_text("question,answer,score\nwhy,some,1\nwhy,more,10\n")
    for args, code, words in (
        ((tmp_path / "a.csv",), 2, "--scale LOW-HIGH"),
        ((tmp_path / "a.csv", "--scale", "ten"), 2, "is not LOW-HIGH"),
        ((tmp_path / "a.csv", "--scale", "0-10", "--rating", "skore"), 2, "did you mean score"),
        ((tmp_path / "a.csv", "--scale", "0-10", "--map", "nothing=x"), 2, "no field"),
        ((tmp_path / "a.csv", "--scale", "0-10", "--judge", "gpt"), 3, "no such model"),
        ((tmp_path / "a.csv", "--scale", "0-10", "--output", tmp_path / "a.csv"), 2, "is a file"),
        ((tmp_path / "missing.csv",), 2, "there is no file"),
        ((tmp_path,), 2, "holds no imported"),
        ((tmp_path / "b.csv",), 1, "2 of 2 answers are unscored"),
    ):
        done = run(*args, code=code)
        assert words in done.stderr, (args, done.stderr)
