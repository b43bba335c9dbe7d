"""Rows in, graded rows out: in order, many under way, and no row able to stop or to hold up the rest.

Knows rows and the judge's protocol; nothing of files.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from typing import Any

from interviewer.batch import pool
from interviewer.batch.halting import Halted, Interrupted
from interviewer.batch.journal import Journal
from interviewer.batch.judging import Desk, GradedRow
from interviewer.batch.readers import RawRow
from interviewer.batch.reading_apart import ReadingApart, reading_apart
from interviewer.batch.rows import RowBuilder
from interviewer.examiners import offline_judge
from interviewer.judge.protocol import Judge
from knowledge import KnowledgeMap, load_map
from knowledge.models import Lang

__all__ = ["CONCURRENCY", "AnyRow", "GradedRow", "grade", "rows_for"]

AnyRow = RawRow | Mapping[str, Any]
CONCURRENCY = 8
AHEAD = 8
"""Rows taken and not given out yet, in multiples of those under way: how far a slow row is overtaken."""
ALONE = 1000
"""Rows of unknown number that the offline judge grades in this process before it starts others."""


def rows_for(calls: int) -> int:
    """Rows to have under way for so many calls at a time: some are read, or written down, while those wait."""
    return calls + calls // 4 + 1


async def grade(
    rows: Iterable[AnyRow] | AsyncIterable[AnyRow],
    judge: Judge | None = None,
    *,
    the_map: KnowledgeMap | None = None,
    mapping: Mapping[str, str] | None = None,
    lang: Lang | None = None,
    concurrency: int = CONCURRENCY,
    journal: Journal | None = None,
    deadline: float | None = None,
    workers: int | None = None,
    stop: asyncio.Event | None = None,
) -> AsyncIterator[GradedRow]:
    """Grade rows as they come, `concurrency` of them at a time, and give them out in the order given.

    A row is a mapping such as {"question_id": …, "answer": …} or {"question", "points", "answer"}, or a
    RawRow of a file. Without a judge the offline judge on the embedded table grades (`interviewer.api.open_judge` opens
    one with a model). A row that cannot be graded comes out with its `error`; so does one that takes longer than
    `deadline` seconds. Nothing is raised for a row. What the `journal` holds is not judged again; it stays open.

    The offline judge is graded with by `workers` processes; None: one per core when there are more than a thousand
    rows, 1: in this process, which with a model does the reading of answers too. They have as much under way as they
    need, whatever `concurrency` is.

    Raises Interrupted once `stop` is set and the rows under way are done, if there are others; StoreError when the
    journal fails; ConfigError when no worker can be started, or `workers` are asked for with a model as the judge.
    """
    if concurrency < 1 or (workers is not None and workers < 1):
        raise ValueError("concurrency and workers must be at least 1")
    judge = judge or offline_judge()
    desk = Desk(RowBuilder(the_map or load_map(), mapping, lang=lang), judge, journal=journal, deadline=deadline)
    window = _Window(rows, desk, concurrency, stop)
    others: pool.WorkerPool | None = None
    reader: ReadingApart | None = None
    alone = ALONE if workers is None and pool.gains(judge) else 0 if workers not in (None, 1) else None
    try:
        while True:
            if alone is not None and window.taken >= alone:
                others = pool.make(judge, workers or pool.cores(), deadline=deadline)
                window.widen(others, max(concurrency, others.wanted))
                alone = None
            if reader is None and workers is None and window.taken >= concurrency:  # none for a few rows
                reader = reading_apart(judge, concurrency)
            row = await window.next(most=alone)
            if row is not None:
                yield row
            elif window.over:
                return
    except Halted as e:
        raise e.error from None
    finally:
        await window.close()
        for process in (others, reader):
            if process is not None:
                process.close()


class _Window:
    """The rows between the source and the reader: under way, or done and waiting for an earlier one."""

    def __init__(
        self,
        rows: Iterable[AnyRow] | AsyncIterable[AnyRow],
        desk: Desk,
        concurrency: int,
        stop: asyncio.Event | None,
    ) -> None:
        self._desk = desk
        self._concurrency = concurrency
        self._most = AHEAD * concurrency
        self._stop = stop
        self._sync = None if isinstance(rows, AsyncIterable) else iter(rows)
        self._async = aiter(rows) if isinstance(rows, AsyncIterable) else None
        self._pulling: asyncio.Task[AnyRow | None] | None = None
        self._ended = False
        self._window: deque[asyncio.Task[GradedRow]] = deque()
        self._under_way = 0
        self._news = asyncio.Event()
        self._stopping = asyncio.create_task(self._stopped()) if stop is not None else None
        self.taken = 0

    @property
    def over(self) -> bool:
        return self._ended and not self._window

    def widen(self, judge: Judge, concurrency: int) -> None:
        """Go on with another judge, and with so many rows at a time."""
        self._desk.hand_over(judge)
        self._concurrency = concurrency
        self._most = max(self._most, 2 * concurrency)

    async def next(self, *, most: int | None) -> GradedRow | None:
        """The next row in order, once it is done; None when `most` rows have been taken, or there are no more."""
        while True:
            self._news.clear()
            self._fill(most)
            if self._window and self._window[0].done():
                return self._window.popleft().result()
            if (self._ended and not self._window) or (most is not None and self.taken >= most):
                return None
            if self._stop is not None and self._stop.is_set() and not self._window:
                if self._exhausted():
                    return None
                raise Interrupted
            await self._news.wait()

    def _fill(self, most: int | None) -> None:
        while self._under_way < self._concurrency and len(self._window) < self._most and not self._ended:
            if (self._stop is not None and self._stop.is_set()) or (most is not None and self.taken >= most):
                return
            try:
                row = self._pulled()
            except (StopIteration, StopAsyncIteration):
                self._ended = True
                return
            if row is None:
                return
            self.taken += 1
            raw = row if isinstance(row, RawRow) else RawRow(self.taken, dict(row))
            task = asyncio.create_task(self._desk.grade(raw))
            self._under_way += 1
            task.add_done_callback(self._done)
            self._window.append(task)

    def _pulled(self) -> AnyRow | None:
        """The next row of the source; None when it is still to come. Raises Stop(Async)Iteration."""
        if self._sync is not None:
            return next(self._sync)
        assert self._async is not None
        if self._pulling is None:
            self._pulling = asyncio.create_task(_one(self._async))
            self._pulling.add_done_callback(lambda _: self._news.set())
        if not self._pulling.done():
            return None
        pulled, self._pulling = self._pulling, None
        if (row := pulled.result()) is None:
            raise StopAsyncIteration
        return row

    def _exhausted(self) -> bool:
        """Whether the source, which nothing more is to be taken of, has no more."""
        if self._sync is None:
            return False
        try:
            next(self._sync)
        except StopIteration:
            self._ended = True
        return self._ended

    def _done(self, _: object) -> None:
        self._under_way -= 1
        self._news.set()

    async def _stopped(self) -> None:
        assert self._stop is not None
        await self._stop.wait()
        self._news.set()

    async def close(self) -> None:
        left: list[asyncio.Task[Any]] = [*self._window]
        left += [t for t in (self._pulling, self._stopping) if t is not None]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _one(rows: AsyncIterator[AnyRow]) -> AnyRow | None:
    return await anext(rows, None)
