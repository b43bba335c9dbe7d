"""An Excel workbook written row by row: values and texts, never a formula. And how Excel escapes texts.

Knows cells only. Imports openpyxl where it is used.
"""

from __future__ import annotations

import math
import re
import shutil
import tempfile
from collections.abc import Sequence
from typing import Any, BinaryIO, Final

from interviewer.batch.packing import missing

LONGEST_CELL: Final = 32_767
MOST_ROWS: Final = 1_048_576
_EXACT = 10**15
"""Excel keeps 15 digits of a number; an identity number has 18."""
_ESCAPED = re.compile("_x(00[01][0-9A-Fa-f]|005[Ff]|[Ff]{3}[EeFf])_")
"""What Excel escapes; openpyxl has already undone some of it, so nothing else is to be taken for escaped."""
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA = ("=", "+", "-", "@")


class SheetFile:
    """A workbook being written row by row. Nothing of it is in `file` before `close`."""

    def __init__(self, file: BinaryIO, header: Sequence[str], *, title: str = "graded") -> None:
        try:
            from openpyxl import Workbook
            from openpyxl.cell import WriteOnlyCell
        except ImportError:
            raise missing("openpyxl", "an Excel workbook") from None
        self._cell = WriteOnlyCell
        self._file = file
        self._book = Workbook(write_only=True)
        self._header = list(header)
        self._title = title
        self._rows = MOST_ROWS
        self.controls = 0
        """Cells with characters that a workbook cannot hold; each such character became U+FFFD."""
        self.cut = 0
        """Cells that were cut at Excel's limit."""

    def append(self, values: Sequence[Any]) -> None:
        if self._rows >= MOST_ROWS:
            self._add_sheet()
        self._rows += 1
        self._sheet.append([self._made(v) for v in values])

    def close(self) -> None:
        if self._rows >= MOST_ROWS:
            self._add_sheet()
        # openpyxl seeks in what it writes to, which a pipe cannot.
        with tempfile.TemporaryFile() as whole:
            self._book.save(whole)
            whole.seek(0)
            shutil.copyfileobj(whole, self._file)

    def _add_sheet(self) -> None:
        more = len(self._book.worksheets)
        self._sheet = self._book.create_sheet(self._title if not more else f"{self._title} {more + 1}")
        self._sheet.freeze_panes = "A2"
        self._sheet.append([self._made(name) for name in self._header])
        self._rows = 1

    def _made(self, value: Any) -> Any:
        """A cell that holds a value as it is: text is text, whatever it begins with."""
        if isinstance(value, int) and abs(value) >= _EXACT:
            value = str(value)
        if isinstance(value, float) and not math.isfinite(value):
            value = None
        if value is None or isinstance(value, bool | int | float):
            return value
        text, controls = _NOT_IN_XML.subn("\N{REPLACEMENT CHARACTER}", value)
        self.controls += bool(controls)
        if len(text) > LONGEST_CELL:
            self.cut += 1
            text = text[: LONGEST_CELL - 1] + "…"
        cell = self._cell(self._sheet)
        # Set past openpyxl, which would make a formula of it and cut what escaping lengthened.
        cell._value = escaped(text)
        cell.data_type = "s"
        if text.startswith(_FORMULA):
            # Without it the text becomes a formula as soon as someone edits the cell.
            cell.quotePrefix = True
        return cell


def escaped(text: str) -> str:
    """The inverse of `unescaped`: carriage returns, which XML turns into line feeds, and what looks escaped."""
    if "_x" in text:
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
    return text.replace("\r", "_x000D_")


def unescaped(text: str) -> str:
    """Excel's way of writing characters that XML does not hold, `_x000D_`, as the characters."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text
