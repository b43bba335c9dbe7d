"""Questions of the map as documents: Markdown, one HTML page, CSV, JSON, and notes for Anki.

Knows the map; nothing of interviews, answers or judges.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from interviewer.errors import UsageError
from interviewer.export.chosen import Chosen
from interviewer.text import visible

Format = Literal["md", "json", "csv", "anki", "html"]
SUFFIXES: dict[str, Format] = {
    ".md": "md",
    ".markdown": "md",
    ".json": "json",
    ".csv": "csv",
    ".txt": "anki",
    ".html": "html",
    ".htm": "html",
}

__all__ = ["SUFFIXES", "Chosen", "Format", "format_for", "render"]


def render(chosen: Chosen, fmt: Format) -> str:
    """The questions as text in that format. Equal input gives equal output."""
    if fmt == "json":
        from interviewer.export.as_json import render_json as make
    elif fmt == "csv":
        from interviewer.export.table import render_csv as make
    elif fmt == "anki":
        from interviewer.export.anki import render_anki as make
    elif fmt == "html":
        from interviewer.export.html import render_html as make
    elif fmt == "md":
        from interviewer.export.markdown import render_markdown as make
    else:
        raise UsageError(f"no format {visible(fmt)!r}", hint=f"there are {', '.join(get_args(Format))}")
    return make(chosen)


def format_for(path: Path) -> Format:
    """The format that a file name asks for. Raises UsageError."""
    fmt = SUFFIXES.get(path.suffix.lower())
    if fmt is None:
        raise UsageError(
            f"{visible(str(path))}: cannot tell the format from the name",
            hint="end it in .md, .html, .csv, .json or .txt (for Anki), or name the --format",
        )
    return fmt
