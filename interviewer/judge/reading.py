"""An answer made ready for matching: clauses with their stance, the clauses that earn nothing, and why.

The reading is of the answer against one rubric; it says nothing of single points.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import fsum

import numpy as np
from numpy.typing import NDArray

from interviewer.judge import conduct, injection, lexicon
from interviewer.judge.denial import denied
from interviewer.judge.index import RubricIndex
from interviewer.judge.normalise import Normalised, is_seen, normalise
from interviewer.judge.polarity import Stance, ruled_out, stances, turned
from interviewer.judge.windows import Clause, clauses
from interviewer.judge.wordings import squeeze
from interviewer.models import Flag


@dataclass(frozen=True)
class Reading:
    answer: str
    folded: Normalised
    parts: tuple[Clause, ...]
    stances: tuple[Stance, ...]
    words: tuple[frozenset[str], ...]
    """Features of each clause."""
    masked: NDArray[np.bool_]
    """Clauses that earn nothing: steering, echo of the question, bare listing."""
    listed: NDArray[np.bool_]
    flags: tuple[Flag, ...]

    @cached_property
    def bare(self) -> tuple[str, ...]:
        """Letters and digits of each clause."""
        return tuple(squeeze(p.text) for p in self.parts)

    @cached_property
    def all_bare(self) -> str:
        """Those of all clauses, one to a line."""
        return "\n".join(self.bare)

    def clean(self, part: Clause) -> str:
        """The clause in its own case, for the embedder."""
        start, end = self.folded.span(part.start, part.end)
        text = self.answer[start:end]
        return text if text.isascii() else "".join(c for c in text if c == " " or is_seen(c))


def read(answer: str, index: RubricIndex, limit: int) -> Reading:
    """The answer's first `limit` characters, read against the rubric."""
    folded = normalise(answer, limit)
    parts = clauses(folded.text)
    flags: list[Flag] = []
    if folded.truncated:
        flags.append("too_long")
    if not any(c.isalnum() for c in folded.text):
        flags.append("empty")
    steers, steering = injection.find(folded, parts)
    if steers:
        flags.append("injection")
    echo = conduct.echoed(parts, list(index.asks))
    words = tuple(_words(p, folded.text) for p in parts)
    if conduct.copied(parts, echo, list(index.ask_words)):
        flags.append("copied_question")
    stuffed, items = conduct.listing(folded.text, index.term_texts)
    if stuffed:
        flags.append("stuffing")
    listed = np.array([_mostly_within(p, items) for p in parts], dtype=bool)
    opens = conduct.opening(parts)
    again = conduct.restated(parts, list(index.ask_words))
    masked = np.array([any(m) for m in zip(steering, echo, again, opens, strict=True)], dtype=bool)
    if not conduct.says_something(parts):
        masked[:] = True
    if "copied_question" in flags or (stuffed and len(parts)):
        masked |= listed if "copied_question" not in flags else True
    substance = _substance(parts, words, index)
    if not steers and conduct.dont_know(parts, substance):
        flags.append("dont_know")
        masked[:] = True
    return Reading(
        answer=answer,
        folded=folded,
        parts=tuple(parts),
        stances=_stances(parts, folded.text),
        words=words,
        masked=masked,
        listed=listed,
        flags=tuple(flags),
    )


def without(reading: Reading, spans: list[tuple[int, int]]) -> Reading:
    """The reading with the clauses inside `spans` of the answer masked: code asserts no belief."""
    masked = reading.masked.copy()
    for n, part in enumerate(reading.parts):
        start, end = reading.folded.span(part.start, part.end)
        masked[n] |= any(s <= start and end <= e for s, e in spans)
    return replace(reading, masked=masked)


def _stances(parts: list[Clause], text: str) -> tuple[Stance, ...]:
    wrong = ruled_out(text) + denied(text)
    return tuple(
        replace(s, denied=True) if _mostly_within(p, wrong) else s
        for p, s in zip(parts, stances([p.text for p in parts]), strict=True)
    )


def _words(part: Clause, text: str) -> frozenset[str]:
    """Features of a clause, without what a “not A but B” rules out."""
    out = turned(part.text)
    return frozenset(f for f, s, e in lexicon.features(part.text) if not any(a <= s and e <= b for a, b in out))


def _substance(parts: list[Clause], words: tuple[frozenset[str], ...], index: RubricIndex) -> float:
    """Content of the answer in words of the topic that the question does not give away."""
    asked = frozenset().union(*index.ask_words) if index.ask_words else frozenset()
    own = frozenset().union(*words) if words else frozenset()
    return fsum(lexicon.weight(w) for w in own if w in index.topic and w not in asked)


def _mostly_within(part: Clause, ranges: list[tuple[int, int]]) -> bool:
    inside = sum(max(0, min(e, part.end) - max(s, part.start)) for s, e in ranges)
    return inside >= 0.6 * (part.end - part.start)
