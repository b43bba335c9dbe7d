"""`interviewer grade --engine ray`: the options' sense, how it goes on, what is told at the end."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interviewer.cli.grade_progress import progressing
from interviewer.cli.guard import out, say
from interviewer.cli.stopping import same_command, stopping
from interviewer.errors import Exit, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interviewer.batch.partitioned import PartedSummary
    from interviewer.batch.partitioned.run import Progress
    from interviewer.cli.grade_progress import Progressing
    from interviewer.config import Settings

PANEL = "Past one machine: a folder of Parquet parts, by Ray"
Engine = Annotated[
    str, typer.Option("--engine", metavar="local|ray", help="What grades: this process, or Ray.", rich_help_panel=PANEL)
]
RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray-address",
        metavar="ADDRESS",
        help="A cluster that runs: auto, or HOST:6379.",
        show_default="one of its own, on this machine",
        rich_help_panel=PANEL,
    ),
]
PartitionRows = Annotated[
    int | None,
    typer.Option(
        "--partition-rows",
        min=1,
        metavar="N",
        help="Most rows of a part, of a Parquet file; any other file is one part.",
        show_default="5000",
        rich_help_panel=PANEL,
    ),
]
TOLD = 5
"""Failed rows and failed parts that are named; the others are in the file."""
EVERY_SECONDS = 30.0
"""How often it is said how it goes on, where nothing moves on the screen: in the log of a job."""


def grade_on_ray(
    input: Path,
    output: Path | None,
    settings: Settings,
    *,
    ray_address: str | None,
    workers: int | None,
    partition_rows: int | None,
    concurrency: int | None,
    replace: bool,
    fresh: bool,
    as_json: bool,
    options: Mapping[str, Any],
    not_there: Mapping[str, bool],
) -> None:
    """Grade `input` into the folder `output`, and tell it. `not_there`: options that only the local engine has.

    Raises UsageError, and what `grade_partitioned` raises.
    """
    from interviewer.batch.partitioned import PARTITION_ROWS, Job, grade_partitioned
    from interviewer.batch.partitioned.folder import PartFolder
    from interviewer.batch.partitioned.on_ray import RayExecutor
    from interviewer.batch.partitioned.part import settings_for
    from interviewer.llm.choose import is_file

    if given := [name for name, is_given in not_there.items() if is_given]:
        raise UsageError(f"{given[0]} does not go with --engine ray", hint="leave it out, or use --engine local")
    if str(input) == "-" or output is None or str(output) == "-":
        raise UsageError("--engine ray reads files and writes a folder", hint="give both: answers/ -o graded/")
    if is_file(settings.model or ""):
        raise UsageError(
            "a model file is served by one process", hint="--engine local, or a server of its own with --api-base"
        )
    if concurrency is not None:
        options = {**options, "concurrency": concurrency}
    job = Job(settings=settings_for(settings), **options)
    PartFolder(output).check(replace=replace)  # before a cluster is started for nothing
    executor = RayExecutor(ray_address, workers, notice=say)
    told = _Told()
    try:
        with stopping(), progressing(show=True) as bar:
            summary = grade_partitioned(
                input, output, job, executor, rows=partition_rows or PARTITION_ROWS, replace=replace, fresh=fresh,
                on_progress=lambda p: told.progress(p, bar), notice=say,
            )  # fmt: skip
    except KeyboardInterrupt:
        told.interrupted()
        raise typer.Exit(int(Exit.INTERRUPTED)) from None
    told.end(summary)
    if as_json:
        out(summary.model_dump_json())
    if summary.failed or summary.parts_failed:
        raise typer.Exit(int(Exit.FAILED_ROWS))


class _Told:
    """Says how it goes on and how it ended."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._began = self._last = time.monotonic()
        self._rows: list[str] = []
        self._shown = 0

    def progress(self, p: Progress, bar: Progressing) -> None:
        from interviewer.text import truncate

        now = time.monotonic()
        if self._progress is None:
            self._began = self._last = now
            kept = f"; {p.kept:,} are there already" if p.kept else ""
            rows = "" if p.rows is None else f", {p.rows:,} rows"
            say(f"{p.parts:,} parts{rows}{kept}")
        self._progress = p
        if p.outcome is not None and p.partition is not None:
            for number, id, why in p.outcome.failed[: TOLD - self._shown]:
                name = f" ({truncate(id, 40)})" if id else ""
                self._rows.append(f"{p.partition.name}, row {number}{name}: {truncate(why, 300)}")
                self._shown += 1
        rate = (p.rows_done - p.rows_kept) / max(now - self._began, 0.001)
        more = f"{p.parts_done:,} of {p.parts:,} parts · {p.failed:,} failed" + (f" · ${p.cost:.4f}" if p.cost else "")
        in_rows = p.rows is not None
        bar.parts(p.rows_done if in_rows else p.parts_done, p.rows if in_rows else p.parts, rate, more)
        if not sys.stderr.isatty() and now - self._last >= EVERY_SECONDS and p.parts_done < p.parts:
            self._last = now
            left = (p.parts - p.parts_done) * (now - self._began) / max(1, p.parts_done - p.kept)
            say(f"{more}; {p.rows_done:,} rows, {rate:,.0f} rows/s, about {left / 60:,.0f} min left")

    def interrupted(self) -> None:
        p = self._progress
        if p is None:
            say("interrupted before the first part")
        else:
            say(f"interrupted: {p.parts_done:,} of {p.parts:,} parts are finished, and stay")
        say(f"to go on: {same_command('--fresh')}")

    def end(self, s: PartedSummary) -> None:
        from interviewer.text import truncate

        for line in self._rows:
            say(line)
        unread = sum(p.rows or 0 for p in s.parts_failed)
        if (more := s.failed - unread - len(self._rows)) > 0:
            say(f"… and {more:,} more failed rows")
        for part in s.parts_failed[:TOLD]:
            say(f"part {part.part} ({part.file}) was not made: {truncate(part.error, 300)}")
        if len(s.parts_failed) > TOLD:
            say(f"… and {len(s.parts_failed) - TOLD:,} more parts")
        if s.duplicate_ids:
            say(f"rows with an id that an earlier row has: {s.duplicate_ids:,}")
        mean = "-" if s.mean_score is None else f"{s.mean_score:.2f}"
        made = s.parts - s.parts_kept - len(s.parts_failed)
        say(
            f"{s.parts:,} parts: {made:,} made, {s.parts_kept:,} kept, {len(s.parts_failed):,} failed; "
            f"{s.rows:,} rows: {s.graded:,} graded, {s.failed:,} failed, {s.needs_review:,} to review; "
            + f"mean score {mean}"
            + (f", judge: {s.judge}" if s.judge else "")
            + f", {s.seconds:.1f} s"
        )
        if s.this_run.calls:
            cost = "cost unknown" if s.this_run.cost is None else f"${s.this_run.cost:.4f}"
            say(f"this run: {s.this_run.calls:,} calls, {cost}")
        say(f"written to {s.output}" + (f"; failed rows in {s.errors}" if s.errors else ""))
