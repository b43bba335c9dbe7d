"""Evidence in the candidate's own words: an answer cut into stretches that know their marks.

Pure. Overlapping, nested, touching and broken spans are all allowed; the stretches always add up
to the whole answer, in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from interviewer.models import Evidence


@dataclass(frozen=True)
class Mark:
    """One piece of evidence, and the number or letter of what it is evidence for."""

    key: str
    start: int
    end: int


@dataclass(frozen=True)
class Stretch:
    """A part of the answer under one set of marks; `ends` are the marks whose last part this is."""

    text: str
    keys: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()


def place(answer: str, key: str, evidence: Iterable[Evidence]) -> list[Mark]:
    """Marks for the evidence that really stands in the answer.

    Offsets that do not hold the quoted words are repaired by looking for the words; what is not
    in the answer gets no mark, since a highlight on the wrong words is worse than none.
    """
    marks = []
    for e in evidence:
        start, end = max(e.start, 0), min(e.end, len(answer))
        if e.text and answer[start:end] != e.text:
            start = answer.find(e.text)
            end = start + len(e.text)
        if 0 <= start < end:
            marks.append(Mark(key, start, end))
    return marks


def stretches(answer: str, marks: Iterable[Mark]) -> list[Stretch]:
    """The answer cut wherever a mark begins or ends."""
    opens: dict[int, list[str]] = defaultdict(list)
    closes: dict[int, list[str]] = defaultdict(list)
    order: dict[str, int] = {}
    for m in marks:
        order.setdefault(m.key, len(order))
        start, end = _cut(answer, m.start), _cut(answer, m.end)
        if start < end:
            opens[start].append(m.key)
            closes[end].append(m.key)
    cuts = sorted({0, len(answer), *opens, *closes})
    depth: dict[str, int] = defaultdict(int)
    result: list[Stretch] = []
    for start, end in pairwise(cuts):
        for key in closes[start]:
            depth[key] -= 1
        for key in opens[start]:
            depth[key] += 1
        keys = tuple(sorted((k for k, n in depth.items() if n > 0), key=order.__getitem__))
        left = {k: depth[k] - closes[end].count(k) + opens[end].count(k) for k in keys}
        ends = tuple(k for k in keys if left[k] <= 0)
        last = result[-1] if result else None
        if last is not None and last.keys == keys and not last.ends:
            result[-1] = Stretch(last.text + answer[start:end], keys, ends)
        else:
            result.append(Stretch(answer[start:end], keys, ends))
    return result


def _cut(answer: str, at: int) -> int:
    """`at` inside the answer, and never between CR and LF, which are shown as one newline."""
    at = min(max(at, 0), len(answer))
    return at + 1 if answer[at - 1 : at + 1] == "\r\n" and at > 0 else at
