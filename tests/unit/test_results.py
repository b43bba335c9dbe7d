"""From turns to the report: the arithmetic of first attempt, probing and hints, and what to study."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer import results
from interviewer.judge.aggregate import Credit, marks
from interviewer.models import Judgement, QuestionResult, Report, Setup, Turn
from interviewer.store import SessionRow
from knowledge import KnowledgeMap, Question, load_map
from rubrics import load_rules
from tests.unit.judged import hint, judgement, turn

MAP: KnowledgeMap = load_map()
RULES = load_rules()
SETUP = Setup(role="algo")
ROW = SessionRow("20261121-abcde", "2026-11-21T09:00:00+00:00", "", "algo", "mid", "zh", "open", 0, None, {})
OPEN = MAP.question("sft-fundamentals.loss")
CHOICE = MAP.question("lora.core-advantage")
CORE = [p.id for p in OPEN.points if p.core]


def scored(q: Question, *, right: bool | None = None, **given: object) -> Judgement:
    """A judgement whose score is what its verdicts are worth."""
    j = judgement(q, 0, **given)  # type: ignore[arg-type]
    credits = [Credit(p.weight, p.core, p.credit, p.verdict == "contradicted") for p in j.points]
    made = marks(credits, [m.penalty for m in j.misconceptions], RULES.policy, q.kind.value, chosen_right=right)
    return j.model_copy(update={"score": made.score, "grade": made.grade})


def result(*turns: Turn) -> QuestionResult:
    (found,) = results.question_results(MAP, RULES, list(turns))
    return found


def report(*turns: Turn, setup: Setup = SETUP, finished: bool = True) -> Report:
    return results.make_report(MAP, RULES, setup, session=ROW, turns=list(turns), finished=finished, why_ended="done")


def test_a_first_attempt_alone_is_the_final_score() -> None:
    r = result(turn(OPEN, judgement(OPEN, 6.4)))
    assert (r.first_attempt, r.after_probe, r.final, r.hints, r.status) == (6.4, None, 6.4, 0, "answered")


def test_probing_counts_by_its_share() -> None:
    first = scored(OPEN, covered=(CORE[0],))
    everything = judgement(OPEN, 10, covered=tuple(CORE))
    r = result(turn(OPEN, first), turn(OPEN, everything, follow_up=0))
    assert r.after_probe == pytest.approx(10)
    assert first.score is not None and r.first_attempt == first.score
    share = RULES.policy.probe_share
    assert r.final == pytest.approx(first.score + share * (10 - first.score), abs=0.05)


def test_a_hint_costs_and_never_below_nothing() -> None:
    cost = RULES.policy.hint_cost
    assert result(turn(OPEN, judgement(OPEN, 6)), hint(OPEN)).final == 6 - cost
    low = result(turn(OPEN, judgement(OPEN, cost / 2)), hint(OPEN))
    assert (low.final, low.first_attempt, low.hints) == (0, cost / 2, 1)


def test_skipped_unknown_and_unscored_are_told_apart() -> None:
    skipped = result(turn(OPEN, action="skip"))
    assert (skipped.status, skipped.final, skipped.first_attempt) == ("skipped", None, None)
    unknown = result(turn(OPEN, judgement(OPEN, 0), action="dont_know"))
    assert (unknown.status, unknown.final) == ("dont_know", 0)
    for j in (None, judgement(OPEN, None)):
        unscored = result(turn(OPEN, j))
        assert (unscored.status, unscored.final) == ("unscored", None)


def test_what_was_not_acted_on_is_no_result() -> None:
    assert results.question_results(MAP, RULES, [turn(OPEN, action=None)]) == []
    assert results.question_results(MAP, RULES, [turn(OPEN, action="finish")]) == []
    assert results.question_results(MAP, RULES, [hint(OPEN)]) == []


def test_a_probe_that_was_not_judged_says_nothing() -> None:
    first = turn(OPEN, judgement(OPEN, 5))
    for probe in (
        turn(OPEN, follow_up=0, action=None),
        turn(OPEN, follow_up=0, action="skip"),
        turn(OPEN, judgement(OPEN, None), follow_up=0),
    ):
        r = result(first, probe)
        assert (r.after_probe, r.final) == (None, 5)


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=len(OPEN.points), max_size=len(OPEN.points)), min_size=2, max_size=4),
    st.booleans(),
    st.integers(0, 1),
)
def test_probing_never_lowers(credits: list[list[float]], wrong: bool, hints: int) -> None:
    ids = [p.id for p in OPEN.points]
    held = tuple(m.id for m in OPEN.misconceptions[:1]) if wrong else ()
    first = scored(OPEN, credit=dict(zip(ids, credits[0], strict=True)), wrong=held)
    probes = [
        turn(
            OPEN,
            judgement(OPEN, 10 * max(c), credit=dict(zip(ids, c, strict=True))),
            follow_up=n % len(OPEN.follow_ups),
        )
        for n, c in enumerate(credits[1:])
    ]
    r = result(turn(OPEN, first), *[hint(OPEN)] * hints, *probes)
    assert r.first_attempt is not None and r.after_probe is not None and r.final is not None
    assert r.first_attempt <= r.after_probe <= 10
    assert 0 <= r.final <= 10
    assert r.final >= max(0, r.first_attempt - hints * RULES.policy.hint_cost) - 0.051


def test_a_misconception_taken_back_gives_its_penalty_back() -> None:
    wrong = OPEN.misconceptions[0]
    n = next(n for n, f in enumerate(OPEN.follow_ups) if f.when.misconception == wrong.id)
    first = scored(OPEN, covered=tuple(CORE), wrong=(wrong.id,))
    assert first.score == 10 - min(wrong.penalty, RULES.policy.kinds["open"].misconception_cap)
    cleared = result(turn(OPEN, first), turn(OPEN, judgement(OPEN, results.CLEARED_SCORE), follow_up=n))
    assert cleared.after_probe == 10
    held = result(turn(OPEN, first), turn(OPEN, judgement(OPEN, results.CLEARED_SCORE - 0.1), follow_up=n))
    assert held.after_probe == first.score


@pytest.mark.parametrize("shown", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
def test_choice_questions_follow_the_shuffled_key(shown: list[int]) -> None:
    assert CHOICE.key_index is not None
    right = chr(ord("A") + shown.index(CHOICE.key_index))
    wrong = chr(ord("A") + (shown.index(CHOICE.key_index) + 1) % 4)
    core = tuple(p.id for p in CHOICE.points if p.core)
    cap = RULES.policy.kinds["choice"].wrong_key_cap
    for letter, chosen_right in ((right, True), (wrong, False)):
        first = scored(CHOICE, right=chosen_right, chosen=letter)
        r = result(
            turn(CHOICE, first, option_order=shown),
            turn(CHOICE, judgement(CHOICE, 9, covered=core), follow_up=0),
        )
        assert r.after_probe == (10 if chosen_right else cap)


def test_the_report_is_the_mean_of_what_was_scored() -> None:
    a, b, c = (MAP.question(i) for i in list(MAP.questions)[:3])
    full = report(
        turn(a, judgement(a, 8)), turn(b, id="q02", action="skip"), turn(c, judgement(c, 5), id="q03"),
        turn(OPEN, judgement(OPEN, None), id="q04"),
    )  # fmt: skip
    assert full.score == 6.5 and full.grade == 3 and full.first_attempt == 6.5
    assert full.after_probe is None
    assert [q.status for q in full.questions] == ["answered", "skipped", "answered", "unscored"]
    assert full.finished_at == "2026-11-21T10:00:00+00:00"
    assert Report.model_validate(json.loads(full.model_dump_json())) == full


def test_a_report_on_nothing_has_no_score() -> None:
    empty = report(finished=False)
    assert empty.score is None and empty.grade is None and empty.finished_at is None
    assert empty.questions == [] and empty.skills == [] and empty.study_next == []
    assert report().finished_at is None
    skipped = report(turn(OPEN, action="skip"))
    assert skipped.score is None and skipped.study_next


def test_study_order_follows_the_prerequisites() -> None:
    asked = [s.questions[0] for s in reversed(list(MAP.skills.values())) if s.questions]
    turns = [turn(q, judgement(q, 2), id=f"q{n:02d}") for n, q in enumerate(asked)]
    order = [i.skill for i in report(*turns).study_next]
    assert len(order) == len(asked)
    for skill in order:
        for before in MAP.skills[skill].prerequisites:
            assert before not in order or order.index(before) < order.index(skill)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_to_study_and_why(lang: str) -> None:
    s = Setup(role="algo", lang=lang)  # type: ignore[arg-type]
    (item,) = report(turn(OPEN, judgement(OPEN, 3, covered=(CORE[0],))), setup=s).study_next
    missed = [p.text(lang) for p in OPEN.points if p.core and p.id != CORE[0]]
    assert item.points == missed and item.question_ids == [OPEN.id]
    assert "3.0" in item.why and item.why.isascii() == (lang == "en")
    (skipped,) = report(turn(OPEN, action="skip"), setup=s).study_next
    assert skipped.why and "3.0" not in skipped.why
    assert len(skipped.points) == len(CORE)
    strong = report(turn(OPEN, judgement(OPEN, results.WEAK_SCORE)), setup=s)
    assert strong.study_next == []


def test_skills_stand_where_the_answers_put_them() -> None:
    low = report(turn(OPEN, judgement(OPEN, 0))).skills
    high = report(turn(OPEN, judgement(OPEN, 10))).skills
    assert [s.skill for s in low] == [s.skill for s in high] == ["sft-fundamentals"]
    assert low[0].level < high[0].level and low[0].answers == 1
    assert report(turn(OPEN, judgement(OPEN, None))).skills == []


def test_only_a_scored_first_attempt_can_be_probed_further() -> None:
    with pytest.raises(ValueError, match="not scored"):
        results.after_probes(OPEN, turn(OPEN, judgement(OPEN, None)), [], RULES)
