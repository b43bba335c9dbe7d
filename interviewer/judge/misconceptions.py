"""Does the answer hold a wrong belief? Found when a window says the belief more than any correct wording.

The contrast is what keeps a correct answer safe: it shares the belief's words, but some correct wording
of the same rubric explains them better. A belief that is denied, or reported to be refuted, is not held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interviewer.judge.fusion import MisconceptionRule
from interviewer.judge.index import Floats, RubricIndex
from interviewer.judge.matching import Matches
from interviewer.judge.polarity import opposed
from interviewer.judge.reading import Reading
from interviewer.judge.signals import term_hits
from interviewer.judge.wordings import Wording

TRIES = 6
"""Windows looked at per belief, best first."""
VERBATIM = 0.9
"""Fit from which a window is the wording itself."""
WIDER = 0.75
"""What a correct wording of a wider window counts for the clauses inside."""


@dataclass(frozen=True)
class Held:
    """A wrong belief found in the answer."""

    number: int
    """Index among the rubric's misconceptions."""
    strength: float
    clauses: tuple[int, ...]


def held(
    reading: Reading,
    index: RubricIndex,
    found: Matches,
    opposing: dict[int, dict[int, float]],
    rule: MisconceptionRule,
) -> list[Held]:
    """The misconceptions that the answer asserts, in the rubric's order."""
    if not index.misconceptions or not reading.parts:
        return []
    usable = _asserted(reading, found)
    fit = _fit(found, rule)
    right = fit[index.owner_of < len(index.points)]
    rival = _rivals(found, right.max(axis=0) if right.size else np.zeros(fit.shape[1], np.float32))
    out = []
    for number in range(len(index.misconceptions)):
        owner = len(index.points) + number
        rows = np.flatnonzero(index.owner_of == owner)
        turned = set(opposing.get(owner, ()))
        terms: dict[int, float] = {}
        for term, clause in term_hits(owner, reading, index, turned, asserted=True):
            terms[clause] = max(terms.get(clause, 0.0), rule.term * term.strength)
        bonus = np.array([max((terms.get(i, 0.0) for i in range(*r)), default=0.0) for r in found.windows.ranges])
        own = fit[rows].max(axis=0) + bonus
        gain = np.where(usable & (own >= rule.threshold) & (own - rival >= rule.margin), own, 0.0)
        for at in np.argsort(-gain, kind="stable")[:TRIES]:
            if gain[at] <= 0:
                break
            start, end = found.windows.ranges[at]
            if turned & set(range(start, end)):
                continue
            wording = index.wordings[int(rows[int(np.argmax(fit[rows, at]))])]
            if bonus[at] > 0 or _agrees(reading, start, end, wording, float(found.fit[rows, at].max())):
                out.append(Held(number, float(gain[at]), tuple(range(start, end))))
                break
    return out


def _agrees(reading: Reading, start: int, end: int, wording: Wording, fit: float) -> bool:
    """Whether the clauses say what the wording says: no negation more than it has, nothing turned round."""
    if fit >= VERBATIM:
        return True
    negated = any(reading.stances[i].heads or reading.stances[i].negated for i in range(start, end))
    if negated and not (wording.stance.heads or wording.stance.negated):
        return False
    text = ", ".join(reading.parts[i].text for i in range(start, end))
    words = frozenset().union(*(reading.words[i] for i in range(start, end)))
    return not opposed(text, words, wording.text, wording.words)


def _rivals(found: Matches, right: NDArray[np.floating]) -> Floats:
    """Best fit of a correct wording to each window, or in part to a wider window around it."""
    clauses = max((r[1] for r in found.windows.ranges), default=0)
    around = np.zeros(clauses)
    for (start, end), value in zip(found.windows.ranges, right, strict=True):
        around[start:end] = np.maximum(around[start:end], value)
    starts, ends = np.array(found.windows.ranges, dtype=np.intp).reshape(-1, 2).T
    sums = np.concatenate([[0.0], around.cumsum()])
    wider = (sums[ends] - sums[starts]) / np.maximum(ends - starts, 1)
    return np.asarray(np.maximum(right, WIDER * wider), dtype=np.float32)


def _fit(found: Matches, rule: MisconceptionRule) -> Floats:
    """Harmonic mean of shared and precise, plus similarity: how well a wording and a window agree."""
    return np.asarray(found.fit + rule.similar * found.similar, dtype=np.float32)


def _asserted(reading: Reading, found: Matches) -> Floats:
    bad = [s.denied or bool(m) for s, m in zip(reading.stances, reading.masked, strict=True)]
    return np.array([not any(bad[i] for i in range(*r)) for r in found.windows.ranges])
