"""The small map with an engine over it, for the tests of follow-ups that a model writes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from interviewer.embeddings import StaticTable
from interviewer.follow_up_writer import ModelFollowUps
from interviewer.interview import Engine, open_engine
from interviewer.llm import ScriptedGateway
from knowledge import KnowledgeMap, Question
from tests.fake_judge import FakeJudge
from tests.graph.asked import ID, ROW
from tests.unit.small_map import question as a_row
from tests.unit.small_map import small_map


@pytest.fixture(scope="module")
def the_map(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeMap:
    authored = {
        "when": {"missing": "base-stays"}, "rung": "clarify", "points": ["base-stays"],
        "zh": "只是把模型放上去，要占多少？", "en": "What does it take just to hold the model?",
    }  # fmt: skip
    rows = [a_row(ID, **ROW), a_row("tuning.authored", **{**ROW, "follow_ups": [authored]}), a_row("tuning.other")]
    return small_map(tmp_path_factory.mktemp("map"), *rows)


@pytest.fixture
def q(the_map: KnowledgeMap) -> Question:
    return the_map.question(ID)


@pytest.fixture(scope="module")
def embedder() -> StaticTable:
    return StaticTable()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "i.db"


@pytest.fixture
def opened(
    db: Path, the_map: KnowledgeMap, embedder: StaticTable
) -> Callable[..., AbstractAsyncContextManager[Engine]]:
    def open_(gateway: ScriptedGateway | None, judge: FakeJudge | None = None, **options: Any) -> Any:
        judge = judge or FakeJudge()
        asker = None if gateway is None else lambda: ModelFollowUps(gateway, embedder, **options)
        return open_engine(db, judge=lambda: judge, the_map=the_map, asker=asker)

    return open_
