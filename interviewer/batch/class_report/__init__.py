"""The report of a class or a pool of candidates: statistics of graded rows as HTML, Markdown or JSON.

Public: `figures` (what the report says, as numbers), `render`, `write_class_report`. Knows statistics and the map;
nothing of grading.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from interviewer.batch.class_report.count import figures, question_figures
from interviewer.batch.class_report.figures import Figures
from interviewer.errors import UsageError
from interviewer.report import Format, format_for, write_atomic
from interviewer.text import visible

__all__ = ["Figures", "Format", "figures", "format_for", "question_figures", "render", "write_class_report"]


def render(report: Figures, fmt: Format) -> str:
    """The report as text, in the language of its figures. Equal input gives equal output."""
    if fmt not in get_args(Format):
        raise UsageError(f"unknown report format: {visible(fmt)}", hint="Choose one of: md, html, json.")
    if fmt == "json":
        from interviewer.report.as_json import safe_json

        return safe_json(report)
    from interviewer.batch.class_report.words import ClassWords

    words = ClassWords(report.lang)
    if fmt == "html":
        from interviewer.batch.class_report.html import render_html  # jinja2 is loaded only for this

        return render_html(report, words)
    from interviewer.batch.class_report.markdown import render_markdown

    return render_markdown(report, words)


def write_class_report(report: Figures, path: Path, fmt: Format | None = None) -> Path:
    """Write the report at `path`, whole or not at all. Raises StoreError, InputError or UsageError."""
    write_atomic(path, render(report, fmt or format_for(path)))
    return path
