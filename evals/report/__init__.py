"""The report of an evaluation, made of what `evals run` wrote: one HTML page and one Markdown file in each language.

Pure but for reading and writing the folder. The same result.json and items.jsonl give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from evals.report.shapes import Line, Result
from evals.report.words import LANGS
from interviewer.errors import InputError
from interviewer.report.write import write_atomic
from interviewer.text import visible

Format = Literal["html", "md"]
FORMATS: tuple[Format, ...] = ("html", "md")
__all__ = ["FORMATS", "LANGS", "Format", "file_name", "render", "report_again", "write_reports"]


def render(result: Mapping[str, Any], items: Iterable[Mapping[str, Any]] = (), *, fmt: Format, lang: str) -> str:
    """The report as text. `items` are the objects of items.jsonl; without them the scatter says less.

    Raises InputError with every fault of a result that is none.
    """
    return _rendered(*_read(result, items), fmt, lang)


def write_reports(
    folder: Path, result: Mapping[str, Any], items: Iterable[Mapping[str, Any]] = (), langs: Sequence[str] = LANGS
) -> list[Path]:
    """Every format in every language of `langs` into `folder`, each file whole or not at all.

    Raises InputError for a result that is none, StoreError for the disk.
    """
    read = _read(result, items)
    out = []
    for lang in langs:
        for fmt in FORMATS:
            path = folder / file_name(fmt, lang)
            write_atomic(path, _rendered(*read, fmt, lang))
            out.append(path)
    return out


def report_again(folder: Path, langs: Sequence[str] = LANGS) -> list[Path]:
    """The reports from the result.json and, where there is one, the items.jsonl in `folder`. Raises InputError."""
    place = folder / "result.json"
    if not place.is_file():
        raise InputError(
            f"{visible(str(folder))}: no result.json in it", hint="`python -m evals run --output DIR` writes one"
        )
    lines = folder / "items.jsonl"
    items = [x for n, raw in enumerate(_text(lines).split("\n"), 1) if raw.strip() for x in [_json(raw, lines, n)]]
    return write_reports(folder, _json(_text(place), place), items, langs)


def file_name(fmt: Format, lang: str) -> str:
    """English is `report.html`, the other language says so: `report.zh.html`."""
    return f"report.{fmt}" if lang == "en" else f"report.{lang}.{fmt}"


def _rendered(result: Result, items: Sequence[Line], fmt: Format, lang: str) -> str:
    from evals.report.view import view_of

    view = view_of(result, items, lang)
    if fmt == "html":
        from evals.report.html import render_html  # jinja2 is loaded only for this

        return render_html(view)
    from evals.report.markdown import render_markdown

    return render_markdown(view)


def _read(result: Mapping[str, Any], items: Iterable[Mapping[str, Any]]) -> tuple[Result, list[Line]]:
    try:
        return Result.model_validate(result), [Line.model_validate(i) for i in items]
    except ValidationError as e:
        faults = [
            f"{'.'.join(map(str, x['loc'])) or e.title}: {x['msg']}"
            for x in e.errors(include_url=False, include_context=False, include_input=False)
        ]
        more = f"\n… and {len(faults) - 10} more" if len(faults) > 10 else ""
        raise InputError(
            "this is no result of `python -m evals run`:\n" + visible("\n".join(faults[:10])) + more,
            hint="run it again with --output DIR",
        ) from None


def _text(path: Path) -> str:
    """What the file holds; nothing where there is none. Raises InputError."""
    try:
        return path.read_text("utf-8") if path.is_file() else ""
    except UnicodeDecodeError as e:
        raise InputError(f"{visible(str(path))}: not UTF-8: {e.reason} at byte {e.start}") from None


def _json(text: str, path: Path, line: int | None = None) -> Any:
    try:
        return json.loads(text)
    except ValueError as e:
        at = f":{line}" if line else ""
        raise InputError(
            f"{visible(str(path))}{at}: not valid JSON: {e}", hint="`python -m evals run --output DIR` writes it anew"
        ) from None
