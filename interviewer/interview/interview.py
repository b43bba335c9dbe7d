"""One interview: what the candidate does, committed first and told to the machine then."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from interviewer.errors import SessionError, StaleTurnError, StoreError
from interviewer.interview.view import View
from interviewer.machine import Inbox, Standing
from interviewer.models import Action, Report
from interviewer.store import SessionRow, now

if TYPE_CHECKING:
    from interviewer.interview.engine import Engine


class Interview:
    """One interview. Calls are serialised; each returns when the next turn is there to be shown."""

    def __init__(self, engine: Engine, row: SessionRow) -> None:
        self.engine = engine
        self.id = row.id
        self.setup = engine.store.setup(row)
        self._stored_seconds = row.seconds
        self._since: float | None = time.monotonic()
        self._lock = asyncio.Lock()
        self._at = Standing()

    # what the screens read

    def view(self) -> View:
        """Where the interview stands, from the store and the machine's last state."""
        store, values = self.engine.store, self._at.values
        done = store.turns(self.id)
        answered = [t for t in done if t.action and t.kind != "hint"]
        turn = store.turn(self.id, self._at.turn_id) if self._at.listening else None
        question = self.engine.the_map.question(turn.question_id) if turn else None
        hint = None
        if turn:
            hint = next((t.text for t in done if t.kind == "hint" and t.question_id == turn.question_id), None)
        return View(
            session=self.id,
            setup=self.setup,
            turn=turn,
            question=question,
            number=values.get("number", 0),
            total=self.setup.questions,
            draft=store.draft(self.id, turn.turn_id) if turn else "",
            last=answered[-1] if answered else None,
            hint=hint,
            seconds=self.seconds(),
            why_ended=values.get("ended", ""),
        )

    def report(self) -> Report:
        """The report so far; the final one once the interview is over."""
        from interviewer.session_report import session_report  # late: it loads the judge's arithmetic

        e = self.engine
        return session_report(
            e.store,
            e.the_map,
            e.rules,
            e.store.session(self.id),
            finished=not self._at.listening,
            why_ended=self._at.values.get("ended", ""),
        )

    # what the candidate does

    async def answer(self, turn_id: str, text: str) -> View:
        """Commit the answer, have it judged, and go to the next turn.

        Raises StaleTurnError when `turn_id` is not the turn being asked, StoreError when the answer
        could not be committed (it was not judged then, and the caller still has the text).
        """
        return await self._act(turn_id, "answer", text)

    async def dont_know(self, turn_id: str) -> View:
        """An honest "I don't know": no marks, no follow-up, and the reference to learn from."""
        return await self._act(turn_id, "dont_know", None)

    async def skip(self, turn_id: str) -> View:
        """Leave the question out: it is not graded."""
        return await self._act(turn_id, "skip", None)

    async def finish(self, turn_id: str) -> View:
        """End here; what was answered is reported."""
        return await self._act(turn_id, "finish", None)

    async def hint(self, turn_id: str) -> View:
        """Show the question's hint. It costs marks, once."""
        async with self._lock:
            self._check_current(turn_id)
            await self._run_until_listening({"turn_id": turn_id, "action": "hint"})
            return self.view()

    def save_draft(self, turn_id: str, text: str) -> None:
        """Keep what is being typed."""
        self.engine.store.save_draft(self.id, turn_id, text)
        self._keep_time()

    def pause(self) -> None:
        """Stop the clock; any action starts it again."""
        self._keep_time()
        self._since = None

    def unpause(self) -> None:
        if self._since is None:
            self._since = time.monotonic()

    def seconds(self) -> float:
        running = time.monotonic() - self._since if self._since is not None else 0
        return self._stored_seconds + running

    # how it works

    async def settle(self) -> None:
        """Bring the machine to where the store says it should be, whatever it died in."""
        async with self._lock:
            await self._run_until_listening(None)

    async def _act(self, turn_id: str, action: Action, text: str | None) -> View:
        async with self._lock:
            self._check_current(turn_id)
            self.unpause()
            try:
                self.engine.store.record_answer(self.id, turn_id, action, text)
            except StaleTurnError:
                await self._run_until_listening(None)  # another process has answered: catch up with it
                raise
            self._keep_time()
            await self._run_until_listening({"turn_id": turn_id, "action": action})
            return self.view()

    def _check_current(self, turn_id: str) -> None:
        if not self._at.listening:
            raise SessionError(f"interview {self.id} is over", hint=f"`interviewer report {self.id}` shows it")
        if turn_id != self._at.turn_id:
            raise StaleTurnError(
                f"turn {turn_id} is not the one being asked ({self._at.turn_id})",
                hint="answer the question on the screen",
            )

    async def _run_until_listening(self, inbox: Inbox | None) -> None:
        e = self.engine
        self._at = await e.machinery.run(
            self.id, self.setup.model_dump(mode="json"), self._context(), inbox=inbox, unheard=self._unheard
        )
        if not self._at.listening and e.store.report(self.id) is None:
            e.store.save_report(self.id, self.report())

    def _unheard(self, at: Standing) -> Inbox | None:
        """An action that was committed for the current turn before the machine could hear of it."""
        turn = self.engine.store.turn(self.id, at.turn_id)
        if turn is None:
            raise StoreError(
                f"interview {self.id}: its turn is not in {self.engine.store.path}",
                hint="start a new interview; the answers of this one are still in `report`",
            )
        return {"turn_id": turn.turn_id, "action": turn.action} if turn.action else None

    def _context(self) -> Any:
        from interviewer.graph.context import Context

        e = self.engine
        asker = e.asker if e.writes_follow_ups else None
        return Context(e.the_map, e.rules, e.judge, e.store, self.seconds, now, asker)

    def _keep_time(self) -> None:
        if self._since is None:
            return
        at = time.monotonic()
        elapsed, self._since = at - self._since, at
        self._stored_seconds += elapsed
        self.engine.store.add_seconds(self.id, elapsed)
