"""Cutting normalised text into clauses, and clauses into overlapping windows.

Knows punctuation of both languages, nothing of rubrics.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CLAUSES = 160
"""More than this and neighbouring clauses are joined, so that the work stays bounded."""
LONGEST = 3
"""Clauses in the widest window."""

# A full stop ends a sentence only before space or end (0.05, model.config); a comma not inside a number.
_BREAK = re.compile(
    r"(?P<sentence>[。!?;…\n]+|\.(?=\s|$|[\u4e00-\u9fff]))"
    r"|(?P<clause>,(?!\d)|,(?<!\d,)|:(?=\s|[\u4e00-\u9fff])|——+|--+| - |[|•·●◦▪►]|(?<=\n)\s*[-*+]\s"
    r"|(?<=[\s,;])(?:but|because|so that|whereas|while|although|since)(?=\s))"
)
_TRIM = " \t\n,.;:!?。、…·•●◦▪►|-*+#>\"'“”‘’()[]{}<>《》「」"
_BULLET = re.compile(r"\s*(?:[-*+]\s+|[(\[]?(?:\d{1,2}|[a-h]|[一二三四五六七八九十])[.)、\]:](?!\d)\s*)")


@dataclass(frozen=True, slots=True)
class Clause:
    """Half-open range of the normalised text, without the punctuation around it."""

    start: int
    end: int
    text: str
    sentence: int
    """Number of the sentence it belongs to."""


def clauses(text: str, most: int = MAX_CLAUSES) -> list[Clause]:
    """The clauses of `text` in order; joined to larger pieces when there are more than `most`."""
    found: list[Clause] = []
    at, sentence = 0, 0
    for cut in _BREAK.finditer(text):
        keep = cut.lastgroup == "clause" and cut.group()[0].isalpha()
        _add(found, text, at, cut.start(), sentence)
        at = cut.start() if keep else cut.end()
        if cut.lastgroup == "sentence":
            sentence += 1
    _add(found, text, at, len(text), sentence)
    if len(found) > most:
        step = -(-len(found) // most)
        found = [
            Clause(g[0].start, g[-1].end, text[g[0].start : g[-1].end], g[0].sentence)
            for g in (found[i : i + step] for i in range(0, len(found), step))
        ]
    return found


def _add(found: list[Clause], text: str, start: int, end: int, sentence: int) -> None:
    bullet = _BULLET.match(text, start, end)
    if bullet and bullet.end() < end:
        start = bullet.end()
    while start < end and text[start] in _TRIM:
        start += 1
    while end > start and text[end - 1] in _TRIM:
        end -= 1
    if start < end:
        found.append(Clause(start, end, text[start:end], sentence))


def runs(count: int, longest: int = LONGEST) -> list[tuple[int, int]]:
    """Half-open clause ranges of all windows: every run of one to `longest` clauses."""
    return [(i, i + n) for n in range(1, longest + 1) for i in range(count - n + 1)]
