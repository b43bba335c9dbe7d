"""`interviewer grade` on this machine: the file, its progress, what bounds and interrupts it, reports and summary."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import aclosing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from interviewer.cli import provider
from interviewer.cli.class_report import class_reports
from interviewer.cli.grade_progress import Progressing, progressing
from interviewer.cli.grade_words import interrupted, tell
from interviewer.cli.guard import out, say
from interviewer.cli.limits import Purse
from interviewer.cli.stopping import Stopping, stopping
from interviewer.errors import Exit

if TYPE_CHECKING:
    from interviewer.batch import GradedRow, Summary
    from interviewer.config import Settings
    from knowledge import KnowledgeMap


def grade_here(
    input: Path, output: Path | None, settings: Settings, the_map: KnowledgeMap | None, *, journal: Path | None,
    concurrency: int | None, max_cost: float | None, as_json: bool, report: list[Path], submit_file: Path | None,
    collect_files: list[Path], fallback_models: list[str], escalate: bool, columns: Mapping[str, str | None],
    max_score: float | None,
    rows: Mapping[str, Any],
) -> None:  # fmt: skip
    """Grade a file with the local engine, say what became of it, and leave with the exit code it has.

    `rows` are options of `grade_file`; `columns` those of the report, `human` and `person`.
    """
    from interviewer.batch import Interrupted, grade_file
    from interviewer.examiners import Examiners

    target = str(output) if output is not None else "-"
    reports = class_reports(
        report, input, overwrite=rows["overwrite"], mapping=rows["mapping"], constants=rows["constants"],
        lang=rows["lang"], pack=settings.pack, the_map=the_map, max_score=max_score, wanted=as_json, **columns,
    )  # fmt: skip
    batch = provider.open_batch(
        settings, output, submit_file, collect_files, escalate=escalate, fallback_models=fallback_models
    )
    shown = target != "-" or not sys.stdout.isatty()

    async def run(stop: Stopping, progress: Progressing, purse: Purse | None) -> Summary:
        def start(summary: Summary) -> None:
            stop.begin()
            progress.start(summary)

        def note(row: GradedRow) -> None:
            progress.row(row)
            if batch is not None:
                batch.note(row)
            if reports is not None:
                reports.row(row)

        made = Examiners(
            settings, notice=say, concurrency=concurrency, gateway=batch.gateway if batch else None, patient=True,
            on_spent=purse,
        )  # fmt: skip
        async with aclosing(made) as examiners:
            return await grade_file(
                input, target, examiners.judge(), the_map=the_map, journal=journal or True,
                concurrency=at_once(settings, concurrency), stop=stop.asked, on_row=note, on_start=start,
                on_total=progress.total if progress.shown else None, notice=say, **rows,
            )  # fmt: skip

    progress: Progressing | None = None
    purse: Purse | None = None
    with batch or nullcontext():
        try:
            with stopping() as stop, progressing(show=shown) as progress:
                purse = None if max_cost is None else Purse(max_cost, stop)
                summary = asyncio.run(run(stop, progress, purse))
        except (Interrupted, KeyboardInterrupt, asyncio.CancelledError):
            interrupted(progress.summary if progress else None, purse, from_stdin=str(input) == "-")
            raise typer.Exit(int(Exit.INTERRUPTED)) from None
        tell(summary, progress.failed)
        if reports is not None:
            reports.write(source=Path(summary.input).name, seconds=summary.seconds, asked=len(summary.asked))
        about = summary.model_dump(mode="json") | ({"batch": batch.finish(summary)} if batch else {})
        if reports is not None:
            about["questions"] = reports.questions()
    if as_json:
        out(json.dumps(about, ensure_ascii=False))
    if summary.failed:
        raise typer.Exit(int(Exit.FAILED_ROWS))
    if summary.waiting and collect_files:
        raise typer.Exit(int(Exit.INTERRUPTED))


def at_once(settings: Settings, concurrency: int | None) -> int:
    """Rows to have under way for so many calls at a time."""
    from interviewer.batch.runner import CONCURRENCY, rows_for
    from interviewer.llm.choose import is_file
    from interviewer.llm.local_transport import CONCURRENCY as LOCAL

    if is_file(settings.model or ""):
        return LOCAL
    return CONCURRENCY if concurrency is None else rows_for(concurrency)
