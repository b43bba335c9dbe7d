"""Text that Markdown shows as it is: escaped, in code spans, or in fences it cannot close."""

from __future__ import annotations

import re
from collections.abc import Iterator

from interviewer.text import one_line, visible

_LINK_LIKE = re.compile(r"(?:\w[\w+.-]*://|www\.)[^\s|`]+|[\w.+-]+@[\w-]+\.[^\s|`]+", re.IGNORECASE)
_SPECIAL = re.compile(r"[\\`*_\[\]<>~|$]|&(?=#?\w+;)")
_LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|[-+=]+|\d{1,9}[.)](?=\s|$))")


def plain(text: str) -> str:
    """Text on one line that Markdown shows as it is; what would become a link becomes code."""
    line = one_line(text)
    parts, at = [], 0
    for match in _LINK_LIKE.finditer(line):
        parts += [_SPECIAL.sub(r"\\\g<0>", line[at : match.start()]), code(match.group())]
        at = match.end()
    parts.append(_SPECIAL.sub(r"\\\g<0>", line[at:]))
    return _LINE_START.sub(lambda m: f"{m[1]}{_guarded(m[2])}", "".join(parts))


def _guarded(start: str) -> str:
    return f"{start[:-1]}\\{start[-1]}" if start[0].isdigit() else f"\\{start}"


def block(text: str, *, bold: bool = False, before: str = "") -> Iterator[str]:
    """A paragraph that keeps its line breaks, and an empty line after it."""
    lines = [plain(line) for line in visible(text).split("\n")]
    shown = [f"**{line}**" if bold else line for line in lines if line]
    yield from (f"{before}{line}\\" for line in shown[:-1])
    yield from (f"{before}{line}" for line in shown[-1:])
    yield ""


def code(text: str) -> str:
    """A code span on one line, whatever it holds. Not for tables: a pipe would end the cell."""
    line = one_line(text)
    ticks = "`" * (_longest_run(line) + 1)
    return f"{ticks} {line} {ticks}" if line[:1] in ("`", "") or line[-1:] == "`" else f"{ticks}{line}{ticks}"


def fence(text: str, language: str = "text", indent: str = "") -> list[str]:
    """A fenced block that the text cannot close."""
    shown = visible(text)
    ticks = "`" * max(3, _longest_run(shown) + 1)
    return [f"{indent}{line}" for line in (f"{ticks}{language}", *shown.split("\n"), ticks)]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
