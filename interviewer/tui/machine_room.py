"""A thread with an event loop of its own, where the engine, the store and the judge live.

Grading is computing and writing to disk is waiting, and neither may hold up a key press. The screens
call in with `await room.…` and stay alive; the order of calls is kept, so a draft never overtakes an
answer. Knows the interview facade, nothing of screens.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from interviewer.models import Report, Setup
from interviewer.store import SessionRow, SessionStore

if TYPE_CHECKING:
    from interviewer.config import Settings
    from interviewer.examiners import Examiners
    from interviewer.interview import Engine, Interview, JudgeFactory
    from interviewer.tui.shown import Shown
    from knowledge import KnowledgeMap

T = TypeVar("T")
LATE_IMPORTS = (
    "interviewer.graph.builder",
    "aiosqlite",
    "langgraph.checkpoint.sqlite.aio",
    "langgraph.types",
)
CLOSING_SECONDS = 3.0
"""How long quitting waits for what is under way. The answers are on disk already."""


@dataclass(frozen=True)
class Opening:
    """What the store says before an interview begins."""

    open_session: SessionRow | None
    seen: dict[str, int]
    any_session: bool


class MachineRoom:
    """Started with the app; every public coroutine is awaited from the app's loop."""

    def __init__(
        self, settings: Settings, the_map: KnowledgeMap, examiners: Examiners, judge: JudgeFactory | None = None
    ) -> None:
        self.settings = settings
        self.the_map = the_map
        self.interview: Interview | None = None
        self._examiners = examiners
        self._make_judge = judge or examiners.judge
        self._engine: Engine | None = None
        self._store: SessionStore | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="machine-room", daemon=True)
        self._closed = False
        self._making = asyncio.Lock()

    def begin(self) -> None:
        self._thread.start()

    def _send(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _do(self, work: Coroutine[Any, Any, T]) -> Awaitable[T]:
        return asyncio.wrap_future(self._send(work))

    # before the interview

    async def open(self) -> Opening:
        """Open the store, quickly. Raises StoreError."""
        return await self._do(self._open())

    async def _open(self) -> Opening:
        store = self._the_store()
        newest = store.sessions(limit=1)
        resumable = store.sessions(status="open", limit=1)
        return Opening(resumable[0] if resumable else None, store.questions_seen(), bool(newest))

    def _the_store(self) -> SessionStore:
        if self._store is None:
            self._store = SessionStore(self.settings.db_path)
        return self._store

    async def sessions(self) -> list[SessionRow]:
        async def rows() -> list[SessionRow]:
            return self._the_store().sessions(limit=200)

        return await self._do(rows())

    async def standing(self) -> dict[str, float]:
        """The level per skill, 0-100, of earlier interviews. Raises StoreError."""

        async def levels() -> dict[str, float]:
            from interviewer.standing import standing

            return standing(self._the_store())

        return await self._do(levels())

    async def warm_up(self, told: Callable[[str], None]) -> None:
        """Load LangGraph and the judge; `told` hears which, from another thread."""
        await self._do(self._warm_up(told))

    async def _warm_up(self, told: Callable[[str], None]) -> None:
        told("load.machine")
        engine = await self._the_engine()
        for name in LATE_IMPORTS:
            await asyncio.to_thread(importlib.import_module, name)
        await engine.machine()
        told("load.judge")
        await engine.warm_up()
        told("load.ready")

    async def _the_engine(self) -> Engine:
        async with self._making:  # warming up and the first interview both ask for it
            if self._engine is None:
                facade = await asyncio.to_thread(importlib.import_module, "interviewer.interview")
                from rubrics import load_rules

                self._engine = facade.Engine(
                    self.the_map, load_rules(), self._the_store(), self._make_judge, self._examiners.asker
                )
            return self._engine

    # the interview

    async def start(self, setup: Setup) -> Shown:
        """A new interview. Raises UsageError, StoreError."""
        return await self._do(self._start(setup))

    async def _start(self, setup: Setup) -> Shown:
        await self._leave()
        self.interview = await (await self._the_engine()).start(setup)
        return self._shown()

    async def resume(self, session_id: str) -> tuple[Shown, bool]:
        """An open interview, and whether it was graded just now: its verdict was never seen then."""
        return await self._do(self._resume(session_id))

    async def _resume(self, session_id: str) -> tuple[Shown, bool]:
        await self._leave()
        store = self._the_store()
        if session_id == "last":
            found = store.sessions(status="open", limit=1)
            if not found:
                from interviewer.errors import SessionError

                raise SessionError("no open interview to go on with", hint="start one: `interviewer --role algo`")
            session_id = found[0].id
        row = store.session(session_id)
        unjudged = any(t.action in ("answer", "dont_know") and not t.judgement for t in store.turns(row.id))
        self.interview = await (await self._the_engine()).resume(row.id)
        return self._shown(), unjudged

    async def _leave(self) -> None:
        if self.interview is not None:
            self.interview.pause()
            self.interview = None

    async def act(self, action: str, turn_id: str, text: str = "") -> Shown:
        """`answer`, `skip`, `dont_know`, `finish` or `hint`; the clock then waits for `read_on`.

        An action that was committed before but failed later is carried on with, never recorded twice.
        Raises InterviewerError.
        """
        return await self._do(self._act(action, turn_id, text))

    async def _act(self, action: str, turn_id: str, text: str) -> Shown:
        interview = self._current()
        if action == "hint":
            await interview.hint(turn_id)
            return self._shown()
        before = self._the_store().turn(interview.id, turn_id)
        if before is not None and before.action:
            await interview.settle()
        elif action == "answer":
            await interview.answer(turn_id, text)
        else:
            await {"skip": interview.skip, "dont_know": interview.dont_know, "finish": interview.finish}[action](
                turn_id
            )
        interview.pause()
        return self._shown()

    async def is_committed(self, turn_id: str) -> bool:
        """Whether an action of that turn is on disk."""

        async def look() -> bool:
            turn = self._the_store().turn(self._current().id, turn_id)
            return bool(turn and turn.action)

        return await self._do(look())

    async def save_draft(self, turn_id: str, text: str) -> None:
        async def save() -> None:
            if self.interview is not None:
                self.interview.save_draft(turn_id, text)

        await self._do(save())

    async def pause(self) -> None:
        async def stop() -> None:
            if self.interview is not None:
                self.interview.pause()

        await self._do(stop())

    async def read_on(self) -> None:
        """The candidate is back at a question: the clock runs."""

        async def go() -> None:
            if self.interview is not None:
                self.interview.unpause()

        await self._do(go())

    def seconds(self) -> float:
        """Time spent so far; read from any thread, a tick too old at worst."""
        return self.interview.seconds() if self.interview is not None else 0.0

    async def report(self, session_id: str | None = None) -> Report:
        """The report of the current interview, or of another one, so far. Raises SessionError."""
        return await self._do(self._report(session_id))

    async def _report(self, session_id: str | None) -> Report:
        if session_id is None or (self.interview is not None and self.interview.id == session_id):
            return self._current().report()
        store = self._the_store()
        kept = store.report(store.session(session_id).id)
        if kept is not None:
            return kept
        return (await (await self._the_engine()).resume(session_id)).report()

    def _current(self) -> Interview:
        assert self.interview is not None
        return self.interview

    def _shown(self) -> Shown:
        from interviewer.tui.shown import shown_of

        return shown_of(self._current())

    # the end

    async def close(self, draft: tuple[str, str] | None = None) -> Report | None:
        """Save `draft`, stop the clock, close everything; the report so far when there is one.

        What cannot be done in CLOSING_SECONDS is left: the thread is a daemon.
        """
        if self._closed or not self._thread.is_alive():
            return None
        self._closed = True
        done: Future[Report | None] = self._send(self._close(draft))
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(done)), CLOSING_SECONDS)
        except TimeoutError:
            return None
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)

    async def _close(self, draft: tuple[str, str] | None) -> Report | None:
        report: Report | None = None
        try:
            if self.interview is not None:
                if draft is not None:
                    turn_id, text = draft
                    turn = self._the_store().turn(self.interview.id, turn_id)
                    if turn is not None and not turn.action:
                        self.interview.save_draft(turn_id, text)
                self.interview.pause()
                report = self.interview.report()
        finally:
            others = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            if self._engine is not None:
                await self._engine.close_machine()
            await self._examiners.aclose()
            if self._store is not None:
                with contextlib.suppress(Exception):
                    self._store.close()
        return report
