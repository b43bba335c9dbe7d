"""Claims that are made only to be called untrue: “X? Nonsense.”, “I reject the idea that X”, “有人说X，听听就好”.

Read by sentences of a normalised answer, in two ways. A *verdict* is a clause that says nothing but that something is
untrue; it falls on what stands before it. A *frame* puts a claim into somebody's mouth (the idea that …, 所谓 …); with
a word of untruth in the same sentence it is denied. Who calls the deniers wrong affirms (“those who deny it are
mistaken”), and so does a negation before the word (“nobody disputes”, 不可否认).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from interviewer.judge.denial_words import (
    DENIERS,
    FALSE,
    FILLER,
    FRAME_EN,
    FRAME_ZH,
    GOES_ON,
    NOPE,
    REFERS,
    REPORTED,
    SAID,
    TRUE,
)

_SENTENCE = re.compile(r"[^。!?;\n.]*(?:\.(?!\s|$|[\u4e00-\u9fff])[^。!?;\n.]*)*(?:[。!?;\n.]+|$)")
_CLAUSE_END = re.compile("[,:]")
_CLAUSE = re.compile(r"[^,:、—()]+")

_OWN_WORDS = 3
_OWN = 6
"""Characters of its own content that a verdict may have which refers to what stands before it."""
_BEFORE = 24
"""Characters before a word of untruth from which the claim stands before it, not after."""
_REACH = 400
"""Longest sentence that is denied as a whole: a longer one is no claim."""


_OWN_VIEW = re.compile(
    r"\b(?:i|we) (?:\w+ )?(?:disagree|don't|do not|wouldn't|would not|reject|dispute)\b|不(?:同意|认同|赞成|接受)"
)
_LEADS_ON = re.compile(r" that\b|[“\"]|(?=[\u4e00-\u9fff]{4,})(?!的)")
_TURN = re.compile(r", (?:but|yet) |\bhowever,? |但是?|不过|可是|然而")


@dataclass(frozen=True, slots=True)
class _Sentence:
    start: int
    end: int
    text: str


def denied(text: str) -> list[tuple[int, int]]:
    """Ranges of a normalised text that hold claims called untrue."""
    if not FALSE.search(text) and not any(NOPE.match(m[0]) for m in _SENTENCE.finditer(text)):
        return []
    sentences = list(_sentences(text))
    out = [span for s in sentences for span in _within(s)]
    for before, after in pairwise(sentences):
        if after.end - after.start <= 90 and before.end - before.start <= _REACH and _falls_on(before.text, after.text):
            out.append((before.start, before.end))
    return out


def _falls_on(before: str, after: str) -> bool:
    """Whether a sentence calls the one before it untrue: as a verdict, or where others were said to say that one."""
    if REPORTED.search(before) and _says_untrue(after):
        return True
    return _is_verdict(after) and not _OWN_VIEW.search(after)  # “I disagree” is often said of the question


def _sentences(text: str) -> Iterator[_Sentence]:
    for m in _SENTENCE.finditer(text):
        if m[0].strip():
            yield _Sentence(m.start(), m.end(), m[0])


def _within(s: _Sentence) -> Iterator[tuple[int, int]]:
    """What of one sentence is denied in it."""
    if len(s.text) > _REACH or not _says_untrue(s.text):
        return
    if FRAME_ZH.search(s.text) or FRAME_EN.search(s.text.strip()):
        yield s.start + _claim_start(s.text), s.start + _claim_end(s.text)
        return
    clauses = [(m.start(), m[0]) for m in _CLAUSE.finditer(s.text)]
    for n, (at, clause) in enumerate(clauses):
        if n and _is_verdict(clause, bare=0):
            yield s.start, s.start + at


def _claim_start(text: str) -> int:
    """After what is affirmed first, where a turn leads to “I do not accept that …”."""
    untrue = next(m for m in FALSE.finditer(text) if not m["no"])
    if not _LEADS_ON.match(text, untrue.end()):
        return 0
    return max((m.end() for m in _TURN.finditer(text, 0, untrue.start())), default=0)


def _claim_end(text: str) -> int:
    """Where what is called untrue ends: with the clause that calls it so, or before what is said in its place."""
    untrue = next(m for m in FALSE.finditer(text) if not m["no"])
    frame = max((m.end() for m in (FRAME_ZH.search(text), FRAME_EN.search(text)) if m), default=0)
    if (
        untrue.start() > _BEFORE
        or SAID.search(text[: untrue.end() + 1])
        or text[untrue.end() : untrue.end() + 1] == ","
    ):
        return _clause_end(text, untrue.end())
    if closed := SAID.search(text, untrue.end()):
        return _clause_end(text, closed.end())
    on = GOES_ON.search(text, max(untrue.end(), frame) + _OWN)
    return on.start() if on else len(text)


def _clause_end(text: str, at: int) -> int:
    end = _CLAUSE_END.search(text, at)
    return end.start() if end else len(text)


def _says_untrue(text: str) -> bool:
    return any(not m["no"] for m in FALSE.finditer(text)) and not TRUE.search(text) and not DENIERS.search(text)


def _is_verdict(text: str, bare: int = 2) -> bool:
    """Whether a sentence or clause says that something is untrue, and nothing else.

    `bare` is how many characters of its own it may have where it does not refer to what stands before it.
    """
    text = text.strip()
    if NOPE.match(text):
        return True
    if not _says_untrue(text):
        return False
    refers = bool(REFERS.match(text))
    own = FILLER.sub(" ", FALSE.sub(" ", text)).split()
    if text.isascii():
        return len(own) <= (_OWN_WORDS if refers else min(bare, 1))
    return sum(map(len, own)) <= (_OWN if refers else bare)
