"""What follows an answer: every branch of the policy, on one made-up question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interviewer.graph import policy
from interviewer.graph.policy import Progress, decide, follow_up
from interviewer.models import Turn
from knowledge import Question
from tests.unit.judged import judgement, turn
from tests.unit.small_map import a_question, two

AT = Progress(
    lang="zh",
    questions_asked=1,
    questions_planned=5,
    follow_ups_allowed=2,
    seconds=60,
    minutes_planned=45,
    turns=3,
    questions_left=True,
)


def probe(when: dict[str, object], rung: str, points: list[str] | None = None) -> dict[str, object]:
    return {"when": when, "rung": rung, **two("追问", "a probe"), "points": points or []}


def point(id: str, weight: float, core: bool = True) -> dict[str, object]:
    return {"id": id, "weight": weight, "core": core, **two(id, id), "terms": ["甲", "乙", "丙"]}


@pytest.fixture
def q() -> Question:
    return a_question(
        points=[point("light", 1), point("heavy", 3), point("extra", 2, core=False)],
        follow_ups=[
            probe({"score_at_least": 8}, "transfer"),
            probe({"missing": "extra"}, "clarify"),
            probe({"missing": "light"}, "clarify"),
            probe({"missing": "heavy"}, "mechanism"),
            probe({"misconception": "more-is-better"}, "trade-off"),
        ],
    )


def chosen(q: Question, turns: list[Turn], used: list[int] | None = None) -> int | None:
    found = follow_up(q, turns, used or [], "zh")
    return None if found is None else found.follow_up


def test_a_misconception_comes_before_everything(q: Question) -> None:
    assert chosen(q, [turn(q, judgement(q, 9, wrong=("more-is-better",)))]) == 4


def test_then_the_heaviest_missing_core_point(q: Question) -> None:
    asked = turn(q, judgement(q, 9))
    assert chosen(q, [asked]) == 3
    assert chosen(q, [asked], [3]) == 2
    assert chosen(q, [turn(q, judgement(q, 9, covered=("heavy",)))]) == 2


def test_then_depth_and_last_a_bonus_point(q: Question) -> None:
    strong = turn(q, judgement(q, 9, covered=("light", "heavy")))
    assert chosen(q, [strong]) == 0
    assert chosen(q, [strong], [0]) == 1
    assert chosen(q, [turn(q, judgement(q, 7.9, covered=("light", "heavy")))]) == 1
    done = turn(q, judgement(q, 10, covered=("light", "heavy", "extra")))
    assert chosen(q, [done], [0]) is None


def test_the_lower_rung_first_among_equals() -> None:
    q = a_question(
        points=[point("one", 1), point("two", 1)],
        misconceptions=[],
        follow_ups=[
            probe({"missing": "one"}, "trade-off"),
            probe({"missing": "two"}, "clarify"),
            probe({"missing": "one"}, "mechanism"),
        ],
    )
    assert chosen(q, [turn(q, judgement(q, 5))]) == 1
    assert chosen(q, [turn(q, judgement(q, 5))], [1]) == 2


def test_what_a_probe_brought_out_is_not_asked_again(q: Question) -> None:
    asked = turn(q, judgement(q, 5))
    told = turn(q, judgement(q, 6, covered=("heavy",)), follow_up=2)
    assert chosen(q, [asked, told], [2]) == 1


def test_a_probe_for_points_that_were_made_is_left_out() -> None:
    q = a_question(
        misconceptions=[],
        follow_ups=[probe({"score_at_least": 1}, "transfer", ["objective", "data"])],
    )
    assert chosen(q, [turn(q, judgement(q, 9, covered=("objective",)))]) == 0
    assert chosen(q, [turn(q, judgement(q, 9, covered=("objective", "data")))]) is None


def test_a_misconception_shown_in_a_probe_is_probed(q: Question) -> None:
    asked = turn(q, judgement(q, 5))
    told = turn(q, judgement(q, 5, wrong=("more-is-better",)), follow_up=3)
    assert chosen(q, [asked, told], [3]) == 4


@pytest.mark.parametrize("flag", ["empty", "dont_know", "copied_question", "off_topic"])
def test_no_probe_where_nothing_was_said(q: Question, flag: str) -> None:
    assert chosen(q, [turn(q, judgement(q, 0, flags=(flag,)))]) is None


@pytest.mark.parametrize("action", ["skip", "dont_know"])
def test_no_probe_after_giving_up(q: Question, action: str) -> None:
    assert chosen(q, [turn(q, judgement(q, 5), action=action)]) is None  # type: ignore[arg-type]


def test_no_probe_without_a_score(q: Question) -> None:
    assert chosen(q, [turn(q, judgement(q, None))]) is None
    assert chosen(q, [turn(q)]) is None
    assert chosen(q, [turn(q, judgement(q, 5)), turn(q, judgement(q, None), follow_up=3)], [3]) is None


def test_a_stuck_thread_stops(q: Question) -> None:
    asked = turn(q, judgement(q, 5))
    stuck = turn(q, judgement(q, policy.STUCK_SCORE), follow_up=3)
    more = turn(q, judgement(q, policy.STUCK_SCORE + 0.1), follow_up=3)
    assert chosen(q, [asked, stuck], [3]) is None
    assert chosen(q, [asked, more], [3]) is not None
    assert chosen(q, [turn(q, judgement(q, 0))]) is not None


def test_every_probe_used_up(q: Question) -> None:
    assert chosen(q, [turn(q, judgement(q, 5, wrong=("more-is-better",)))], [0, 1, 2, 3, 4]) is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_probe_has_a_reason(q: Question, lang: str) -> None:
    cases = [
        judgement(q, 5, wrong=("more-is-better",)),
        judgement(q, 5),
        judgement(q, 9, covered=("light", "heavy")),
        judgement(q, 7, covered=("light", "heavy")),
    ]
    reasons = []
    for j in cases:
        found = follow_up(q, [turn(q, j)], [], lang)
        assert found is not None and found.step == "follow_up"
        reasons.append(found.why)
    assert all(reasons) and len(set(reasons)) == 4
    assert all(w.isascii() == (lang == "en") for w in reasons)


def test_the_budget_of_follow_ups(q: Question) -> None:
    turns = [turn(q, judgement(q, 5))]
    assert decide(q, turns, [], AT).step == "follow_up"
    assert decide(q, turns, [3], AT).step == "follow_up"
    assert decide(q, turns, [3, 2], AT).step == "next"
    assert decide(q, turns, [], replace(AT, follow_ups_allowed=0)).step == "next"


@pytest.mark.parametrize(
    "changes",
    [
        {"seconds": 45 * 60},
        {"questions_asked": 5},
        {"questions_left": False},
        {"turns": policy.HARD_CAP},
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_budget_ends_the_interview_with_a_reason(q: Question, changes: dict[str, float], lang: str) -> None:
    done = decide(q, [turn(q, judgement(q, 5))], [3, 2], replace(AT, lang=lang, **changes))  # type: ignore[arg-type]
    assert done.step == "close" and done.why
    assert done.why.isascii() == (lang == "en")


def test_time_ends_a_thread_but_the_count_of_questions_does_not(q: Question) -> None:
    turns = [turn(q, judgement(q, 5))]
    assert decide(q, turns, [], replace(AT, seconds=10_000)).step == "close"
    assert decide(q, turns, [], replace(AT, questions_asked=5)).step == "follow_up"
    assert decide(q, turns, [], replace(AT, questions_left=False)).step == "follow_up"
    assert decide(q, turns, [], replace(AT, turns=policy.HARD_CAP)).step == "close"


def test_finish_ends_at_once(q: Question) -> None:
    done = decide(q, [turn(q, judgement(q, 5)), turn(q, action="finish")], [], AT)
    assert done.step == "close" and done.why
    assert done != decide(q, [turn(q, action="skip")], [], AT)


def test_skip_and_unscored_go_on(q: Question) -> None:
    assert decide(q, [turn(q, action="skip")], [], AT).step == "next"
    assert decide(q, [turn(q, judgement(q, None))], [], AT).step == "next"
    assert decide(q, [], [], AT).step == "next"
