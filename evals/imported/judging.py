"""The judge over imported answers, the very way a file of answers is graded. It sees no mark. Knows no metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from evals.imported.agreement import Reading
from evals.imported.shapes import Graded, Imported
from interviewer.batch import RawRow, RowBuilder, RowError, grade
from interviewer.judge.protocol import Judge
from interviewer.models import Judgement
from knowledge import KnowledgeMap

TOP = 10.0
"""The best score of a judge."""


@dataclass(frozen=True)
class Judged:
    """An answer with what the judge made of it, or why it made nothing of it."""

    answer: Graded
    judgement: Judgement | None = None
    error: str | None = None
    asked: bool = True
    """Whether a judge was asked: not where there is nothing to grade against."""

    @property
    def scored(self) -> bool:
        return self.judgement is not None and self.judgement.score is not None


async def judge_imported(
    imported: Imported,
    judge: Judge,
    the_map: KnowledgeMap,
    *,
    concurrency: int = 8,
    on_judged: Callable[[Judged], None] = lambda _: None,
) -> list[Judged]:
    """Every answer with its judgement, in order; each is told to `on_judged` when it is there.

    An answer whose row gives nothing to grade against is unscored, and costs no call.
    """
    builder = RowBuilder(the_map)
    out: list[Judged | None] = []
    rows: list[dict[str, Any]] = []
    for answer in imported.answers:
        row = {"id": answer.id, **answer.cells}
        try:
            builder.build(RawRow(answer.row, row))
        except RowError as e:
            out.append(Judged(answer, error=str(e), asked=False))
            on_judged(cast("Judged", out[-1]))
        else:
            out.append(None)
            rows.append(row)
    waiting = iter([n for n, j in enumerate(out) if j is None])
    async for result in grade(rows, judge, the_map=the_map, concurrency=concurrency):
        at = next(waiting)
        out[at] = done = Judged(imported.answers[at], result.judgement, result.error)
        on_judged(done)
    return cast("list[Judged]", out)


def readings(judged: Sequence[Judged]) -> list[Reading]:
    """As `agreement` wants them."""
    return [
        Reading(
            question=j.answer.question,
            marks={r: m.unit for r, m in j.answer.marks.items()},
            known={r: m.unit for r, m in j.answer.known.items()},
            judge=(j.judgement.score or 0.0) / TOP if j.scored and j.judgement is not None else None,
            length=len(j.answer.answer),
        )
        for j in judged
    ]
