"""Which format an output has, and the writer for it: text, packed or not, Parquet, Excel.

The suffix says the format; without one it is that of the input, a CSV with its own delimiter.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from interviewer.batch.packing import Packing, pack, split_suffix
from interviewer.batch.parquet import Kind, ParquetFile
from interviewer.batch.prepared import Prepared
from interviewer.batch.readers import FORMATS, STDIN, SUFFIXES, Format
from interviewer.batch.runner import GradedRow
from interviewer.batch.scale import SCALED, Scale
from interviewer.batch.sheet_file import LONGEST_CELL, SheetFile
from interviewer.batch.writers import DelimitedWriter, JsonLinesWriter, TableRow, Writer, cell, renamed
from interviewer.errors import UsageError

_KINDS: Mapping[str, Kind] = {
    "score": "number", SCALED: "number", "grade": "integer", "interval": "numbers", "needs_review": "flag",
    "flags": "texts",
}  # fmt: skip
"""Columns of the judgement that Parquet holds as they are; what has parts is JSON there."""
_NOT_WRITTEN: Mapping[str, str] = {
    ".xls": ".xlsx", ".xlsm": ".xlsx", ".xlsb": ".xlsx", ".ods": ".xlsx", ".json": ".jsonl", ".html": ".xlsx",
    ".zip": ".csv.gz", ".bz2": ".gz", ".xz": ".zst", ".7z": ".gz", ".pdf": ".xlsx", ".docx": ".xlsx",
}  # fmt: skip
"""Suffixes that promise a format that the file would not have, and what comes nearest."""
_BINARY: tuple[Format, ...] = ("parquet", "xlsx")
_DELIMITERS: Mapping[Format, str] = {"csv": ",", "tsv": "\t"}


class Target(NamedTuple):
    """How the output is written."""

    format: Format
    packing: Packing | None = None
    delimiter: str = ","
    bom: bool = False


class Named(NamedTuple):
    """What the name of an output says, or an option in its place."""

    format: Format | None
    packing: Packing | None


def named(output: Path | str, to: str | None = None) -> Named:
    """What is known before the input is. `to` is a format with or without packing: jsonl, csv.gz.

    Raises UsageError.
    """
    suffix, packing = split_suffix(output if to is None else "x." + to.strip().lstrip("."))
    format = SUFFIXES.get(suffix)
    if suffix in _NOT_WRITTEN:
        page = "; a page to read is --report class.html" if suffix in (".html", ".pdf", ".docx") else ""
        raise UsageError(f"{suffix} is not written", hint=f"try {_NOT_WRITTEN[suffix]}{page}")
    if to is not None and format is None:
        raise UsageError(f"--to {to!r} is none of {', '.join(FORMATS)}", hint="packed: csv.gz, jsonl.zst")
    if packing is not None and format in _BINARY:
        raise UsageError(f"{format} is packed in itself", hint=f"leave the suffix for {packing} out")
    return Named(format, packing)


def target_of(output: Path | str, name: Named, rows: Prepared) -> Target:
    """The target for an output: what its name leaves open is as in the input."""
    source = rows.source
    format = name.format
    if format is None:
        # Nobody wants a workbook in a terminal or a pipe by default.
        format = source.format if source.format not in _BINARY else "jsonl" if str(output) == STDIN else "csv"
    delimiter = source.delimiter if source.format == format == "csv" else _DELIMITERS.get(format)
    bom = str(output) != STDIN and source.from_spreadsheet
    return Target(format, name.packing, delimiter or ",", bom)


def make_writer(file: BinaryIO, target: Target, rows: Prepared) -> Writer:
    """The writer of a target into `file`, which stays open. Raises ConfigError when its library is missing."""
    scale = Scale(rows.mapping, rows.constants.get("max_score"))
    if target.format == "parquet":
        return ParquetWriter(file, rows, scale)
    if target.format == "xlsx":
        return WorkbookWriter(file, rows, scale)
    stream = file if target.packing is None else pack(file, target.packing)
    text: Writer
    if target.format == "jsonl":
        text = JsonLinesWriter(stream.write, scale)
    else:
        text = DelimitedWriter(stream.write, rows.columns(), scale, delimiter=target.delimiter, bom=target.bom)
    return text if target.packing is None else PackedWriter(text, stream)


class PackedWriter:
    """Text through a packer, which ends when the text does."""

    def __init__(self, text: Writer, stream: BinaryIO) -> None:
        self._text = text
        self._stream = stream

    def write(self, row: GradedRow) -> None:
        self._text.write(row)

    def close(self) -> None:
        self._text.close()
        self._stream.close()

    def notes(self) -> list[str]:
        return self._text.notes()


class WorkbookWriter:
    """An Excel workbook in which no cell is a formula."""

    def __init__(self, file: BinaryIO, rows: Prepared, scale: Scale) -> None:
        self._row = TableRow(rows.columns(), scale)
        self._sheet = SheetFile(file, self._row.header)

    def write(self, row: GradedRow) -> None:
        self._sheet.append([self._value(v) for v in self._row.values(row)])

    def close(self) -> None:
        self._sheet.close()

    def notes(self) -> list[str]:
        told = self._row.notes()
        if self._sheet.controls:
            told.append(
                f"cells with control characters, which Excel refuses: {self._sheet.controls}; "
                "each of the characters became U+FFFD"
            )
        if self._sheet.cut:
            told.append(f"cells cut at Excel's {LONGEST_CELL:,} characters: {self._sheet.cut}; .jsonl keeps them whole")
        return told

    @staticmethod
    def _value(value: Any) -> Any:
        return value if value is None or isinstance(value, str | bool | int | float) else cell(value, safe=False)


class ParquetWriter:
    """A Parquet file: numbers and flags as such, what has parts as JSON."""

    def __init__(self, file: BinaryIO, rows: Prepared, scale: Scale) -> None:
        columns = rows.columns()
        self._row = TableRow(columns, scale)
        given = {renamed(c): kind for c, kind in rows.kinds().items()}
        self._file = ParquetFile(file, {n: given.get(n) or _KINDS.get(n, "text") for n in self._row.header})

    def write(self, row: GradedRow) -> None:
        self._file.append(self._row.values(row))

    def close(self) -> None:
        self._file.close()

    def notes(self) -> list[str]:
        return self._row.notes()
