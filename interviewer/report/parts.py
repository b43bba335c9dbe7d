"""What a report is made of once everything has been looked up: plain values, ready to be laid out.

Every string here may still be hostile. The renderers escape; these shapes only carry.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from interviewer.models import Evidence, Verdict
from interviewer.report.highlight import Stretch
from interviewer.report.words import Words

ICONS: dict[Verdict, str] = {"covered": "✓", "partial": "◐", "missing": "○", "contradicted": "✗"}


@dataclass(frozen=True)
class PointRow:
    number: int
    text: str
    verdict: Verdict
    icon: str
    word: str
    percent: int
    core: bool
    weight: str
    evidence: list[Evidence]


@dataclass(frozen=True)
class MisconceptionRow:
    letter: str
    text: str
    penalty: str
    evidence: list[Evidence]


@dataclass(frozen=True)
class Judged:
    """One judgement. `score` is None when unscored, and `unscored` then says why."""

    score: float | None
    interval: tuple[float, float] | None
    needs_review: bool
    unscored: str
    points: list[PointRow]
    misconceptions: list[MisconceptionRow]
    dimensions: list[tuple[str, int]]
    flags: list[str]
    feedback: str


@dataclass(frozen=True)
class Option:
    letter: str
    text: str
    chosen: bool
    right: bool
    why: str


@dataclass(frozen=True)
class Exchange:
    """One turn: what was shown, what came back, how it was judged."""

    anchor: str
    kind: str
    label: str
    text: str
    why: str
    took: str
    answer: str | None
    is_code: bool
    status: str
    """A word where the candidate did not answer (skipped, did not know); else empty."""
    options: list[Option]
    judged: Judged | None
    stretches: list[Stretch]


@dataclass(frozen=True)
class Source:
    label: str
    url: str | None
    note: str


@dataclass(frozen=True)
class QuestionPart:
    number: int
    anchor: str
    id: str
    tags: list[str]
    main: Exchange
    steps: list[Exchange]
    first: float | None
    probe: float | None
    final: float | None
    hints: int
    status: str
    reference: str = ""
    solution: str = ""
    talk: str = ""
    bonus_line: str = ""
    sources: list[Source] = field(default_factory=list)


@dataclass(frozen=True)
class SkillRow:
    name: str
    level: float
    low: float
    high: float
    answers: int


@dataclass(frozen=True)
class StudyRow:
    skill: str
    name: str
    why: str
    builds_on: list[str]
    points: list[str]
    questions: list[tuple[str, str | None]]
    """Question ids, each with its anchor in this report where it was asked here."""


@dataclass(frozen=True)
class View:
    """The whole report, in one language."""

    t: Words
    role: str
    level: str
    date: str
    duration: str
    score: float | None
    grade: int | None
    grade_name: str
    counts: str
    ended: str
    notices: list[str]
    judge_lines: list[str]
    judge_card: str
    first: float | None
    probe: float | None
    hints: int
    skills: list[tuple[str, list[SkillRow]]]
    """Category name, and its skills."""
    unasked: int
    questions: list[QuestionPart]
    study: list[StudyRow]
    session: str
    provenance: list[list[str]]
    """One row per judge that graded something, in the order of `PROVENANCE`."""
    usage: str


PROVENANCE = (
    "prov.kind",
    "prov.model",
    "prov.rubric",
    "prov.prompt",
    "prov.calibration",
    "prov.embedder",
    "prov.fallback",
    "prov.answers",
)


def marks(value: float | None) -> str:
    """Marks as people write them: one decimal, or a dash where there are none."""
    return "–" if value is None else f"{value:.1f}"
