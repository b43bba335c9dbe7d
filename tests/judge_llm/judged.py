"""One answer through the judge with a scripted model, and what holds of every judgement."""

from __future__ import annotations

from typing import Any

from interviewer.models import Judgement, Rubric
from tests.judge_llm.talking import (
    GOOD,
    RUBRIC,
    judge_with,
)


def sound(judgement: Judgement, answer: str) -> Judgement:
    """What holds of every judgement: spans are of the answer as given, credit has evidence."""
    for e in [e for p in judgement.points for e in p.evidence] + [
        e for m in judgement.misconceptions for e in m.evidence
    ]:
        assert answer[e.start : e.end] == e.text
        assert e.text
    for p in judgement.points:
        assert bool(p.credit) <= bool(p.evidence)
    assert (judgement.score is None) == (judgement.error is not None)
    return judgement


async def judged(
    script: Any, answer: str = GOOD, rubric: Rubric = RUBRIC, lang: str = "zh", **options: Any
) -> Judgement:
    judge, _ = judge_with(script, **options)
    return sound(await judge.judge(rubric, answer, lang), answer)
