"""What the screens show at one moment, worked out once, in the machine's thread. Plain values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interviewer.models import QuestionResult, SkillStanding, Turn

if TYPE_CHECKING:
    from interviewer.interview import Interview, View


@dataclass(frozen=True)
class Shown:
    view: View
    thread: tuple[Turn, ...]
    """The turns of the question that was answered last: itself, its hint, its follow-ups so far."""
    thread_open: bool
    """A follow-up to that question is being asked: nothing may be given away yet."""
    result: QuestionResult | None
    """The scores of that question, once its thread is over."""
    standings: tuple[SkillStanding, ...]
    asked: dict[str, int]
    """Questions asked so far, by category."""

    @property
    def answered(self) -> tuple[Turn, ...]:
        """The turns of the thread that the candidate acted on, hints left out."""
        return tuple(t for t in self.thread if t.kind != "hint" and t.action)


def shown_of(interview: Interview) -> Shown:
    """Where the interview stands, with the thread that was worked on last. Reads the store."""
    from interviewer import results

    engine = interview.engine
    view = interview.view()
    turns = engine.store.turns(interview.id)
    asked = Counter(engine.the_map.skill_of(t.question_id).category for t in turns if t.kind == "question")
    thread: list[Turn] = []
    if view.last is not None:
        thread = [t for t in turns if t.question_id == view.last.question_id and t.action]
    is_open = bool(thread) and view.turn is not None and view.turn.question_id == thread[0].question_id
    result = None
    if thread and not is_open:
        result = next(iter(results.question_results(engine.the_map, engine.rules, thread)), None)
    return Shown(
        view=view,
        thread=tuple(thread),
        thread_open=is_open,
        result=result,
        standings=tuple(results.skill_standings(engine.the_map, interview.setup, turns)),
        asked=dict(asked),
    )
