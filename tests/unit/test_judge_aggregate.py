"""Laws of the aggregation: what credits may and may not do to a score."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.judge.aggregate import Credit, coverage, dimensions, grade, marks
from rubrics import load_rules

POLICY = load_rules().policy
KINDS = st.sampled_from(sorted(POLICY.kinds))
CREDITS = st.builds(
    Credit, weight=st.floats(0.1, 5), core=st.booleans(), credit=st.floats(0, 1), contradicted=st.booleans()
)
POINTS = st.lists(CREDITS, min_size=1, max_size=9)
PENALTIES = st.lists(st.floats(0, 3), max_size=4)
CHOSEN = st.sampled_from([True, False, None])


@given(POINTS, PENALTIES, KINDS, CHOSEN)
def test_scores_stay_in_range_and_inside_their_interval(points, penalties, kind, chosen) -> None:
    out = marks(points, penalties, POLICY, kind, chosen_right=chosen)
    assert 0 <= out.interval[0] <= out.score <= out.interval[1] <= 10
    assert out.grade == grade(out.score) and 0 <= out.grade <= 5
    if out.interval[1] - out.interval[0] >= POLICY.review_interval:
        assert out.needs_review


@given(POINTS, PENALTIES, KINDS, CHOSEN, st.data())
def test_more_credit_never_lowers_the_score(points, penalties, kind, chosen, data) -> None:
    at = data.draw(st.integers(0, len(points) - 1))
    more = data.draw(st.floats(points[at].credit, 1))
    better = [replace(p, credit=more) if n == at else p for n, p in enumerate(points)]
    before, after = (marks(p, penalties, POLICY, kind, chosen_right=chosen).score for p in (points, better))
    assert after >= before - 1e-9


@given(POINTS, PENALTIES, KINDS, CHOSEN, st.floats(0, 3))
def test_a_misconception_never_raises_the_score_and_is_capped(points, penalties, kind, chosen, extra) -> None:
    clean = marks(points, [], POLICY, kind, chosen_right=chosen).score
    before = marks(points, penalties, POLICY, kind, chosen_right=chosen).score
    after = marks(points, [*penalties, extra], POLICY, kind, chosen_right=chosen).score
    assert after <= before
    assert clean - after <= POLICY.kinds[kind].misconception_cap + 0.011


@given(POINTS, KINDS)
def test_bonus_points_add_and_are_capped(points, kind) -> None:
    core = [replace(p, core=True) for p in points]
    bonus = Credit(1, False, 1.0)
    before, after = (marks(p, [], POLICY, kind, chosen_right=True).score for p in (core, [*core, bonus]))
    assert before <= after <= before + POLICY.kinds[kind].bonus_cap + 0.011


@given(POINTS)
def test_order_of_points_does_not_matter(points) -> None:
    assert marks(points, [], POLICY, "open").score == pytest.approx(marks(points[::-1], [], POLICY, "open").score)


@pytest.mark.parametrize(
    ("score", "expected"), [(0, 0), (0.99, 0), (1, 1), (2.99, 1), (3, 2), (4.99, 2), (5, 3), (9, 5), (10, 5)]
)
def test_the_grade_is_half_the_score_rounded_half_up(score: float, expected: int) -> None:
    assert grade(score) == expected


def test_nothing_made_is_zero_and_everything_made_is_ten() -> None:
    points = [Credit(3, True, 0), Credit(1, False, 0)]
    assert marks(points, [], POLICY, "open").score == 0
    full = [replace(p, credit=1.0) for p in points]
    assert marks(full, [], POLICY, "open").score == 10
    assert coverage(full) == 1


def test_choice_marks_follow_the_policy() -> None:
    points = [Credit(1, True, 0.0)]
    rule = POLICY.kinds["choice"]
    assert marks(points, [], POLICY, "choice", chosen_right=True).score == rule.key_marks
    assert marks([Credit(1, True, 1.0)], [], POLICY, "choice", chosen_right=True).score == 10
    assert marks([Credit(1, True, 1.0)], [], POLICY, "choice", chosen_right=False).score == rule.wrong_key_cap
    assert marks(points, [], POLICY, "choice", chosen_right=False).score == 0


def test_dimensions_follow_from_the_verdicts() -> None:
    assert dimensions([Credit(1, True, 1.0)], 0) == {"completeness": 5, "correctness": 5}
    assert dimensions([Credit(1, True, 0.0)], 0) == {"completeness": 1}
    assert dimensions([Credit(1, True, 0.0, contradicted=True)], 1)["correctness"] == 1
