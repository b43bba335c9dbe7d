"""Where in the answer a quote lies, and spans put in order. Pure.

A quote is accepted when it stands in the answer up to punctuation, width, case and a few characters
(rapidfuzz partial-ratio alignment on letters and digits alone).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz

from interviewer.judge.normalise import Normalised, is_cjk, normalise
from interviewer.models import Evidence

ACCEPT = 90.0
"""Least alignment score; true quotes with other punctuation reach 100, paraphrases about 75."""
MIN_CJK = 4
MIN_LATIN = 8
"""Shorter quotes are found everywhere (“LoRA” alone aligns at 100) and count only when verbatim."""

Span = tuple[int, int]


def bare(folded: Normalised) -> tuple[str, tuple[int, ...]]:
    """Letters and digits of the normalised text, each with its offset in the answer as given."""
    kept = [(c, folded.offsets[i]) for i, c in enumerate(folded.text) if c.isalnum()]
    return "".join(c for c, _ in kept), tuple(o for _, o in kept)


def locate(quote: str, answer: str, folded: Normalised | None = None) -> Evidence | None:
    """The stretch of `answer` that `quote` repeats, or None when there is no such stretch."""
    return Located(answer, folded).find(quote)


class Located:
    """An answer prepared once, for looking up many quotes in it."""

    def __init__(self, answer: str, folded: Normalised | None = None) -> None:
        self.answer = answer
        self._hay, self._offsets = bare(folded or normalise(answer))

    def find(self, quote: str) -> Evidence | None:
        """See `locate`."""
        needle, _ = bare(normalise(quote))
        hay, offsets = self._hay, self._offsets
        if not needle or len(needle) > len(hay):
            # A partial ratio would align the answer inside the quote and score 100.
            return None
        at = hay.find(needle)
        if at >= 0:
            return _evidence(self.answer, offsets[at], offsets[at + len(needle) - 1] + 1)
        cjk = sum(map(is_cjk, needle))
        if cjk < MIN_CJK and len(needle) < MIN_LATIN:
            return None
        found = fuzz.partial_ratio_alignment(needle, hay, score_cutoff=ACCEPT)
        if found is None or found.dest_end <= found.dest_start:
            return None
        return _evidence(self.answer, offsets[found.dest_start], offsets[found.dest_end - 1] + 1)


def _evidence(answer: str, start: int, end: int) -> Evidence:
    return Evidence(start=start, end=end, text=answer[start:end])


def merge(spans: Iterable[Span], gap: int = 2) -> list[Span]:
    """Spans in order; those that overlap or lie at most `gap` characters apart become one."""
    out: list[Span] = []
    for start, end in sorted(s for s in spans if s[0] < s[1]):
        if out and start <= out[-1][1] + gap:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def trim(answer: str, span: Span) -> Span:
    """The span without white space and loose punctuation at its ends."""
    start, end = max(span[0], 0), min(span[1], len(answer))
    while start < end and not answer[start].isalnum() and answer[start] not in "([{（【《“\"'`":
        start += 1
    while end > start and not answer[end - 1].isalnum() and answer[end - 1] not in ")]}）】》”\"'`%℃":
        end -= 1
    return start, end


def cite(answer: str, spans: Sequence[Span], most: int = 3) -> list[Evidence]:
    """At most `most` pieces of evidence for the given spans of the answer."""
    clean = [trim(answer, s) for s in merge(spans)]
    return [_evidence(answer, s, e) for s, e in clean if s < e][:most]
