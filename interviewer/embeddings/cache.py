"""Vectors kept in SQLite, so that a slow model sees every text once. A broken cache is never an error."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from interviewer.embeddings.base import Embedder, Vectors

_LOG = logging.getLogger(__name__)
_SCHEMA = """CREATE TABLE IF NOT EXISTS vectors (
    model BLOB NOT NULL, text BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (model, text)
) WITHOUT ROWID"""
_AT_ONCE = 500
"""Keys per SELECT: below SQLite's oldest limit of variables."""


class CachedEmbedder:
    """`inner` behind an LRU in memory and, with `path`, a SQLite file that processes may share.

    Keyed by sha256 of the text and of `model_key`, which must change whenever the vectors would. A file
    that is corrupt, locked for longer than `busy_s` or not writable is reported once through `notice` and
    then left alone for the life of this object. Safe to call from several threads.
    """

    def __init__(
        self,
        inner: Embedder,
        path: Path | None,
        *,
        model_key: str | None = None,
        notice: Callable[[str], None] = _LOG.warning,
        memory: int = 8192,
        busy_s: float = 2.0,
    ) -> None:
        self.inner = inner
        self.name = inner.name
        self.dim = inner.dim
        self._path = path
        self._model_key = model_key
        self._model = hashlib.sha256((model_key or inner.name).encode()).digest()
        self._notice = notice
        self._busy_s = busy_s
        self._memory: OrderedDict[bytes, Vectors] = OrderedDict()
        self._memory_size = memory
        self._lock = threading.Lock()

    @property
    def key(self) -> str:
        """What the vectors depend on; a name may be kept while the model behind it changes."""
        return self._model.hex()

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process, with a memory of its own on the same file."""
        make = partial(CachedEmbedder, model_key=self._model_key, memory=self._memory_size, busy_s=self._busy_s)
        return make, (self.inner, self._path)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.encode`; `inner` is asked once, for the texts that are new."""
        keys = [hashlib.sha256(t.encode("utf-8", "surrogatepass")).digest() for t in texts]
        wanted = dict(zip(keys, texts, strict=True))
        found = self._from_memory(wanted)
        found |= self._from_disk([k for k in wanted if k not in found])
        missing = [k for k in wanted if k not in found]
        if missing:
            fresh = dict(zip(missing, self.inner.encode([wanted[k] for k in missing]), strict=True))
            self._to_disk(fresh)
            found |= fresh
        self._to_memory(found)
        return np.stack([found[k] for k in keys]) if keys else np.zeros((0, self.dim), dtype=np.float32)

    def _from_memory(self, keys: dict[bytes, str]) -> dict[bytes, Vectors]:
        with self._lock:
            found = {k: self._memory[k] for k in keys if k in self._memory}
            for key in found:
                self._memory.move_to_end(key)
        return found

    def _to_memory(self, vectors: dict[bytes, Vectors]) -> None:
        with self._lock:
            self._memory |= vectors
            while len(self._memory) > self._memory_size:
                self._memory.popitem(last=False)

    def _from_disk(self, keys: list[bytes]) -> dict[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}

        def read(db: sqlite3.Connection) -> None:
            for start in range(0, len(keys), _AT_ONCE):
                part = keys[start : start + _AT_ONCE]
                marks = ",".join("?" * len(part))
                query = f"SELECT text, vector FROM vectors WHERE model = ? AND text IN ({marks})"
                for key, blob in db.execute(query, (self._model, *part)):
                    if isinstance(blob, bytes) and len(blob) == 4 * self.dim:
                        found[key] = np.frombuffer(blob, dtype="<f4").astype(np.float32)

        if keys:
            self._with_database(read)
        return found

    def _to_disk(self, vectors: dict[bytes, Vectors]) -> None:
        rows = [(self._model, k, v.astype("<f4").tobytes()) for k, v in vectors.items()]

        def write(db: sqlite3.Connection) -> None:
            with db:
                db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

        self._with_database(write)

    def _with_database(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """`work` on a connection of its own; whatever goes wrong with the file is told once and swallowed."""
        path = self._path
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(path, timeout=self._busy_s)) as db:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = NORMAL")
                db.execute(_SCHEMA)
                work(db)
        except (sqlite3.Error, OSError) as error:
            with self._lock:
                told, self._path = self._path is None, None
            if not told:
                self._notice(f"the embedding cache {path} is not used: {error}; delete it to start afresh")
