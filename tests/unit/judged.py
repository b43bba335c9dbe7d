"""Turns and judgements made by hand, for the tests of the policy, the selection and the results."""

from __future__ import annotations

from interviewer.judge.aggregate import grade
from interviewer.models import Action, JudgeInfo, Judgement, MisconceptionFound, PointVerdict, Turn
from knowledge import Question

JUDGE = JudgeInfo(kind="fake", rubric_hash="0" * 12)


def judgement(
    question: Question,
    score: float | None,
    *,
    covered: tuple[str, ...] = (),
    credit: dict[str, float] | None = None,
    wrong: tuple[str, ...] = (),
    flags: tuple[str, ...] = (),
    chosen: str | None = None,
) -> Judgement:
    """A judgement of `question` with these points covered; `credit` names others by their credit."""
    if score is None:
        return Judgement(score=None, grade=None, judge=JUDGE, error="told to fail")
    given = {**dict.fromkeys(covered, 1.0), **(credit or {})}
    points = [
        PointVerdict(
            id=p.id,
            verdict="covered" if given.get(p.id, 0) >= 0.7 else "partial" if given.get(p.id) else "missing",
            credit=given.get(p.id, 0),
            weight=p.weight,
            core=p.core,
            text=p.zh,
        )
        for p in question.points
    ]
    found = [
        MisconceptionFound(id=m.id, text=m.zh, penalty=m.penalty) for m in question.misconceptions if m.id in wrong
    ]
    return Judgement(
        score=score, grade=grade(score), points=points, misconceptions=found,
        flags=list(flags), chosen=chosen, judge=JUDGE,  # type: ignore[arg-type]
    )  # fmt: skip


def turn(
    question: Question,
    judged: Judgement | None = None,
    *,
    id: str = "q01",
    action: Action | None = "answer",
    follow_up: int | None = None,
    option_order: list[int] | None = None,
) -> Turn:
    return Turn(
        turn_id=id,
        question_id=question.id,
        kind="question" if follow_up is None else "follow_up",
        action=action,
        answer="…" if action == "answer" else None,
        judgement=judged,
        follow_up=follow_up,
        answered_at="2026-11-21T10:00:00+00:00" if action else None,
        option_order=option_order or [],
    )


def hint(question: Question) -> Turn:
    return Turn(turn_id="q01.h1", question_id=question.id, kind="hint", action="hint")
