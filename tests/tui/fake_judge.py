"""A judge that does as it is told: marks words in the answer, waits, or fails."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from interviewer.models import (
    Evidence,
    JudgeInfo,
    Judgement,
    MisconceptionFound,
    PointVerdict,
    Rubric,
    Verdict,
)


@dataclass
class FakeJudge:
    """The first `covered` points are covered with the first words of the answer as evidence."""

    score: float = 5.5
    covered: int = 1
    delay: float = 0
    misconception: bool = False
    unscored: str | None = None
    fail: Exception | None = None
    """Raised once by the next call."""
    calls: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return "offline"

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        self.calls.append(answer)
        await asyncio.sleep(self.delay)
        if self.fail is not None:
            fault, self.fail = self.fail, None
            raise fault
        info = JudgeInfo(kind="offline", embedder="fake")
        ignorant = answer in ("不知道", "I don't know")
        if self.unscored:
            return Judgement(score=None, grade=None, judge=info, error=self.unscored)
        points = []
        for n, p in enumerate(rubric.points):
            verdict: Verdict = (
                "covered" if n < self.covered and not ignorant else ("partial" if n == self.covered else "missing")
            )
            if ignorant:
                verdict = "missing"
            quote = answer[n * 4 : n * 4 + 12] if verdict != "missing" else ""
            evidence = [Evidence(start=n * 4, end=n * 4 + len(quote), text=quote)] if quote else []
            credit = {"covered": 1.0, "partial": 0.5, "missing": 0.0, "contradicted": 0.0}[verdict]
            points.append(
                PointVerdict(
                    id=p.id,
                    verdict=verdict,
                    credit=credit,
                    evidence=evidence,
                    text=p.text(lang),
                    weight=p.weight,
                    core=p.core,
                )
            )
        found = []
        if self.misconception and rubric.misconceptions:
            m = rubric.misconceptions[0]
            found = [MisconceptionFound(id=m.id, text=m.text(lang), penalty=m.penalty)]
        score = 0.0 if ignorant else self.score
        return Judgement(
            score=score,
            grade=round(score / 2),
            interval=(max(0, score - 1.5), min(10, score + 1.5)),
            points=points,
            misconceptions=found,
            flags=["dont_know"] if ignorant else [],
            feedback="FEEDBACK-TEXT",
            judge=info,
        )
