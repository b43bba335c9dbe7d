"""CSV, TSV and JSON Lines as tables, packed or not, in whatever encoding.

A packed file that breaks off gives the rows before the break; the break is a row with an error.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, Literal

from interviewer.batch import delimited, jsonlines
from interviewer.batch.encoding import ERRORS, Encoding
from interviewer.batch.packing import Unpacked
from interviewer.batch.table import Found

_SAMPLE = 1 << 16


class TextTable:
    """Rows of lines of text."""

    total: int | None = None

    def __init__(self, binary: BinaryIO, encoding: Encoding, *, unpacked: Unpacked | None = None) -> None:
        self._unpacked = unpacked
        # A line that ends in the middle of a two-byte character cannot be told from a whole one by its last byte.
        self._wide = encoding.name.startswith(("utf-16", "utf-32"))
        errors = "replace" if self._wide else ERRORS
        # Lines end at \n only: a cell may hold \r, \v or U+2028.
        self._text = io.TextIOWrapper(binary, encoding=encoding.name, errors=errors, newline="")
        self._header: list[str] | None = None
        self.format: Literal["csv", "jsonl"] = "csv"
        self.delimiter: str | None = ","

    def sample(self) -> str:
        """The start of the text."""
        return self._rewound().read(_SAMPLE)

    def columns(self) -> list[str] | None:
        if self.format == "jsonl":
            return None
        if self._header is None:
            self._header = delimited.header(self._rewound(), self.delimiter or ",")
        return self._header

    def rows(self) -> Iterator[Found]:
        text = self._rewound()
        found = jsonlines.rows(text) if self.format == "jsonl" else delimited.rows(text, self.delimiter or ",")
        if self._unpacked is None:
            yield from found
            return
        # One row is held back: only what comes after it tells whether it is whole.
        held: Found | None = None
        for row in found:
            if held is not None:
                yield held
            held = row
        yield from self._at_the_end(held)

    def _at_the_end(self, last: Found | None) -> Iterator[Found]:
        broken = self._unpacked.broken if self._unpacked is not None else None
        if broken is None or self._unpacked is None:
            if last is not None:
                yield last
            return
        if last is None:
            yield 1, {}, broken, None
            return
        number, data, error, raw = last
        whole = error is None and (self.format == "jsonl" or (self._unpacked.ends_with_line and not self._wide))
        if whole:
            yield last
            yield number + 1, {}, f"{broken}; rows after row {number} are lost", None
        else:
            shown = raw or " ".join(str(v) for v in data.values())[:200]
            yield number, {}, f"{broken}, within this row; rows after it are lost", shown

    def _rewound(self) -> io.TextIOWrapper:
        self._text.seek(0)
        return self._text

    def close(self) -> None:
        self._text.detach()
