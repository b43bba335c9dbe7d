"""The report of an interview as Markdown, as one HTML page, or as JSON; and writing it to a file.

Knows the stored report, the map and the grading rules; nothing of how the interview was held.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from interviewer.errors import UsageError
from interviewer.models import Report
from interviewer.report.write import write_atomic
from interviewer.text import visible
from knowledge import KnowledgeMap

Format = Literal["md", "html", "json"]
SUFFIXES: dict[str, Format] = {
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
}

__all__ = ["SUFFIXES", "Format", "format_for", "render", "write_atomic", "write_report"]


def render(report: Report, fmt: Format, *, lang: str | None = None, the_map: KnowledgeMap | None = None) -> str:
    """The report as text. Without `lang` in its own language; without a map it has no reference
    answers, scripts, option keys or sources. Equal input gives equal output."""
    if fmt not in get_args(Format):
        raise UsageError(f"unknown report format: {visible(fmt)}", hint="Choose one of: md, html, json.")
    if fmt == "json":
        from interviewer.report.as_json import render_json

        return render_json(report)
    from interviewer.report.view import view_of

    view = view_of(report, lang, the_map)
    if fmt == "html":
        from interviewer.report.html import render_html  # jinja2 is loaded only for this

        return render_html(view)
    from interviewer.report.markdown import render_markdown

    return render_markdown(view)


def format_for(path: Path) -> Format:
    """The format that a file name asks for. Raises UsageError."""
    fmt = SUFFIXES.get(path.suffix.lower())
    if fmt is None:
        raise UsageError(
            f"{visible(str(path))}: cannot tell the report format from the name",
            hint="End the name in .md, .html or .json, or name the format.",
        )
    return fmt


def write_report(
    report: Report,
    path: Path,
    fmt: Format | None = None,
    *,
    lang: str | None = None,
    the_map: KnowledgeMap | None = None,
) -> Path:
    """Write the report at `path`, whole or not at all. Raises StoreError, InputError or UsageError."""
    text = render(report, fmt or format_for(path), lang=lang, the_map=the_map)
    write_atomic(path, text)
    return path
