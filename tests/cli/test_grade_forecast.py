"""`interviewer grade --dry-run`, `--limit`, `--sample`, `--max-cost`: knowing and bounding what a run takes."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.batch.choosing import Chosen
from interviewer.batch.readers import RawRow
from interviewer.errors import UsageError

ROWS = (
    "id,question_id,answer\n"
    "a,lora.what-memory-is-saved,优化器状态省了，基座还在\n"
    "b,lora.what-memory-is-saved,不知道\n"
    "c,lora.what-memory-is-savd,激活没省\n"
    "d,sft-fundamentals.loss,交叉熵，只算回答部分\n"
)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "answers.csv").write_text(ROWS, "utf-8")
    return tmp_path


def grade(room: Path, *args: str, code: int) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "interviewer", "grade", "answers.csv", *args], cwd=room, capture_output=True, text=True,
        timeout=120, env=os.environ | {"PYTHONIOENCODING": "utf-8", "INTERVIEWER_HOME": str(room / "home")},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done


def test_offline_it_counts_rows_and_problems_and_grades_nothing(room: Path) -> None:
    done = grade(room, "--dry-run", "--json", "-o", "out.csv", code=1)
    found = json.loads(done.stdout)
    assert (found["rows"], found["usable"], found["failed"], found["questions"]) == (4, 3, 1, 2)
    assert (
        found["problems"][0]["row"] == 4 and "did you mean lora.what-memory-is-saved" in found["problems"][0]["error"]
    )
    assert found["calls"] is None and "nothing was graded" in done.stderr
    assert sorted(p.name for p in room.iterdir() if p.name != "home") == ["answers.csv"]


def test_a_question_answered_in_two_languages_is_one(room: Path) -> None:
    (room / "answers.csv").write_text(
        "id,question_id,answer\na,sft-fundamentals.loss,交叉熵\nb,sft-fundamentals.loss,cross entropy\n", "utf-8"
    )
    assert "2 rows: 2 can be graded, 0 cannot; 1 question\n" in grade(room, "--dry-run", code=0).stderr


def test_with_a_model_calls_tokens_and_the_most_it_can_cost_without_a_key(room: Path) -> None:
    done = grade(room, "--dry-run", "--json", "--model", "openai/gpt-4o-mini", code=1)
    found = json.loads(done.stdout)
    # "不知道" needs no call: code sees that there is nothing in it.
    assert found["calls"] == 2 and found["input_tokens"] > 1000 and found["output_tokens"] > 500
    assert 0 < found["cost"] < 0.01


def test_limit_and_sample(room: Path) -> None:
    first = list(csv.DictReader(io.StringIO(grade(room, "--limit", "2", code=0).stdout)))
    assert [r["id"] for r in first] == ["a", "b"]
    drawn = [
        [r["id"] for r in csv.DictReader(io.StringIO(done.stdout))]
        for done in (
            subprocess.run(
                [sys.executable, "-m", "interviewer", "grade", "answers.csv", "--sample", "2", "--seed", "3"],
                cwd=room, capture_output=True, text=True, timeout=120,
                env=os.environ | {"PYTHONIOENCODING": "utf-8", "INTERVIEWER_HOME": str(room / "home")},
            )
            for _ in range(2)
        )
    ]  # fmt: skip
    assert drawn[0] == drawn[1] and len(drawn[0]) == 2 and drawn[0] == sorted(drawn[0])


def test_a_limit_on_money_where_none_is_spent(room: Path) -> None:
    assert "costs something" in grade(room, "--max-cost", "1", code=2).stderr


@given(st.integers(0, 60), st.integers(1, 70), st.integers(1, 70), st.integers(0, 5))
def test_a_sample_is_of_the_rows_in_their_order(total: int, sample: int, limit: int, seed: int) -> None:
    rows = [RawRow(n) for n in range(total)]
    drawn = [r.number for r in Chosen(rows, sample=sample, seed=seed)]
    assert drawn == sorted(set(drawn)) and len(drawn) == min(sample, total)
    assert [r.number for r in Chosen(rows, limit, sample, seed)] == drawn[:limit]
    assert list(Chosen(rows)) == rows


def test_below_one_is_refused() -> None:
    for given_ in ({"limit": 0}, {"sample": -1}):
        with pytest.raises(UsageError, match="at least 1"):
            Chosen([], **given_)  # type: ignore[arg-type]
