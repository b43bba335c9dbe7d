"""The candidate's answer as the model gets to see it: what steers is cut out, what is invisible is gone, and
nothing in it looks like a delimiter, a tag or a turn of the conversation. Pure.

Only signs are exchanged, never letters, so that a quote of this text is still found in the answer as given.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from interviewer.judge.evidence import Span, merge

CUT = "[…]"
"""Stands for what spoke to the grader."""

_RUNS = re.compile(r"<{3,}|>{3,}")
_TAG = re.compile(r"<(?=[/|!?A-Za-z])")
_SPECIAL = re.compile(r"<\||\|>|<<SYS>>|</s>")
_TAG_END = re.compile(r"\|>")
_BRACKET = re.compile(r"\[(?=/?(?:INST|SYS|SYSTEM|B_INST|E_INST)\])", re.I)
_TURN = re.compile(
    r"(?im)^([ \t#*>-]*(?:system|assistant|user|human|developer|grader|judge|系统|助手|用户|评分员)[ \t*]*)[:：]"
)


def disarm(answer: str, steering: Sequence[Span] = (), limit: int | None = None) -> str:
    """The first `limit` characters of `answer` without the ranges in `steering`, made harmless."""
    head = answer if limit is None else answer[:limit]
    pieces: list[str] = []
    at = 0
    for start, end in merge(steering):
        if start >= len(head):
            break
        pieces += [_visible(head[at:start]), CUT]
        at = max(at, end)
    pieces.append(_visible(head[at:]))
    text = "".join(pieces)
    if not any(c in text for c in "<>[:："):
        return text
    text = _RUNS.sub(lambda m: ("‹" if m[0][0] == "<" else "›") * len(m[0]), text)
    text = _TAG_END.sub("|›", _TAG.sub("‹", text))
    return _TURN.sub(r"\1∶", _BRACKET.sub("［", text))


def has_marks(answer: str) -> bool:
    """Whether the answer has signs of a conversation or of our delimiters. Answers on chat templates have them too:
    no attack by itself, but reason to believe no verdict that nothing else bears out."""
    return any(p.search(answer) for p in (_RUNS, _SPECIAL, _BRACKET, _TURN))


def nonce(text: str, salt: str) -> str:
    """16 hex digits that `text` does not hold. A function of text and salt, so that the same answer is the same
    prompt; an answer that held its own would have to solve a 64-bit hash."""
    made = hashlib.sha256(f"{salt}\x00{text}".encode("utf-8", "replace")).hexdigest()[:16]
    while made in text:
        made = hashlib.sha256(made.encode()).hexdigest()[:16]
    return made


def _visible(text: str) -> str:
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if _shows(c))


@lru_cache(maxsize=4096)
def _shows(char: str) -> bool:
    if char in "\n\t":
        return True
    if "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
        return False
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")
