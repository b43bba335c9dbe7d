"""The wordings of a point or a misconception: its text, the clauses of it, and its terms.

An owner is a point or a misconception, by number: points first. Texts here are a rubric's, never a candidate's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from interviewer.judge import lexicon
from interviewer.judge.normalise import fold, is_cjk, script
from interviewer.judge.polarity import Stance
from interviewer.judge.windows import clauses
from knowledge.models import Misconception, Point

WordingKind = Literal["text", "facet", "model"]
Draft = tuple[int, WordingKind, str, str, float]
"""Owner, kind, language, text, share of the whole text."""
MIN_FACET = 2.0
"""Content below which a clause of a point joins its neighbour."""
_BELIEF = re.compile(
    r"^(?:误以为|误认为|以为|认为|觉得|把|believes? (?:that )?|thinks? (?:that )?|assumes? (?:that )?|claims? (?:that )?|"
    r"says? (?:that )?)"
)


@dataclass(frozen=True, slots=True)
class Wording


@dataclass(frozen=True, slots=True)
class Term


def drafts_of(owners: Sequence[Point | Misconception], points: int) -> list[Draft]:
    """All wordings that the owners bring along themselves."""
    out: list[Draft] = []
    for n, owner in enumerate(owners):
        for lang, text in _texts(owner):
            out.extend(_own(n, lang, text))
        if n >= points:
            # A wrong belief is often held in one of its short wordings and in no other words.
            out.extend((n, "facet", language_of(t), t, 0.0) for t in owner.terms)
    return out


def _texts


def _own


def split_facets


def _lang


def _terms


def holds


def squeeze
