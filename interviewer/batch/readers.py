"""Files of answers as rows: CSV, TSV and JSON Lines, packed or not, Excel workbooks and Parquet files.

Reading never stops at a bad row: what cannot be read comes out as a row with an `error`, and the next
one is tried. Knows nothing of columns' meanings, rubrics or judges.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

from interviewer.batch import delimited
from interviewer.batch.columns import known_names
from interviewer.batch.encoding import Encoding, find_encoding
from interviewer.batch.packing import Packing, Unpacked, packing_of, split_suffix
from interviewer.batch.parquet import Kind, ParquetTable, kinds_of
from interviewer.batch.table import Table
from interviewer.batch.text_table import TextTable
from interviewer.batch.workbook import SheetTable, Worth, is_workbook
from interviewer.errors import InputError, UsageError

Format = Literal["csv", "tsv", "jsonl", "parquet", "xlsx"]
FORMATS: tuple[Format, ...] = ("csv", "tsv", "jsonl", "parquet", "xlsx")
SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".pq": "parquet", ".xlsx": "xlsx", ".xlsm": "xlsx",
}  # fmt: skip
STDIN = "-"
_ARRAY = re.compile(r"[\ufeff\s]*\[\s*\{\s*\"")
"""How a file begins that is one JSON array of objects."""
_IN_MEMORY = 16 << 20
_UTF8 = Encoding("utf-8", False)
_OTHER = (
    (b"\xd0\xcf\x11\xe0", "an old or a protected Excel workbook", "save it as .xlsx without a password, or as CSV"),
    (b"BZh", "compressed with bzip2", "unpack it: bunzip2 -c FILE | interviewer grade - -o OUT"),
    (b"\xfd7zXZ\x00", "compressed with xz", "unpack it: xz -dc FILE | interviewer grade - -o OUT"),
    (b"%PDF", "a PDF", "give CSV, TSV, JSON Lines, .xlsx or Parquet"),
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
    given: Mapping[str, Any] = field(default_factory=dict)
    """Fields that are not taken from the row's columns, by field; they go before the columns."""


@dataclass
class Source:
    """An open file of answers, to be read as often as wanted. Use it as a context manager, or `close` it."""

    name: str
    format: Format
    encoding: Encoding
    delimiter: str | None
    """Of a CSV or TSV."""
    packing: Packing | None
    sheet: str | None
    """Of a workbook."""
    total: int | None
    """Rows, where the file tells without being read."""
    _table: Table
    _stack: ExitStack
    _header: list[str] | None = None

    @property
    def from_spreadsheet(self) -> bool:
        """Whether it comes from a program that takes UTF-8 without a mark for something else."""
        return self.format == "xlsx" or self.encoding.bom or self.encoding.name != "utf-8"

    @property
    def ragged(self) -> bool:
        """Whether every row has columns of its own."""
        return self.format == "jsonl"

    def columns(self) -> list[str]:
        """Names of the columns in order; for JSON Lines all keys of all rows, in order of appearance."""
        if self._header is None:
            self._header = self._table.columns()
        if self._header is None:
            found: dict[str, None] = {}
            for row in self:
                found.update(dict.fromkeys(row.data))
            self._header = list(found)
        return self._header

    def kinds(self) -> dict[str, Kind]:
        """What each column holds; all rows are read for it where neither the file nor its format says."""
        if isinstance(self._table, ParquetTable):
            return self._table.kinds()
        if self.format in ("csv", "tsv"):
            return dict.fromkeys(self.columns(), "text")
        return kinds_of(self.columns(), (row.data for row in self))

    def __iter__(self) -> Iterator[RawRow]:
        for number, data, error, raw in self._table.rows():
            yield RawRow(number, data, error, raw)

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def open_source(
    path: Path | str,
    *,
    format: Format | None = None,
    sheet: str | None = None,
    only: range | None = None,
    worth: Worth = lambda names, _: known_names(names),
    notice: Callable[[str], None] = lambda _: None,
) -> Source:
    """Open a file of answers, `-` for standard input; format, packing, encoding and delimiter are found out.

    `sheet` names the sheet of a workbook; else it is the first of those whose header is `worth` most. `only` the
    rows of these numbers are given; that is for Parquet, which can be entered anywhere.

    Raises UsageError when there is no such file or sheet, InputError when it is none that can be read,
    ConfigError when the library for its format is not installed.
    """
    stack = ExitStack()
    try:
        binary, name = _open_binary(path, stack)
        suffix, _ = split_suffix(path)
        binary, packing, unpacked = _unpack(binary, stack)
        head = binary.read(1 << 16)
        if not head.strip():
            broken = f" ({unpacked.broken})" if unpacked is not None and unpacked.broken else ""
            raise InputError(f"{name} is empty{broken}", hint="it needs a header row and rows, or JSON Lines")
        _refuse(head, name, packed=packing is not None)
        given = format or SUFFIXES.get(suffix)
        if head.startswith(b"PAR1"):
            parquet = ParquetTable(_whole(binary, unpacked, stack), name, only=only)
            stack.callback(parquet.close)
            _no_sheet(sheet, name)
            return Source(name, "parquet", _UTF8, None, packing, None, parquet.total, parquet, stack)
        if head.startswith(b"PK\x03\x04"):
            whole = _whole(binary, unpacked, stack)
            if what := is_workbook(whole):
                raise InputError(f"{name} is {what}, which is not read here", hint=_ARCHIVE_HINT)
            book = SheetTable(whole, name, sheet=sheet, worth=worth, notice=notice)
            stack.callback(book.close)
            return Source(name, "xlsx", _UTF8, None, packing, book.sheet, None, book, stack)
        if only is not None:
            raise InputError(f"{name} is no Parquet file any more", hint="run the same command again")
        _no_sheet(sheet, name)
        if given in ("parquet", "xlsx"):
            if format is not None:
                raise InputError(f"{name} is no {given} file", hint="leave --format out: it is found out")
            given = None
        return _text_source(name, binary, unpacked, packing, given, stack)
    except BaseException:
        stack.close()
        raise


