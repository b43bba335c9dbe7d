"""Every test has a home of its own, the real map, and a judge that does as it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interviewer.config import Settings, load_settings
from interviewer.models import Setup
from interviewer.tui.app import InterviewerApp, make_app
from knowledge import KnowledgeMap, load_map
from tests.tui.driving import AppFor
from tests.tui.fake_judge import FakeJudge


@pytest.fixture(scope="session")
def the_map() -> KnowledgeMap:
    return load_map()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INTERVIEWER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("COLORFGBG", raising=False)
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings(lang="zh", theme="dark")


@pytest.fixture
def judge() -> FakeJudge:
    return FakeJudge()


@pytest.fixture
def app_for(settings: Settings, the_map: KnowledgeMap, judge: FakeJudge) -> AppFor:
    """An app with the fake judge; keyword arguments of `Setup` and of `make_app` alike."""

    def make(**options: Any) -> InterviewerApp:
        own = {k: options.pop(k) for k in ("resume", "start_now") if k in options}
        use = options.pop("settings", settings)
        setup = Setup(**{"role": "algo", "lang": "zh", "questions": 2, "seed": 1, **options})
        return make_app(use, the_map, setup, judge=lambda: judge, **own)

    return make
