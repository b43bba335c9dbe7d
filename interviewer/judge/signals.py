"""What can be measured of an answer against each point, by name, each between 0 and 1.

cover   best share of a point's own words in one window of the answer, by rubric weight
facet   mean over the point's clauses of their best share, each in its own window
model   best share of a clause of the reference or script that makes the point
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

import numpy as np
from numpy.typing import NDArray

from interviewer.judge import lexicon
from interviewer.judge.index import Floats, RubricIndex
from interviewer.judge.matching import Matches
from interviewer.judge.reading import Reading
from interviewer.judge.wordings import Term, holds, squeeze

NAMES = ("cover", "facet", "model", "mass", "term", "similar", "lead", "apart", "topic", "number", "against", "hedge")
_DENIAL_BEFORE = re.compile(
    r"(?:不是|并非|不能|不会|不要|不用|别|没有|没|不|而非|无需|\bnot|n't|\bnever|\binstead of|\brather than|\bwithout|"
    r"\bno)\s*[^,;。]{0,8}$"
)


:
    """All windows of the answer, as clause ranges, with their words and vectors."""

    ranges: tuple[tuple[int, int], ...]
    words: Floats
    """(windows, vocabulary), 0 or 1."""
    vectors: Floats
    outside: NDArray[np.float32]
    """Content of each window that lies outside the rubric's vocabulary."""


:
    """Similarity of every window with every wording."""

    windows: Windows
    shared: Floats
    """(wordings, windows): share of the wording's words in the window."""
    precise: Floats
    """(wordings, windows): share of the window's words in the wording."""
    similar: Floats
    fit: Floats
    """(wordings, windows): harmonic mean of shared and precise, less for wordings that say little."""
    mass: Floats
    """(points, windows): the point's own vocabulary in the window, saturating."""
    topic: float
    """Similarity of the whole answer with the rubric as a whole."""


@dataclass(frozen=True)
class OwnerSignals:
    values: dict[str, float]
    clauses: tuple[int, ...]
    """Clauses of the answer that the signals rest on, best first."""
    opposing: tuple[int, ...]
    """Clauses that say the opposite."""


(reading: Reading, index: RubricIndex, vectors: Floats) -> Matches:
    """Windows and their similarities; `vectors` are the clauses' embeddings."""
    windows = _windows(reading, index, vectors)
    shared = index.cover @ windows.words.T
    weighted = windows.words * index.idf
    total = weighted.sum(axis=1) + windows.outside
    present = (index.cover > 0).astype(np.float32)
    precise = np.divide(present @ weighted.T, np.maximum(total, 1e-6))
    similar = np.clip((index.vectors @ windows.vectors.T - index.floor) / (1.0 - index.floor), 0.0, 1.0)
    fit = 2 * shared * precise / np.maximum(shared + precise, 1e-6) * index.substance[:, None]
    mass = 1.0 - np.exp(-(index.bags @ windows.words.T) / MASS_SCALE)
    return Matches(windows, shared, precise, similar, fit, mass, _topic(reading, index, vectors))


(reading: Reading, index: RubricIndex, vectors: Floats) -> float:
    worth = np.array(
        [0.0 if m else sum(map(lexicon.weight, w)) for w, m in zip(reading.words, reading.masked, strict=True)],
        dtype=np.float32,
    )
    if not len(worth) or worth.max() <= 0:
        return 0.0
    whole = (vectors * np.sqrt(worth)[:, None]).sum(axis=0)
    cosine = float(whole @ index.centre) / max(float(np.linalg.norm(whole)), 1e-6)
    return min(max((cosine - index.floor) / (1.0 - index.floor), 0.0), 1.0)


(reading: Reading, index: RubricIndex, vectors: Floats) -> Windows:
    n = len(reading.parts)
    clause_words = np.zeros((n, len(index.vocabulary)), dtype=np.float32)
    outside = np.zeros(n, dtype=np.float32)
    worth = np.zeros(n, dtype=np.float32)
    for i, words in enumerate(reading.words):
        if reading.masked[i]:
            continue
        for w in words:
            column = index.vocabulary.get(w)
            own = lexicon.weight(w)
            worth[i] += own
            if column is None:
                outside[i] += own
            else:
                clause_words[i, column] = 1.0
    ranges = tuple(r for r in runs(n) if not reading.masked[r[0] : r[1]].all())
    if not ranges:
        ranges = ((0, 0),)
    weighted = vectors * np.sqrt(worth)[:, None]
    starts = np.array([r[0] for r in ranges])
    ends = np.array([r[1] for r in ranges])
    sums = np.vstack([np.zeros((1, weighted.shape[1]), np.float32), np.cumsum(weighted, axis=0)])
    rows = sums[ends] - sums[starts]
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    counts = np.vstack([np.zeros((1, clause_words.shape[1]), np.float32), np.cumsum(clause_words, axis=0)])
    extra = np.concatenate([[0.0], np.cumsum(outside)])
    return Windows(
        ranges,
        (counts[ends] - counts[starts] > 0).astype(np.float32),
        np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 1e-6),
        (extra[ends] - extra[starts]).astype(np.float32),
    )


