"""Answers that a learning platform exports as HTML, as the text that a reader of the page sees.

Only a cell that begins and ends as a block of HTML is taken for one: an answer about HTML, or one that holds
a tag somewhere, stays as it is. Pure. Knows markup only.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TypeGuard

_BLOCK = (
    "address|article|aside|blockquote|body|center|dd|div|dl|dt|figure|footer|form|h[1-6]|header|html|"
    "li|main|nav|ol|p|pre|section|table|tbody|td|th|thead|tr|ul"
)
_HEAD = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!doctype|font|span|br|hr|style|" + _BLOCK + r")(?=[\s>/])[^<>]*>", re.I | re.S
)
_TAIL = re.compile(r"(?:</(?:font|span|" + _BLOCK + r")\s*>|<(?:br|hr)\s*/?>)\s*\Z", re.I)
_BLOCKS = re.compile(_BLOCK)
_DROPPED = frozenset({"script", "style", "head", "title", "template", "noscript", "iframe", "object"})
_LONGEST_TAIL = 400
_DEEPEST = 8
_BLANKS = re.compile(r"[ \t\r\n\f\u00a0]+")


def is_html(cell: object) -> TypeGuard[str]:
    """Whether a cell as a whole is HTML."""
    if not isinstance(cell, str) or "<" not in cell or not cell.lstrip().startswith("<"):
        return False
    return bool(_HEAD.match(cell) and _TAIL.search(cell[-_LONGEST_TAIL:]))


def as_text(cell: str) -> str:
    """What a page with this HTML shows, paragraphs and list items on lines of their own.

    Scripts, styles and comments are dropped; code and `<pre>` keep their lines; powers, indexes and formulas
    that are pictures keep what they say.
    """
    reader = _Reader()
    reader.feed(cell)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._dropped = 0
        self._pre = 0
        self._after_bullet = -1
        self._lists: list[int | None] = []
        """Open lists: the number of the last item, None for one with dots."""

    def text(self) -> str:
        lines = [line.rstrip() for line in "".join(self._out).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._dropped += 1
        if self._dropped:
            return
        if tag in ("br", "hr"):
            self._out.append("\n")
        elif tag in ("ul", "ol"):
            self._line()
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._line(True)
            self._out.append(self._bullet())
            self._after_bullet = len(self._out)
        elif tag in ("td", "th"):
            if self._out and not self._out[-1].endswith(("\n", "\t")):
                self._out.append("\t")
        elif _BLOCKS.fullmatch(tag):
            self._line()
            self._pre += tag == "pre"
        elif tag == "sup":
            self._out.append("^")
        elif tag == "sub":
            self._out.append("_")
        elif tag == "img":
            named = dict(attrs)
            said = named.get("data-equation-content") or named.get("alt") or ""
            self._say(f" {said} " if said else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._dropped = max(0, self._dropped - 1)
            return
        if self._dropped:
            return
        if tag in ("ul", "ol"):
            if self._lists:
                self._lists.pop()
            self._line(True)
        elif _BLOCKS.fullmatch(tag) and tag not in ("td", "th"):
            self._line(tag == "li")
            self._pre = max(0, self._pre - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        if self._pre:
            self._out.append(data.replace("\u00a0", " "))
        else:
            self._say(data)

    def _say(self, text: str) -> None:
        """Running text: blanks of any kind and number are one space, none at the start of a line."""
        text = _BLANKS.sub(" ", text)
        if not self._out or self._out[-1].endswith(("\n", " ", "\t")):
            text = text.lstrip(" ")
        if text:
            self._out.append(text)

    def _line(self, always: bool = False) -> None:
        """End the line, but not right after the dot of a list item, where its paragraph begins."""
        started = always or len(self._out) != self._after_bullet
        if self._out and started and not self._out[-1].endswith("\n"):
            self._out.append("\n")

    def _bullet(self) -> str:
        indent = "  " * min(_DEEPEST, max(0, len(self._lists) - 1))
        if not self._lists or self._lists[-1] is None:
            return f"{indent}- "
        self._lists[-1] += 1
        return f"{indent}{self._lists[-1]}. "
