"""Points to marks. Pure: credits in, score, grade, interval and review out; no text is looked at.

score = 10 · Σ core weight · credit / Σ core weight + bonus − penalties, each capped by the policy, within 0-10.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from interviewer.judge.fusion import Band
from rubrics.models import KindPolicy, Policy

BASE_HALF_WIDTH = 1.2
DOUBT_HALF_WIDTH = 2.2
"""Until conformal fitting: half-width = base + doubt · mean of 4c(1-c) over core points."""


@dataclass(frozen=True, slots=True)
class Credit:
    """What a point earned."""

    weight: float
    core: bool
    credit: float
    contradicted: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    score: float
    grade: int
    interval: tuple[float, float]
    needs_review: bool


def coverage(points: Sequence[Credit]) -> float:
    """Weighted mean credit of the core points, 0-1; of all points when none is core."""
    counted = [p for p in points if p.core] or list(points)
    total = sum(p.weight for p in counted)
    return sum(p.weight * p.credit for p in counted) / total if total else 0.0


def bonus(points: Sequence[Credit], cap: float) -> float:
    """Marks of the bonus points: their weighted mean credit, times the cap."""
    extra = [p for p in points if not p.core]
    total = sum(p.weight for p in extra)
    if not total or len(extra) == len(points):
        return 0.0
    return cap * sum(p.weight * p.credit for p in extra) / total


def grade(score: float) -> int:
    """Half the score, rounded half up."""
    return math.floor(score / 2 + 0.5)


def marks(
    points: Sequence[Credit],
    penalties: Sequence[float],
    policy: Policy,
    kind: str,
    *,
    chosen_right: bool | None = None,
    review: bool = False,
    bands: Sequence[Band] = (),
) -> Marks:
    """The marks of an answer.

    `chosen_right` is for choice questions: whether the option is right, None when none was recognised. `bands` are
    fitted intervals; without them a default rule makes one.
    """
    rule = policy.kinds[kind]
    share = coverage(points)
    base = 10 * share if kind != "choice" else _choice(share, chosen_right, rule)
    raw = base + bonus(points, rule.bonus_cap)
    if kind == "choice" and chosen_right is False:
        raw = min(raw, rule.wrong_key_cap)
    raw -= min(sum(penalties), rule.misconception_cap)
    score = round(min(max(raw, 0.0), 10.0), 2)
    low, high = interval(score, points, penalties)
    # Whom to look at first goes by the doubt in the credits, not by the interval, which is as wide as its worst tail.
    doubtful = high - low >= policy.review_interval
    return Marks(score, grade(score), fitted(score, bands) if bands else (low, high), review or doubtful)


def _choice(share: float, right: bool | None, rule: KindPolicy) -> float:
    if right is None:
        return min(10 * share, rule.key_marks)
    return rule.key_marks + (10 - rule.key_marks) * share if right else 10 * share


def interval(score: float, points: Sequence[Credit], penalties: Sequence[float] = ()) -> tuple[float, float]:
    """A default 90 % interval: wider the nearer the credits lie to one half, and where beliefs were read in."""
    counted = [p for p in points if p.core] or list(points)
    total = sum(p.weight for p in counted) or 1.0
    doubt = sum(p.weight * 4 * p.credit * (1 - p.credit) for p in counted) / total
    half = BASE_HALF_WIDTH + DOUBT_HALF_WIDTH * doubt + 0.3 * (len(penalties) > 0)
    return round(max(score - half, 0.0), 2), round(min(score + half, 10.0), 2)


def fitted(score: float, bands: Sequence[Band]) -> tuple[float, float]:
    """The conformal interval of a score: that of its band."""
    band = next((b for b in bands if score <= b.up_to), bands[-1])
    return round(max(score + band.low, 0.0), 2), round(min(score + band.high, 10.0), 2)


def dimensions(points: Sequence[Credit], misconceptions: int) -> dict[str, int]:
    """Levels 1-5 that follow from the verdicts alone: completeness, and correctness where something was said."""
    share = coverage(points)
    out = {"completeness": 1 + math.floor(4 * share + 0.5)}
    faults = misconceptions + sum(p.contradicted and p.core for p in points)
    if faults:
        out["correctness"] = max(1, (3 if share >= 0.5 else 2) - (faults > 1))
    elif share >= 0.25:
        out["correctness"] = 5 if share >= 0.9 else 4
    return out
