"""One home for the judge in use: what it is made of, and that nothing is loaded before it is wanted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from interviewer import embeddings
from interviewer.config import Settings
from interviewer.embeddings.static import StaticTable
from interviewer.errors import ConfigError
from interviewer.examiners import Examiners, offline_judge
from interviewer.judge import question_rubric
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
    judge = Examiners(Settings(embedder="some/model"), notice=told.append).offline
    judged = judge.judge_sync(RUBRIC, "交叉熵", "zh")
    assert told == ["some/model is away"]
    assert "embedder_fallback" in judged.flags and judged.judge.fallback


def test_a_fault_shows_when_the_judge_is_wanted_not_before() -> None:
    examiners = Examiners(Settings(embedder="./no such folder"), notice=lambda _: None)
    with pytest.raises(ConfigError, match="no such folder"):
        examiners.judge()


def test_the_module_loads_no_embedder() -> None:
    code = (
        "import sys, interviewer.examiners as f; from interviewer.config import Settings; "
        "f.Examiners(Settings(), notice=print); "
        "print([m for m in ('numpy', 'tokenizers', 'interviewer.judge', 'interviewer.embeddings') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_model_makes_the_llm_judge_and_the_writer_of_follow_ups() -> None:
    from interviewer.follow_up_writer import ModelFollowUps
    from interviewer.judge.llm import LLMJudge

    settings = Settings(model="openai/x", api_base="http://127.0.0.1:9/v1", fallback="offline", cache=False)
    examiners = Examiners(settings, notice=lambda _: None)
    assert isinstance(examiners.judge(), LLMJudge)
    assert examiners.asker is not None and isinstance(examiners.asker(), ModelFollowUps)
    judged = await examiners.judge().judge(RUBRIC, "逐 token 的交叉熵，只在回答上算，提示部分标 -100。", "zh")
    assert judged.judge.fallback and judged.score is not None
    await examiners.aclose()


def test_without_a_model_nobody_writes_follow_ups() -> None:
    assert Examiners(Settings(), notice=lambda _: None).asker is None
    similarity = Settings(model="openai/x", signals="similarity")
    assert Examiners(similarity, notice=lambda _: None).gateway is None
