"""What every reader of a format gives: numbered rows, each with its values or with what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

Found = tuple[int, dict[str, Any], str | None, str | None]
"""The row's number, its values by column, what is wrong with it, and the start of it when something is."""


class Table(Protocol):
    """A file that can be read from its start as often as wanted."""

    total: int | None
    """Rows, where the file tells without being read."""

    def columns(self) -> list[str] | None:
        """The columns in order; None when every row has its own."""

    def rows(self) -> Iterator[Found]:
        """Every row that is not blank."""


def distinct(cells: Sequence[str]) -> list[str]:
    """Column names without surrounding blanks, each once; a nameless one is called by its place."""
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        base = cell.strip("\ufeff \t\r\n") or f"column {place}"
        name, copy = base, 2
        while name in names:
            name, copy = f"{base} ({copy})", copy + 1
        names.append(name)
    while len(names) > 1 and names[-1].startswith("column ") and not cells[len(names) - 1].strip():
        names.pop()
    return names


def too_wide(cells: int, names: int) -> str:
    """The error of a row with more in it than the header has names for."""
    return f"the row has {cells} cells but the header has {names}"
