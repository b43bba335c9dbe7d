"""Graded rows as text, to a file or to standard output: every input column in its place, then the judgement's.

An output appears whole or not at all: it is written beside its place and moved there at the end.
Knows nothing of grading.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from interviewer.batch.locking import TEMPORARY
from interviewer.batch.runner import GradedRow
from interviewer.batch.scale import SCALED, Scale
from interviewer.errors import ConfigError, UsageError
from interviewer.models import Judgement
from interviewer.text import csv_safe

ADDED: tuple[str, ...] = tuple(Judgement.model_fields)
"""What grading adds to a row, in order: the fields of a judgement."""
KEPT_AS = "input_"
"""Before the name of an input column that is called like a field of the judgement."""
_WITH_SCALE: tuple[str, ...] = tuple(n for name in ADDED for n in ((name, SCALED) if name == "score" else (name,)))
"""The same where the row says how many marks there are."""
_BULK = frozenset({"signals"})
"""What the judge measured is for JSON Lines; a spreadsheet cell is no place for it."""


class Output:
    """A file that appears at `path` when it is finished; before that it lies beside it."""

    def __init__(self, path: Path) -> None:
        # A link stays a link; what it leads to is replaced.
        self.path = path = path.resolve()
        try:
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=TEMPORARY, dir=path.parent)
        except OSError as e:
            raise _cannot_write(path, e) from None
        self._temporary = Path(name)
        self._partial = path.with_name(path.name + ".part")
        self.file: BinaryIO = os.fdopen(handle, "wb")

    def finish(self) -> None:
        """Move it to its place; what an interrupted run left of it goes."""
        self._move_to(self.path)
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)

    def keep_partial(self) -> Path:
        """What was written so far, moved to `<path>.part`."""
        self._move_to(self._partial)
        return self._partial

    def _move_to(self, place: Path) -> None:
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            # mkstemp makes files that only their owner can read.
            mask = os.umask(0)
            os.umask(mask)
            self._temporary.chmod(0o666 & ~mask)
            self._temporary.replace(place)
        except OSError as e:
            self.discard()
            raise _cannot_write(place, e) from None

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self.file.close()
        self._temporary.unlink(missing_ok=True)


class Writer(Protocol):
    """Takes graded rows one by one; `close` when there are no more."""

    def write(self, row: GradedRow) -> None: ...

    def close(self) -> None: ...

    def notes(self) -> list[str]:
        """What the format could not hold as it was."""


class JsonLinesWriter:
    """The input object, then the judgement's fields. Lines that could not be read have no object to keep."""

    def __init__(self, send: Callable[[bytes], Any], scale: Scale) -> None:
        self._send = send
        self._scale = scale

    def write(self, row: GradedRow) -> None:
        if row.data or row.judgement:
            self._send(json_line(record(row, self._scale)))

    def close(self) -> None:
        pass

    def notes(self) -> list[str]:
        return self._scale.notes()


class DelimitedWriter:
    """A spreadsheet: lists and objects as JSON, nothing that a spreadsheet would run."""

    def __init__(
        self, send: Callable[[bytes], Any], columns: Sequence[str], scale: Scale, *, delimiter: str, bom: bool
    ) -> None:
        self._send = send
        self._row = TableRow(columns, scale)
        self._buffer = io.StringIO(newline="")
        self._csv = csv.writer(self._buffer, delimiter=delimiter, lineterminator="\r\n" if bom else "\n")
        self._send_row([csv_safe(name) for name in self._row.header], start="\ufeff" if bom else "")

    def write(self, row: GradedRow) -> None:
        self._send_row([cell(v) for v in self._row.values(row)])

    def close(self) -> None:
        pass

    def notes(self) -> list[str]:
        return self._row.notes()

    def _send_row(self, cells: list[str], start: str = "") -> None:
        self._csv.writerow(cells)
        text = start + self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        self._send(text.encode("utf-8", "replace"))


class TableRow:
    """What stands in the columns of a table, where all rows have the same ones."""

    def __init__(self, columns: Sequence[str], scale: Scale) -> None:
        self._columns = list(columns)
        self._scale = scale
        self._added = added(scaled=scale.holds(self._columns))
        self.header = [*map(renamed, columns), *self._added]

    def values(self, row: GradedRow) -> list[Any]:
        fields = judgement_fields(row, self._scale)
        return [row.data.get(c) for c in self._columns] + [_without_bulk(fields.get(name)) for name in self._added]

    def notes(self) -> list[str]:
        return self._scale.notes()


def added(*, scaled: bool) -> tuple[str, ...]:
    """The columns that grading adds, in order."""
    return tuple(name for name in _WITH_SCALE if scaled or name != SCALED)


def record(row: GradedRow, scale: Scale) -> dict[str, Any]:
    """The output object: the input, then the judgement's fields; same names are kept as input_…"""
    return {renamed(k): v for k, v in row.data.items()} | judgement_fields(row, scale)


def judgement_fields(row: GradedRow, scale: Scale) -> dict[str, Any]:
    """The fields of the judgement, all there even when there is none."""
    if row.judgement is not None:
        fields = row.judgement.model_dump(mode="json") | {"error": row.error}
    else:
        fields = dict.fromkeys(ADDED) | {"points": [], "misconceptions": [], "flags": [], "error": row.error}
    if not scale.holds(row.data):
        return fields
    scaled = scale.scaled(row.data, fields["score"])
    return {name: scaled if name == SCALED else fields[name] for name in _WITH_SCALE}


def renamed(column: str) -> str:
    """The name an input column has in the output. Case does not tell two columns apart in many programs."""
    return KEPT_AS + column if column.casefold() in _WITH_SCALE else column


def error_record(row: GradedRow) -> dict[str, Any]:
    """One line of the errors file."""
    out: dict[str, Any] = {"row": row.number, "id": row.id or None, "error": row.error}
    if row.raw is not None:
        out["raw"] = row.raw
    return out


def cell(value: Any, *, safe: bool = True) -> str:
    """A value as the text of a cell: JSON for what has parts, words for flags, and where `safe` no formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        value = "; ".join(value)
    if isinstance(value, str):
        return csv_safe(value) if safe else value
    return "" if value in ([], {}) else json.dumps(value, ensure_ascii=False)


def json_line(value: Mapping[str, Any]) -> bytes:
    """One line of JSON in UTF-8; what UTF-8 cannot hold (a lone surrogate) is escaped."""
    try:
        return (json.dumps(value, ensure_ascii=False) + "\n").encode("utf-8")
    except UnicodeEncodeError:
        return (json.dumps(value) + "\n").encode("ascii")


def _without_bulk(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [{k: v for k, v in x.items() if k not in _BULK} if isinstance(x, dict) else x for x in value]


def check_place(path: Path, *, overwrite: bool, source: Path | None = None) -> None:
    """Whether an output may be made at `path`. Raises UsageError."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="give a file: graded.csv or graded.jsonl")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a regular file", hint="for standard output leave -o out, or give `-`")
    if source is not None and path.exists() and source.exists() and path.samefile(source):
        raise UsageError("the output is the input", hint="give another name with -o")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} is there already", hint="--overwrite replaces it, and so does --resume")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", hint=f"mkdir -p {path.parent}")


def _cannot_write(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{path} cannot be written: {error.strerror or error}",
        hint="check the folder's rights and the space left",
    )
