"""SessionStore: sessions, turns, answers, judgements and drafts in one SQLite file.

An answer is committed (synchronous=FULL) before anything else happens to it. Migrations are
append-only; a file written by a newer version is refused, not guessed at. Knows models and errors,
nothing of graphs or screens. Every sqlite3 error leaves here as a StoreError that says what to do.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from interviewer.errors import SessionError, StaleTurnError, StoreError
from interviewer.models import Action, Judgement, Report, Turn

BUSY_SECONDS = 5.0

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
        role TEXT NOT NULL, level TEXT NOT NULL, lang TEXT NOT NULL, setup TEXT NOT NULL,
        status TEXT NOT NULL DEFAULT 'open', seconds REAL NOT NULL DEFAULT 0,
        score REAL, report TEXT
    );
    CREATE TABLE turns (
        session TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
        seq INTEGER NOT NULL, turn_id TEXT NOT NULL, question_id TEXT NOT NULL,
        body TEXT NOT NULL, action TEXT, answer TEXT, answered_at TEXT, judgement TEXT,
        PRIMARY KEY (session, turn_id)
    ) WITHOUT ROWID;
    CREATE INDEX turns_in_order ON turns (session, seq);
    CREATE TABLE drafts (
        session TEXT PRIMARY KEY REFERENCES sessions(id) ON DELETE CASCADE,
        turn_id TEXT NOT NULL, text TEXT NOT NULL, updated_at TEXT NOT NULL
    );
    """,
)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class SessionRow:
    """One interview as the store knows it. `setup` is the plain JSON of `Setup`."""

    id: str
    created_at: str
    updated_at: str
    role: str
    level: str
    lang: str
    status: str
    """`open` or `finished`."""
    seconds: float
    """Time spent in the interview, pauses left out."""
    score: float | None
    setup: dict[str, Any]
    answered: int = 0


