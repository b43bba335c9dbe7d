"""Small pieces of styled text. Everything that comes from a person or a file passes through `safe`.

Nothing here parses markup: styles are given beside the text, so "[/red]" is five ordinary characters.
"""

from __future__ import annotations

from textual.content import Content

from interviewer.models import Verdict
from interviewer.text import cell_width, pad, visible

ICONS: dict[Verdict, str] = {"covered": "✓", "partial": "◐", "missing": "○", "contradicted": "✗"}
TONES: dict[Verdict, str] = {
    "covered": "$success",
    "partial": "$warning",
    "missing": "$quiet",
    "contradicted": "$error",
}


def safe(text: str, style: str = "") -> Content:
    """Text from outside as content: control characters shown as symbols, no markup."""
    return Content.styled(visible(text), style) if style else Content(visible(text))


def line(*parts: Content | str | tuple[str, str]) -> Content:
    """Parts side by side; a pair is a text with its style. Plain strings are ours, not a candidate's."""
    return Content.assemble(*parts)


def bar(share: float, cells: int, style: str = "$primary") -> Content:
    """A bar of exactly `cells`, filled by `share` (0-1) to half a cell; thick is filled, thin is not."""
    full, half = divmod(round(min(max(share, 0.0), 1.0) * cells * 2), 2)
    filled = "━" * full + ("╸" if half else "")
    return line((filled, style), ("─" * (cells - len(filled)), "$line"))


def score_tone(score: float | None) -> str:
    """The style of a score; the number stands beside it, so colour is never alone."""
    if score is None:
        return "$quiet"
    return "$success" if score >= 7 else "$warning" if score >= 4 else "$error"


def marks(value: float | None) -> str:
    """Marks as people write them: one decimal, or a dash where there are none."""
    return "–" if value is None else f"{value:.1f}"


def clock(seconds: float) -> str:
    """12:34, or 1:02:03 after an hour."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    tail = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{hours}:{tail}" if hours else tail


def columns(left: Content, right: Content, width: int) -> Content:
    """One line with `left` at its left and `right` at its right; the left gives way."""
    right_cells = cell_width(right.plain)
    room = width - right_cells - 1
    if room < 4:
        return right.truncate(width, ellipsis=True)
    shown = left.truncate(room, ellipsis=True)
    gap = width - cell_width(shown.plain) - right_cells
    return line(shown, " " * max(gap, 1), right)


def fixed(text: str, cells: int) -> str:
    """`text` on one line, cut or filled to `cells`."""
    return pad(text, cells)
