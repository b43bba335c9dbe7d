"""From which seniority on a question belongs to what is expected of a role.

A must-ask of moderate difficulty is for everybody; the harder it is, and the less central to the role, the
more years it takes before an interviewer holds a gap against anyone. Pure.
"""

from __future__ import annotations

from knowledge.models import Level, Question

LEVELS: tuple[Level, ...] = ("junior", "mid", "senior")
UP_TO = {"must": (5, 7), "deep": (4, 6), "nice": (3, 5)}
"""By standing: difficulty up to which a question is for juniors, and up to which for mid level."""


def expected_from(question: Question, role: str) -> Level:
    """The lowest level of which `role` is expected to answer the question well."""
    junior, mid = UP_TO[question.roles.get(role, "nice")]
    return "junior" if question.difficulty <= junior else "mid" if question.difficulty <= mid else "senior"


def beyond(question: Question, role: str, level: Level) -> int:
    """How many levels above `level` the question is: 0, 1 or 2."""
    return max(0, LEVELS.index(expected_from(question, role)) - LEVELS.index(level))
