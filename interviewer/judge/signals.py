"""What can be measured of an answer against each point, by name, each between 0 and 1.

cover   best share of a point's own words in one window of the answer, by rubric weight
facet   mean over the point's clauses of their best share, each in its own window
model   best share of a clause of the reference or script that makes the point
phrase  best share of one of the point's phrasings
mass    how much of the point's own vocabulary one window has, however long the point is
term    accepted wordings found
similar best embedding similarity, above the floor of the embedder
lead    by how much some window is closer to this point than to any other, by vectors
apart   by how much some window has more of this point's vocabulary than of the others'
topic   similarity of the whole answer with the rubric as a whole
number  share of the point's numbers that the answer gives (1 when the point has none)
against evidence that the answer says the opposite
hedge   the evidence is hedged

Signals see words and vectors only; what they add up to is for `fusion` to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from interviewer.judge import lexicon
from interviewer.judge.index import Floats, RubricIndex
from interviewer.judge.matching import Matches
from interviewer.judge.reading import Reading
from interviewer.judge.wordings import Term, holds

NAMES = (
    "cover", "facet", "model", "phrase", "mass", "term", "similar", "lead", "apart", "topic", "number", "against",
    "hedge",
)  # fmt: skip
_DENIAL_BEFORE = re.compile(
    r"(?:不是|并非|不能|不会|不要|不用|别|没有|没|不|而非|无需|\bnot|n't|\bnever|\binstead of|\brather than|\bwithout|"
    r"\bno)\s*[^,;。]{0,8}$"
)


CITED = 4
"""Clauses that are cited for a passage, best first."""
SHOWN = 0.25
"""Similarity from which a window without shared words is shown as what the signals rest on."""


@dataclass(frozen=True)
class OwnerSignals:
    values: dict[str, float]
    clauses: tuple[int, ...]
    """Clauses of the answer that the signals rest on, best first."""
    opposing: tuple[int, ...]
    """Clauses that say the opposite."""


def measure(
    owner: int, reading: Reading, index: RubricIndex, found: Matches, opposing: dict[int, float]
) -> OwnerSignals:
    """The signals of one owner; clauses that say the opposite count only as `against`."""
    usable = _usable(found, set(opposing))
    shared = np.where(usable, found.shared, 0.0)
    similar = np.where(usable, found.similar, 0.0)
    texts, facets, models, phrases = (index.rows(owner, k) for k in ("text", "facet", "model", "phrase"))
    cover, cover_at = _best(shared[texts])
    model, model_at = _said(models, index, found, shared)
    phrase, phrase_at = _said(phrases, index, found, shared)
    facet, facet_at = _facets(owner, index, shared)
    rows = np.concatenate([texts, facets, models, phrases])
    like, like_at = _best(similar[rows])
    mass, mass_at = _best(np.where(usable, found.mass[owner : owner + 1], 0.0))
    lead, apart = _most(owner, found.leads, usable), _most(owner, found.apart, usable)
    hits, term_clauses = _terms(owner, reading, index, set(opposing))
    alike = [at for value, at in ((model, model_at), (phrase, phrase_at), (mass, mass_at)) if value > 0.3]
    clauses = _clauses(found, [cover_at, *alike, *facet_at]) if cover > 0.15 or max(model, phrase) > 0.3 else []
    ordered = tuple(dict.fromkeys([*clauses, *term_clauses, *(_clauses(found, [like_at]) if like > 0.5 else [])]))
    if not ordered and like > SHOWN:
        ordered = tuple(_clauses(found, [like_at]))  # vectors alone: the window they rest on is what can be shown
    weak = [i for i in ordered if reading.stances[i].hedged]
    return OwnerSignals(
        {
            "cover": cover,
            "facet": facet,
            "model": model,
            "phrase": phrase,
            "mass": mass,
            "term": hits,
            "similar": like,
            "lead": lead,
            "apart": apart,
            "topic": found.topic,
            "number": _numbers(owner, index, reading, ordered),
            "against": max(opposing.values(), default=0.0),
            "hedge": len(weak) / len(ordered) if ordered else 0.0,
        },
        ordered,
        tuple(opposing),
    )


def _said(rows: NDArray[np.int64], index: RubricIndex, found: Matches, shared: Floats) -> tuple[float, int]:
    """The best share of one of these whole wordings in a window, less where the window says much beside it."""
    if not len(rows):
        return 0.0, -1
    return _best(shared[rows] * np.sqrt(found.precise[rows]) * index.substance[rows, None])


def _usable(found: Matches, without: set[int]) -> NDArray[np.bool_]:
    if not without:
        return np.ones(len(found.windows.ranges), dtype=bool)
    return np.array([not any(i in without for i in range(*r)) for r in found.windows.ranges])


def _best(scores: Floats) -> tuple[float, int]:
    if scores.size == 0:
        return 0.0, -1
    # Of equal windows the shortest: windows are ordered by length, and argmax takes the first.
    at = int(np.argmax(scores.max(axis=0)))
    return float(scores[:, at].max()), at


def _facets(owner: int, index: RubricIndex, shared: Floats) -> tuple[float, list[int]]:
    best, places = 0.0, []
    for lang in ("zh", "en"):
        rows = index.rows(owner, f"facet:{lang}")
        if not len(rows):
            continue
        part = shared[rows]
        share = index.shares[rows]
        value = float((part.max(axis=1) * share).sum() / max(float(share.sum()), 1e-6))
        if value > best:
            best = value
            places = [int(w) for w, m in zip(part.argmax(axis=1), part.max(axis=1), strict=True) if m >= 0.35]
    return min(best, 1.0), places


def _most(owner: int, scores: Floats, usable: NDArray[np.bool_]) -> float:
    """The most of a point's row over the usable windows, for owners that are points."""
    if owner >= len(scores) or not usable.any():
        return 0.0
    return float(scores[owner, usable].max())


