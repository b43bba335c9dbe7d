"""Answers kept on disk, so that the same question to the same model costs nothing the second time.

One SQLite file. Only validated answers go in; no key, header or address credential is part of a key or an entry. A
cache that is locked, read-only, full or damaged is no error: it is left alone, and calls go upstream. It never
blocks the event loop for longer than `BUSY_SECONDS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from interviewer.llm.protocol import Capability, Request
from interviewer.llm.schema import in_words
from interviewer.llm.secrets import without_credentials

log = logging.getLogger("interviewer.llm")

T = TypeVar("T")

VERSION = 1
"""Part of every key: raise it when the meaning of an entry changes."""
BUSY_SECONDS = 0.1
MOST_ENTRIES = 50_000
APPLICATION_ID = 0x49564C43


@dataclass(frozen=True)
class Kept:
    text: str
    finish_reason: str | None
    capability: Capability | None


def cache_key(request: Request, *, model: str, address: str) -> str:
    """All that an answer depends on, as one hash."""
    what = {
        "version": VERSION,
        "model": model,
        "address": without_credentials(address) if address else "",
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "seed": request.seed,
        "messages": [[m.role, m.content] for m in request.messages],
        "schema": None if request.schema is None else in_words(request.schema),
        "rubric": request.rubric_hash,
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


class AnswerCache:
    """Opened at the first use; `get` gives None and `put` does nothing when it cannot be used."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._db: sqlite3.Connection | None = None
        self._broken = False

    def get(self, key: str) -> Kept | None:
        try:
            db = self._open()
            row = db and db.execute("SELECT body FROM answers WHERE key = ?", (key,)).fetchone()
            if not row:
                return None
            body: Any = json.loads(row[0])
            return Kept(str(body["text"]), body.get("finish_reason"), body.get("capability"))
        except (sqlite3.Error, ValueError, KeyError, TypeError) as e:
            self._failed(e)
            return None

    def put(self, key: str, kept: Kept) -> None:
        body = {"text": kept.text, "finish_reason": kept.finish_reason, "capability": kept.capability}
        try:
            if db := self._open():
                db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, json.dumps(body), int(time.time())))
        except sqlite3.Error as e:
            self._failed(e)

    def forget(self, key: str) -> None:
        try:
            if db := self._open():
                db.execute("DELETE FROM answers WHERE key = ?", (key,))
        except sqlite3.Error as e:
            self._failed(e)

    def close(self) -> None:
        if self._db is not None:
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _open(self) -> sqlite3.Connection | None:
        if self._db is not None or self._broken:
            return self._db
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):  # answers are personal: the file is its owner's alone
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL, 0o600))
            db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as e:
            self._broken = True
            log.warning("the cache %s is not used: %s", self.path, e)
            return None
        try:
            self._prepare(db)
        except sqlite3.Error:
            db.close()
            raise
        self._db = db
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise sqlite3.DatabaseError("it is another program's database")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, body TEXT, at INTEGER) WITHOUT ROWID")
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA synchronous = OFF")  # what a power cut takes is asked again
        with contextlib.suppress(sqlite3.OperationalError):
            if db.execute("SELECT count(*) FROM answers").fetchone()[0] > MOST_ENTRIES:
                db.execute(
                    "DELETE FROM answers WHERE key IN (SELECT key FROM answers ORDER BY at LIMIT ?)",
                    (MOST_ENTRIES // 5,),
                )

    def _failed(self, e: Exception) -> None:
        """A lock passes; anything else means that this file is not used any more by this process."""
        busy = isinstance(e, sqlite3.OperationalError) and ("locked" in str(e) or "busy" in str(e))
        log.log(logging.DEBUG if busy else logging.WARNING, "the cache %s is not used: %s", self.path, e)
        if not busy and isinstance(e, sqlite3.Error):
            self.close()
            self._broken = True


class InFlight(Generic[T]):
    """One piece of work per key at a time; whoever asks for the same meanwhile gets its result.

    The work is cancelled when nobody waits for it any more.
    """

    def __init__(self) -> None:
        self._work: dict[str, tuple[asyncio.Task[T], set[object]]] = {}

    async def run(self, key: str, work: Callable[[], Coroutine[Any, Any, T]]) -> tuple[T, bool]:
        """The result, and whether another caller had it made."""
        joined = key in self._work
        if not joined:
            task = asyncio.create_task(work())
            self._work[key] = (task, set())
            task.add_done_callback(lambda done: self._finished(key, done))
        task, waiting = self._work[key]
        me = object()
        waiting.add(me)
        try:
            return await asyncio.shield(task), joined
        except asyncio.CancelledError:
            if waiting == {me} and not task.done():
                self._finished(key, task)
                task.cancel()
                await asyncio.wait([task])
            raise
        finally:
            waiting.discard(me)

    def _finished(self, key: str, task: asyncio.Task[T]) -> None:
        if key in self._work and self._work[key][0] is task:
            del self._work[key]
        if task.done() and not task.cancelled():
            task.exception()  # seen: whoever waits gets it raised
