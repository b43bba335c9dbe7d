"""Excel workbooks (.xlsx, .xlsm) row by row.

A formula is read as what Excel last showed for it, or as its text where the workbook does not keep that. Merged
cells count as if their value stood in each of them. Knows cells and sheets only. Imports openpyxl where it is used.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO

from interviewer.batch.formulas import Shown
from interviewer.batch.packing import missing
from interviewer.batch.sheet_file import unescaped
from interviewer.batch.table import Found, distinct, too_wide
from interviewer.errors import InputError, UsageError
from interviewer.text import counted
from knowledge.errors import nearest

_HEADER_WITHIN = 20
"""Rows looked at for the header: a title may stand above it."""
_SHOWN = 200
_MOST_MERGED = 1 << 16
_WIDEST_MERGED = 256
_MOST_STRINGS = 1 << 30
"""Bytes of texts, which are held in memory while the sheet is read; a small archive can unpack to any size."""
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\b[^>]*?\bref=["']([A-Z]+\d+:[A-Z]+\d+)["']""")

Range = tuple[int, int, int, int]
"""First row, last row, first column, last column, counted from 1."""


Worth = Callable[[Sequence[str], bool], int]
"""How much columns of these names are what is looked for; the flag says that other rows stand above them."""


class SheetTable:
    """One sheet of a workbook. The row that names the most columns, near the top, is the header."""

    total: int | None = None

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        *,
        sheet: str | None = None,
        worth: Worth,
        notice: Callable[[str], None],
    ) -> None:
        """Raises InputError when the workbook cannot be read, UsageError when it has no such sheet."""
        self._notice = notice
        self._file = file
        self._book = _open(file, name)
        visible = [s for s in self._book.worksheets if s.sheet_state == "visible"] or self._book.worksheets
        for one in self._book.worksheets:
            # Some programs write a size that is wrong; the rows are what counts.
            one.reset_dimensions()
        try:
            self._sheet, self._header_row = _choose(self._book.worksheets, visible, sheet, name, worth)
        except (KeyError, ValueError, SyntaxError, zipfile.BadZipFile, EOFError) as e:
            raise _damaged(name, e) from None
        self.sheet: str = self._sheet.title
        others = [s.title for s in self._book.worksheets if s is not self._sheet]
        if others and sheet is None:
            notice(f"{name}: sheet {self.sheet!r} is read, not {', '.join(map(repr, others))}; --sheet takes another")
        if self._header_row > 1:
            notice(f"{name}: row {self._header_row} of the sheet is taken for the header")
        self._merged = _merged(self._book, self._sheet)
        if self._merged:
            notice(f"{name}: {counted(len(self._merged), 'merged range')}; the value of each counts for all its cells")
        self._formulas_told = False
        self._columns = self._read_header()

    def columns(self) -> list[str]:
        return self._columns

    def rows(self) -> Iterator[Found]:
        names = self._columns
        number = self._header_row
        try:
            for number, values, blank in self._records():
                if number <= self._header_row or blank:
                    continue
                values += [""] * (len(names) - len(values))
                extra = any(_text(v).strip() for v in values[len(names) :])
                error = too_wide(len(values), len(names)) if extra else None
                raw = " | ".join(map(_text, values))[:_SHOWN] if error else None
                yield number, dict(zip(names, values, strict=False)), error, raw
        except (KeyError, ValueError, SyntaxError, zipfile.BadZipFile, EOFError) as e:
            yield number + 1, {}, f"the workbook is damaged here, rows after row {number} are lost: {e}"[:300], None

    def _read_header(self) -> list[str]:
        for number, values, _ in self._records():
            if number == self._header_row:
                return distinct([_text(v) for v in values])
        raise InputError("the sheet has no header row", hint="the first row names the columns")

    def _records(self) -> Iterator[tuple[int, list[Any], bool]]:
        """Numbered rows with the values of merged cells filled in, and whether they have none of their own."""
        waiting = sorted(self._merged, reverse=True)
        open_: list[tuple[Range, Any]] = []
        shown = Shown(self._file, self.sheet)
        for number, cells in enumerate(self._sheet.iter_rows(), 1):
            values = [self._value(cell, number, place, shown) for place, cell in enumerate(cells)]
            blank = not any(_text(v).strip() for v in values)
            open_ = [(r, v) for r, v in open_ if r[1] >= number]
            while waiting and waiting[-1][0] <= number:
                place = waiting.pop()
                open_.append((place, values[place[2] - 1] if place[2] <= len(values) else ""))
            for (_, _, first, last), value in open_:
                values += [""] * (last - len(values))
                values[first - 1 : last] = [value] * (last - first + 1)
            yield number, values, blank

    def _value(self, cell: Any, number: int, place: int, shown: Shown) -> Any:
        value = cell.value
        if value is None:
            return ""
        if getattr(cell, "data_type", "") == "f":
            computed = shown.of(number, place)
            value = str(getattr(value, "text", value)) if computed is None else computed
            if not self._formulas_told:
                self._formulas_told = True
                self._notice(
                    f"row {number} holds a formula: what Excel last showed is read, or the formula's text "
                    "where it kept nothing"
                )
        if isinstance(value, str):
            return unescaped(value)
        if isinstance(value, bool | int | float):
            return value
        if isinstance(value, dt.datetime | dt.date | dt.time):
            return value.isoformat()
        return str(value)

    def close(self) -> None:
        self._book.close()


