"""What all interviews of a process share, and how one is begun, or gone on with."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from interviewer.errors import SessionError, UsageError
from interviewer.graph import selection, turns
from interviewer.interview.interview import Interview
from interviewer.machine import Machine
from interviewer.models import Setup, Turn
from interviewer.store import SessionStore
from knowledge import KnowledgeMap, UnknownNameError, load_map
from rubrics import Rules, load_rules

if TYPE_CHECKING:
    from interviewer.graph.context import FollowUpWriter
    from interviewer.judge import Judge

JudgeFactory = Callable[[], "Judge"]
AskerFactory = Callable[[], "FollowUpWriter"]


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
