"""What the interview shows of itself."""

from __future__ import annotations

from dataclasses import dataclass

from interviewer.models import Setup, Turn
from knowledge import Question


@dataclass
class View:
    """What a screen shows: the turn that waits for an answer, or the end."""

    session: str
    setup: Setup
    turn: Turn | None
    """The turn to answer; None when the interview is over."""
    question: Question | None
    number: int
    """Of the question, from 1."""
    total: int
    draft: str = ""
    last: Turn | None = None
    """The turn that was answered last, with its judgement."""
    hint: str | None = None
    """The hint of this question, when it was taken."""
    seconds: float = 0
    why_ended: str = ""

    @property
    def finished(self) -> bool:
        return self.turn is None
