"""Does the answer hold a wrong belief? Found when a window says the belief more than any correct wording.

The contrast is what keeps a correct answer safe: it shares the belief's words, but some correct wording
of the same rubric explains them better. A belief that is denied, or reported to be refuted, is not held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interviewer.judge.fusion import MisconceptionRule
from interviewer.judge.index import RubricIndex
from interviewer.judge.reading import Reading
from interviewer.judge.signals import Matches, term_hits


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
    rival = right.max(axis=0) if right.size else np.zeros(fit.shape[1])
    out = []
    for number in range(len(index.misconceptions)):
        owner = len(index.points) + number
        turned = set(opposing.get(owner, ()))
        terms = {}
        for term, clause in term_hits(owner, reading, index, turned, asserted=True):
            terms[clause] = max(terms.get(clause, 0.0), rule.term * term.strength)
        bonus = np.array([max((terms.get(i, 0.0) for i in range(*r)), default=0.0) for r in found.windows.ranges])
        free = np.array([not any(i in turned for i in range(*r)) for r in found.windows.ranges])
        own = fit[index.owner_of == owner].max(axis=0) + bonus
        gain = np.where(usable & free & (own >= rule.threshold) & (own - rival >= rule.margin), own, 0.0)
        at = int(np.argmax(gain))
        if gain[at] > 0:
            out.append(Held(number, float(gain[at]), tuple(range(*found.windows.ranges[at]))))
    return out


def _fit(found: Matches, rule: MisconceptionRule) -> np.ndarray:
    """Harmonic mean of shared and precise, plus similarity: how well a wording and a window agree."""
    return np.asarray(found.fit + rule.similar * found.similar)


def _asserted(reading: Reading, found: Matches) -> np.ndarray:
    bad = [s.denied or bool(m) for s, m in zip(reading.stances, reading.masked, strict=True)]
    return np.array([not any(bad[i] for i in range(*r)) for r in found.windows.ranges])