_ARCHIVE_HINT = "unpack it, or save the sheet as .xlsx or as CSV (UTF-8)"


def _open_binary(path: Path | str, stack: ExitStack) -> tuple[BinaryIO, str]:
    if str(path) == STDIN:
        return _spooled(sys.stdin.buffer, stack), "standard input"
    path = Path(path)
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder", hint="give one file: CSV, TSV, JSON Lines, .xlsx or Parquet")
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


def _unpack(binary: BinaryIO, stack: ExitStack) -> tuple[BinaryIO, Packing | None, Unpacked | None]:
    """The file as it is, or what is packed in it. The bytes decide; a suffix may lie."""
    packing = packing_of(binary.read(8))
    binary.seek(0)
    if packing is None:
        return binary, None, None
    unpacked = Unpacked(binary, packing)
    return stack.enter_context(io.BufferedReader(unpacked, 1 << 18)), packing, unpacked


def _refuse(head: bytes, name: str, *, packed: bool) -> None:
    for magic, what, hint in _OTHER:
        if head.startswith(magic):
            raise InputError(f"{name} is {what}, which is not read here", hint=hint)
    if head.lstrip()[:15].lower().startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise InputError(f"{name} is a web page or XML, whatever its name says", hint="save it in Excel as .xlsx")
    if packed and packing_of(head):
        raise InputError(f"{name} is packed twice", hint="unpack it once")


def _no_sheet(sheet: str | None, name: str) -> None:
    if sheet is not None:
        raise UsageError(f"--sheet {sheet!r}: {name} is not an Excel workbook", hint="leave --sheet out")


def _whole(binary: BinaryIO, unpacked: Unpacked | None, stack: ExitStack) -> BinaryIO:
    """A file that can be read in any order: what was packed is unpacked as a whole."""
    binary.seek(0)
    return binary if unpacked is None else _spooled(binary, stack)


def _spooled(stream: BinaryIO, stack: ExitStack) -> BinaryIO:
    """All of a stream, to be read more than once: the encoding is a matter of the whole."""
    spool = stack.enter_context(tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    shutil.copyfileobj(stream, spool)
    spool.seek(0)
    return spool  # type: ignore[return-value]


def _text_source(
    name: str, binary: BinaryIO, unpacked: Unpacked | None, packing: Packing | None, format: Format | None,
    stack: ExitStack,
) -> Source:  # fmt: skip
    binary.seek(0)
    encoding = find_encoding(binary, may_break_off=unpacked is not None)
    table = TextTable(binary, encoding, unpacked=unpacked)
    stack.callback(table.close)
    sample = table.sample()
    first = sample.lstrip("\ufeff \t\r\n")[:1]
    if format is None:
        format = "jsonl" if first == "{" or _ARRAY.match(sample) else "csv"
    if format == "jsonl" and first == "[":
        raise InputError(
            f"{name} is one JSON array, not JSON Lines",
            hint="write one object per line: `jq -c '.[]' FILE > FILE.jsonl`",
        )
    if format == "jsonl":
        table.format, table.delimiter = "jsonl", None
    else:
        table.delimiter = "\t" if format == "tsv" else delimited.sniff(sample)
    return Source(name, format, encoding, table.delimiter, packing, None, None, table, stack)
