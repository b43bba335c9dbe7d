"""How a question and a hint are put before the candidate. Pure, and imports no LangGraph."""

from __future__ import annotations

import random

from interviewer.models import Setup, Turn
from knowledge import KnowledgeMap, Question


def question_turn(the_map: KnowledgeMap, setup: Setup, number: int, question_id: str, why: str) -> Turn:
    """The turn that asks a question, options in the session's order."""
    question = the_map.question(question_id)
    order = option_order(question, setup)
    return Turn(
        turn_id=f"q{number:02d}",
        question_id=question.id,
        kind="question",
        text=question.ask.text(setup.lang),
        skill=the_map.skill_of(question.id).id,
        why=why,
        option_order=order,
        options=[question.choices[i].text(setup.lang) for i in order],
    )


def option_order(question: Question, setup: Setup) -> list[int]:
    """`order[shown] == index in question.choices`, the same whenever this session asks."""
    order = list(range(len(question.choices)))
    if setup.shuffle:
        random.Random(f"{setup.seed}:{question.id}").shuffle(order)
    return order


def hint_text(question: Question, lang: str) -> str:
    if question.hint:
        return question.hint.text(lang)
    core = sum(p.core for p in question.points)
    if lang == "zh":
        return f"这道题的评分点有 {len(question.points)} 个，其中核心 {core} 个：想想还有哪一面没有讲到。"
    return f"{len(question.points)} points are graded here, {core} of them core: which side is still open?"