class SessionStore:
    """Opens (and creates) the file at `path`; ":memory:" is allowed in tests.

    Raises StoreError when the file is locked, read-only, corrupt, full or from a newer version.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        # One connection, used from the screens' thread and from the threads LangGraph runs its nodes in.
        self._lock = threading.RLock()
        if self.path != ":memory:":
            try:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            except OSError as e:
                raise StoreError(
                    f"cannot create the folder of the database {self.path}: {e.strerror}",
                    hint="name another file with --db PATH",
                ) from None
        with self._errors():
            self._db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                self._open()
            except BaseException:
                self._db.close()
                raise

    def _open(self) -> None:
        db = self._db
        db.execute("PRAGMA foreign_keys = ON")
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found > len(MIGRATIONS):
            raise StoreError(
                f"{self.path} was written by a newer version (schema {found}, this version knows {len(MIGRATIONS)})",
                hint="upgrade interviewer, or name another file with --db PATH",
            )
        if found == len(MIGRATIONS):
            db.execute("PRAGMA synchronous = FULL")
            return
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN IMMEDIATE")
        try:
            found = db.execute("PRAGMA user_version").fetchone()[0]
            for n in range(found, len(MIGRATIONS)):
                for statement in MIGRATIONS[n].split(";"):
                    if statement.strip():
                        db.execute(statement)
                db.execute(f"PRAGMA user_version = {n + 1}")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> SessionStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as e:
            raise store_error(self.path, e) from None

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, self._errors():
            return self._db.execute(sql, values).fetchall()

    # sessions

    def create_session(self, session_id: str, setup: dict[str, Any]) -> None:
        at = now()
        with self._write() as db:
            db.execute(
                "INSERT INTO sessions (id, created_at, updated_at, role, level, lang, setup)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (session_id, at, at, setup["role"], setup["level"], setup["lang"], _dump(setup)),
            )

    def session(self, session_id: str) -> SessionRow:
        """By id, or by a prefix that fits one session only. Raises SessionError."""
        session_id = storable(session_id)
        rows = self._sessions("WHERE s.id = ?", session_id)
        if not rows and session_id:
            rows = self._sessions("WHERE substr(s.id, 1, ?) = ?", len(session_id), session_id)
        if len(rows) == 1:
            return rows[0]
        if rows:
            raise SessionError(
                f"{session_id!r} fits {len(rows)} interviews", hint="give more of the id; `history` lists them"
            )
        raise SessionError(f"no interview {session_id[:80]!r} in {self.path}", hint="`interviewer history` lists them")

    def sessions(self, *, status: str | None = None, limit: int = 50) -> list[SessionRow]:
        """The newest first."""
        if status is None:
            return self._sessions("ORDER BY s.created_at DESC, s.id LIMIT ?", limit)
        return self._sessions("WHERE s.status = ? ORDER BY s.created_at DESC, s.id LIMIT ?", status, limit)

    def _sessions(self, tail: str, *values: object) -> list[SessionRow]:
        rows = self._rows(
            "SELECT s.id, s.created_at, s.updated_at, s.role, s.level, s.lang, s.status, s.seconds, s.score,"
            " s.setup, (SELECT count(*) FROM turns t WHERE t.session = s.id AND t.action = 'answer')"
            f" FROM sessions s {tail}",
            *values,
        )
        return [SessionRow(*(*r[:9], json.loads(r[9]), r[10])) for r in rows]

    def add_seconds(self, session_id: str, seconds: float) -> None:
        with self._write() as db:
            db.execute("UPDATE sessions SET seconds = seconds + ? WHERE id = ?", (seconds, session_id))

    def delete_session(self, session_id: str) -> None:
        with self._write() as db:
            db.execute("DELETE FROM sessions WHERE id = ?", (session_id,))

    def questions_seen(self) -> dict[str, int]:
        """How often each question was asked in any session."""
        return dict(
            self._rows(
                "SELECT question_id, count(*) FROM turns WHERE json_extract(body, '$.kind') = 'question'"
                " GROUP BY question_id"
            )
        )

    # turns

    def add_turn(self, session_id: str, turn: Turn) -> None:
        """Idempotent: a node that runs again after a crash adds nothing."""
        body = turn.model_dump(mode="json", exclude={"answer", "action", "answered_at", "judgement"})
        with self._write() as db:
            db.execute(
                "INSERT INTO turns (session, seq, turn_id, question_id, body, action) VALUES"
                " (?, (SELECT count(*) + 1 FROM turns WHERE session = ?), ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (session_id, session_id, turn.turn_id, turn.question_id, _dump(body), turn.action),
            )

    def record_answer(self, session_id: str, turn_id: str, action: Action, text: str | None) -> None:
        """Commit what the candidate did, once; the draft goes with it.

        Raises StaleTurnError when the turn is not there or already has an action.
        """
        at = now()
        with self._write() as db:
            done = db.execute(
                "UPDATE turns SET action = ?, answer = ?, answered_at = ?"
                " WHERE session = ? AND turn_id = ? AND action IS NULL",
                (action, None if text is None else storable(text), at, session_id, turn_id),
            ).rowcount
            if not done:
                raise StaleTurnError(
                    f"turn {turn_id} is already answered",
                    hint="the interview has moved on; answer the question on the screen",
                )
            db.execute("DELETE FROM drafts WHERE session = ?", (session_id,))
            db.execute("UPDATE sessions SET updated_at = ? WHERE id = ?", (at, session_id))

    def save_judgement(self, session_id: str, turn_id: str, judgement: Judgement) -> bool:
        """Keep the first judgement of a turn; False when there was one already."""
        with self._write() as db:
            return bool(
                db.execute(
                    "UPDATE turns SET judgement = ? WHERE session = ? AND turn_id = ? AND judgement IS NULL",
                    (_dump(judgement.model_dump(mode="json")), session_id, turn_id),
                ).rowcount
            )

    def turn(self, session_id: str, turn_id: str) -> Turn | None:
        found = self._turns("AND turn_id = ?", session_id, turn_id)
        return found[0] if found else None

    def turns(self, session_id: str) -> list[Turn]:
        """In the order in which they were asked."""
        return self._turns("ORDER BY seq", session_id)

    def _turns(self, tail: str, *values: object) -> list[Turn]:
        rows = self._rows(
            f"SELECT body, action, answer, answered_at, judgement FROM turns WHERE session = ? {tail}", *values
        )
        try:
            return [
                Turn(
                    **json.loads(body),
                    action=action,
                    answer=answer,
                    answered_at=at,
                    judgement=Judgement.model_validate_json(judgement) if judgement else None,
                )
                for body, action, answer, at, judgement in rows
            ]
        except (ValidationError, ValueError) as e:
            raise StoreError(
                f"{self.path} holds a turn that this version cannot read: {str(e).splitlines()[0]}",
                hint="use the version that wrote it, or name another file with --db PATH",
            ) from None

    # drafts

    def save_draft(self, session_id: str, turn_id: str, text: str) -> None:
        """Keep what is being typed; an empty text forgets it."""
        with self._write() as db:
            if text:
                db.execute(
                    "INSERT INTO drafts VALUES (?, ?, ?, ?) ON CONFLICT (session) DO UPDATE SET"
                    " turn_id = excluded.turn_id, text = excluded.text, updated_at = excluded.updated_at",
                    (session_id, turn_id, storable(text), now()),
                )
            else:
                db.execute("DELETE FROM drafts WHERE session = ?", (session_id,))

    def draft(self, session_id: str, turn_id: str) -> str:
        rows = self._rows("SELECT text FROM drafts WHERE session = ? AND turn_id = ?", session_id, turn_id)
        return str(rows[0][0]) if rows else ""

    # reports

    def save_report(self, session_id: str, report: Report) -> None:
        with self._write() as db:
            db.execute(
                "UPDATE sessions SET report = ?, score = ?, status = 'finished', updated_at = ? WHERE id = ?",
                (_dump(report.model_dump(mode="json")), report.score, now(), session_id),
            )

    def report(self, session_id: str) -> Report | None:
        rows = self._rows("SELECT report FROM sessions WHERE id = ?", session_id)
        return Report.model_validate_json(rows[0][0]) if rows and rows[0][0] else None


def storable(text: str) -> str:
    """`text` as SQLite can hold it: lone surrogates, which are no characters, become U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def store_error(path: str, e: sqlite3.Error) -> StoreError:
    """The sqlite3 error as one that says what happened and what to do."""
    text = str(e).lower()
    if "locked" in text or "busy" in text:
        what, hint = "is locked by another process", "close the other interview, or name another file with --db"
    elif "readonly" in text or "read-only" in text:
        what, hint = "is read-only", "allow writing to it, or name another file with --db PATH"
    elif "full" in text:
        what, hint = "cannot be written: the disk is full", "free some space and try again; nothing was lost"
    elif "not a database" in text or "malformed" in text or "corrupt" in text:
        what, hint = (
            "is damaged or is no database",
            "move it away (nothing here overwrites it) and start again, or name another file with --db PATH",
        )
    elif "unable to open" in text:
        what, hint = "cannot be opened", "check the folder and its permissions, or name another with --db PATH"
    else:
        what, hint = f"cannot be used ({e})", "name another file with --db PATH, or report this with --debug"
    return StoreError(f"the database {path} {what}", hint=hint)


def _dump(value: object) -> str:
    return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
