"""One SQLite file, opened with care: its schema, its faults as StoreErrors, writes that are whole or not at all.

Migrations are append-only; a file written by a newer version or by another program is refused, not guessed
at. Knows errors, nothing of what is stored.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from interviewer.errors import StoreError

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


class Database:
    """Opens (and creates) the file at `path`; ":memory:" is allowed in tests.

    Raises StoreError when the file is locked, read-only, corrupt, full, from a newer version or not ours.
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
        db.execute("BEGIN")  # what the file is, is read as of one moment: another process may be making it
        try:
            found = self._schema()
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
        if found == len(MIGRATIONS):
            db.execute("PRAGMA synchronous = FULL")
            return
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN IMMEDIATE")
        try:
            for n in range(self._schema(), len(MIGRATIONS)):
                for statement in MIGRATIONS[n].split(";"):
                    if statement.strip():
                        db.execute(statement)
                db.execute(f"PRAGMA user_version = {n + 1}")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _schema(self) -> int:
        """The version of the schema in the file, 0 for a new one. Raises StoreError when it is not ours to change."""
        found: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found > len(MIGRATIONS):
            raise StoreError(
                f"{self.path} was written by a newer version (schema {found}, this version knows {len(MIGRATIONS)})",
                hint="upgrade interviewer, or name another file with --db PATH",
            )
        if found == 0 and self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            raise StoreError(
                f"{self.path} is a database of another program",
                hint="nothing was changed in it; name another file with --db PATH",
            )
        return found

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
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
