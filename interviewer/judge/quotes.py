"""A model's quotes looked up in the answer: where they lie, and how much they show. Pure.

A quote counts when it stands in the answer, outside the clauses that earn nothing (orders to the grader, the
question said again, bare lists), and says something: “the” and “综上所述” are in many answers and show nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from interviewer.judge import lexicon
from interviewer.judge.evidence import Located, Span, merge, trim
from interviewer.judge.normalise import fold
from interviewer.models import Evidence

_ELLIPSIS = re.compile(r"\[?(?:…+|⋯+|\.{3,}|。{3,})\]?")
SUBSTANCE = 0.2
"""Least content of a quote; the ramp from here to full quality is the fusion's."""
MOST = 3
BROAD_SHARE, BROAD_CONTENT = 0.6, 12.0
"""Part of the answer's content from which a quote is broad, in answers that say at least so much."""


@dataclass(frozen=True)
class Found:
    """What the quotes of one verdict come to."""

    evidence: tuple[Evidence, ...] = ()
    content: float = 0.0
    """How much the located passages say (`lexicon.content`)."""
    share: float = 0.0
    """Part of the quotes that was located."""

    broad: bool = False
    """The passages are most of a long answer: they show that it was read, not which words make the point."""

    @property
    def located(self) -> bool:
        return bool(self.evidence)


class Quotes:
    """The answer as a place to find quotes in; `barred` are the ranges in which none counts."""

    def __init__(self, located: Located, barred: Sequence[Span]) -> None:
        self._located = located
        self._barred = merge(barred, gap=0)

    def find(self, quotes: Sequence[str]) -> Found:
        pieces = [p for q in quotes for p in _ELLIPSIS.split(q) if any(c.isalnum() for c in p)]
        spans: list[Span] = []
        hits = 0
        for piece in pieces:
            found = self._located.find(piece)
            if found is None or self._is_barred((found.start, found.end)):
                continue
            hits += 1
            spans.append((found.start, found.end))
        answer = self._located.answer
        clean = [trim(answer, s) for s in merge(spans)]
        said = [(s, e) for s, e in clean if s < e]
        content = sum(lexicon.content(fold(answer[s:e])) for s, e in said)
        if content < SUBSTANCE:
            return Found()
        evidence = tuple(Evidence(start=s, end=e, text=answer[s:e]) for s, e in said[:MOST])
        whole = self._content
        broad = whole >= BROAD_CONTENT and content >= BROAD_SHARE * whole
        return Found(evidence, content, hits / len(pieces), broad)

    @cached_property
    def _content(self) -> float:
        return lexicon.content(fold(self._located.answer))

    def _is_barred(self, span: Span) -> bool:
        inside = sum(max(0, min(e, span[1]) - max(s, span[0])) for s, e in self._barred)
        return inside > 0.5 * (span[1] - span[0])
