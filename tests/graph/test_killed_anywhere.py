"""A process that dies at any write of a checkpoint: the interview goes on, and ends as it would have.

LangGraph stores what a node wrote before it stores the checkpoint that follows from it. Killed between the
two, a machine has no node left to run, but it is not at its end.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from interviewer.interview import Engine, open_engine
from interviewer.models import Setup
from tests.fake_judge import FakeJudge

SETUP = Setup(role="algo", questions=2, follow_ups=1, seed=5)
PARTS = 4
"""So that the tests can share the cores."""
MOMENTS = ("seconds", "started_at", "finished_at", "asked_at", "answered_at", "session", "usage")


class Killed(BaseException):
    pass


class Writes:
    """Counts the moments before and after every write of a checkpoint, and dies at the chosen one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment = 0
        self.last: int | None = None
        for name in ("aput", "aput_writes"):
            monkeypatch.setattr(AsyncSqliteSaver, name, self._watched(getattr(AsyncSqliteSaver, name)))

    def _watched(self, write: Any) -> Any:
        async def watched(saver: Any, *args: Any, **more: Any) -> Any:
            self._pass()
            result = await write(saver, *args, **more)
            self._pass()
            return result

        return watched

    def _pass(self) -> None:
        if self.moment == self.last:
            raise Killed
        self.moment += 1


async def hold(engine: Engine) -> dict[str, Any]:
    """The interview, begun or gone on with, to its end; a hint is taken at the first question."""
    rows = engine.store.sessions()
    interview = await engine.resume(rows[0].id) if rows else await engine.start(SETUP)
    view = interview.view()
    while view.turn is not None:
        if view.turn.turn_id == "q01" and view.hint is None:
            view = await interview.hint("q01")
            continue
        if view.turn.turn_id == "q02":
            view = await interview.dont_know("q02")
        else:
            view = await interview.answer(view.turn.turn_id, f"@5 {view.turn.turn_id}")
    return timeless(interview.report().model_dump(mode="json"))


def timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in MOMENTS}
    return [timeless(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("part", range(PARTS))
async def test_killed_at_every_write(part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = Writes(monkeypatch)
    async with open_engine(tmp_path / "whole.db", judge=FakeJudge) as engine:
        expected = await hold(engine)
    for moment in range(part, writes.moment, PARTS):
        judge, db = FakeJudge(), tmp_path / f"{moment}.db"
        writes.moment, writes.last = 0, moment
        with pytest.raises(Killed):
            async with open_engine(db, judge=lambda judge=judge: judge) as engine:  # type: ignore[misc]
                await hold(engine)
        writes.last = None
        async with open_engine(db, judge=lambda judge=judge: judge) as engine:  # type: ignore[misc]
            assert await hold(engine) == expected, f"killed at {moment}"
        assert len(judge.judged) == sum(t["judgement"] is not None for t in expected["turns"]), f"killed at {moment}"
