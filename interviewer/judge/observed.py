"""What was measured of one answer against one rubric, before any weight is put on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from interviewer.judge.code import CodeReading
from interviewer.judge.fusion import Fusion
from interviewer.judge.index import RubricIndex
from interviewer.judge.matching import Matches
from interviewer.judge.misconceptions import Held
from interviewer.judge.reading import Reading
from interviewer.judge.signals import CITED, OwnerSignals, measure
from interviewer.models import Flag
from rubrics.models import Policy

SUPPORTS = 0.6
"""Part of a point's credit from which the rest of the answer carries it without the passages cited so far."""
MORE_SUPPORT = 3
"""Times that such a passage is looked for."""


@dataclass(frozen=True)
class Observed:
    reading: Reading
    index: RubricIndex
    found: Matches
    code: CodeReading | None
    away: tuple[Mapping[int, float], ...]
    """Per point: clauses that do not count for it, with how far they say the opposite."""
    signals: tuple[OwnerSignals, ...]
    """Per point."""
    beliefs: tuple[Held, ...]
    flags: tuple[Flag, ...]


def all_support(number: int, signals: OwnerSignals, seen: Observed, fusion: Fusion, policy: Policy) -> OwnerSignals:
    """The signals of a point, citing every passage that would carry it by itself: what is shown is what it rests on."""
    credit = fusion.credit(signals.values)
    clauses = signals.clauses[:CITED]
    if credit >= policy.thresholds.covered:
        for _ in range(MORE_SUPPORT):
            without = {**seen.away[number], **dict.fromkeys(clauses, 0.0)}
            rest = measure(number, seen.reading, seen.index, seen.found, without)
            if not rest.clauses or fusion.credit(rest.values) < SUPPORTS * credit:
                break
            clauses += tuple(c for c in rest.clauses[:CITED] if c not in clauses)
    return replace(signals, clauses=clauses)
