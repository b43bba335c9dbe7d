"""What the machine remembers between steps: ids and numbers only, as plain JSON.

Texts (questions shown, answers, judgements) are in the session store; a checkpoint that carried
them would grow with the square of the interview, and would have to be migrated with every model.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

STATE_VERSION = 1

Step = Literal["follow_up", "improvise", "next", "close"]


class Current(TypedDict):
    """The turn that is being asked, or was asked last."""

    turn_id: str
    question_id: str
    kind: Literal["question", "follow_up"]


class State(TypedDict, total=False):
    version: int
    session: str
    setup: dict[str, Any]
    """`Setup` as JSON."""
    number: int
    """Of the current question, from 1."""
    asked: list[str]
    """Question ids, in order."""
    current: Current
    used: list[int]
    """Follow-ups of the current question that were asked, by index; -1 for one that a model wrote."""
    hints: dict[str, int]
    """Hints taken, by question id."""
    inbox: dict[str, Any]
    """What `listen` was resumed with: {"turn_id", "action"}."""
    outcomes: list[dict[str, Any]]
    """`Outcome`s as JSON."""
    step: Step
    """What `decide` chose."""
    chosen: dict[str, Any]
    """What the chosen step is about: {"question_id"}, {"follow_up"} or {"target"}, and {"why"}."""
    ended: str
    """Why the interview ended."""
