"""Laws of the ability model, and its numbers against published and hand-computed ones."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer import ability
from interviewer.ability import (
    PRIOR_SD,
    THETA,
    Belief,
    Outcome,
    belief,
    expected_information,
    grade_probabilities,
    information,
    logit,
    percent,
    relation_from,
)

ABILITIES = np.array(THETA)
MIDDLE = THETA.index(0.0)
LEVELS = sorted(ability.PRIOR_MEAN)
difficulties = st.floats(1, 10)
levels = st.sampled_from(LEVELS)
grades = st.integers(0, 5)
outcomes = st.builds(Outcome, st.sampled_from(["a", "b"]), difficulties, grades, st.floats(0, 1))


def related(one: str, other: str) -> float:
    return 1.0 if one == other else 0.3


def of(seen: list[Outcome], level: str = "mid", relation: Callable[[str, str], float] = related) -> Belief:
    return belief("a", seen, level, relation)


@given(difficulties)
def test_grade_probabilities_are_probabilities(difficulty: float) -> None:
    p = np.array(grade_probabilities(difficulty))
    assert p.shape == (len(THETA), 6)
    assert (p >= 0).all()
    assert np.allclose(p.sum(axis=1), 1)


def test_grade_probabilities_by_hand() -> None:
    """Ability 0, difficulty 5.5: the sums of (0 - step) are 0, 1.4, 2.1, 2.1, 1.4, 0."""
    expected = [0.037818, 0.153358, 0.308824, 0.308824, 0.153358, 0.037818]
    at_zero = grade_probabilities(5.5)[MIDDLE]
    assert at_zero == pytest.approx(expected, abs=2e-6)


def test_the_partial_credit_example_of_de_ayala(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Theory and Practice of Item Response Theory (2009), p. 204: ability 0, steps -1 and 1."""
    monkeypatch.setattr(ability, "STEPS", (-1.0, 1.0))
    at_zero = grade_probabilities.__wrapped__(5.5)[MIDDLE]
    assert at_zero == pytest.approx([0.2119416, 0.5761169, 0.2119416], abs=1e-7)


def test_two_grades_are_the_logistic_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one step the model is the two-parameter logistic; its information is a² p (1 - p)."""
    monkeypatch.setattr(ability, "STEPS", (0.0,))
    difficulty = 7.0
    p = np.array(grade_probabilities.__wrapped__(difficulty))
    logistic = 1 / (1 + np.exp(-ability.DISCRIMINATION * (ABILITIES - logit(difficulty))))
    assert np.allclose(p[:, 1], logistic)


@given(difficulties)
def test_information_is_the_slope_of_the_expected_grade(difficulty: float) -> None:
    """For the GPCM with discrimination a, a · dE[grade]/dθ = a² Var(grade) = information."""
    info = np.array(information(difficulty))
    assert (info >= 0).all()
    expected_grade = np.array(grade_probabilities(difficulty)) @ np.arange(6)
    slope = np.gradient(expected_grade, ABILITIES)
    assert np.allclose(ability.DISCRIMINATION * slope[1:-1], info[1:-1], atol=0.02)


@given(st.integers(1, 10))
def test_information_peaks_at_the_questions_difficulty(difficulty: int) -> None:
    assert THETA[np.argmax(information(difficulty))] == pytest.approx(logit(difficulty), abs=0.051)


@given(levels)
def test_before_any_answer_the_belief_is_the_prior(level: str) -> None:
    b = of([], level)
    assert b.mean == pytest.approx(ability.PRIOR_MEAN[level], abs=0.05)
    assert b.sd == pytest.approx(PRIOR_SD, abs=0.06)
    assert sum(b.density) == pytest.approx(1)


@given(st.lists(outcomes, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_outcomes_is_irrelevant(seen: list[Outcome], random: object) -> None:
    mixed = list(seen)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = of(seen), of(mixed)
    assert one.mean == pytest.approx(other.mean, abs=1e-9)
    assert one.sd == pytest.approx(other.sd, abs=1e-9)


@given(st.lists(outcomes, max_size=8), difficulties, levels, st.floats(0.05, 1))
def test_a_better_grade_never_lowers_the_mean(
    seen: list[Outcome], difficulty: float, level: str, weight: float
) -> None:
    means = [of([*seen, Outcome("a", difficulty, g, weight)], level).mean for g in range(6)]
    assert all(low <= high + 1e-9 for low, high in pairwise(means))
    assert means[0] < means[-1]


@given(st.lists(outcomes, max_size=8), difficulties, grades)
def test_weight_zero_and_unrelated_skills_change_nothing(seen: list[Outcome], difficulty: float, grade: int) -> None:
    before = of(seen)
    assert of([*seen, Outcome("a", difficulty, grade, 0.0)]).mean == before.mean
    alone = of(seen, relation=lambda a, b: float(a == b))
    more = [*seen, Outcome("z", difficulty, grade)]
    assert of(more, relation=lambda a, b: float(a == b)).mean == alone.mean


@given(st.lists(outcomes, max_size=20), levels)
def test_no_answer_makes_us_less_sure_than_the_prior(seen: list[Outcome], level: str) -> None:
    """Normal prior, log-concave likelihood: the posterior variance is at most the prior's."""
    assert of(seen, level).sd <= PRIOR_SD + 1e-9


@given(difficulties, grades)
def test_repeating_an_answer_shrinks_the_sd(difficulty: float, grade: int) -> None:
    sds = [of([Outcome("a", difficulty, grade)] * n).sd for n in (0, 1, 2, 4, 8, 16)]
    assert sds[-1] < sds[0]
    middle = [of([Outcome("a", 5.5, 2 + n % 2) for n in range(k)]).sd for k in (0, 2, 4, 8, 16)]
    assert middle == sorted(middle, reverse=True)


@given(st.lists(outcomes, max_size=6), st.sampled_from([0, 5]))
def test_a_related_answer_moves_the_mean_less_than_its_own(seen: list[Outcome], grade: int) -> None:
    """A law for the lowest and the highest grade, whose likelihood is monotone; a middle grade can overshoot."""
    before = of(seen).mean
    own = of([*seen, Outcome("a", 5.5, grade)]).mean
    related_one = of([*seen, Outcome("b", 5.5, grade)]).mean
    assert abs(related_one - before) <= abs(own - before) + 1e-9


@given(st.lists(outcomes, max_size=6), difficulties, difficulties)
def test_percent_is_a_share_and_falls_with_difficulty(seen: list[Outcome], one: float, other: float) -> None:
    b = of(seen)
    easy, hard = sorted((one, other))
    assert 0 <= percent(b, hard) <= percent(b, easy) <= 100


@given(st.lists(outcomes, max_size=6), difficulties)
def test_expected_information_is_an_average(seen: list[Outcome], difficulty: float) -> None:
    value = expected_information(of(seen), difficulty)
    info = information(difficulty)
    assert min(info) - 1e-9 <= value <= max(info) + 1e-9


def test_extreme_evidence_stays_finite() -> None:
    b = of([Outcome("a", 10, 5)] * 500)
    assert np.isfinite([b.mean, b.sd]).all()
    assert b.mean == pytest.approx(THETA[-1], abs=0.2)


def test_relation_of_skills() -> None:
    relation = relation_from({"a": "x", "b": "x", "c": "y", "d": "y"}, {"c": ["a"]})
    assert relation("a", "a") == 1
    assert relation("a", "c") == relation("c", "a") == 0.5
    assert relation("a", "b") == 0.3
    assert relation("b", "d") == 0.15
