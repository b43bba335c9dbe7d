"""Every window of an answer against every wording of a rubric, and which clauses turn a wording round.

Knows words, vectors and polarity; what they say about a point is for `signals`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import NDArray

from interviewer.judge import lexicon
from interviewer.judge.index import Floats, RubricIndex
from interviewer.judge.polarity import opposed
from interviewer.judge.reading import Reading
from interviewer.judge.windows import runs
from interviewer.judge.wordings import Wording

OPPOSED_FROM = 0.42
"""Share of a facet's words in a clause from which its polarity is compared."""
MASS_SCALE = 4.0
"""Content at which `mass` reaches 1 - 1/e."""
ENOUGH_SAID = 1.3
"""Content from which a short clause can turn round a longer claim that it repeats a part of."""
NEAREST = 0.8
"""Part of the best fit from which a wording counts among the nearest to a clause."""


@dataclass(frozen=True)
class Windows:
    """All windows of the answer, as clause ranges, with their words and vectors."""

    ranges: tuple[tuple[int, int], ...]
    words: Floats
    """(windows, vocabulary), 0 or 1."""
    vectors: Floats
    outside: NDArray[np.float32]
    """Content of each window that lies outside the rubric's vocabulary."""


@dataclass(frozen=True)
class Matches:
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
    leads: Floats
    """(points, windows): how much more similar the window is to the point than to the nearest other point."""
    apart: Floats
    """(points, windows): how much more of the point's vocabulary is in the window than of the others' on average."""


def match(reading: Reading, index: RubricIndex, vectors: Floats) -> Matches:
    """Windows and their similarities; `vectors` are the clauses' embeddings."""
    windows = _windows(reading, index, vectors)
    # Only the words that the answer has can be shared, and they are few.
    said = np.flatnonzero(windows.words.any(axis=0))
    words = windows.words[:, said]
    inside = _product(index.weights[:, said], words)
    total = (words * index.idf[said]).sum(axis=1) + windows.outside
    shared = np.asarray(inside / np.maximum(index.totals, 1e-6)[:, None], dtype=np.float32)
    precise = inside / np.maximum(total, 1e-6)
    similar = np.clip((_product(index.vectors, windows.vectors) - index.floor) / (1.0 - index.floor), 0.0, 1.0)
    fit = 2 * shared * precise / np.maximum(shared + precise, 1e-6) * index.substance[:, None]
    mass = np.asarray(1.0 - np.exp(-_product(index.bags[:, said], words) / MASS_SCALE), dtype=np.float32)
    leads, apart = _apart(index, similar, mass)
    return Matches(windows, shared, precise, similar, fit, mass, _topic(reading, index, vectors), leads, apart)


def _apart(index: RubricIndex, similar: Floats, mass: Floats) -> tuple[Floats, Floats]:
    points = len(index.points)
    best = np.stack([similar[index.owner_of == k].max(axis=0) for k in range(points)])
    first, second = best.argmax(axis=0), np.sort(best, axis=0)[-2] if points > 1 else np.zeros(best.shape[1])
    others = np.where(np.arange(points)[:, None] == first, second, best.max(axis=0))
    rest = (mass.sum(axis=0) - mass) / max(points - 1, 1)
    return np.asarray(best - others, np.float32), np.asarray(mass - rest, np.float32)


def _product(left: Floats, right: Floats) -> Floats:
    """`left @ right.T` in one thread: on a busy machine BLAS threads wait longer for each other than this takes."""
    return np.asarray(np.einsum("ik,jk->ij", left, right, optimize=False), dtype=np.float32)


def _topic(reading: Reading, index: RubricIndex, vectors: Floats) -> float:
    worth = np.array(
        [0.0 if m else fsum(map(lexicon.weight, w)) for w, m in zip(reading.words, reading.masked, strict=True)],
        dtype=np.float32,
    )
    if not len(worth) or worth.max() <= 0:
        return 0.0
    whole = (vectors * np.sqrt(worth)[:, None]).sum(axis=0)
    cosine = float(whole @ index.centre) / max(float(np.linalg.norm(whole)), 1e-6)
    return min(max((cosine - index.floor) / (1.0 - index.floor), 0.0), 1.0)


def _windows(reading: Reading, index: RubricIndex, vectors: Floats) -> Windows:
    n = len(reading.parts)
    clause_words = np.zeros((n, len(index.vocabulary)), dtype=np.float32)
    outside = np.zeros(n, dtype=np.float32)
    worth = np.zeros(n, dtype=np.float32)
    for i, words in enumerate(reading.words):
        if reading.masked[i]:
            continue
        for w in sorted(words):  # sums of floats depend on their order, and a set's changes with the process
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


def opposing_clauses(reading: Reading, index: RubricIndex, found: Matches) -> dict[int, dict[int, float]]:
    """Per owner, the clauses that turn one of its wordings round, with the share of words they have.

    A clause is read against the wordings that it resembles most, of all owners: a wording further off
    shares its words by accident, and one as near that agrees clears the clause.
    """
    out: dict[int, dict[int, float]] = {}
    facets = np.array([w.kind in ("facet", "model") for w in index.wordings])
    for w, (clause, end) in enumerate(found.windows.ranges):
        if end - clause != 1:
            break  # windows come shortest first
        fit = np.where(facets, found.fit[:, w], 0.0)
        best = float(fit.max(initial=0.0))
        about = found.shared[:, w] >= OPPOSED_FROM
        if fsum(map(lexicon.weight, reading.words[clause])) >= ENOUGH_SAID:
            about |= (found.precise[:, w] >= 0.6) & (found.similar[:, w] >= 0.4)
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


def _turns(reading: Reading, clause: int, wording: Wording) -> bool | None:
    said, words = reading.stances[clause], reading.words[clause]
    meant = max(wording.pieces, key=lambda p: fsum(lexicon.weight(w) for w in p.words & words))
    if said.denied != meant.stance.denied:
        plain = meant.stance if said.denied else said
        # A negative claim is turned round by a denial that repeats it: “it is not true that B does not start at 0”.
        return not plain.negated or bool(said.heads & meant.stance.heads)
    return opposed(reading.parts[clause].text, words, meant.text, meant.words)
