"""Shapes of the grading rules: the scale, the dimensions with behaviour anchors, the policy per kind.

A leaf: knows pydantic and nothing of this project.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Strict):
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


class Grade(Strict):
    """One step of the 0-5 scale and what an answer at that step is like."""

    grade: int = Field(ge=0, le=5)
    name: Words
    anchor: Words


class Dimension(Strict):
    """One side of an answer, rated 1-5 by observable behaviour; never part of the score."""

    id: str = Field(pattern=r"^[a-z-]+$")
    name: Words
    question: Words
    anchors: dict[int, Words]
    """Level 1, 3 and 5 at least; the levels between are read off them."""

    @model_validator(mode="after")
    def _anchored(self) -> Dimension:
        if not {1, 3, 5} <= set(self.anchors) <= {1, 2, 3, 4, 5}:
            raise ValueError("anchors are needed for levels 1, 3 and 5, and go from 1 to 5")
        return self


class Thresholds(Strict):
    """Credit (0-1) from which a point counts as covered, and as partly covered."""

    covered: float = Field(gt=0, le=1)
    partial: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> Thresholds:
        if self.partial >= self.covered:
            raise ValueError("partial must lie below covered")
        return self


class KindPolicy(Strict):
    """How points become a score for one question kind. All marks are on the 0-10 scale."""

    bonus_cap: float = Field(ge=0, le=3)
    """Most marks that bonus points can add."""
    misconception_cap: float = Field(ge=0, le=10)
    """Most marks that misconceptions can take."""
    key_marks: float = Field(default=0, ge=0, le=10)
    """For choice questions: marks for the right option; the reasons earn the rest."""
    wrong_key_cap: float = Field(default=0, ge=0, le=10)
    """For choice questions: most marks when the option is wrong."""
    check_share: float = Field(default=0, ge=0, le=1)
    """For code: the least credit of a point whose syntax-tree check holds."""
    failed_check_cap: float = Field(default=1, ge=0, le=1)
    """For code that parses: most credit of a point none of whose checks holds; more with each that does."""


class Policy(Strict):
    version: int
    thresholds: Thresholds
    hint_cost: float = Field(ge=0, le=5)
    """Marks a hint costs on the question it was taken for."""
    probe_share: float = Field(ge=0, le=1)
    """How much of what a follow-up brings out counts towards the final score of a question."""
    review_interval: float = Field(gt=0, le=10)
    """Width of the interval from which a person should look at the grade."""
    max_answer_chars: int = Field(ge=1000)
    """What lies beyond is kept on disk and not judged; the judgement says so."""
    kinds: dict[str, KindPolicy]

    @model_validator(mode="after")
    def _all_kinds(self) -> Policy:
        missing = {"open", "scenario", "choice", "code"} - set(self.kinds)
        if missing:
            raise ValueError(f"no policy for: {', '.join(sorted(missing))}")
        return self


class Rules(Strict):
    """Everything in `rubrics/data`, with the hash that goes into the provenance of a judgement."""

    grades: tuple[Grade, ...]
    dimensions: tuple[Dimension, ...]
    policy: Policy
    hash: str

    @model_validator(mode="after")
    def _whole_scale(self) -> Rules:
        if [g.grade for g in self.grades] != list(range(6)):
            raise ValueError("the scale needs the grades 0 to 5, in order")
        return self
