"""`evals export-requests` and `import-responses`: the table of `evals run` by way of a provider's batch files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from evals.datasets import load_dataset
from tests.llm.batch_service import BatchService, expired, lines_of, result_line, write
from tests.llm.server import Say
from tests.llm.server import answer as says
from tests.unit.test_evals import answer, rating
from tests.unit.test_evals import write as write_set

MODEL = ["--model", "openai/gpt-4o-mini"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    texts = ["不知道", "低秩增量加在冻结的权重旁边。", "数据清洗要去重、去噪，再做配比。", "", "学习率要小。"]
    answers = [answer(n, n % 6, answer=f"{texts[n % 5]}{n if n % 5 in (1, 2, 4) else ''}") for n in range(10)]
    return write_set(folder, answers, [rating(n, r, n % 6) for n in range(10) for r in ("r1", "r2")])


def evals(*args: str | Path, cwd: Path, code: int) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "evals", *map(str, args)],
        capture_output=True, text=True, encoding="utf-8", timeout=120, cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == code, (done.returncode, done.stderr)
    return done


def model(body: Mapping[str, Any]) -> Say:
    """Finds nothing; unsure the first time."""
    if "this one point" in body["messages"][1]["content"]:
        return says(json.dumps({"quotes": [], "verdict": "missing", "reason": "", "confidence": 1}))
    points = body["messages"][0]["content"].count("\nP")
    nothing = {"quotes": [], "verdict": "missing", "reason": "", "confidence": 0.2}
    made = [{"id": f"P{n}", **nothing} for n in range(1, points + 1)]
    return says(json.dumps({"points": made, "misconceptions": [], "dimensions": [], "feedback": ""}))


def test_there_and_back(data: Path, tmp_path: Path) -> None:
    said = evals("export-requests", *MODEL, "--data", data, "-o", "requests.jsonl", cwd=tmp_path, code=0)
    assert said.stdout == "" and "waiting for the provider: 6 of 10 answers" in said.stderr
    service = BatchService(tmp_path, model)
    service.take([tmp_path / "requests.jsonl"])
    more = [*MODEL, "--data", data, "--next", "requests-2.jsonl"]
    first = evals("import-responses", *service.give(), *more, cwd=tmp_path, code=4)
    assert "written to requests-2.jsonl" in first.stderr and "answers to" in first.stdout
    service.take([tmp_path / "requests-2.jsonl"])
    args = ["import-responses", *service.give(), *more, "--output", "out"]
    table = evals(*args, cwd=tmp_path, code=0)
    assert table.stdout.startswith("judge llm openai/gpt-4o-mini") and "10 answers to 6 questions" in table.stdout
    assert "QWK (0-5)" in table.stdout and not (tmp_path / "requests-3.jsonl").exists()
    result = json.loads((tmp_path / "out" / "result.json").read_text("utf-8"))
    assert (result["n"], result["failures"], result["judge"]["kind"]) == (10, [], "llm")
    again = evals(*args, "--json", cwd=tmp_path, code=0)
    same = json.loads(again.stdout)
    assert same.pop("timing")["answers"] == result.pop("timing")["answers"]
    assert same == result, "the same digits"
    assert len((tmp_path / "out" / "items.jsonl").read_text("utf-8").splitlines()) == 10


def test_without_a_second_round_and_with_failures(data: Path, tmp_path: Path) -> None:
    evals("export-requests", *MODEL, "--data", data, "-o", "requests.jsonl", cwd=tmp_path, code=0)
    first, *rest = lines_of(tmp_path / "requests.jsonl")
    results = [expired(first["custom_id"])] + [result_line(r["custom_id"], model(r["body"])) for r in rest]
    write(tmp_path / "responses.jsonl", results)
    args = ["import-responses", "responses.jsonl", *MODEL, "--data", data, "--no-escalate", "--json"]
    done = evals(*args, cwd=tmp_path, code=1)
    result = json.loads(done.stdout)
    assert result["n"] == 9 and len(result["failures"]) == 1 and "expired" in result["failures"][0]["error"]
    assert result["metrics"]["needs_review"]["value"] > 0
    assert not (tmp_path / "requests-2.jsonl").exists()
    counted = evals("import-responses", "responses.jsonl", *MODEL, "--data", data, cwd=tmp_path, code=4)
    assert "not written" in counted.stderr and "--next FILE" in counted.stderr


def test_a_sample(data: Path, tmp_path: Path) -> None:
    dataset = load_dataset(data)
    four = dataset.sample(4, seed=1)
    assert len(four.items) >= 4 and four.hash == dataset.hash
    ids = [i.answer.id for i in four.items]
    questions = {i.answer.question_id for i in four.items}
    assert ids == [i.answer.id for i in dataset.items if i.answer.question_id in questions], "whole questions"
    assert ids == [i.answer.id for i in dataset.sample(4, seed=1).items], "the same ones"
    assert set(ids) <= {i.answer.id for i in dataset.sample(6, seed=1).items}, "fewer are among more"
    assert any([i.answer.id for i in dataset.sample(4, seed=s).items] != ids for s in range(2, 6))
    assert dataset.sample(99).items == dataset.items
    said = evals(
        "export-requests", *MODEL, "--data", data, "--sample", "4", "--seed", "1", "-o", "r.jsonl", cwd=tmp_path, code=0
    ).stderr
    assert f"of {len(ids)} answers" in said


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["export-requests", "-o", "r.jsonl"], 2, "--model"),
        (["export-requests", *MODEL], 2, "-o/--output"),
        (["export-requests", *MODEL, "-o", "r.jsonl", "--sample", "0"], 2, "at least 1"),
        (["export-requests", "--model", "anthropic/claude", "-o", "r.jsonl"], 3, "OpenAI's format"),
        (["export-requests", *MODEL, "-o", "no/r.jsonl"], 2, "no such folder"),
        (["import-responses", *MODEL], 2, "FILE"),
        (["import-responses", "none.jsonl", *MODEL], 2, "no file none.jsonl"),
        (["import-responses", "data/answers.jsonl", *MODEL], 1, "holds no result"),
    ],
)
def test_usage(data: Path, tmp_path: Path, args: list[str], code: int, words: str) -> None:
    done = evals(*args, "--data", data, cwd=tmp_path, code=code)
    assert words in done.stderr and done.stdout == ""
    assert [p.name for p in tmp_path.iterdir()] == ["data"]
