"""What Excel last showed for the formulas of a sheet, which a workbook keeps beside them. Nothing is computed.

Knows cells only. Imports openpyxl where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

_TYPED = "#NAME?"
"""What Excel shows for a text that begins with = and is no formula: what was typed is the answer then."""


class Shown:
    """The cells of one sheet, read when the first one is asked for. Rows are asked for from the top down."""

    def __init__(self, file: BinaryIO, sheet: str) -> None:
        self._file = file
        self._sheet = sheet
        self._rows: Iterator[tuple[int, tuple[Any, ...]]] | None = None
        self._at: tuple[int, tuple[Any, ...]] = (0, ())

    def of(self, row: int, column: int) -> Any:
        """What the cell shows, counted from 1 and from 0; None when the workbook does not say, or what was typed is
        more than that. Raises what a damaged workbook makes of it."""
        if self._rows is None:
            self._rows = enumerate(self._open(), 1)
        while self._at[0] < row:
            self._at = next(self._rows, (row, ()))
        cells = self._at[1]
        if column >= len(cells) or cells[column].value == _TYPED:
            return None
        shown = cells[column]
        return "" if shown.value is None and shown.data_type == "str" else shown.value

    def _open(self) -> Iterator[tuple[Any, ...]]:
        from openpyxl import load_workbook

        sheet = load_workbook(self._file, read_only=True, data_only=True, keep_links=False)[self._sheet]
        sheet.reset_dimensions()
        rows: Iterator[tuple[Any, ...]] = sheet.iter_rows()
        return rows
