"""One row's judgement: from the journal, from an identical row under way, or from the judge within the deadline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from interviewer.batch.content import Keys
from interviewer.batch.halting import Halted
from interviewer.batch.journal import Journal
from interviewer.batch.readers import RawRow
from interviewer.batch.rows import Row, RowBuilder, RowError
from interviewer.errors import InterviewerError, JudgeError, StoreError
from interviewer.judge.protocol import Judge
from interviewer.llm.clock import Clock
from interviewer.models import Judgement


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
    asked: bool = False
    """The judge was asked for this very row, now; else its judgement was there already, or it has none."""

    @property
    def waiting(self) -> bool:
        """Neither graded nor failed: a provider's batch is still to bring an answer."""
        return self.judgement is not None and "waiting" in self.judgement.flags

    @property
    def failed(self) -> bool:
        return self.error is not None and not self.waiting

    @property
    def from_journal(self) -> bool:
        """Judged before, or together with an identical row."""
        return not (self.failed or self.waiting or self.asked or self.judgement is None)


class Desk:
    """Where rows are judged. With a `journal`, rows of the same content are judged once.

    `deadline` is in seconds, for one row; 0 and None set none. What it waits for its turn with a model does not count.
    """

    def __init__(
        self, builder: RowBuilder, judge: Judge, *, journal: Journal | None = None, deadline: float | None = None
    ) -> None:
        self._judge = judge
        self._builder = builder
        self._journal = journal
        self._deadline = deadline or None
        self._keys = Keys(judge.fingerprint) if journal is not None else None
        self._under_way: dict[bytes, asyncio.Future[Judgement]] = {}

    def hand_over(self, judge: Judge) -> None:
        """Go on with a judge of the same fingerprint, which keeps to the deadline itself."""
        self._judge, self._deadline = judge, None

    async def grade(self, raw: RawRow) -> GradedRow:
        """Never raises for a row; Halted when no row can be graded any more."""
        out = GradedRow(raw.number, "", raw.data, raw=raw.raw)
        try:
            out.id = self._builder.id_of(raw)
            row = self._builder.build(raw)
            out.judgement = await self._judgement(row, out)
        except Halted:
            raise
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

    async def _judgement(self, row: Row, out: GradedRow) -> Judgement:
        if self._journal is None or self._keys is None:
            return await self._ask(row, out)
        key = self._keys.of(row.rubric, row.answer, row.lang)
        if key in self._under_way:
            return await asyncio.shield(self._under_way[key])
        try:
            kept = self._journal.get(key)
        except StoreError as e:
            raise Halted(e) from None
        if kept is not None:
            return kept
        made = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            judgement = await self._ask(row, out)
            try:
                await self._journal.put(key, judgement)
            except StoreError as e:
                raise Halted(e) from None
            made.set_result(judgement)
            return judgement
        except BaseException as e:
            made.set_exception(e if isinstance(e, Exception) else asyncio.CancelledError())
            made.exception()  # seen, though nobody may wait for it
            raise
        finally:
            del self._under_way[key]

    async def _ask(self, row: Row, out: GradedRow) -> Judgement:
        out.asked = True
        clock = Clock(self._deadline)
        try:
            async with clock.limiting():
                return await self._judge.judge(row.rubric, row.answer, row.lang)
        except TimeoutError:
            if not clock.expired:
                raise
        raise late(self._deadline or 0)


def late(seconds: float) -> InterviewerError:
    return JudgeError(f"not judged within {seconds:g} s (the deadline)")