def _clauses(found: Matches, windows: list[int]) -> list[int]:
    return [i for w in windows if w >= 0 for i in range(*found.windows.ranges[w])]


def term_hits(
    owner: int, reading: Reading, index: RubricIndex, without: set[int], *, asserted: bool = False
) -> list[tuple[Term, int]]:
    """Terms of an owner with a clause that has them, outside masked clauses.

    With `asserted`, a term right behind a negation, or in a denied clause, does not count.
    """
    found = []
    for term in index.terms_of.get(owner, ()):
        if term.bare not in reading.all_bare:  # most are nowhere, and need no clause looked at
            continue
        for i, part in enumerate(reading.parts):
            if reading.masked[i] or i in without or not holds(term, part.text, reading.bare[i]):
                continue
            if asserted and (reading.stances[i].denied or _negated(term, part.text)):
                continue
            found.append((term, i))
            break
    return found


def _negated(term: Term, text: str) -> bool:
    at = text.find(term.text)
    return at > 0 and _DENIAL_BEFORE.search(text[:at]) is not None


def _terms(owner: int, reading: Reading, index: RubricIndex, without: set[int]) -> tuple[float, list[int]]:
    hits = term_hits(owner, reading, index, without)
    missed = 1.0
    for term, clause in hits:
        missed *= 1.0 - 0.6 * term.strength * (0.3 if reading.listed[clause] else 1.0)
    return 1.0 - missed, [c for _, c in hits]


def _numbers(owner: int, index: RubricIndex, reading: Reading, clauses: tuple[int, ...]) -> float:
    texts = [index.wordings[r].text for r in index.rows(owner, "text")]
    wanted = [w for w in map(_figures, texts) if w]
    if not wanted:
        return 1.0
    given = set(lexicon.numbers(" ; ".join(reading.parts[i].text for i in clauses)))
    return max(len(w & given) / len(w) for w in wanted)


@lru_cache(maxsize=4096)
def _figures(wording: str) -> frozenset[float]:
    """The numbers of a rubric's wording that say something."""
    return frozenset(lexicon.numbers(wording)) - {0.0, 1.0, 2.0}
