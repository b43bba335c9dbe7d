"""`interviewer grade`: a file of written answers in, the same file with grades out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from interviewer.cli.guard import out, say
from interviewer.cli.interview import (
    ApiBase,
    CacheOption,
    EmbedderOption,
    Fallback,
    FallbackModels,
    ModelOption,
    Pack,
    SignalsOption,
)
from interviewer.errors import Exit, UsageError

if TYPE_CHECKING:
    from interviewer.batch import GradedRow, Summary
    from interviewer.batch.readers import Format
    from knowledge.models import Lang

_TOLD = 5
"""Failed rows that are named on the terminal; the rest are in the file."""


def grade(
    input: Annotated[Path, typer.Argument(help="CSV, TSV or JSON Lines; `-` is standard input.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write; its suffix says the format.", show_default="stdout"),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option("--lang", "-l", help="zh or en, for rows that do not say.", show_default="the answer's"),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", "-m", help="Which column is what: answer=Response; repeat.", metavar="FIELD=COLUMN"),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")] = False,
    embedder: EmbedderOption = None,
    pack: Pack = None,
    format: Annotated[
        str | None,
        typer.Option(help="csv, tsv or jsonl, where a name does not tell.", show_default="found out"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON to stdout.")] = False,
    model: ModelOption = None,
    api_base: ApiBase = None,
    fallback_models: FallbackModels = None,
    fallback: Fallback = None,
    signals: SignalsOption = None,
    cache: CacheOption = None,
) -> None:
    """Grade a file of written answers.

    A row names a question of the map (question_id) or brings its own:
    question with points, or question with reference. Column names are
    recognised in Chinese and English. Failed rows are listed in
    OUTPUT.errors.jsonl and make the exit code 1; the others are graded.

    Examples: `interviewer grade answers.csv -o graded.csv` ·
    `interviewer grade 答卷.csv -o out.jsonl --map answer=作答 --lang zh` ·
    `cat rows.jsonl | interviewer grade - > graded.jsonl`
    """
    from interviewer.batch import grade_file, parse_mapping
    from interviewer.config import load_settings
    from interviewer.examiners import Examiners
    from interviewer.maps import open_map

    mapping = parse_mapping(columns or [])
    if lang not in (None, "zh", "en"):
        raise UsageError(f"--lang {lang!r} is neither zh nor en")
    if format not in (None, "csv", "tsv", "jsonl"):
        raise UsageError(f"--format {format!r} is none of csv, tsv, jsonl")
    target = str(output) if output is not None else "-"
    if as_json and target == "-":
        raise UsageError("--json and the rows would both go to stdout", hint="give the rows a file with -o")
    settings = load_settings(
        embedder=embedder, model=model, api_base=api_base, fallback=fallback, signals=signals, cache=cache,
        fallback_models=fallback_models or None, pack=pack,
    )  # fmt: skip
    the_map = open_map(settings.pack) if settings.pack else None
    failed: list[GradedRow] = []

    def note(row: GradedRow) -> None:
        if row.failed and len(failed) < _TOLD:
            failed.append(row)

    async def run() -> Summary:
        async with aclosing(Examiners(settings, notice=say)) as examiners:
            with _progress(note, show=target != "-" or not sys.stdout.isatty()) as on_row:
                return await grade_file(
                    input, target, examiners.judge(), mapping=mapping, lang=cast("Lang | None", lang),
                    format=cast("Format | None", format), overwrite=overwrite, the_map=the_map, on_row=on_row,
                    notice=say,
                )  # fmt: skip

    try:
        summary = asyncio.run(run())
    except KeyboardInterrupt:
        say("interrupted; running it again starts from the first row")
        raise typer.Exit(int(Exit.INTERRUPTED)) from None
    _tell(summary, failed)
    if as_json:
        out(summary.model_dump_json())
    if summary.failed:
        raise typer.Exit(int(Exit.FAILED_ROWS))


def _tell(summary: Summary, failed: list[GradedRow]) -> None:
    from interviewer.text import truncate

    for row in failed:
        name = f" ({truncate(row.id, 40)})" if row.id else ""
        say(f"row {row.number}{name}: {truncate(row.error or '', 300)}")
    if summary.failed > len(failed):
        say(f"… and {summary.failed - len(failed)} more")
    if summary.duplicate_ids:
        say(f"rows with an id that an earlier row has: {summary.duplicate_ids}")
    mean = "-" if summary.mean_score is None else f"{summary.mean_score:.2f}"
    judge = f", judge: {summary.judge}" if summary.judge else ""
    say(
        f"{summary.rows} rows: {summary.graded} graded, {summary.failed} failed, "
        f"{summary.needs_review} to review; mean score {mean}{judge}, {summary.seconds:.1f} s"
    )
    if summary.output != "standard output":
        say(f"written to {summary.output}" + (f"; failed rows in {summary.errors}" if summary.errors else ""))


@contextmanager
def _progress(note: Callable[[GradedRow], None], *, show: bool) -> Iterator[Callable[[GradedRow], None]]:
    """Rows, rate and failures on stderr, where that is a terminal."""
    if not (show and sys.stderr.isatty()):
        yield note
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.completed} rows"),
        TextColumn("{task.fields[bad]} failed"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("grading", total=None, bad=0)
        bad = 0

        def on_row(row: GradedRow) -> None:
            nonlocal bad
            note(row)
            bad += row.failed
            bar.update(task, advance=1, bad=bad)

        yield on_row
