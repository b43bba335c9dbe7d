"""Driving the app in tests: waiting for a screen, reading what is on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

from interviewer.tui.app import InterviewerApp
from interviewer.tui.screens.interview import InterviewScreen

AppFor = Callable[..., InterviewerApp]
OPEN_QUESTION = "optimizer.slow-and-noisy"
"""Has follow-ups for every missing core point, and misconceptions."""
ANSWER = "先解码一个批次看模板和标签掩码，再拿几十条样本看能不能过拟合。"


async def until(pilot: Pilot[Any], what: Callable[[], object], seconds: float = 30) -> None:
    """Wait for something to become true, and for the screen to have shown it."""
    for _ in range(int(seconds / 0.02)):
        if what():
            await pilot.pause()
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"did not happen; on screen: {pilot.app.screen}")


async def on_screen(pilot: Pilot[Any], kind: type, seconds: float = 8) -> Any:
    """Wait for a screen of that kind, and for everything on it to be there."""
    await until(pilot, lambda: isinstance(pilot.app.screen, kind) and pilot.app.screen.is_mounted, seconds)
    return pilot.app.screen


def words_of(app: InterviewerApp) -> str:
    """All that can be read on the screen, as lines."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def ready(pilot: Any, app: Any) -> None:
    """The interview is there and nothing is under way."""
    screen = await on_screen(pilot, InterviewScreen)
    await until(pilot, lambda: screen.shown is not None and not screen.busy)
