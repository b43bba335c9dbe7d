"""The report of a stored interview: the kept one, or one made of what there is, with the judge's card."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from interviewer.errors import SessionError
from interviewer.judge_card import card_line
from interviewer.models import Report, Setup
from interviewer.session_report import session_report
from interviewer.store import SessionStore
from knowledge import load_map
from rubrics import load_rules
from tests.unit.judged import judgement, turn

S = "20261121-aaaaa"
MAP, RULES = load_map(), load_rules()
QUESTION = MAP.question("sft-fundamentals.loss")


@pytest.fixture
def store() -> Iterator[SessionStore]:
    with SessionStore(":memory:") as s:
        s.create_session(S, Setup(role="algo").model_dump(mode="json"))
        yield s


def made(store: SessionStore) -> Report:
    return session_report(store, MAP, RULES, store.session(S))


def test_nothing_answered_yet(store: SessionStore) -> None:
    report = made(store)
    assert (report.session, report.score, report.judge, report.judge_card) == (S, None, None, "")
    assert not report.finished


def test_the_turns_so_far_and_what_is_known_of_their_judge(store: SessionStore) -> None:
    asked = turn(QUESTION, judgement(QUESTION, 6), action=None)
    store.add_turn(S, asked)
    store.record_answer(S, asked.turn_id, "answer", "x")
    assert asked.judgement is not None
    store.save_judgement(S, asked.turn_id, asked.judgement)
    report = made(store)
    assert report.score == 6 and report.judge is not None
    assert report.judge_card == card_line(report.judge.kind, "zh")


def test_the_kept_report_is_the_report(store: SessionStore) -> None:
    kept = Report(session=S, role="algo", level="mid", lang="zh", score=1.5, finished=True, why_ended="时间到")
    store.save_report(S, kept)
    assert made(store) == kept


def test_a_question_that_is_gone_from_the_map(store: SessionStore) -> None:
    asked = turn(QUESTION, action=None).model_copy(update={"question_id": "no.such"})
    store.add_turn(S, asked)
    store.record_answer(S, asked.turn_id, "skip", None)
    with pytest.raises(SessionError, match="the map has changed"):
        made(store)
