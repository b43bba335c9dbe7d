"""While the interview is still being prepared: one engine for all who ask, and leaving loses nothing."""

from __future__ import annotations

import asyncio
import importlib
import time
from typing import Any

import pytest

import interviewer.interview
from interviewer.models import Setup
from interviewer.store import SessionStore
from interviewer.tui import machine_room
from interviewer.tui.screens.interview import InterviewScreen
from tests.tui.driving import AppFor, on_screen, until, words_of


async def test_warming_up_and_the_first_interview_share_one_engine(
    app_for: AppFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Counted(interviewer.interview.Engine):
        def __init__(self, *args: Any) -> None:
            made.append(self)
            super().__init__(*args)

    real = importlib.import_module

    def slowly(name: str, package: str | None = None) -> Any:
        time.sleep(0.05)
        return real(name, package)

    monkeypatch.setattr(interviewer.interview, "Engine", Counted)
    monkeypatch.setattr(importlib, "import_module", slowly)
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await on_screen(pilot, InterviewScreen)
        await until(pilot, lambda: screen.shown is not None and app.ready)
    assert len(made) == 1


class Held:
    """`MachineRoom.start` that waits until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = asyncio.Event()
        self.fault: Exception | None = None
        real = machine_room.MachineRoom.start

        async def start(room: machine_room.MachineRoom, setup: Setup) -> Any:
            await self.go.wait()
            if self.fault is not None:
                raise self.fault
            return await real(room, setup)

        monkeypatch.setattr(machine_room.MachineRoom, "start", start)


async def test_what_was_typed_is_saved_once_the_interview_is_there(
    app_for: AppFor, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await on_screen(pilot, InterviewScreen)
        await pilot.press("x", "y", "ctrl+q")
        await until(pilot, lambda: "正在保存" in words_of(app))
        held.go.set()
        await pilot.pause(0.1)
    assert app.session_id is not None
    with SessionStore(settings.db_path) as store:
        assert store.draft(app.session_id, "q01") == "xy"


async def test_quitting_twice_waits_no_longer(app_for: AppFor, monkeypatch: pytest.MonkeyPatch) -> None:
    Held(monkeypatch)
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await on_screen(pilot, InterviewScreen)
        await pilot.press("x", "ctrl+q")
        await until(pilot, lambda: "正在保存" in words_of(app))
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app._exit)
    assert app.session_id is None and app.failure is None


async def test_an_error_that_nobody_foresaw_ends_the_app_and_is_told(
    app_for: AppFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    held.fault = AttributeError("half of a module")
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await on_screen(pilot, InterviewScreen)
        held.go.set()
        await until(pilot, lambda: app.failure is not None)
    assert "AttributeError: half of a module" in str(app.failure)
