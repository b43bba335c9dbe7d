"""Which ids have come before, however many there are: on disk, where they do not fit in a small cache."""

from __future__ import annotations

import hashlib
import sqlite3


class Seen:
    """A set of texts in a temporary file that nobody sees. Use it in one thread; `close` it."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("CREATE TABLE seen (id BLOB PRIMARY KEY) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def add(self, text: str) -> bool:
        """Whether it was there already."""
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
        return not self._db.execute("INSERT OR IGNORE INTO seen VALUES (?)", (key,)).rowcount

    def close(self) -> None:
        self._db.close()
