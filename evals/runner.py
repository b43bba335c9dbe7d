"""Runs a judge over the eval set, the very way a file of answers is graded. Knows no metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from evals.datasets import Dataset
from evals.table import Judged
from interviewer.batch import grade
from interviewer.judge.protocol import Judge
from knowledge import KnowledgeMap


async def judge_all(
    dataset: Dataset,
    judge: Judge,
    *,
    the_map: KnowledgeMap | None = None,
    concurrency: int = 8,
    on_judged: Callable[[Judged], None] = lambda _: None,
) -> list[Judged]:
    """Every graded answer with its judgement, in order; each is told to `on_judged` when it is there."""
    out: list[Judged] = []
    rows = grade(_rows(dataset), judge, the_map=the_map, concurrency=concurrency)
    async for item, row in _beside(dataset, rows):
        out.append(Judged(item, row.judgement, row.error))
        on_judged(out[-1])
    return out


def _rows(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """What a judge may see of an item: not its mode, not its grades."""
    for item in dataset.items:
        a = item.answer
        yield {
            "id": a.id,
            "question_id": a.question_id,
            "answer": a.answer,
            "lang": a.lang,
            "choice_order": a.choice_order,
        }


async def _beside(dataset: Dataset, rows: Any) -> Any:
    at = 0
    async for row in rows:
        yield dataset.items[at], row
        at += 1