(reading: Reading, index: RubricIndex, found: Matches) -> dict[int, dict[int, float]]:
    """Per owner, the clauses that turn one of its wordings round, with the share of words they have.

    A clause is read against the wordings that it resembles most, of all owners: a wording further off
    shares its words by accident, and one as near that agrees clears the clause.
    """
    out: dict[int, dict[int, float]] = {}
    facets = np.array([w.kind != "text" for w in index.wordings])
    for w, (clause, end) in enumerate(found.windows.ranges):
        if end - clause != 1:
            break  # windows come shortest first
        fit = np.where(facets, found.fit[:, w], 0.0)
        best = float(fit.max(initial=0.0))
        about = (found.shared[:, w] >= OPPOSED_FROM) | ((found.precise[:, w] >= 0.6) & (found.similar[:, w] >= 0.4))
        rows = np.flatnonzero((fit >= NEAREST * best) & about & facets)
        turned = {int(r): _turns(reading, clause, index.wordings[r]) for r in rows}
        for row in rows:
            owner = index.wordings[row].owner
            agrees = any(t is False and index.wordings[r].owner == owner for r, t in turned.items())
            if not turned[int(row)] or agrees:
                continue
            mine = out.setdefault(owner, {})
            strength = max(float(found.shared[row, w]), float(found.precise[row, w]) * 0.75)
            mine[clause] = max(mine.get(clause, 0.0), strength)
    return out


(reading: Reading, clause: int, wording: Wording) -> bool | None:
    said = reading.stances[clause]
    if said.denied != wording.stance.denied:
        return not (wording.stance.negated if said.denied else said.negated)
    return opposed(reading.parts[clause].text, reading.words[clause], wording.text, wording.words)


def measure(
    owner: int, reading: Reading, index: RubricIndex, found: Matches, opposing: dict[int, float]
) -> OwnerSignals:
    """The signals of one owner; clauses that say the opposite count only as `against`."""
    usable = _usable(found, set(opposing))
    shared = np.where(usable, found.shared, 0.0)
    similar = np.where(usable, found.similar, 0.0)
    texts, facets, models = (index.rows(owner, k) for k in ("text", "facet", "model"))
    cover, cover_at = _best(shared[texts])
    model, model_at = (
        _best(shared[models] * np.sqrt(found.precise[models]) * index.substance[models, None])
        if len(models)
        else (0.0, -1)
    )
    facet, facet_at = _facets(owner, index, shared)
    rows = np.concatenate([texts, facets, models])
    like, like_at = _best(similar[rows])
    mass, mass_at = _best(np.where(usable, found.mass[owner : owner + 1], 0.0))
    lead, apart = _leads(owner, index, found.similar, found.mass, usable)
    hits, term_clauses = _terms(owner, reading, index, set(opposing))
    windows = [cover_at, model_at if model > 0.3 else -1, mass_at if mass > 0.3 else -1, *facet_at]
    clauses = _clauses(found, windows) if cover > 0.15 or model > 0.3 else []
    ordered = tuple(dict.fromkeys([*clauses, *term_clauses, *(_clauses(found, [like_at]) if like > 0.5 else [])]))
    weak = [i for i in ordered if reading.stances[i].hedged]
    return OwnerSignals(
        {
            "cover": cover,
            "facet": facet,
            "model": model,
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


def _leads(
    owner: int, index: RubricIndex, similar: Floats, mass: Floats, usable: NDArray[np.bool_]
) -> tuple[float, float]:
    """`lead` and `apart`: the best window's distance from the other points, by vectors and by words."""
    points = len(index.points)
    if owner >= points or not usable.any():
        return 0.0, 0.0
    per = np.stack([similar[index.owner_of == k].max(axis=0) for k in range(points)])
    others = np.delete(per, owner, axis=0).max(axis=0, initial=0.0)
    lead = np.where(usable, per[owner] - others, -1.0).max()
    rest = np.delete(mass, owner, axis=0)
    mean = rest.mean(axis=0) if len(rest) else 0.0
    apart = np.where(usable, mass[owner] - mean, -1.0).max()
    return float(lead), float(apart)


def _clauses(found: Matches, windows: list[int]) -> list[int]:
    return [i for w in windows if w >= 0 for i in range(*found.windows.ranges[w])]


def term_hits(
    owner: int, reading: Reading, index: RubricIndex, without: set[int], *, asserted: bool = False
) -> list[tuple[Term, int]]:
    """Terms of an owner with a clause that has them, outside masked clauses.

    With `asserted`, a term right behind a negation, or in a denied clause, does not count.
    """
    found = []
    bares = [squeeze(p.text) for p in reading.parts]
    for term in index.terms:
        if term.owner != owner:
            continue
        for i, part in enumerate(reading.parts):
            if reading.masked[i] or i in without or not holds(term, part.text, bares[i]):
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
    wanted = [set(lexicon.numbers(t)) - {1.0, 2.0, 0.0} for t in texts]
    wanted = [w for w in wanted if w]
    if not wanted:
        return 1.0
    given = set(lexicon.numbers(" ; ".join(reading.parts[i].text for i in clauses)))
    return max(len(w & given) / len(w) for w in wanted)
