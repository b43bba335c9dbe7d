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
from interviewer.judge.polarity import Stance, stance
from interviewer.judge.windows import clauses
from knowledge.models import Misconception, Point

WordingKind = Literal["text", "facet", "model", "phrase"]
Draft = tuple[int, WordingKind, str, str, float]
"""Owner, kind, language, text, share of the whole text."""
MIN_FACET = 2.0
"""Content below which a clause of a point joins its neighbour."""
_BELIEF = re.compile(
    r"^(?:误以为|误认为|以为|认为|觉得|把|believes? (?:that )?|thinks? (?:that )?|assumes? (?:that )?|"
    r"claims? (?:that )?|says? (?:that )?)"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One clause of a wording: negation reaches no further than its clause."""

    text: str
    words: frozenset[str]
    stance: Stance


def pieces_of(folded: str) -> tuple[Piece, ...]:
    """The clauses of a normalised wording."""
    texts = [c.text for c in clauses(folded)] or [folded]
    return tuple(Piece(t, frozenset(f for f, _, _ in lexicon.features(t)), stance(t)) for t in texts)


@dataclass(frozen=True, slots=True)
class Wording:
    owner: int
    kind: WordingKind
    lang: str
    text: str
    words: frozenset[str]
    stance: Stance
    pieces: tuple[Piece, ...]
    share: float = 1.0
    """For a facet: its part of the content of the whole text."""


@dataclass(frozen=True, slots=True)
class Term:
    owner: int
    text: str
    bare: str
    latin: bool
    strength: float
    """Below 1 for a term that the question or another point says too."""


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


def _texts(owner: Point | Misconception) -> list[tuple[str, str]]:
    """(language, text), once when a row gave one language for both."""
    if owner.zh == owner.en:
        return [(language_of(owner.en), owner.zh)]
    return [("zh", owner.zh), ("en", owner.en)]


def _own(owner: int, lang: str, text: str) -> list[Draft]:
    text = _BELIEF.sub("", text) if lang == "zh" else _BELIEF.sub("", text[:1].lower() + text[1:])
    facets = split_facets(text)
    whole = sum(c for _, c in facets) or 1.0
    out: list[Draft] = [(owner, "text", lang, text, 1.0)]
    out += [(owner, "facet", lang, t, c / whole) for t, c in facets]
    return out


def split_facets(text: str) -> list[tuple[str, float]]:
    """The clauses of a text with their content; thin ones join the clause before."""
    folded = fold(text)
    parts: list[tuple[str, float]] = []
    for c in clauses(folded):
        worth = lexicon.content(c.text)
        if parts and (worth < MIN_FACET or parts[-1][1] < MIN_FACET):
            before = parts.pop()
            parts.append((f"{before[0]}, {c.text}", before[1] + worth))
        else:
            parts.append((c.text, worth))
    return parts or [(folded or text, 1.0)]


def language_of(text: str) -> str:
    return "en" if script(text) == "en" else "zh"


def terms_of(owners: Sequence[Point | Misconception], points: int, asks: tuple[str, ...]) -> list[Term]:
    asked = [squeeze(fold(a)) for a in asks]
    used: dict[str, set[int]] = {}
    for n, owner in enumerate(owners):
        for t in owner.terms:
            used.setdefault(squeeze(fold(t)), set()).add(n)
    correct = [squeeze(fold(t)) for o in owners[:points] for t in (o.zh, o.en)]
    out = []
    for n, owner in enumerate(owners):
        for t in dict.fromkeys(owner.terms):
            bare = squeeze(fold(t))
            if not bare:
                continue
            strength = 1.0 / len(used[bare])
            if any(bare in a for a in asked):
                strength *= 0.25
            if n >= points and any(bare in c for c in correct):
                strength *= 0.25
            text = fold(t).strip()
            out.append(Term(n, text, bare, not any(map(is_cjk, bare)), strength))
    return out


def holds(term: Term, text: str, bare: str) -> bool:
    """Whether normalised `text` (and it squeezed) has the term, on word borders for Latin terms."""
    if term.bare not in bare:
        return False
    if not term.latin:
        return True
    return re.search(rf"(?<![a-z0-9]){re.escape(term.text)}(?:s|es|d|ed|ing)?(?![a-z0-9])", text) is not None or (
        len(term.bare) >= 8
    )


def squeeze(text: str) -> str:
    return "".join(c for c in text if c.isalnum())