def is_workbook(file: BinaryIO) -> str | None:
    """What a zip archive is when it is no workbook to be read here; None when it is one."""
    file.seek(0)
    try:
        sizes = {entry.filename: entry.file_size for entry in zipfile.ZipFile(file).infolist()}
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError):
        return "a damaged Excel workbook or zip archive"
    if "xl/workbook.xml" in sizes:
        strings = sizes.get("xl/sharedStrings.xml", 0)
        return f"an Excel workbook with {strings >> 20} MiB of text" if strings > _MOST_STRINGS else None
    if "xl/workbook.bin" in sizes:
        return "a binary Excel workbook (.xlsb)"
    return "an OpenDocument file" if "mimetype" in sizes else "a zip archive"


def _open(file: BinaryIO, name: str) -> Any:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise missing("openpyxl", "an Excel workbook") from None
    file.seek(0)
    try:
        # With data_only an answer that starts with "=" would come out as nothing.
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    except Exception as e:  # whatever a damaged part of an archive makes of it
        raise _damaged(name, e) from None
    if not book.worksheets:
        raise InputError(f"{name} has no sheet with cells", hint="put the answers on a sheet, one row each")
    return book


def _damaged(name: str, error: Exception) -> InputError:
    return InputError(
        f"{name} is a workbook that cannot be read: {type(error).__name__}: {error}"[:300],
        hint="open it in Excel and save it again, or save the sheet as CSV (UTF-8)",
    )


def _choose(
    sheets: Sequence[Any], visible: Sequence[Any], wanted: str | None, name: str, worth: Worth
) -> tuple[Any, int]:
    """The sheet, and the row of its header: the first that is worth most."""
    if wanted is not None:
        titles = [s.title for s in sheets]
        found = [s for s in sheets if s.title == wanted] or [
            s for s in sheets if s.title.strip().casefold() == wanted.strip().casefold()
        ]
        if not found:
            close = nearest(wanted, titles, n=1)
            raise UsageError(
                f"--sheet {wanted!r}: {name} has no such sheet" + (f"; did you mean {close[0]!r}?" if close else ""),
                hint=f"sheets: {', '.join(titles)}",
            )
        visible = found[:1]
    best: tuple[int, Any, int] | None = None
    for sheet in visible:
        header = _header(sheet, worth)
        if header is not None and (best is None or header[0] > best[0]):
            best = (header[0], sheet, header[1])
    if best is None:
        raise InputError(f"{name}: the sheet is empty", hint="it needs a header row, and rows")
    return best[1], best[2]


def _header(sheet: Any, worth: Worth) -> tuple[int, int] | None:
    """Worth and number of the row that is most probably the header; None for an empty sheet."""
    best: tuple[int, int] | None = None
    for number, cells in enumerate(islice(sheet.iter_rows(values_only=True), _HEADER_WITHIN), 1):
        names = [unescaped(_text(v)) for v in cells]
        if not any(n.strip() for n in names):
            continue
        value = worth(names, best is not None)
        if best is None or value > best[0]:
            best = (value, number)
    return best


def _merged(book: Any, sheet: Any) -> list[Range]:
    """Merged ranges, which the file lists after the rows; found without parsing the rows a second time."""
    from openpyxl.utils.cell import range_boundaries

    found: list[Range] = []
    with book._archive.open(sheet._worksheet_path) as file:
        rest = b""
        while chunk := file.read(1 << 20):
            text = rest + chunk
            end = 0
            for match in _MERGED.finditer(text):
                first, top, last, bottom = range_boundaries(match[1].decode())
                found.append((top, bottom, first, min(last, first + _WIDEST_MERGED - 1)))
                end = match.end()
            rest = text[max(end, len(text) - 256) :]
            if len(found) > _MOST_MERGED:
                break
    return found[:_MOST_MERGED]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
