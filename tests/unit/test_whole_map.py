"""The map's own texts judged by the judge it is graded with: what an author wrote is what the judge reads."""

from __future__ import annotations

import pytest

from evals.self_check import check_question
from interviewer.examiners import offline_judge
from interviewer.judge.offline import OfflineJudge
from knowledge import load_map


@pytest.fixture(scope="module")
def judge() -> OfflineJudge:
    return offline_judge()


@pytest.mark.parametrize("skill", sorted(s.id for s in load_map().skills.values() if s.questions))
def test_reference_talk_beliefs_and_dont_know(judge: OfflineJudge, skill: str) -> None:
    """References get 9 of 10 or more, scripts 7, every misconception is detected, "don't know" gets 0; zh and en."""
    found = [f for q in load_map().skills[skill].questions for f in check_question(judge, q)]
    assert not found, "\n".join(map(str, found))
