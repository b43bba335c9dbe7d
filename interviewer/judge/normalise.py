"""Text for matching, with the way back: every offset of the normalised text leads to the answer as given.

Knows characters only. Nothing here may change what is stored or shown.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from knowledge.models import Lang

HIDDEN = frozenset(
    "\u200b\u200c\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u180e\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Characters that show nothing and can carry or split text; joiners of emoji are not among them."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """`text` for matching; `offsets[i]` is where its character i came from in the answer."""

    text: str
    offsets: tuple[int, ...]
    hidden: int
    """How many invisible characters were dropped."""
    truncated: bool = False

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The range of the answer as given for a range of the normalised text."""
        if start >= end or not self.text:
            at = self.offsets[min(start, len(self.offsets) - 1)]
            return at, at
        return self.offsets[start], self.offsets[end - 1] + 1


@lru_cache(maxsize=8192)
def _fold(char: str) -> str:
    """What one character becomes: NFKC and casefold, nothing for what cannot be seen."""
    if char in "\r\n\t\u2028\u2029\x0b\x0c\x85":
        return " " if char == "\t" else "\n"
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return ""
    if "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef":
        return ""
    folded = unicodedata.normalize("NFKC", char).casefold()
    return unicodedata.normalize("NFKC", folded).replace("\u2019", "'").replace("\u2018", "'")


def normalise(answer: str, limit: int | None = None) -> Normalised:
    """The first `limit` characters of the answer, folded character by character so that offsets hold."""
    head = answer if limit is None else answer[:limit]
    if head.isascii() and head.isprintable():
        text = head.lower()
        return Normalised(text, tuple(range(len(text) + 1)), 0, len(head) < len(answer))
    out: list[str] = []
    offsets: list[int] = []
    hidden = 0
    for at, char in enumerate(head):
        folded = _fold(char)
        if not folded:
            hidden += char in HIDDEN or "\U000e0000" <= char <= "\U000e007f"
            continue
        out.append(folded)
        offsets.extend([at] * len(folded))
    offsets.append(len(head))
    return Normalised("".join(out), tuple(offsets), hidden, len(head) < len(answer))


def is_seen(char: str) -> bool:
    """Whether anything of a character is left after folding."""
    return bool(_fold(char))


def fold(text: str) -> str:
    """Normalised text without the way back, for wordings of a rubric."""
    return normalise(text).text


def is_cjk(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or "\uf900" <= char <= "\ufaff"


def script(text: str) -> str:
    """`zh`, `en` or `mixed`, by whether Latin words carry the sentence or only its terms."""
    cjk = sum(is_cjk(c) for c in text)
    words = sum(1 for i, c in enumerate(text) if c.isascii() and c.isalpha() and (i == 0 or not text[i - 1].isalpha()))
    if not cjk:
        return "en" if words else "zh"
    # A Chinese word is about two characters, so 0.5 * cjk compares words with words.
    share = words / (words + 0.5 * cjk)
    return "zh" if share < 0.35 else "mixed" if share < 0.85 else "en"


def language(text: str, default: Lang = "zh") -> Lang:
    """The language to reply in."""
    if not any(c.isalpha() for c in text):
        return default
    return "en" if script(text) == "en" else "zh"
