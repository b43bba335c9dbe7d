"""A graded file read back: the rows of `grade`'s output as they were when they were written.

Leaves out what a spreadsheet does not hold (what the judge measured for each point). Rows that could not be read at all
have no line in a JSON Lines output; they come from the file of errors beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from interviewer.batch.readers import RawRow, Source
from interviewer.batch.rows import RowBuilder
from interviewer.batch.runner import GradedRow
from interviewer.batch.scale import SCALED
from interviewer.batch.writers import ADDED, KEPT_AS
from interviewer.errors import InputError
from interviewer.models import Judgement

_NEEDED = frozenset({"score", "judge", "needs_review", "error"})
_PARTS = frozenset({"interval", "points", "misconceptions", "dimensions", "judge", "usage"})
_LOOKED_AT = 100


def graded_rows(source: Source, builder: RowBuilder | None = None) -> Iterator[GradedRow]:
    """The rows of a graded file, numbered as in that file; `builder` tells what they are called.

    A row whose judgement cannot be read comes out failed, and says so. Raises InputError when the file was not made
    by `interviewer grade`.
    """
    _check(source)
    for raw in source:
        yield _graded(raw, builder)
    yield from _unreadable(source)


def _check(source: Source) -> None:
    columns: dict[str, None] = {}
    for row in islice(source, _LOOKED_AT):
        columns.update(dict.fromkeys(row.data))
    missing = sorted(_NEEDED - set(columns))
    # A table without rows has its header still.
    if not columns and source.format != "jsonl":
        missing = sorted(_NEEDED - set(source.columns()))
    if missing and (columns or source.format != "jsonl"):
        raise InputError(
            f"{source.name} is no graded file: it has no column {', '.join(missing)}",
            hint="grade it first: interviewer grade FILE -o graded.csv",
        )


def _graded(raw: RawRow, builder: RowBuilder | None) -> GradedRow:
    data = {_given_name(k): v for k, v in raw.data.items() if k not in ADDED and k != SCALED}
    out = GradedRow(raw.number, "", data, raw=raw.raw)
    if builder is not None:
        out.id = builder.id_of(RawRow(raw.number, data))
    if raw.error:
        out.error = raw.error
        return out
    error = raw.data.get("error")
    out.error = str(error) if error not in (None, "") else None
    if raw.data.get("judge") in (None, ""):
        out.error = out.error or "there is no judgement"
        return out
    try:
        out.judgement = Judgement.model_validate({k: _value(k, raw.data[k]) for k in ADDED if k in raw.data})
    except (ValidationError, ValueError, RecursionError) as e:
        what = e.errors()[0]["msg"] if isinstance(e, ValidationError) else str(e)
        out.error = f"the judgement cannot be read: {what[:120]}"
        return out
    if out.judgement.score is None and out.error is None:
        out.error = "there is no score"
    return out


def _given_name(column: str) -> str:
    name = column.removeprefix(KEPT_AS)
    return name if name.casefold() in ADDED else column


def _value(field: str, cell: Any) -> Any:
    """A field of the judgement as JSON has it, out of a cell or an object."""
    if field == "flags":
        return [f for f in cell.split("; ") if f] if isinstance(cell, str) else list(cell or [])
    if field == "needs_review":
        return cell if isinstance(cell, bool) else str(cell).strip().lower() in ("true", "1", "yes")
    if isinstance(cell, str) and field in _PARTS:
        cell = json.loads(cell) if cell.strip() else None
    if cell is None or cell == "":
        return _NOTHING.get(field)
    return cell


_NOTHING: Mapping[str, Any] = {"points": [], "misconceptions": [], "dimensions": {}, "usage": {}, "feedback": ""}


def _unreadable(source: Source) -> Iterator[GradedRow]:
    """Rows that are in the file of errors only: no part of them could be kept."""
    beside = Path(source.name + ".errors.jsonl")
    if source.format != "jsonl" or not beside.is_file():
        return
    with beside.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                told = json.loads(line)
                number, error = int(told["row"]), str(told["error"])
            except (ValueError, KeyError, TypeError):
                continue
            if "raw" in told:
                yield GradedRow(number, "", error=error, raw=str(told["raw"]))
