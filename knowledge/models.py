"""Shapes of the knowledge map: categories, skills, questions and their rubric points.

A leaf: knows pydantic and nothing of this project. Every model refuses unknown keys, so a
misspelt YAML key is an error with a place, never a silently dropped field.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Lang = Literal["zh", "en"]
Level = Literal["junior", "mid", "senior"]
Rung = Literal["clarify", "mechanism", "trade-off", "transfer"]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(?:[.-][a-z0-9]+)*$", max_length=80)]
Role = Slug
"""The id of a job that interviews are held for; `roles.yaml` has those of the map."""
NonEmpty = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Kind(StrEnum):
    """How a question is asked, and so how its answer is judged."""

    OPEN = "open"
    SCENARIO = "scenario"
    CHOICE = "choice"
    CODE = "code"


Standing = Literal["must", "deep", "nice"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bilingual(Strict):
    """The same text in Chinese and in English; neither is a summary of the other."""

    zh: NonEmpty
    en: NonEmpty

    def text(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


class Point(Bilingual):
    """One atomic thing a good answer says; the unit of credit."""

    id: Slug
    weight: float = Field(default=1, gt=0, le=5)
    core: bool = True
    """Core points make up the score; the others are a bonus."""
    terms: list[NonEmpty] = []
    """Accepted wordings and aliases in both languages, colloquial ones included."""


class Misconception(Bilingual):
    """A wrong belief people really hold; costs marks when the answer asserts it."""

    id: Slug
    penalty: float = Field(default=1, gt=0, le=3)
    """Marks lost on the 0-10 scale, before the cap of the rubric's policy."""
    terms: list[NonEmpty] = []


