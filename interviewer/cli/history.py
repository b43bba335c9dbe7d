"""`interviewer history` and `interviewer report [ID]`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from interviewer.cli.guard import out, say
from interviewer.cli.interview import Db
from interviewer.errors import ConfigError, SessionError, UsageError

if TYPE_CHECKING:
    from interviewer.models import Report
    from interviewer.store import SessionRow, SessionStore
    from knowledge import KnowledgeMap


def history(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, the newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array on stdout.")] = False,
    db: Db = None,
) -> None:
    """List past interviews, the newest first.

    Examples: `interviewer history` · `interviewer history --json | jq '.[0].id'`
    """
    with _store(db) as store:
        rows = store.sessions(limit=limit)
    if as_json:
        fields = ("id", "created_at", "role", "level", "lang", "status", "score", "answered", "seconds")
        out(json.dumps([{f: getattr(r, f) for f in fields} for r in rows], ensure_ascii=False, indent=2))
        return
    if not rows:
        say("no interviews yet; start one: interviewer --role algo")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "started", "role", "level", "lang", "answers", "score", "status"):
        table.add_column(name, justify="right" if name in ("answers", "score") else "left")
    for r in rows:
        score = "–" if r.score is None else f"{r.score:.1f}"
        started = r.created_at[:16].replace("T", " ")
        table.add_row(r.id, started, r.role, r.level, r.lang, str(r.answered), score, r.status)
    Console().print(table)


def report(
    session: Annotated[str, typer.Argument(help="The id, the beginning of it, or `last`.")] = "last",
    fmt: Annotated[
        str | None, typer.Option("--format", "-f", help="md, html or json.", show_default="md, or by -o")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it here.")] = None,
    db: Db = None,
) -> None:
    """Print the report of an interview, or write it to a file. An open one is reported as far as it is.

    Examples: `interviewer report` · `interviewer report 20261121-k3f9w -o report.html` ·
    `interviewer report last --format json`
    """
    from interviewer.report import Format, render, write_report

    if fmt is not None and fmt not in get_args(Format):
        raise UsageError(f"no report format {fmt!r}", hint="there are md, html and json")
    wanted = cast("Format | None", fmt)
    with _store(db) as store:
        row = _row(store, session)
        the_map, found = _with_map(store, row)
    if output is None:
        out(render(found, wanted or "md", lang=found.lang, the_map=the_map))
        return
    write_report(found, output, wanted, the_map=the_map)
    say(f"report written to {output}")


def _with_map(store: SessionStore, row: SessionRow) -> tuple[KnowledgeMap | None, Report]:
    """The map the interview was held on and its report. Where that map is a pack that cannot be read any more, what
    the database keeps of a finished interview is the report; of an open one there is none without its questions.
    """
    from interviewer.maps import open_map
    from interviewer.session_report import session_report
    from knowledge import MapError
    from rubrics import load_rules

    pack = store.setup(row).pack
    try:
        the_map = open_map(pack)
    except (ConfigError, MapError) as e:
        kept = store.report(row.id) if pack else None
        if kept is None:
            raise
        say(f"without reference answers and sources: the pack {pack} cannot be read ({e})")
        return None, kept
    return the_map, session_report(store, the_map, load_rules(), row)


def _row(store: SessionStore, wanted: str) -> SessionRow:
    if wanted != "last":
        return store.session(wanted)
    rows = store.sessions(limit=1)
    if not rows:
        raise SessionError("no interviews yet", hint="start one: `interviewer --role algo`")
    return rows[0]


def _store(db: Path | None) -> SessionStore:
    from interviewer.config import load_settings
    from interviewer.store import SessionStore

    return SessionStore(load_settings(db=db).db_path)
