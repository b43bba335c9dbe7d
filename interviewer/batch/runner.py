"""Rows in, graded rows out: in order, with few in flight at a time, and no row able to stop the rest.

Knows rows and the judge's protocol; nothing of files.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from interviewer.batch.readers import RawRow
from interviewer.batch.rows import Row, RowBuilder, RowError
from interviewer.errors import InterviewerError
from interviewer.judge.protocol import Judge
from interviewer.models import Judgement
from knowledge import KnowledgeMap, load_map
from knowledge.models import Lang

AnyRow = RawRow | Mapping[str, Any]
CONCURRENCY = 8


@dataclass(slots=True)
class GradedRow:
    """A row with its judgement, or with the reason why there is none."""

    number: int
    id: str
    data: dict[str, Any] = field(default_factory=dict)
    """The row as it came in."""
    judgement: Judgement | None = None
    error: str | None = None
    """Why the row could not be graded: it cannot be used, or its judgement is unscored."""
    raw: str | None = None
    """The start of what could not be read."""

    @property
    def failed(self) -> bool:
        return self.error is not None


async def grade(
    rows: Iterable[AnyRow] | AsyncIterable[AnyRow],
    judge: Judge,
    *,
    the_map: KnowledgeMap | None = None,
    mapping: Mapping[str, str] | None = None,
    lang: Lang | None = None,
    concurrency: int = CONCURRENCY,
) -> AsyncIterator[GradedRow]:
    """Grade rows one after the other as they come, at most `concurrency` at a time, in the order given.

    A row is a mapping such as {"question_id": …, "answer": …} or {"question", "points", "answer"}, or a
    RawRow of a file. A row that cannot be graded comes out with its `error`. Nothing is raised for a row.
    """
    if concurrency < 1:
        raise ValueError("concurrency must be at least 1")
    builder = RowBuilder(the_map or load_map(), mapping, lang=lang)
    waiting: deque[asyncio.Task[GradedRow]] = deque()
    try:
        async for raw in _numbered(rows):
            waiting.append(asyncio.create_task(_grade_one(raw, builder, judge)))
            if len(waiting) >= concurrency:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _grade_one(raw: RawRow, builder: RowBuilder, judge: Judge) -> GradedRow:
    out = GradedRow(raw.number, "", raw.data, raw=raw.raw)
    try:
        out.id = builder.id_of(raw)
        row: Row = builder.build(raw)
        out.judgement = await judge.judge(row.rubric, row.answer, row.lang)
    except RowError as e:
        out.error = str(e)
    except InterviewerError as e:
        out.error = e.message
    except Exception as e:  # one row's fault must not take the others with it
        out.error = f"unexpected {type(e).__name__}: {e}"[:300]
    else:
        if out.judgement.error is not None or out.judgement.score is None:
            out.error = out.judgement.error or "the judge gave no score"
    return out


async def _numbered(rows: Iterable[AnyRow] | AsyncIterable[AnyRow]) -> AsyncIterator[RawRow]:
    if isinstance(rows, AsyncIterable):
        number = 0
        async for row in rows:
            number += 1
            yield row if isinstance(row, RawRow) else RawRow(number, dict(row))
    else:
        for number, row in enumerate(rows, 1):
            yield row if isinstance(row, RawRow) else RawRow(number, dict(row))
