"""Finds the JSON object in what a model wrote: alone, in a code fence, in prose, after a train of thought.

Small slips are mended (trailing commas, raw line breaks in strings). A cut-off object is not: what a model did not
finish, nobody here finishes for it. Nor is one of several different objects picked: an answer that a candidate wrote
may hold a forged one, and the model may have copied it.
"""

from __future__ import annotations

import json
import re
from typing import Any

THOUGHT = re.compile(r"\A\s*<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)
TRAILING_COMMA = re.compile(r',(?=\s*[}\]])|("(?:[^"\\]|\\.)*")', re.DOTALL)
LONGEST = 400_000
MOST_OBJECTS = 50

_decoder = json.JSONDecoder(strict=False)


def json_objects(text: str) -> list[dict[str, Any]]:
    """The different JSON objects of `text` that lie in no other, in order."""
    text = THOUGHT.sub("", text[:LONGEST], count=1).lstrip("\ufeff")
    found: list[dict[str, Any]] = []
    for version in (text, without_trailing_commas(text)):
        found = _scan(version)
        if found:
            break
    return found


def without_trailing_commas(text: str) -> str:
    return TRAILING_COMMA.sub(lambda m: m.group(1) or "", text)


def _scan(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    at = text.find("{")
    while at >= 0 and len(found) < MOST_OBJECTS:
        try:
            value, end = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            if _unfinished(text, at):  # its inner objects are no answers
                break
            end = at + 1
        else:
            if value not in found:
                found.append(value)
        at = text.find("{", end)
    return found


def _unfinished(text: str, at: int) -> bool:
    """Whether the brace at `at` opens an object that the text never closes."""
    depth, quoted, escaped = 0, False, False
    for c in text[at:]:
        if quoted:
            if escaped:
                escaped = False
            elif c == "\\":
                escaped = True
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
        elif c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
            if depth == 0:
                return False
    return True
