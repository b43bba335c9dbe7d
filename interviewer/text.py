"""Text made to be shown: what is hostile made safe for a terminal, a table cell, a spreadsheet; numbers with nouns.

What a candidate or a model wrote is never trusted. Nothing here changes what is stored or judged,
only what is shown. A low-level module: imports nothing of this project.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Dropped: they have no width and only hide things (zero-width characters and joiners, direction
# marks, soft hyphens, tag characters, fillers).
_DROPPED = "\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\ufeff\U000e0000-\U000e0fff"
# Replaced: they would reorder or corrupt the text around them (C1 controls, direction overrides and
# isolates, lone surrogates, interlinear annotations, noncharacters).
_REPLACED = "\u0080-\u009f\u202a-\u202e\u2066-\u206f\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff"
_UNSAFE = re.compile(f"\r\n|[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]|[{_DROPPED}]|([{_REPLACED}])")


def visible(text: str) -> str:
    """`text` with every control character shown as a symbol; newlines and tabs stay.

    Works character by character except for CR LF, so the visible parts of a text that is cut
    anywhere else add up to the visible whole.
    """
    return _UNSAFE.sub(_show, text)


def _show(match: re.Match[str]) -> str:
    found = match.group()
    if match.group(1):
        return REPLACEMENT
    if found in ("\r\n", "\u2028", "\u2029"):
        return "\n"
    if found < " ":
        return chr(0x2400 + ord(found))
    return "\N{SYMBOL FOR DELETE}" if found == "\x7f" else ""


def one_line(text: str) -> str:
    """Visible text with every run of white space, newlines included, as one space."""
    return " ".join(visible(text).split())


def counted(n: int, what: str) -> str:
    """A number with the English name of what it counts: "1 row", "2,000 rows"."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def cell_width(text: str) -> int:
    """How many terminal cells `text` takes; a CJK character takes two."""
    return cell_len(text)


def truncate(text: str, cells: int, *, ellipsis: str = "…") -> str:
    """`text` on one line and at most `cells` wide, with an ellipsis where something was cut."""
    line = one_line(text)
    if cells <= 0:
        return ""
    if cell_len(line) <= cells:
        return line
    room = cells - cell_len(ellipsis)
    if room < 0:
        return set_cell_size(line, cells)
    return set_cell_size(line, room).rstrip() + ellipsis


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """`text` cut or filled to exactly `cells`; `right` aligns it to the right."""
    line = truncate(text, cells)
    fill = " " * (cells - cell_len(line))
    return fill + line if right else line + fill


_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def csv_safe(cell: str) -> str:
    """A cell that no spreadsheet runs: what looks like a formula gets a leading apostrophe.

    Plain numbers, negative ones included, stay numbers.
    """
    if not cell or _NUMBER.fullmatch(cell):
        return cell
    shown = one_line(cell[:64])
    if cell[0] in _FORMULA or shown[:1] in _FORMULA:
        return "'" + cell
    return cell
