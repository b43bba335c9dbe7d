"""What goes to a provider's batch service and what comes back: the results by id, and the requests still to be made.

The files are the whole memory: what stands in an earlier file of requests was sent and is waited for, never asked
twice. In between lies an index on disk, so that memory does not grow with the files. Knows nothing of rows or judges.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interviewer.batch.locking import FileLock, clear
from interviewer.batch.request_files import RequestWriter, Rounds, requests_in
from interviewer.errors import ConfigError, InputError, InterviewerError, UsageError
from interviewer.llm.batch_lines import (
    MOST_BYTES,
    MOST_REQUESTS,
    NoResultError,
    Result,
    custom_id,
    read_result,
    request_line,
)
from interviewer.llm.estimate import tokens_of
from knowledge.errors import nearest

LONGEST_LINE = 32 << 20
_TABLES = """
CREATE TABLE results (key TEXT, attempt INT, ok INT, line BLOB, used INT DEFAULT 0, PRIMARY KEY (key, attempt))
    WITHOUT ROWID;
CREATE TABLE sent (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE asked (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass
class Collected:
    """What the files of results held."""

    files: int = 0
    answers: int = 0
    failed: int = 0
    """Results that are errors, those that a later attempt made good included."""
    duplicates: int = 0
    """Further answers to the same request; the first counts."""
    unreadable: list[str] = field(default_factory=list)
    """Where lines are that are no results, the first few."""
    unreadable_lines: int = 0
    cut: list[str] = field(default_factory=list)
    """Files whose last line is not complete."""


@dataclass
class Asked:
    """What goes into the outgoing files."""

    first: int = 0
    again: int = 0
    """Second looks and corrections."""
    resent: int = 0
    """Asked before, without an answer."""
    input_tokens: int = 0
    """An estimate, instructions and schema included."""
    output_tokens: int = 0
    """At most: the sum of the requests' limits."""

    @property
    def requests(self) -> int:
        return self.first + self.again + self.resent


class BatchExchange:
    """Of one model, known to the provider as `served`. Use it as a context manager; `finish` puts the files in place.

    `submit` names the files of requests (`Rounds`); without it, or with `write=False`, what is missing is only counted.
    Raises UsageError (no such file, requests of something else), InputError (no results in a file) and StoreError
    (another run writes these requests).
    """

    def __init__(
        self,
        served: str,
        *,
        submit: Path | None = None,
        collect: Iterable[Path] = (),
        write: bool = True,
        most_requests: int = MOST_REQUESTS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.served = served
        self.collected, self.asked = Collected(), Asked()
        self.assumed = 0
        """First requests that are taken to be with the provider, for want of the file they were written to."""
        self.unwritten = 0
        """Requests that are needed and were not to be written."""
        self._fault: InterviewerError | None = None
        self._collecting = bool(collect := list(collect))
        # In a file of its own that nobody else sees; it is gone when it is closed, or the process is.
        self._db = sqlite3.connect("", isolation_level=None)
        self._writer: RequestWriter | None = None
        self._lock: FileLock | None = None
        try:
            self._db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES}")
            if submit:
                self._lock = _lock_of(submit)
                self._lock.acquire()
            self.earlier = self._read_sent(submit) if submit else []
            if submit and write:
                target = Rounds(submit).next()
                clear(target)
                self._writer = RequestWriter(target, most_requests=most_requests, most_bytes=most_bytes)
            for path in dict.fromkeys(collect):
                self._collect(path)
        except sqlite3.Error as e:
            self.close()
            raise ConfigError(f"the index of the results: {e}", hint="check the space left for temporary files") from e
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> BatchExchange:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Without `finish` before, no file of requests is left."""
        if self._writer is not None:
            self._writer.discard()
        self._db.close()
        if self._lock is not None:
            self._lock.release()

    def results(self, key: str) -> list[Result]:
        found = self._db.execute("SELECT line FROM results WHERE key = ? ORDER BY attempt", (key,)).fetchall()
        if found:
            self._db.execute("UPDATE results SET used = 1 WHERE key = ?", (key,))
        return [read_result(line) for (line,) in found]

    def ask(self, key: str, attempt: int, body: Mapping[str, Any], *, again: bool) -> None:
        if self._fault is not None:
            return
        name = custom_id(key, attempt)
        try:
            new = self._db.execute("INSERT OR IGNORE INTO asked VALUES (?)", (name,)).rowcount
            if not new or self._db.execute("SELECT 1 FROM sent WHERE id = ?", (name,)).fetchone():
                return
            if self._collecting and not self.earlier and attempt == 1 and not again:
                self.assumed += 1
            elif self._writer is None:
                self.unwritten += 1
            else:
                self._writer.write(request_line(key, attempt, body))
                self._count(attempt, body, again)
        except InterviewerError as e:
            self._fault = e
        except (OSError, sqlite3.Error) as e:
            self._fault = ConfigError(f"the requests cannot be written: {e}", hint="check the space left")

    def finish(self) -> list[Path]:
        """The files of requests, now in their places. Raises ConfigError when one could not be written."""
        if self._fault is not None:
            raise self._fault
        return self._writer.finish() if self._writer is not None else []

    @property
    def unknown(self) -> int:
        """Results that answer nothing which was asked here, in this run or an earlier one."""
        return self._one(
            "SELECT count(*) FROM results AS r WHERE NOT used"
            " AND NOT EXISTS (SELECT 1 FROM sent WHERE id = r.key OR id = r.key || '-' || r.attempt)"
        )

    @property
    def used(self) -> int:
        """Results that this run went by."""
        return self._one("SELECT count(*) FROM results WHERE used")

    def _one(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0])

    def _count(self, attempt: int, body: Mapping[str, Any], again: bool) -> None:
        asked = self.asked
        if attempt > 1:
            asked.resent += 1
        elif again:
            asked.again += 1
        else:
            asked.first += 1
        read, write = tokens_of(body)
        asked.input_tokens += read
        asked.output_tokens += write

    def _read_sent(self, submit: Path) -> list[Path]:
        found = []
        for path in Rounds(submit).existing():
            try:
                self._db.execute("BEGIN")
                self._db.executemany(
                    "INSERT OR IGNORE INTO sent VALUES (?)",
                    ((custom_id(key, attempt),) for key, attempt in requests_in(path, self.served)),
                )
                self._db.execute("COMMIT")
            except OSError as e:
                raise InputError(f"{path} cannot be read: {e.strerror or e}") from None
            found.append(path)
        return found

    def _collect(self, path: Path) -> None:
        before = self._found()
        self._db.execute("BEGIN")
        try:
            with path.open("rb") as file:
                number = 0
                while line := file.readline(LONGEST_LINE):
                    number += 1
                    whole = line.endswith(b"\n")
                    if not whole and len(line) == LONGEST_LINE:
                        while rest := file.readline(LONGEST_LINE):
                            if rest.endswith(b"\n"):
                                break
                        line = b"?"
                    self._add(path, number, line.removeprefix(b"\xef\xbb\xbf"), whole=whole)
        except FileNotFoundError:
            beside = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
            close = nearest(path.name, beside, n=1)
            raise UsageError(
                f"there is no file {path}", hint=f"did you mean {path.parent / close[0]}?" if close else None
            ) from None
        except OSError as e:
            raise InputError(f"{path} cannot be read: {e.strerror or e}") from None
        self._db.execute("COMMIT")
        if before == self._found():
            raise InputError(
                f"{path} holds no result of a batch",
                hint='a line of results looks like {"custom_id": …, "response": …, "error": …}',
            )
        self.collected.files += 1

    def _found(self) -> int:
        found = self.collected
        return found.answers + found.failed + found.duplicates + len(found.cut)

    def _add(self, path: Path, number: int, line: bytes, *, whole: bool) -> None:
        if not line.strip():
            return
        found = self.collected
        try:
            result = read_result(line)
        except NoResultError as e:
            if e.request:
                raise InputError(
                    f"{path} holds requests, not results (line {number})",
                    hint="--collect-file takes what the provider gives back",
                ) from None
            if not whole and line.startswith(b"{"):
                found.cut.append(path.name)
                return
            found.unreadable_lines += 1
            if found.unreadable_lines <= 3:
                found.unreadable.append(f"{path.name}:{number}")
            return
        ok = result.error is None
        row = (result.key, result.attempt, ok, line)
        known = self._db.execute("SELECT ok FROM results WHERE key = ? AND attempt = ?", row[:2]).fetchone()
        if ok and known and known[0]:
            found.duplicates += 1
            return
        found.answers += ok
        found.failed += not ok
        if known is None or ok:
            self._db.execute("INSERT OR REPLACE INTO results (key, attempt, ok, line) VALUES (?, ?, ?, ?)", row)


def _lock_of(submit: Path) -> FileLock:
    """The lock on all rounds of these requests."""
    if submit.is_dir() or not submit.parent.is_dir():
        raise UsageError(
            f"--submit-file {submit}: " + ("that is a folder" if submit.is_dir() else "there is no such folder"),
            hint="give a file, such as requests.jsonl",
        )
    return FileLock(Rounds(submit).first)