class When(Strict):
    """What in the judgement calls for the follow-up; exactly one is set."""

    missing: Slug | None = None
    misconception: Slug | None = None
    score_at_least: float | None = Field(default=None, ge=0, le=10)

    @model_validator(mode="after")
    def _exactly_one(self) -> When:
        given = [v for v in (self.missing, self.misconception, self.score_at_least) if v is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of: missing, misconception, score_at_least")
        return self


class FollowUp(Bilingual):
    """A probe on one rung of the ladder. It presupposes nothing and leaks no answer."""

    when: When
    rung: Rung
    points: list[Slug | Point] = []
    """What its answer is graded on: ids of the question's points, or points of its own."""


class Choice(Bilingual):
    """One option of a choice question."""

    why: Bilingual
    """Why this option is right, or which misconception makes it tempting."""
    misconception: Slug | None = None


class Pattern(Strict):
    """What a syntax tree may contain. A dotted name matches as a suffix, aliases resolved."""

    call: str | None = None
    keywords: dict[str, Any] = {}
    """For `call`: keyword arguments that must be there; null means any value."""
    import_: str | None = Field(default=None, alias="import")
    attribute: str | None = None
    """An attribute read or assigned, e.g. `model.config.use_cache`."""
    name: str | None = None
    """Any identifier, argument name or string equal to this."""

    @model_validator(mode="after")
    def _one_kind(self) -> Pattern:
        if sum(v is not None for v in (self.call, self.import_, self.attribute, self.name)) != 1:
            raise ValueError("give exactly one of: call, import, attribute, name")
        if self.keywords and self.call is None:
            raise ValueError("keywords belong to a call")
        return self


class Check(Bilingual):
    """One check of a code answer's syntax tree; the code is never run."""

    id: Slug
    point: Slug | None = None
    """The point that the check gives credit to."""
    any: list[Pattern] = Field(min_length=1)
    """The check holds when one of these is found."""
    absent: bool = False
    """The check holds when none of them is found (a call that must not be there)."""


class Source(Strict):
    """A primary source: a paper with its arXiv id or venue, or a document with its version."""

    paper: str | None = None
    doc: str | None = None
    id: str | None = None
    url: str | None = None
    year: int | None = Field(default=None, ge=1900, le=2100)
    version: str | None = None
    for_: str | None = Field(default=None, alias="for")
    """Which claim the source carries, when there are several."""

    @model_validator(mode="after")
    def _is_named(self) -> Source:
        if (self.paper is None) == (self.doc is None):
            raise ValueError("give exactly one of: paper, doc")
        if self.paper is not None and (self.year is None or not (self.id or self.url)):
            raise ValueError("a paper needs its year and an id (arXiv:…, doi:…) or a url")
        if self.doc is not None and not self.url:
            raise ValueError("a doc needs its url")
        return self

    @property
    def label(self) -> str:
        """Title, and year or version."""
        about = ", ".join(str(x) for x in (self.year, self.version) if x)
        return f"{self.paper or self.doc}{f' ({about})' if about else ''}"

    @property
    def link(self) -> str | None:
        """Where it can be read: its url, or the one that its id means; only http(s)."""
        url, known = self.url, (self.id or "").strip()
        if not url and known.lower().startswith("arxiv:"):
            url = f"https://arxiv.org/abs/{known[6:].strip()}"
        elif not url and known.lower().startswith("doi:"):
            url = f"https://doi.org/{known[4:].strip()}"
        return url if url and url.startswith(("https://", "http://")) else None

    @property
    def line(self) -> str:
        """The whole source on one line."""
        where = self.link or self.id
        return f"{self.label}{f', {where}' if where else ''}{f': {self.for_}' if self.for_ else ''}"


class Question(Strict):
    """One question with everything needed to ask it, judge it, probe deeper and teach it."""

    id: Slug
    kind: Kind
    difficulty: int = Field(ge=1, le=10)
    roles: dict[Role, Standing] = Field(min_length=1)
    ask: Bilingual
    points: list[Point] = Field(min_length=1, max_length=9)
    misconceptions: list[Misconception] = []
    reference: Bilingual
    talk: Bilingual
    """What one would say aloud in 30-60 seconds."""
    bonus_line: Bilingual
    hint: Bilingual | None = None
    """A nudge that names no missing point; taking it costs marks."""
    follow_ups: list[FollowUp] = []
    choices: list[Choice] = []
    key: Literal["A", "B", "C", "D", "E", "F"] | None = None
    checks: list[Check] = []
    solution: NonEmpty | None = None
    sources: list[Source] = []
    covers: list[str] = []
    """Ids of the source items (`source_items.yaml`) that the question covers."""

    @property
    def key_index(self) -> int | None:
        return None if self.key is None else ord(self.key) - ord("A")

    @model_validator(mode="after")
    def _whole(self) -> Question:
        point_ids = [p.id for p in self.points]
        own = [p.id for f in self.follow_ups for p in f.points if isinstance(p, Point)]
        for kind, ids in (
            ("point", point_ids + own),
            ("misconception", [m.id for m in self.misconceptions]),
            ("check", [c.id for c in self.checks]),
        ):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(f"{kind} id used twice: {', '.join(twice)}")
        if not any(p.core for p in self.points):
            raise ValueError("at least one point must be core")
        known = set(point_ids)
        misconceptions = {m.id for m in self.misconceptions}
        for f in self.follow_ups:
            refs = [p for p in f.points if isinstance(p, str)]
            for ref in [*refs, *([f.when.missing] if f.when.missing else [])]:
                if ref not in known:
                    raise ValueError(f"follow-up refers to an unknown point: {ref}")
            if f.when.misconception and f.when.misconception not in misconceptions:
                raise ValueError(f"follow-up refers to an unknown misconception: {f.when.misconception}")
        for c in self.checks:
            if c.point and c.point not in known:
                raise ValueError(f"check {c.id} refers to an unknown point: {c.point}")
        for option in self.choices:
            if option.misconception and option.misconception not in misconceptions:
                raise ValueError(f"choice refers to an unknown misconception: {option.misconception}")
        if self.kind is Kind.CHOICE:
            if len(self.choices) < 3 or self.key_index is None or self.key_index >= len(self.choices):
                raise ValueError("a choice question needs three or more choices and a key among them")
        elif self.choices or self.key:
            raise ValueError("choices and key belong to a choice question")
        if self.kind is Kind.CODE:
            if not self.checks or not self.solution:
                raise ValueError("a code question needs checks and a solution")
        elif self.checks or self.solution:
            raise ValueError("checks and solution belong to a code question")
        return self


class Category(Bilingual):
    id: Slug


class Skill(Bilingual):
    """A skill of the map, with the questions that test it."""

    skill: Slug
    category: Slug
    difficulty: int = Field(ge=1, le=10)
    scope: Bilingual
    prerequisites: list[Slug] = []
    weights: dict[Role, int]
    """How much the skill matters per role: 0 not asked, 1 good to know, 2 often, 3 core."""
    questions: list[Question] = []

    @property
    def id(self) -> str:
        return self.skill

    @model_validator(mode="after")
    def _weights(self) -> Skill:
        if any(not 0 <= w <= 3 for w in self.weights.values()):
            raise ValueError("weights go from 0 to 3")
        return self


class Asked(Strict):
    """A question on a role's list, and why it is there."""

    question: Slug
    why: Bilingual


class RoleInfo(Bilingual):
    """A role's names, and the words by which people call it."""

    id: Role
    short: Bilingual | None = None
    """For narrow places; the name itself where there is none."""
    aliases: list[str] = []
    about: Bilingual
    asked: list[Asked] = []
    """The questions to prepare for this role, in order: what it must know, then the deep dives."""

    def brief(self, lang: str) -> str:
        return (self.short or self).text(lang)
