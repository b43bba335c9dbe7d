"""The machine of all interviews of a process: LangGraph over its SQLite checkpoints, run until it listens.

The only module that runs LangGraph, which is imported when it is first needed. Checkpoints lie in a file of
their own: two connections of one event loop that write to one file would wait for each other. They can be
lost: the ledger replays them.
"""

from __future__ import annotations

import asyncio
import importlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interviewer.database import BUSY_SECONDS, store_error

if TYPE_CHECKING:
    from interviewer.graph.context import Context

RECURSION_LIMIT = 50
"""Steps in one resume; the machine needs five. More is a fault in it."""
Inbox = dict[str, Any]
"""What the machine is resumed with: {"turn_id", "action"}."""
_CONTINUE = object()


@dataclass(frozen=True)
class Standing:
    """Where the machine of one interview stands."""

    values: dict[str, Any] = field(default_factory=dict)
    """Its state, see `graph.state.State`."""
    listening: bool = False
    """It waits for the candidate; False at the end, and before the beginning."""

    @property
    def turn_id(self) -> str:
        """Of the turn that is being asked, or was asked last."""
        turn_id: str = self.values["current"]["turn_id"]
        return turn_id


class Machine:
    """`checkpoints` is the file; ":memory:" is allowed in tests. Nothing is opened before it is needed."""

    def __init__(self, checkpoints: str) -> None:
        self.checkpoints = checkpoints
        self._graph: Any = None
        self._connection: Any = None
        self._building = asyncio.Lock()

    async def graph(self) -> Any:
        """The compiled graph over its checkpointer. Raises StoreError."""
        async with self._building:
            if self._graph is None:
                self._graph = await self._build()
        return self._graph

    async def _build(self) -> Any:
        builder = await asyncio.to_thread(importlib.import_module, "interviewer.graph.builder")
        import aiosqlite
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        try:
            self._connection = await aiosqlite.connect(self.checkpoints, timeout=BUSY_SECONDS)
            saver = AsyncSqliteSaver(self._connection)
            await saver.setup()
        except sqlite3.Error as e:
            await self.close()
            raise store_error(self.checkpoints, e) from None
        return builder.build(saver)

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection, self._graph = self._connection, None, None
            await connection.close()

    async def run(
        self,
        session: str,
        setup: dict[str, Any],
        context: Context,
        *,
        inbox: Inbox | None,
        unheard: Callable[[Standing], Inbox | None],
    ) -> Standing:
        """Hand over the `inbox`, and go on until the machine listens or has ended, whatever it died in.

        `unheard` gives what the candidate did at a turn before the machine could hear of it. Raises StoreError.
        """
        from langgraph.types import Command

        graph = await self.graph()
        config = {"configurable": {"thread_id": session}, "recursion_limit": RECURSION_LIMIT}
        step: Any = Command(resume=inbox) if inbox else None
        try:
            while True:
                if step is None:
                    snapshot = await graph.aget_state(config)
                    if snapshot.created_at is None:
                        step = {"session": session, "setup": setup}
                    elif snapshot.tasks and not snapshot.interrupts:
                        # Not `next`: it leaves out a node whose writes were stored when the process died.
                        step = _CONTINUE
                    else:
                        at = Standing(dict(snapshot.values), bool(snapshot.tasks))
                        missed = unheard(at) if at.listening else None
                        if missed is None:
                            return at
                        step = Command(resume=missed)
                await graph.ainvoke(None if step is _CONTINUE else step, config, context=context, durability="sync")
                step = None
        except sqlite3.Error as e:
            raise store_error(self.checkpoints, e) from None
