"""What we believe of the candidate's skills, and which question tells most. Pure: numbers in, numbers out.

Model: the generalised partial credit model (Muraki 1992, Applied Psychological Measurement 16(2)) over
grades 0-5; estimates are expected a posteriori on a grid (Bock & Mislevy 1982, APM 6(4)). An answer
in one skill also says something of related skills: its likelihood enters their posterior with a
weight below one (a power likelihood), which keeps their uncertainty honest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

Vector = tuple[float, ...]

THETA: Vector = tuple(-4 + n / 10 for n in range(81))
"""The grid of abilities, in logits."""
PRIOR_SD = 1.2
PRIOR_MEAN = {"junior": -0.8, "mid": 0.0, "senior": 0.8}
"""What a candidate of that level is expected to be, in logits."""
DISCRIMINATION = 1.0
STEPS: Vector = (-1.4, -0.7, 0.0, 0.7, 1.4)
"""Distance of the five grade steps from a question's difficulty, in logits."""
GRADES = range(len(STEPS) + 1)


@dataclass(frozen=True)
class Outcome:
    """One graded answer. `weight` below 1 for follow-ups, which depend on their question."""

    skill: str
    difficulty: float
    grade: int
    weight: float = 1.0


@dataclass(frozen=True)
class Belief:
    """Posterior of one skill: mean and standard deviation in logits, and the density on THETA."""

    mean: float
    sd: float
    density: Vector


Relation = Callable[[str, str], float]
"""How much an answer in the first skill says of the second, 0-1; 1 for the same skill."""


def logit(difficulty: float) -> float:
    """Difficulty 1-10 of the map on the ability scale; 5.5 is a mid-level candidate's even chance."""
    return (difficulty - 5.5) * 0.45


@cache
def grade_probabilities(difficulty: float) -> tuple[Vector, ...]:
    """P(grade | ability): one row of six per ability of THETA, summing to 1. Muraki 1992, eq. 4."""
    return tuple(_probabilities(theta, difficulty) for theta in THETA)


def _probabilities(theta: float, difficulty: float) -> Vector:
    logits = [0.0]
    for step in STEPS:
        logits.append(logits[-1] + DISCRIMINATION * (theta - logit(difficulty) - step))
    top = max(logits)
    odds = [math.exp(z - top) for z in logits]
    total = sum(odds)
    return tuple(o / total for o in odds)


@cache
def information(difficulty: float) -> Vector:
    """Fisher information of one question at each ability: a² Var(grade | θ). Muraki 1993, eq. 14."""
    found = []
    for row in grade_probabilities(difficulty):
        mean = _dot(row, GRADES)
        found.append(DISCRIMINATION**2 * (sum(p * k * k for k, p in enumerate(row)) - mean**2))
    return tuple(found)


@cache
def _log_likelihood(difficulty: float, grade: int) -> Vector:
    return tuple(math.log(row[grade]) for row in grade_probabilities(difficulty))


def belief(skill: str, outcomes: Iterable[Outcome], level: str, relation: Relation) -> Belief:
    """Posterior of `skill` after `outcomes`, whatever their order."""
    log_density = [-0.5 * ((theta - PRIOR_MEAN[level]) / PRIOR_SD) ** 2 for theta in THETA]
    for o in outcomes:
        share = o.weight * relation(o.skill, skill)
        if share > 0:
            likelihood = _log_likelihood(o.difficulty, o.grade)
            log_density = [d + share * x for d, x in zip(log_density, likelihood, strict=True)]
    top = max(log_density)
    density = [math.exp(d - top) for d in log_density]
    total = sum(density)
    density = [d / total for d in density]
    mean = _dot(density, THETA)
    variance = sum(d * (theta - mean) ** 2 for d, theta in zip(density, THETA, strict=True))
    return Belief(mean, math.sqrt(variance), tuple(density))


def expected_information(b: Belief, difficulty: float) -> float:
    """Fisher information of a question, averaged over what we believe of the ability."""
    return _dot(b.density, information(difficulty))


def percent(b: Belief, difficulty: float = 5.0) -> float:
    """Expected share of marks, 0-100, on a question of that difficulty."""
    expected = [_dot(row, GRADES) for row in grade_probabilities(difficulty)]
    return _dot(b.density, expected) / GRADES[-1] * 100


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def relation_from(
    category_of: dict[str, str],
    prerequisites: dict[str, list[str]],
    *,
    near: float = 0.5,
    same: float = 0.3,
    far: float = 0.15,
) -> Relation:
    """Relatedness from the map: same skill 1, direct prerequisite 0.5, same category 0.3, else 0.15."""

    def relation(a: str, b: str) -> float:
        if a == b:
            return 1.0
        if a in prerequisites.get(b, ()) or b in prerequisites.get(a, ()):
            return near
        return same if category_of.get(a) == category_of.get(b) else far

    return relation
