"""A judge that grades by what the answer asks for: `@7` anywhere in it means 7 marks."""

from __future__ import annotations

import asyncio
import re

from interviewer.models import Evidence, JudgeInfo, Judgement, MisconceptionFound, PointVerdict, Rubric


class FakeJudge:
    """`@7` scores 7 and covers that share of the points in order; `@boom` fails; `!id` holds a misconception."""

    kind = "fake"

    def __init__(self, seconds: float = 0) -> None:
        self.seconds = seconds
        self.judged: list[tuple[str, str]] = []

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        await asyncio.sleep(self.seconds)
        self.judged.append((rubric.ask, answer))
        info = JudgeInfo(kind=self.kind, rubric_hash="0" * 12)
        if "@boom" in answer:
            return Judgement(score=None, grade=None, judge=info, error="the fake judge was told to fail")
        found = re.search(r"@(\d+)", answer)
        score = min(10.0, float(found[1])) if found else 0.0
        total = sum(p.weight for p in rubric.points if p.core) or 1
        points, given = [], 0.0
        for p in rubric.points:
            made = given + p.weight <= total * score / 10 + 1e-9 if p.core else False
            given += p.weight if made else 0
            points.append(
                PointVerdict(
                    id=p.id, verdict="covered" if made else "missing", credit=float(made), text=p.text(lang),
                    weight=p.weight, core=p.core,
                    evidence=[Evidence(start=0, end=1, text=answer[:1])] if made and answer else [],
                )
            )  # fmt: skip
        wrong = [
            MisconceptionFound(id=m.id, text=m.text(lang), penalty=m.penalty)
            for m in rubric.misconceptions
            if f"!{m.id}" in answer
        ]
        return Judgement(
            score=score, grade=int(score / 2 + 0.5), interval=(score, score), points=points,
            misconceptions=wrong, feedback="…", judge=info,
        )  # fmt: skip
