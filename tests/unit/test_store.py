"""The session store: what goes in comes out, once; what cannot be stored is said and loses nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interviewer import database
from interviewer import store as module
from interviewer.database import MIGRATIONS, storable
from interviewer.errors import SessionError, StaleTurnError, StoreError
from interviewer.models import Report, Setup, Turn
from interviewer.store import SessionStore
from knowledge import load_map
from tests.unit.judged import judgement

SETUP = Setup(role="algo", seed=7).model_dump(mode="json")
QUESTION = load_map().question("sft-fundamentals.loss")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "i.db"


@pytest.fixture
def store(path: Path) -> Iterator[SessionStore]:
    with SessionStore(path) as s:
        s.create_session("20261121-aaaaa", SETUP)
        yield s


S = "20261121-aaaaa"


def a_turn(turn_id: str = "q01", **changes: Any) -> Turn:
    return Turn(turn_id=turn_id, question_id=QUESTION.id, kind="question", text="问 ask", why="因为", **changes)


def test_a_session_round_trips(store: SessionStore) -> None:
    row = store.session(S)
    assert Setup.model_validate(row.setup) == Setup(role="algo", seed=7)
    assert (row.role, row.level, row.lang, row.status, row.score, row.answered) == (
        "algo",
        "mid",
        "zh",
        "open",
        None,
        0,
    )


def test_a_turn_round_trips_with_answer_and_judgement(store: SessionStore) -> None:
    asked = a_turn(option_order=[2, 0, 1], options=["a", "b", "c"], asked_at="2026-11-21T10:00:00+00:00")
    store.add_turn(S, asked)
    assert store.turn(S, "q01") == asked
    store.record_answer(S, "q01", "answer", "我的回答\nwith <b>[red]")
    assert store.save_judgement(S, "q01", judgement(QUESTION, 7.25, covered=(QUESTION.points[0].id,)))
    found = store.turn(S, "q01")
    assert found is not None and found.answer == "我的回答\nwith <b>[red]" and found.answered_at
    assert found.judgement == judgement(QUESTION, 7.25, covered=(QUESTION.points[0].id,))
    assert store.turn(S, "q99") is None and store.turn("other", "q01") is None
    assert store.session(S).answered == 1


def test_turns_keep_their_order(store: SessionStore) -> None:
    names = ["q01", "q01.h1", "q01.f1", "q02", "q10", "q03"]
    for name in names:
        store.add_turn(S, a_turn(name))
    assert [t.turn_id for t in store.turns(S)] == names


def test_adding_a_turn_again_changes_nothing(store: SessionStore) -> None:
    store.add_turn(S, a_turn())
    store.record_answer(S, "q01", "answer", "kept")
    store.add_turn(S, a_turn(rung="clarify"))
    (found,) = store.turns(S)
    assert found.answer == "kept" and found.rung is None


def test_an_answer_counts_once(store: SessionStore) -> None:
    store.add_turn(S, a_turn())
    store.record_answer(S, "q01", "answer", "first")
    for action in ("answer", "skip", "finish"):
        with pytest.raises(StaleTurnError):
            store.record_answer(S, "q01", action, "second")  # type: ignore[arg-type]
    with pytest.raises(StaleTurnError):
        store.record_answer(S, "q02", "answer", "no such turn")
    with pytest.raises(StaleTurnError):
        store.record_answer("other", "q01", "answer", "no such session")
    found = store.turn(S, "q01")
    assert found is not None and (found.action, found.answer) == ("answer", "first")


def test_the_first_judgement_stays(store: SessionStore) -> None:
    store.add_turn(S, a_turn())
    assert store.save_judgement(S, "q01", judgement(QUESTION, 7))
    assert not store.save_judgement(S, "q01", judgement(QUESTION, 3))
    assert not store.save_judgement(S, "q02", judgement(QUESTION, 3))
    found = store.turn(S, "q01")
    assert found is not None and found.judgement is not None and found.judgement.score == 7


def test_drafts_come_and_go(store: SessionStore) -> None:
    store.add_turn(S, a_turn())
    store.save_draft(S, "q01", "half")
    store.save_draft(S, "q01", "half an answer")
    assert store.draft(S, "q01") == "half an answer"
    assert store.draft(S, "q02") == ""
    store.save_draft(S, "q01", "")
    assert store.draft(S, "q01") == ""
    store.save_draft(S, "q01", "again")
    store.record_answer(S, "q01", "answer", "done")
    assert store.draft(S, "q01") == ""


def test_a_draft_stays_when_the_answer_was_refused(store: SessionStore) -> None:
    store.add_turn(S, a_turn())
    store.record_answer(S, "q01", "answer", "done")
    store.add_turn(S, a_turn("q02"))
    store.save_draft(S, "q02", "typing")
    with pytest.raises(StaleTurnError):
        store.record_answer(S, "q01", "answer", "again")
    assert store.draft(S, "q02") == "typing"


def test_lookup_by_prefix(store: SessionStore) -> None:
    store.create_session("20261121-aabbb", SETUP)
    store.create_session("20261122-ccccc", SETUP)
    assert store.session("20261122").id == "20261122-ccccc"
    assert store.session("20261121-aaa").id == S
    with pytest.raises(SessionError, match="fits 2"):
        store.session("20261121")
    for nothing in ("", "x", "%", "_" * 14, "20261121-AAAAA", "\ud800"):
        with pytest.raises(SessionError, match="no interview"):
            store.session(nothing)


def test_sessions_newest_first_and_by_status(store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "now", lambda: "2099-01-01T00:00:00+00:00")
    store.create_session("20990101-zzzzz", SETUP)
    assert [r.id for r in store.sessions()] == ["20990101-zzzzz", S]
    assert len(store.sessions(limit=1)) == 1
    store.save_report(S, Report(session=S, role="algo", level="mid", lang="zh", score=6.5))
    assert [r.id for r in store.sessions(status="open")] == ["20990101-zzzzz"]
    (done,) = store.sessions(status="finished")
    assert (done.id, done.score) == (S, 6.5)


def test_reports_and_time(store: SessionStore) -> None:
    assert store.report(S) is None and store.report("nothing") is None
    made = Report(session=S, role="algo", level="mid", lang="zh", score=None, why_ended="时间到")
    store.save_report(S, made)
    assert store.report(S) == made
    store.add_seconds(S, 1.5)
    store.add_seconds(S, 2)
    assert store.session(S).seconds == 3.5


def test_many_threads_share_one_store(store: SessionStore) -> None:
    """LangGraph runs nodes in threads, while the screen saves drafts in its own."""
    store.add_turn(S, a_turn())

    def write(n: int) -> None:
        store.add_turn(S, a_turn(f"q{n:03d}x"))
        store.save_draft(S, "q01", f"draft {n}")
        store.add_seconds(S, 1)
        assert store.turns(S)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(120)))
    assert len(store.turns(S)) == 121 and store.session(S).seconds == 120


def test_questions_seen(store: SessionStore) -> None:
    store.add_turn(S, a_turn())
    store.add_turn(S, a_turn("q01.f1").model_copy(update={"kind": "follow_up"}))
    store.create_session("b", SETUP)
    store.add_turn("b", a_turn())
    assert store.questions_seen() == {QUESTION.id: 2}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(st.characters(), max_size=40))
def test_any_text_can_be_an_answer(tmp_path: Path, text: str) -> None:
    with SessionStore(":memory:") as s:
        s.create_session(S, SETUP)
        s.add_turn(S, a_turn())
        s.save_draft(S, "q01", text)
        assert s.draft(S, "q01") == storable(text)
        s.record_answer(S, "q01", "answer", text)
        assert s.turns(S)[0].answer == storable(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b\x1b[31m", "a\x00b\x1b[31m"),
        ("\ud800", "\ufffd"),
        ("x\udfffy", "x\ufffdy"),
        ("\ud83d\ude00", "😀"),
        ("\ufeffbom", "\ufeffbom"),
        ("<script>[red]", "<script>[red]"),
        ("显" * 200_000, "显" * 200_000),
    ],
)
def test_hostile_text_is_kept(path: Path, text: str, kept: str) -> None:
    with SessionStore(path) as s:
        s.create_session(S, SETUP)
        s.add_turn(S, a_turn().model_copy(update={"text": text}))
        s.save_draft(S, "q01", text)
        s.record_answer(S, "q01", "answer", text)
        made = judgement(QUESTION, 5).model_copy(update={"feedback": text})
        s.save_judgement(S, "q01", made)
    with SessionStore(path) as s:
        (found,) = s.turns(S)
        assert found.answer == kept and found.judgement is not None
        assert found.judgement.feedback == kept and found.text == kept


def test_a_new_file_gets_every_migration_and_keeps_its_rows(path: Path) -> None:
    with SessionStore(path) as s:
        s.create_session(S, SETUP)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
    assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    db.close()
    with SessionStore(path) as s:
        assert s.session(S).id == S


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with SessionStore(tmp_path / "empty.db") as s:
        assert s.sessions() == []


def test_a_migration_that_fails_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SessionStore(path) as s:
        s.create_session(S, SETUP)
    with monkeypatch.context() as m:
        m.setattr(database, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE more (x); CREATE NONSENSE"))
        with pytest.raises(StoreError):
            SessionStore(path)
    with SessionStore(path) as s:
        assert s.session(S).id == S
        assert not s._rows("SELECT 1 FROM sqlite_master WHERE name = 'more'")


def test_a_later_migration_is_added(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SessionStore(path) as s:
        s.create_session(S, SETUP)
    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, "ALTER TABLE sessions ADD COLUMN note TEXT;"))
    with SessionStore(path) as s:
        assert s._rows("SELECT note FROM sessions") == [(None,)]
