"""What every judge offers, whatever it is made of."""

from __future__ import annotations

from typing import Protocol

from interviewer.models import Judgement, Rubric


class Judge(Protocol):
    """Grades one answer against one rubric. Never raises for what the candidate wrote."""

    @property
    def kind(self) -> str: ...

    @property
    def fingerprint(self) -> str:
        """A hash of all that its grades depend on beside rubric, answer and language: see `judge.fingerprint`."""
        ...

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement: ...
