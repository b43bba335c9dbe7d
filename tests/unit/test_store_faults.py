"""A database that is newer, corrupt, locked, read-only or full: a clear message, and nothing lost."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from interviewer import database
from interviewer.database import MIGRATIONS, store_error
from interviewer.errors import Exit, StaleTurnError, StoreError
from interviewer.models import Setup, Turn
from interviewer.store import SessionStore

SETUP = Setup(role="algo").model_dump(mode="json")
S = "20261121-aaaaa"
TURN = Turn(turn_id="q01", question_id="sft-fundamentals.loss", kind="question")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "i.db"
    with SessionStore(path) as s:
        s.create_session(S, SETUP)
        s.add_turn(S, TURN)
    return path


def refused(path: Path | str, *words: str) -> None:
    with pytest.raises(StoreError) as e:
        SessionStore(path)
    assert e.value.exit_code == Exit.CONFIG and e.value.hint
    for word in (str(path), *words):
        assert word in e.value.message


def test_a_newer_schema_is_refused(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    refused(path, "newer version")


@pytest.mark.parametrize("content", [b"this is no database, it is text\n" * 40, b"\x00" * 4096, b"SQLite format 3\x00"])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "i.db"
    path.write_bytes(content)
    refused(path)
    assert path.read_bytes() == content


def test_a_damaged_database(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))
    with pytest.raises(StoreError, match="damaged"), SessionStore(path) as s:
        s.sessions()


def test_a_turn_that_cannot_be_read(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE turns SET body = json_set(body, '$.kind', 'riddle')")
    db.commit()
    db.close()
    with SessionStore(path) as s, pytest.raises(StoreError, match="cannot read"):
        s.turns(S)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("setup = json_set(setup, '$.voice', 'deep')", "settings"),
        ("setup = '{'", "an interview"),
        ("report = '{\"session\": 1}'", "a report"),
    ],
)
def test_a_row_of_another_version(path: Path, damage: str, what: str) -> None:
    db = sqlite3.connect(path)
    db.execute(f"UPDATE sessions SET {damage}")
    db.commit()
    db.close()
    with SessionStore(path) as s, pytest.raises(StoreError, match=f"{what}.* cannot read"):
        s.report(S)
        s.setup(s.session(S))


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE bookmarks (url)")
    db.commit()
    db.close()
    before = path.read_bytes()
    refused(path, "another program")
    assert path.read_bytes() == before


def test_many_processes_make_one_file(tmp_path: Path) -> None:
    """Whoever comes second finds a file of ours, half made or whole, and never takes it for another's."""
    path = tmp_path / "i.db"

    def make(n: int) -> None:
        with SessionStore(path) as s:
            s.create_session(f"s{n}", SETUP)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(make, range(48)))
    with SessionStore(path) as s:
        assert len(s.sessions()) == 48


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    refused(tmp_path, "cannot be opened")


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused(tmp_path / "file" / "i.db", "folder")
    refused(tmp_path / "file" / "deeper" / "i.db", "folder")


def test_locked_by_another_process(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    with SessionStore(path) as s:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            s.record_answer(S, "q01", "answer", "not lost")
        assert s.turns(S)[0].answer is None
        other.execute("ROLLBACK")
        other.close()
        s.record_answer(S, "q01", "answer", "not lost")
        assert s.turns(S)[0].answer == "not lost"


def test_locked_while_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(tmp_path / "i.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    refused(tmp_path / "i.db", "locked")
    other.close()
    with SessionStore(tmp_path / "i.db") as s:
        assert s.sessions() == []


def test_two_stores_on_one_file(path: Path) -> None:
    with SessionStore(path) as one, SessionStore(path) as other:
        one.record_answer(S, "q01", "answer", "mine")
        with pytest.raises(StaleTurnError):
            other.record_answer(S, "q01", "answer", "theirs")
        assert other.turns(S)[0].answer == "mine"


def test_read_only(path: Path) -> None:
    with SessionStore(path) as s:
        s._db.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="read-only"):
            s.record_answer(S, "q01", "answer", "x")
        with pytest.raises(StoreError, match="read-only"):
            s.save_draft(S, "q01", "x")
        assert s.session(S).id == S
        s._db.execute("PRAGMA query_only = OFF")
        s.record_answer(S, "q01", "answer", "x")


def test_a_full_disk_loses_nothing(path: Path) -> None:
    with SessionStore(path) as s:
        pages = s._db.execute("PRAGMA page_count").fetchone()[0]
        s._db.execute(f"PRAGMA max_page_count = {pages}")
        s.save_draft(S, "q01", "short")
        with pytest.raises(StoreError, match="full"):
            s.record_answer(S, "q01", "answer", "long " * 20_000)
        found = s.turns(S)[0]
        assert found.action is None and s.draft(S, "q01") == "short"
        s._db.execute(f"PRAGMA max_page_count = {pages + 1000}")
        s.record_answer(S, "q01", "answer", "long " * 20_000)
        assert s.turns(S)[0].answer == "long " * 20_000


class FailsOnce:
    """A connection whose first COMMIT fails, as on a disk that filled up just then."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.failed = False

    def execute(self, sql: str, *values: Any) -> Any:
        if sql == "COMMIT" and not self.failed:
            self.failed = True
            raise sqlite3.OperationalError("database or disk is full")
        return self.db.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)


def test_a_commit_that_fails_can_be_tried_again(path: Path) -> None:
    with SessionStore(path) as s:
        s._db = FailsOnce(s._db)  # type: ignore[assignment]
        with pytest.raises(StoreError, match="full"):
            s.record_answer(S, "q01", "answer", "kept by the caller")
        assert s.turns(S)[0].action is None
        s.record_answer(S, "q01", "answer", "kept by the caller")
        assert s.turns(S)[0].answer == "kept by the caller"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("database is locked", "locked"),
        ("attempt to write a readonly database", "read-only"),
        ("database or disk is full", "full"),
        ("file is not a database", "damaged"),
        ("database disk image is malformed", "damaged"),
        ("unable to open database file", "cannot be opened"),
        ("disk I/O error", "disk I/O error"),
    ],
)
def test_every_sqlite_error_says_what_to_do(text: str, says: str) -> None:
    e = store_error("/x/i.db", sqlite3.OperationalError(text))
    assert says in e.message and "/x/i.db" in e.message and e.hint
