"""One home for the judge in use: what it is made of, and that nothing is loaded before it is wanted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from interviewer import embeddings
from interviewer.embeddings.static import StaticTable
from interviewer.errors import ConfigError
from interviewer.judge import question_rubric
from interviewer.judge_factory import judge_factory, offline_judge
from knowledge import load_map
from rubrics import load_rules

RUBRIC = question_rubric(load_map().question("sft-fundamentals.loss"), "zh")


def test_without_a_name_it_is_the_embedded_table() -> None:
    judge = offline_judge()
    assert isinstance(judge.embedder, StaticTable) and judge.kind == "offline"
    judged = judge.judge_sync(RUBRIC, "逐 token 的交叉熵，只在回答上算。", "zh")
    assert judged.score is not None and not judged.judge.fallback


def test_the_rules_given_are_the_rules_used() -> None:
    rules = load_rules().model_copy(update={"hash": "other"})
    assert offline_judge(rules=rules).rules is rules
    assert offline_judge().rules == load_rules()


def test_an_embedder_that_fell_back_is_told_and_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(name: str | None, *, cache_dir: object, notice: object) -> tuple[StaticTable, list[str]]:
        notice(f"{name} is away")  # type: ignore[operator]
        return StaticTable(), [embeddings.FALLBACK_FLAG]

    monkeypatch.setattr(embeddings, "load_embedder", away)
    told: list[str] = []
    judge = judge_factory("some/model", notice=told.append)()
    judged = judge.judge_sync(RUBRIC, "交叉熵", "zh")
    assert told == ["some/model is away"]
    assert "embedder_fallback" in judged.flags and judged.judge.fallback


def test_a_fault_shows_when_the_judge_is_wanted_not_before() -> None:
    make = judge_factory("./no such folder", notice=lambda _: None)
    with pytest.raises(ConfigError, match="no such folder"):
        make()


def test_the_module_loads_no_embedder() -> None:
    code = (
        "import sys, interviewer.judge_factory as f; f.judge_factory(None, notice=print); "
        "print([m for m in ('numpy', 'tokenizers', 'interviewer.judge', 'interviewer.embeddings') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
