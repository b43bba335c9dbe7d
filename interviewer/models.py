"""What passes between the rooms: an answer, its judgement, a turn, a report.

Field names are the stable JSON contract. Scores are 0-10, grades 0-5, credits 0-1, offsets count
characters of the answer as it was given.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from knowledge.models import Kind, Lang, Level, Misconception, Point, Question, Role

Verdict = Literal["covered", "partial", "missing", "contradicted"]
TurnKind = Literal["question", "follow_up", "hint"]
Action = Literal["answer", "skip", "dont_know", "hint", "finish"]
Flag = Literal[
    "empty",
    "dont_know",
    "off_topic",
    "copied_question",
    "stuffing",
    "injection",
    "too_long",
    "no_choice",
    "code_unparsed",
    "embedder_fallback",
    "ungraded",
    "waiting",
]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Evidence(Model):
    """A stretch of the answer that a verdict rests on; `text == answer[start:end]`."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str


class PointVerdict(Model):
    id: str
    verdict: Verdict
    credit: float = Field(ge=0, le=1)
    evidence: list[Evidence] = []
    text: str = ""
    """The point in the language of the judgement, so that a stored judgement reads on its own."""
    weight: float = 1
    core: bool = True
    signals: dict[str, float] = {}
    """What the judge measured for this point: similarity, coverage, cues."""


class MisconceptionFound(Model):
    id: str
    evidence: list[Evidence] = []
    text: str = ""
    penalty: float = 0


class JudgeInfo(Model):
    """Where a judgement comes from."""

    kind: str
    """`offline`, `llm`, …"""
    model: str | None = None
    rubric_hash: str = ""
    prompt_hash: str | None = None
    calibration: str = ""
    embedder: str = ""
    fallback: bool = False
    note: str = ""
    """Why the judge that was asked for did not judge, where another did."""


class Usage(Model):
    calls: int = 0
    input_tokens: int | None = 0
    output_tokens: int | None = 0
    cost: float | None = 0
    """US dollars; null when unknown."""
    seconds: float = 0


class Judgement(Model):
    """The verdict on one answer. `score is None` means unscored, and `error` says why."""

    score: float | None
    grade: int | None
    interval: tuple[float, float] | None = None
    """Where the score lies with nominal 90 %; null when unscored."""
    needs_review: bool = False
    points: list[PointVerdict] = []
    misconceptions: list[MisconceptionFound] = []
    dimensions: dict[str, int] = {}
    """Level 1-5 per dimension of `rubrics/data/dimensions.yaml`, where the judge rates it."""
    flags: list[Flag] = []
    feedback: str = ""
    chosen: str | None = None
    """For choice questions: the letter the candidate chose, as shown to them."""
    judge: JudgeInfo
    usage: Usage = Usage()
    error: str | None = None


class Rubric(Model):
    """All that a judge needs of a question, whether it comes from the map or from a row of a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    kind: Kind = Kind.OPEN
    ask: str
    """The question as the candidate saw it."""
    points: tuple[Point, ...]
    misconceptions: tuple[Misconception, ...] = ()
    reference: str = ""
    question: Question | None = None
    """The map's question, when there is one: choices, checks and both languages."""
    option_order: tuple[int, ...] = ()
    """For choice questions: `option_order[shown] == index in question.choices`."""
    phrasings: dict[str, tuple[str, ...]] = {}
    """Other wordings of points and misconceptions, by id: for a judge that goes by words, not shown to a model."""
    denies: dict[str, tuple[str, ...]] = {}
    """By misconception: the points that no one can be credited with who holds it."""


class Setup(Model):
    """What a candidate chooses before the first question; fixed for the session."""

    role: Role
    level: Level = "mid"
    lang: Lang = "zh"
    questions: int = Field(default=6, ge=1, le=50)
    """Questions to ask, follow-ups not counted."""
    minutes: float = Field(default=45, gt=0, le=600)
    """Time after which no further question is asked."""
    follow_ups: int = Field(default=2, ge=0, le=4)
    """Most follow-ups for one question."""
    seed: int = 0
    """Decides the order of options, and the choice between questions that tell equally much."""
    shuffle: bool = True
    """Shuffle the options of choice questions."""
    skill: str | None = None
    """Practise this skill first, with its prerequisites for want of questions."""
    only: list[str] = []
    """Ask just these questions, in this order."""
    pack: str | None = None
    """The folder of the questions; None for the packaged map."""
    seen: dict[str, int] = {}
    """How often each question was asked in earlier interviews, when this one began."""


class Turn(Model):
    """One exchange. For a hint, `text` is the hint and there is no answer."""

    turn_id: str
    question_id: str
    kind: TurnKind
    text: str = ""
    """What was shown to the candidate."""
    skill: str = ""
    rung: str | None = None
    follow_up: int | None = None
    """Index into the question's follow-ups, for a follow-up of the map."""
    generated: bool = False
    """A follow-up that a model wrote, in this interview."""
    targets: list[str] = []
    """For a generated follow-up: ids of the question's points that its answer is judged by."""
    writing: Usage | None = None
    """For a generated follow-up: what writing it took."""
    answer: str | None = None
    action: Action | None = None
    judgement: Judgement | None = None
    why: str = ""
    """Why this question, or this follow-up, was chosen."""
    asked_at: str = ""
    answered_at: str | None = None
    option_order: list[int] = []
    options: list[str] = []
    """For choice questions: the options as shown, without their letters."""


class QuestionResult(Model):
    """The scores of one question kept apart; null where there was no such attempt."""

    question_id: str
    skill: str
    first_attempt: float | None
    after_probe: float | None
    hints: int = 0
    final: float | None
    """First attempt plus the policy's share of what probing brought out, less hints."""
    status: Literal["answered", "skipped", "dont_know", "unscored"] = "answered"


class SkillStanding(Model):
    """Posterior of the ability in one skill, on the logit scale (0 = a mid-level candidate)."""

    skill: str
    name: str
    category: str
    ability: float
    se: float
    level: float = Field(ge=0, le=100)
    """The ability as a percentage for bars: the expected share of marks on a difficulty-5 question."""
    answers: int = 0


class StudyItem(Model):
    skill: str
    name: str
    why: str
    question_ids: list[str] = []
    points: list[str] = []
    """Texts of the points that were missed."""


class Report(Model):
    """The whole interview. `score` is the mean final score of the questions that were scored."""

    session: str
    role: str
    level: str
    lang: str
    score: float | None
    grade: int | None = None
    first_attempt: float | None = None
    after_probe: float | None = None
    hints: int = 0
    skills: list[SkillStanding] = []
    questions: list[QuestionResult] = []
    turns: list[Turn] = []
    study_next: list[StudyItem] = []
    judge: JudgeInfo | None = None
    judge_card: str = ""
    """One line: how far the judge in use was found to agree with reference grades."""
    started_at: str = ""
    finished_at: str | None = None
    finished: bool = False
    why_ended: str = ""
    extra: dict[str, Any] = {}
    """Unused; reports that were kept hold it."""
