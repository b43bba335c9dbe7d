"""JSON Lines as numbered rows. A line that cannot be read is told by its number; the rest is read."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

from interviewer.batch.encoding import foreign, undecodable
from interviewer.batch.table import Found

_SHOWN = 200


def rows(text: io.TextIOWrapper) -> Iterator[Found]:
    """Every line that is not blank, in order."""
    for number, line in _lines(text):
        if not line.strip("\ufeff \t\r\n"):
            continue
        if other := foreign(line, text.encoding):
            yield number, {}, f"the line is in {other}, the file in {text.encoding}", line[:_SHOWN]
            continue
        if undecodable(line):
            yield number, {}, f"the line is not valid {text.encoding}", line[:_SHOWN]
            continue
        try:
            value = json.loads(line.lstrip("\ufeff"))
        except json.JSONDecodeError as e:
            half = e.pos >= len(line.rstrip()) or "Unterminated" in e.msg
            what = "the line breaks off" if half else f"not valid JSON: {e.msg} at column {e.colno}"
            yield number, {}, what, line[:_SHOWN]
        except (RecursionError, ValueError) as e:
            yield number, {}, f"not usable JSON: {type(e).__name__}: {e}"[:_SHOWN], line[:_SHOWN]
        else:
            if isinstance(value, dict):
                yield number, value, None, None
            else:
                yield number, {}, f"the line holds a JSON {_named(value)}, not an object", line[:_SHOWN]


def _lines(text: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    """Lines by line feed: with newline="" a lone carriage return would end one as well."""
    number, held = 1, ""
    for piece in text:
        held += piece
        if held.endswith("\n"):
            yield number, held
            number, held = number + 1, ""
    if held:
        yield number, held


def _named(value: object) -> str:
    if value is None:
        return "null"
    return {list: "array", str: "string", bool: "boolean"}.get(type(value), "number")
