"""What the nodes work with and the state must never hold: the map, the rules, the judge, the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from interviewer.graph.generated import Task
from interviewer.judge import Judge
from interviewer.models import Judgement, Turn, Usage
from knowledge import KnowledgeMap
from rubrics import Rules


class Ledger(Protocol):
    """The part of the session store that the machine needs (`store.SessionStore` has it)."""

    def add_turn(self, session_id: str, turn: Turn) -> None: ...
    def turn(self, session_id: str, turn_id: str) -> Turn | None: ...
    def turns(self, session_id: str) -> list[Turn]: ...
    def save_judgement(self, session_id: str, turn_id: str, judgement: Judgement) -> bool: ...


@dataclass(frozen=True)
class Written:
    """A follow-up that a model wrote and `generated_check.check` let through."""

    text: str
    model: str
    usage: Usage


class FollowUpWriter(Protocol):
    """Writes a follow-up when no authored one fits (`follow_up_writer.ModelFollowUps` does)."""

    async def write(self, task: Task) -> Written | None:
        """One question that may be asked; None when there is none, whatever the reason."""
        ...


@dataclass(frozen=True)
class Context:
    the_map: KnowledgeMap
    rules: Rules
    judge: Callable[[], Judge]
    """Called when the first answer is judged: building the judge may load a model."""
    ledger: Ledger
    seconds: Callable[[], float]
    """Time spent in this interview so far, pauses left out."""
    now: Callable[[], str]
    asker: Callable[[], FollowUpWriter] | None = None
    """Called when the first follow-up is to be written; None: only authored ones are asked."""
