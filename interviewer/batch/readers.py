"""Files of answers as rows: CSV and TSV as spreadsheets write them, JSON Lines as programs do.

Reading never stops at a bad row: what cannot be read comes out as a row with an `error`, and the next
one is tried. Knows nothing of columns' meanings, rubrics or judges.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

from interviewer.batch import delimited, jsonlines
from interviewer.batch.encoding import ERRORS, Encoding, find_encoding
from interviewer.errors import InputError, UsageError

Format = Literal["csv", "tsv", "jsonl"]
SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
STDIN = "-"
_IN_MEMORY = 16 << 20
_OTHER = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive", "save the sheet as CSV (UTF-8)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV (UTF-8)"),
    (b"PAR1", "a Parquet file", "convert it to JSON Lines or CSV"),
    (b"\x1f\x8b", "compressed with gzip", "unpack it: gunzip -c FILE | interviewer grade - -o OUT"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it: zstd -dc FILE | interviewer grade - -o OUT"),
    (b"%PDF", "a PDF", "give CSV, TSV or JSON Lines"),
)


@dataclass(slots=True)
class RawRow:
    """One row as it stands in the file."""

    number: int
    """Where to find it: the row as a spreadsheet counts (the header is 1), the line of a JSON Lines file."""
    data: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    """Why the row cannot be read; `data` then holds what could be, or nothing."""
    raw: str | None = None
    """The start of what could not be read."""


@dataclass
class Source:
    """An open file of answers. Iterate it once; use it as a context manager, or `close` it."""

    name: str
    format: Format
    encoding: Encoding
    delimiter: str | None
    _text: io.TextIOWrapper
    _stack: ExitStack
    _header: list[str] | None = None

    def columns(self) -> list[str]:
        """Names of the columns in order; for JSON Lines all keys of all rows, in order of appearance."""
        if self._header is None:
            if self.format == "jsonl":
                found: dict[str, None] = {}
                for row in self._rows():
                    found.update(dict.fromkeys(row.data))
                self._header = list(found)
            else:
                self._header = delimited.header(self._rewound(), self.delimiter or ",")
        return self._header

    def __iter__(self) -> Iterator[RawRow]:
        return self._rows()

    def _rows(self) -> Iterator[RawRow]:
        text = self._rewound()
        found = jsonlines.rows(text) if self.format == "jsonl" else delimited.rows(text, self.delimiter or ",")
        for number, data, error, raw in found:
            yield RawRow(number, data, error, raw)

    def _rewound(self) -> io.TextIOWrapper:
        self._text.seek(0)
        return self._text

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def open_source(path: Path | str, *, format: Format | None = None) -> Source:
    """Open a file of answers, `-` for standard input; format, encoding and delimiter are found out.

    Raises UsageError when there is no such file, InputError when it is none that can be read.
    """
    stack = ExitStack()
    try:
        binary, name = _open_binary(path, stack)
        head = binary.read(1 << 16)
        if not head.strip():
            raise InputError(f"{name} is empty", hint="it needs a header row and rows, or JSON Lines")
        for magic, what, hint in _OTHER:
            if head.startswith(magic):
                raise InputError(f"{name} is {what}, which is not read here", hint=hint)
        encoding = find_encoding(binary)
        # Lines end at \n only: a cell may hold \r, \v or U+2028.
        text = io.TextIOWrapper(binary, encoding=encoding.name, errors=_errors(encoding.name), newline="")
        stack.callback(text.detach)
        return _identify(name, text, encoding, format or SUFFIXES.get(Path(str(path)).suffix.lower()), stack)
    except BaseException:
        stack.close()
        raise


def _errors(encoding: str) -> str:
    return "replace" if encoding.startswith(("utf-16", "utf-32")) else ERRORS


def _open_binary(path: Path | str, stack: ExitStack) -> tuple[BinaryIO, str]:
    if str(path) == STDIN:
        return _spooled(sys.stdin.buffer, stack), "standard input"
    path = Path(path)
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder", hint="give one file: CSV, TSV or JSON Lines")
        file = stack.enter_context(path.open("rb"))
        return (file if file.seekable() else _spooled(file, stack)), str(path)
    except FileNotFoundError:
        from knowledge.errors import nearest

        beside = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
        close = nearest(path.name, beside, n=1)
        raise UsageError(
            f"there is no file {path}", hint=f"did you mean {path.parent / close[0]}?" if close else None
        ) from None
    except OSError as e:
        raise InputError(f"{path} cannot be read: {e.strerror or e}") from None


def _spooled(stream: BinaryIO, stack: ExitStack) -> BinaryIO:
    """All of a stream, to be read more than once: the encoding is a matter of the whole."""
    spool = stack.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    shutil.copyfileobj(stream, spool)
    spool.seek(0)
    return spool  # type: ignore[return-value]


def _identify(name: str, text: io.TextIOWrapper, encoding: Encoding, format: Format | None, stack: ExitStack) -> Source:
    sample = text.read(1 << 16)
    text.seek(0)
    first = sample.lstrip("\ufeff \t\r\n")[:1]
    if format is None:
        format = "jsonl" if first == "{" else "csv"
    if format == "jsonl":
        if first == "[":
            raise InputError(
                f"{name} is one JSON array, not JSON Lines",
                hint="write one object per line: `jq -c '.[]' FILE > FILE.jsonl`",
            )
        return Source(name, format, encoding, None, text, stack)
    delimiter = "\t" if format == "tsv" else delimited.sniff(sample)
    return Source(name, format, encoding, delimiter, text, stack)
