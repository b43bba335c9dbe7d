"""Graded rows made by hand: what a class of answers comes out of grading as."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from interviewer.batch import GradedRow
from interviewer.models import (
    Evidence,
    Flag,
    JudgeInfo,
    Judgement,
    MisconceptionFound,
    PointVerdict,
    Usage,
    Verdict,
)


def graded(
    number: int,
    score: float | None,
    *,
    question: str = "q1",
    person: str = "",
    human: Any = None,
    answer: str = "an answer",
    verdicts: dict[str, Verdict] | None = None,
    wrong: dict[str, str] | None = None,
    flags: Sequence[Flag] = (),
    review: bool = False,
    width: float = 1.0,
    judge: JudgeInfo | None = None,
    cost: float | None = 0.0,
    **cells: Any,
) -> GradedRow:
    """A row with a judgement. `verdicts` are by point, `wrong` holds a quote by misconception."""
    credit = {"covered": 1.0, "partial": 0.5, "missing": 0.0, "contradicted": 0.0}
    found = Judgement(
        score=score,
        grade=None if score is None else int(score / 2 + 0.5),
        interval=None if score is None else (max(score - width / 2, 0), min(score + width / 2, 10)),
        needs_review=review,
        points=[
            PointVerdict(id=id, verdict=v, credit=credit[v], text=f"point {id}", core=not id.startswith("bonus"))
            for id, v in (verdicts or {}).items()
        ],
        misconceptions=[
            MisconceptionFound(
                id=id, text=f"belief {id}", penalty=1, evidence=[Evidence(start=0, end=len(q), text=q)] if q else []
            )
            for id, q in (wrong or {}).items()
        ],
        flags=list(flags),
        judge=judge or JudgeInfo(kind="offline", rubric_hash="r" * 12, calibration="fusion-v2", embedder="e"),
        usage=Usage(calls=1, input_tokens=10, output_tokens=5, cost=cost, seconds=0.25),
        error=None if score is not None else "the model gave no answer",
    )
    data: dict[str, Any] = {"question_id": question, "answer": answer, **cells}
    if person:
        data["student id"] = person
    if human is not None:
        data["human score"] = human
    return GradedRow(number, str(cells.get("id", "")), data, found, found.error)


def failed(number: int, error: str = "unknown question 'x'", **cells: Any) -> GradedRow:
    return GradedRow(number, "", cells, None, error)
