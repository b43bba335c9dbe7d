"""The judgements already made, in one SQLite file: what is in it is neither lost nor paid for twice.

Keyed by content (rubric, answer, language, judge), so that rows may be added, moved and shared between files. Only
scored judgements go in. A file that is damaged, newer or another program's is refused, never replaced.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

from interviewer.batch.content import keepable, pack, unpack
from interviewer.errors import StoreError
from interviewer.models import Judgement

APPLICATION_ID = 0x49564A4C
VERSION = 1
"""Raise it when a file of the one kind cannot be read as the other; `content.COMMON` is part of it."""
BUSY_SECONDS = 10.0
GROUP = 500
"""Judgements that cost nothing are committed so many at a time, or after `GROUP_SECONDS`."""
GROUP_SECONDS = 1.0
_CHECKED = 32 << 20
"""Files up to this size are read through when they are opened."""

_SCHEMA = """
    CREATE TABLE judgements (
        id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, run INTEGER NOT NULL, body BLOB NOT NULL
    );
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY, output TEXT NOT NULL, fresh INTEGER NOT NULL, finished INTEGER NOT NULL DEFAULT 0
    );
"""


class Journal:
    """Opens the file at `path`, or makes it. `output` names what is graded, for `fresh`.

    With `durable` a judgement is on disk when `put` returns; without, judgements are written in groups, and a
    power cut or a kill takes at most the last second's. With `fresh` nothing that is in the file is given out,
    and what is made takes its place; that holds until a run for this `output` finishes.

    Raises StoreError when the file cannot be used. Bound to one event loop; any thread may close it.
    """

    def __init__(self, path: Path | str, *, output: str = "", durable: bool = True, fresh: bool = False) -> None:
        self.path = Path(path)
        self._durable = durable
        self._lock = threading.Lock()
        self._pending: dict[bytes, bytes] = {}
        self._writing: dict[bytes, bytes] = {}
        self._queued: Future[None] | None = None
        """The write that has not begun yet."""
        self._failed: StoreError | None = None
        self._committed = time.monotonic()
        self._closed = False
        self.existed = self.path.exists()
        """Whether the file was there before."""
        with self._errors():
            if not self.existed:  # answers are personal: the file is its owner's alone
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._reader = self._connect()
            try:
                self._prepare(self._reader)
                self.run, self._floor = self._begin(output, fresh)
                self._db = self._connect()
                self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            except BaseException:
                self._reader.close()
                raise
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="journal")

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)

    def _prepare(self, db: sqlite3.Connection) -> None:
        if _nobodys(db):  # new, or killed before it was anything
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")
            if _nobodys(db):  # another process may have been faster
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {VERSION}")
            db.execute("COMMIT")
        if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise StoreError(
                f"{self.path} is no journal of grades", hint="nothing was changed in it; name another with --journal"
            )
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found != VERSION:
            raise StoreError(
                f"the journal {self.path} is of another version (format {found}, this version reads {VERSION})",
                hint="use the version of interviewer that wrote it, or name another file with --journal; "
                "without it its rows are graded again",
            )
        if self.path.stat().st_size <= _CHECKED:
            said = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if said != "ok":
                raise sqlite3.DatabaseError(f"malformed: {said}")

    def _begin(self, output: str, fresh: bool) -> tuple[int, int]:
        """The number of this run, and that of the first run whose judgements count."""
        db = self._reader
        db.execute("BEGIN IMMEDIATE")
        run = db.execute("INSERT INTO runs (output, fresh) VALUES (?, ?)", (output, int(fresh))).lastrowid
        done = db.execute("SELECT max(id) FROM runs WHERE output = ? AND finished", (output,)).fetchone()[0] or 0
        floor = db.execute("SELECT max(id) FROM runs WHERE output = ? AND fresh AND id > ?", (output, done)).fetchone()
        db.execute("COMMIT")
        assert run is not None
        return run, floor[0] or 0

    @property
    def entries(self) -> int:
        """How many judgements are on disk."""
        with self._errors():
            return int(self._reader.execute("SELECT count(*) FROM judgements").fetchone()[0])

    def get(self, key: bytes) -> Judgement | None:
        """The judgement kept under `key`. Raises StoreError when the file, or the entry, is damaged."""
        with self._lock:
            body = self._pending.get(key) or self._writing.get(key)
        if body is None:
            with self._errors():
                row = self._reader.execute(
                    "SELECT body FROM judgements WHERE key = ? AND run >= ?", (key, self._floor)
                ).fetchone()
            if row is None:
                return None
            body = row[0]
        try:
            return unpack(body)
        except (zlib.error, ValueError, TypeError):
            raise self._damaged("an entry cannot be read") from None

    async def put(self, key: bytes, judgement: Judgement) -> None:
        """Keep a judgement. Raises StoreError when this, or an earlier one of its group, could not be written."""
        if not keepable(judgement):
            return
        body = pack(judgement)
        with self._lock:
            self._pending[key] = body
            full = len(self._pending) >= GROUP or time.monotonic() - self._committed > GROUP_SECONDS
        if self._durable:
            await asyncio.wrap_future(self._commit())
        elif full:
            writing = self._commit()
            if self._failed is not None:
                raise self._failed
            if len(self._pending) >= 4 * GROUP:  # the disk does not keep up
                await asyncio.wrap_future(writing)

    def finish(self) -> None:
        """Note that every row of the output has been dealt with."""
        with self._errors():
            self._commit().result()
            self._db.execute("UPDATE runs SET finished = 1 WHERE id = ?", (self.run,))

    def close(self) -> None:
        """Write what is left. A journal that was made for nothing goes away again."""
        if self._closed:
            return
        self._closed = True
        try:
            with self._errors():
                self._commit().result()
                unused = not self.existed and not self.entries
        finally:
            self._writer.shutdown()
            self._reader.close()
            self._db.close()
        if unused:
            for end in ("", "-wal", "-shm"):
                Path(f"{self.path}{end}").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            self.close()
        else:  # what went wrong first is what is told
            with suppress(StoreError):
                self.close()

    def _commit(self) -> Future[None]:
        """The next write, which takes all that is pending with it."""
        with self._lock:
            if self._queued is None:
                self._queued = self._writer.submit(self._write)
            return self._queued

    def _write(self) -> None:
        with self._lock:
            self._queued = None
            self._writing, self._pending = self._pending, {}
            self._committed = time.monotonic()
        if not self._writing:
            return
        rows = [(key, self.run, body) for key, body in self._writing.items()]
        try:
            with self._errors():
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    self._db.executemany("INSERT OR REPLACE INTO judgements (key, run, body) VALUES (?, ?, ?)", rows)
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")
                    raise
        except StoreError as e:
            with self._lock:  # the next write tries them again
                self._pending = self._writing | self._pending
                self._writing, self._failed = {}, e
            raise
        with self._lock:
            self._writing, self._failed = {}, None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as e:
            raise StoreError(
                f"the journal {self.path} cannot be used: {e.strerror or e}", hint="name another file with --journal"
            ) from None
        except sqlite3.Error as e:
            raise self._told(e) from None

    def _told(self, e: sqlite3.Error) -> StoreError:
        said = str(e).lower()
        if "not a database" in said or "malformed" in said or "corrupt" in said:
            return self._damaged(str(e))
        if "locked" in said or "busy" in said:
            return StoreError(
                f"the journal {self.path} is locked by another process",
                hint="wait for the other run, or name another file with --journal",
            )
        if "full" in said:
            return StoreError(
                f"the journal {self.path} cannot be written: the disk is full",
                hint="free some space and run the same command again; what was written stays",
            )
        return StoreError(
            f"the journal {self.path} cannot be used: {e}",
            hint="check the rights of the file and its folder, or name another with --journal",
        )

    def _damaged(self, why: str) -> StoreError:
        return StoreError(
            f"the journal {self.path} is damaged or is no journal ({why})",
            hint="nothing was changed in it; put back a copy, or move it away: its rows are then graded again",
        )


def _nobodys(db: sqlite3.Connection) -> bool:
    """Whether it is a database with nothing in it, not even a mark of whose it is."""
    marks = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    return not any(marks) and not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
