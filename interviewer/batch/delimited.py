"""CSV and TSV as people's spreadsheets and systems write them, as numbered rows.

Reads leniently and reports strictly: cells that do not fit the header, bytes that do not belong and a
quote that is never closed make an error of that row alone.
"""

from __future__ import annotations

import csv
import io
import sys
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from interviewer.batch.columns import known_names
from interviewer.batch.encoding import foreign, undecodable
from interviewer.batch.table import Found, distinct, too_wide
from interviewer.errors import InputError

DELIMITERS = ",\t;|"
_SNIFFED_ROWS = 20
_SHOWN = 200

# A cell may hold a whole essay; the module's own limit is 131,072 characters.
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def sniff(sample: str) -> str:
    """The delimiter whose header names most columns we know; then the one whose rows agree best."""
    sample = sample.lstrip("\ufeff")
    first, _, rest = sample.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return first.strip()[4]
    if not rest and not first:
        return ","

    def worth(delimiter: str) -> tuple[int, float, int]:
        found: list[list[str]] = []
        try:
            for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
                if any(c.strip() for c in cells):
                    found.append(cells)
                if len(found) > _SNIFFED_ROWS:
                    break
        except csv.Error:
            return (0, 0.0, 0)
        if not found or len(found[0]) < 2:
            return (0, 0.0, 0)
        width = len(found[0])
        # The last record may be cut by the sample's end.
        body = found[1:-1] or found[1:]
        fit = sum(len(c) == width for c in body) / len(body) if body else 0.0
        return (known_names(found[0]), fit, width)

    return max(DELIMITERS, key=worth)


def header(text: io.TextIOWrapper, delimiter: str) -> list[str]:
    """The names of the columns. Raises InputError when the file has none."""
    return _Records(text, delimiter).header


def rows(text: io.TextIOWrapper, delimiter: str) -> Iterator[Found]:
    """Every row below the header that is not blank, numbered as a spreadsheet numbers it."""
    records = _Records(text, delimiter)
    names = records.header
    for number, cells, raw, open_quote in records:
        if not any(c.strip() for c in cells):
            continue
        data: dict[str, Any] = dict(zip(names, cells, strict=False))
        error = None
        if open_quote:
            error, data = "a quotation mark that opens in this row is not closed", {}
        elif any(c.strip() for c in cells[len(names) :]):
            error = too_wide(len(cells), len(names)) + "; probably a delimiter or a line break that is not quoted"
        elif other := next(filter(None, (foreign(c, text.encoding) for c in cells)), None):
            error = f"the row is in {other}, the file in {text.encoding}"
        elif any(undecodable(c) for c in cells):
            error = f"the row holds bytes that are not valid {text.encoding}"
        yield number, data, error, raw if error else None


class _Records:
    """Records with their numbers and their start as written; goes on after a quote that stays open."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str) -> None:
        self._lines = _Lines(text)
        self._delimiter = delimiter
        self._reader = csv.reader(self._lines, delimiter=delimiter)
        self._number = 0
        self.header = self._read_header()

    def _read_header(self) -> list[str]:
        for cells in self._reader:
            self._number += 1
            self._lines.taken.clear()
            if self._number == 1 and cells and cells[0].lstrip("\ufeff").lower().startswith("sep="):
                continue
            if any(c.strip("\ufeff \t") for c in cells):
                return distinct(cells)
        raise InputError("the file has no header row", hint="the first row names the columns")

    def __iter__(self) -> Iterator[tuple[int, list[str], str, bool]]:
        for cells in self._reader:
            self._number += 1
            lines, self._lines.taken = self._lines.taken, []
            torn = self._torn(lines)
            yield self._number, cells, "".join(lines)[:_SHOWN], torn
            if torn:
                # What the quote swallowed is read again from the line after it.
                self._lines.put_back(lines[1:])

    def _torn(self, lines: list[str]) -> bool:
        """Whether a quote that was never closed made these lines one record."""
        if not any('"' in line for line in lines):
            return False
        if len(lines) > 1:
            try:
                list(csv.reader(lines, delimiter=self._delimiter, strict=True))
            except csv.Error:
                return True
            return False
        if not self._lines.exhausted:
            return False
        # An open quote would take in one more line.
        return len(list(csv.reader([*lines, "\n", "end"], delimiter=self._delimiter))) == 1


class _Lines:
    """Lines of a file, noted as they are taken, that can be put back."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._file = iter(text)
        self._ready: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._ready.popleft() if self._ready else next(self._file)
        self.taken.append(line)
        return line

    def put_back(self, lines: list[str]) -> None:
        self._ready.extendleft(reversed(lines))

    @property
    def exhausted(self) -> bool:
        if not self._ready:
            self._ready.extend(islice(self._file, 1))
        return not self._ready
