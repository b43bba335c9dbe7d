"""The interview as its users see it: start, answer, hint, skip, resume, report.

Everything the candidate does is committed to the store before the machine hears of it. Whatever
moment a process dies at, `resume` brings the machine to where the store says it should be.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interviewer.errors import SessionError, StaleTurnError, StoreError, UsageError
from interviewer.graph import selection, turns
from interviewer.machine import Inbox, Machine, Standing
from interviewer.models import Action, Report, Setup, Turn
from interviewer.store import SessionRow, SessionStore, now
from knowledge import KnowledgeMap, Question, UnknownNameError, load_map
from rubrics import Rules, load_rules

if TYPE_CHECKING:
    from interviewer.graph.context import FollowUpWriter
    from interviewer.judge import Judge

JudgeFactory = Callable[[], "Judge"]
AskerFactory = Callable[[], "FollowUpWriter"]


@dataclass
class View:
    """What a screen shows: the turn that waits for an answer, or the end."""

    session: str
    setup: Setup
    turn: Turn | None
    """The turn to answer; None when the interview is over."""
    question: Question | None
    number: int
    """Of the question, from 1."""
    total: int
    draft: str = ""
    last: Turn | None = None
    """The turn that was answered last, with its judgement."""
    hint: str | None = None
    """The hint of this question, when it was taken."""
    seconds: float = 0
    why_ended: str = ""

    @property
    def finished(self) -> bool:
        return self.turn is None


def new_session_id() -> str:
    """Sortable by day, short enough to type: 20261121-k3f9."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return f"{datetime.now():%Y%m%d}-" + "".join(secrets.choice(letters) for _ in range(5))


def preview(the_map: KnowledgeMap, setup: Setup) -> Turn | None:
    """The first turn that the machine will show, before the machine is loaded: choosing it is pure."""
    choice = selection.choose(the_map, setup, [], [])
    return turns.question_turn(the_map, setup, 1, *choice) if choice else None


class Engine:
    """What all interviews of a process share: the map, the rules, the store, the judge, the machine.

    Opened with `open_engine`. Nothing slow is loaded before it is needed; `warm_up` loads it early.
    """

    def __init__(
        self,
        the_map: KnowledgeMap,
        rules: Rules,
        store: SessionStore,
        judge: JudgeFactory,
        asker: AskerFactory | None = None,
    ) -> None:
        self.the_map = the_map
        self.rules = rules
        self.store = store
        self._make_judge = judge
        self._judge: Judge | None = None
        self._make_asker = asker
        self._asker: FollowUpWriter | None = None
        self._lock = threading.Lock()
        self._asker_lock = threading.Lock()
        self.machinery = Machine(store.path if store.path == ":memory:" else f"{store.path}.checkpoints")

    def judge(self) -> Judge:
        """The judge, made on the first call; safe from any thread."""
        with self._lock:
            if self._judge is None:
                self._judge = self._make_judge()
            return self._judge

    def asker(self) -> FollowUpWriter:
        """The writer of follow-ups, made on the first call; safe from any thread."""
        with self._asker_lock:
            if self._asker is None:
                if self._make_asker is None:
                    raise LookupError("this engine was opened without a writer of follow-ups")
                self._asker = self._make_asker()
            return self._asker

    @property
    def writes_follow_ups(self) -> bool:
        return self._make_asker is not None

    async def machine(self) -> None:
        """Load LangGraph and open the checkpoints, early. Raises StoreError."""
        await self.machinery.graph()

    async def warm_up(self) -> None:
        """Load the machine and the judge, so that the first answer does not wait for them."""
        await self.machine()
        await asyncio.to_thread(self.judge)

    async def start(self, setup: Setup) -> Interview:
        """A new interview, at its first question.

        Raises UsageError when nothing can be asked, StoreError when the store fails.
        """
        if not selection.choose(self.the_map, setup, [], []):
            raise UsageError(
                f"no question fits role {setup.role}" + (f" and skill {setup.skill}" if setup.skill else ""),
                hint="`interviewer questions` lists what there is",
            )
        setup = setup.model_copy(update={"pack": self._pack})
        session_id = new_session_id()
        self.store.create_session(session_id, setup.model_dump(mode="json"))
        interview = Interview(self, self.store.session(session_id))
        await interview.settle()
        return interview

    async def resume(self, session_id: str) -> Interview:
        """An interview at the turn where it was left, its draft included. Raises SessionError."""
        interview = Interview(self, self.store.session(session_id))
        held_on = interview.setup.pack
        if held_on != self._pack:
            raise SessionError(
                f"interview {interview.id} was held on {f'the pack {held_on}' if held_on else 'the packaged map'}",
                hint=f"add --pack {held_on}" if held_on else "leave --pack out",
            )
        try:
            await interview.settle()
            interview.view()
        except UnknownNameError as e:
            from interviewer.session_report import outgrown

            raise outgrown(interview.id, e) from None
        return interview

    @property
    def _pack(self) -> str | None:
        return str(self.the_map.pack) if self.the_map.pack else None

    async def close_machine(self) -> None:
        await self.machinery.close()


@asynccontextmanager
async def open_engine(
    db: Path | str,
    *,
    judge: JudgeFactory,
    the_map: KnowledgeMap | None = None,
    rules: Rules | None = None,
    asker: AskerFactory | None = None,
) -> AsyncIterator[Engine]:
    """An engine over the database at `db`. Raises StoreError, MapError.

    With an `asker`, such as `lambda: ModelFollowUps(gateway, embedder)`, a model writes a follow-up where no
    authored one fits.
    """
    with SessionStore(db) as store:
        engine = Engine(the_map or load_map(), rules or load_rules(), store, judge, asker)
        try:
            yield engine
        finally:
            await engine.close_machine()


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
