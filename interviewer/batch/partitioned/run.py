"""A whole run: which parts are to be made, having them made, and telling what became of all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from interviewer.batch.partitioned.folder import PartFolder
from interviewer.batch.partitioned.part import Executor, Job, Outcome, Task, load
from interviewer.batch.partitioned.partitions import PARTITION_ROWS, Partition, files_in, partitions_of
from interviewer.batch.partitioned.record import MapFacts, Record, holds, key_of
from interviewer.batch.summary import Summary
from interviewer.errors import ConfigError, InputError, UsageError
from interviewer.models import Usage

NOTICES = 20
"""Different ones that are told; every part may have its own."""
DIED = "the worker that graded it died each time it was tried (out of memory, or its machine went away)"


class FailedPart(BaseModel):
    """A partition of which no row was graded. Field names are part of the JSON contract."""

    part: int
    file: str
    first: int
    rows: int | None
    error: str


class PartedSummary(Summary):
    """What became of a folder: the sum over its parts, whichever run made them."""

    parts: int = 0
    parts_kept: int = 0
    """Made by an earlier run, and as they would come out now."""
    parts_failed: list[FailedPart] = Field(default_factory=list)
    """Their rows, where they are known, are counted as failed and are not in the output."""


@dataclass
class Progress:
    """What is told while a run goes on."""

    parts: int = 0
    rows: int | None = None
    """Of all parts; None where some have not been counted."""
    kept: int = 0
    parts_done: int = 0
    """Kept ones included, and failed ones."""
    rows_done: int = 0
    rows_kept: int = 0
    failed: int = 0
    cost: float = 0.0
    outcome: Outcome | None = None
    """The last one."""
    partition: Partition | None = None


def grade_partitioned(
    input: Path,
    output: Path,
    job: Job,
    execute: Executor,
    *,
    rows: int = PARTITION_ROWS,
    replace: bool = False,
    fresh: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
    notice: Callable[[str], None] = lambda _: None,
) -> PartedSummary:
    """Grade the file or the folder `input` into parts in the folder `output`, as `execute` has it done.

    Parts that are there and would come out the same are left; with `fresh` all are made again. With `replace` a
    finished folder is gone over once more. A part that cannot be made fails alone.

    Raises UsageError (no input, the folder holds something else), InputError (the only file cannot be read),
    ConfigError (the folder cannot be written, no worker can grade, …). Whatever is raised, finished parts stay.
    """
    started = time.monotonic()
    folder = PartFolder(output)
    folder.check(replace=replace)
    _apart(input, output)
    files = files_in(input)
    the_map, facts, examiners = load(job, notice)
    judge = examiners.judge()
    try:
        job = job.bound(output, facts, judge)
    finally:
        asyncio.run(examiners.aclose())
    known = {r.file: r.content for r in folder.records().values()}
    partitions = partitions_of(
        files, the_map, rows=rows, known=known, mapping=job.mapping, constants=job.constants, asked=job.asked,
        format=job.format, html=job.html, notice=notice,
    )  # fmt: skip
    with folder.alone():
        folder.begin(fresh=fresh)
        records = folder.records()
        places = _kept(partitions, records, job, facts)
        folder.arrange(places, len(partitions))
        done = {new: records[old] for old, new in places.items()}
        progress = _begun(partitions, done)
        on_progress(progress)
        tasks = [Task(number=n, partition=p) for n, p in enumerate(partitions) if n not in done]
        made: dict[int, Record] = {}
        failed = {t.number: Outcome(number=t.number, error=DIED) for t in tasks}
        for outcome in _outcomes(execute, job, tasks, notice):
            _note(progress, outcome, partitions[outcome.number])
            if outcome.record is None:
                failed[outcome.number] = outcome
            else:
                made[outcome.number] = outcome.record
                failed.pop(outcome.number, None)
            on_progress(progress)
        done |= made
        if len(partitions) == len(failed) == 1:
            raise InputError(failed[0].error or DIED, hint=failed[0].hint)
        why = {n: o.error or DIED for n, o in sorted(failed.items())}
        summary = _summary(input, output, partitions, done, why)
        summary.parts_kept = len(places)
        errors = folder.write_errors(
            (n, p.name, [_part_error(p, why[n])] if n in why else []) for n, p in enumerate(partitions)
        )
        summary.errors = str(errors) if errors else None
        summary.duplicate_ids = folder.duplicate_ids(done)
        summary.seconds = round(time.monotonic() - started, 3)
        summary.this_run = _used(list(made.values()), summary.seconds)
        summary.complete = True
        if len({r.columns for r in done.values()}) > 1:
            notice("the parts have not all the same columns, since their files have not: read them file by file")
        folder.write_summary(summary.model_dump_json(indent=1))
    return summary


def _outcomes(execute: Executor, job: Job, tasks: Sequence[Task], notice: Callable[[str], None]) -> Iterator[Outcome]:
    """As they come; what is to be told of them is told once. Raises ConfigError when no part can be made."""
    if not tasks:
        return
    told: set[str] = set()
    with closing(execute(job, tasks)) as outcomes:
        for outcome in outcomes:
            if outcome.fatal:
                raise ConfigError(outcome.error or "no worker can grade", hint=outcome.hint)
            for line in outcome.notices:
                if line not in told and len(told) < NOTICES:
                    notice(line)
                told.add(line)
            yield outcome


def _apart(input: Path, output: Path) -> None:
    a, b = input.resolve(), output.resolve()
    if a == b or a in b.parents or b in a.parents:
        raise UsageError("the output folder and the input lie within each other", hint="give another folder with -o")


def _kept(partitions: Sequence[Partition], records: dict[int, Record], job: Job, facts: MapFacts) -> dict[int, int]:
    """Which parts stay, and where: old number to new."""
    by_key: dict[str, list[int]] = {}
    for old, record in sorted(records.items()):
        by_key.setdefault(record.key, []).append(old)
    out: dict[int, int] = {}
    for new, partition in enumerate(partitions):
        key = key_of(partition, job.options(), job.fingerprint, facts.names)
        fitting = [old for old in by_key.get(key, []) if holds(records[old], key, facts.rubrics)]
        if fitting:
            old = new if new in fitting else fitting[0]
            by_key[key].remove(old)
            out[old] = new
    return out


def _begun(partitions: Sequence[Partition], done: dict[int, Record]) -> Progress:
    counted = [p.rows for p in partitions]
    rows = sum(r.summary.rows for r in done.values())
    return Progress(
        parts=len(partitions),
        rows=None if None in counted else sum(n or 0 for n in counted),
        kept=len(done),
        parts_done=len(done),
        rows_done=rows,
        rows_kept=rows,
        failed=sum(r.summary.failed for r in done.values()),
    )


def _note(progress: Progress, outcome: Outcome, partition: Partition) -> None:
    progress.parts_done += 1
    progress.outcome, progress.partition = outcome, partition
    if outcome.record is None:
        progress.failed += partition.rows or 0
        progress.rows_done += partition.rows or 0
    else:
        summary = outcome.record.summary
        progress.rows_done += summary.rows
        progress.failed += summary.failed
        progress.cost += summary.this_run.cost or 0.0


def _part_error(partition: Partition, why: str) -> dict[str, Any]:
    """One line of the errors for a whole partition."""
    if partition.rows is None:
        return {"row": None, "id": None, "error": f"no row of the file was graded: {why}"}
    last = partition.first + partition.rows - 1
    return {"row": partition.first, "id": None, "error": f"rows {partition.first} to {last} were not graded: {why}"}


def _summary(
    input: Path, output: Path, partitions: Sequence[Partition], done: dict[int, Record], failed: dict[int, str]
) -> PartedSummary:
    parts = [done[n].summary for n in sorted(done)]
    out = PartedSummary(input=str(input), output=str(output), format="parquet", encoding="utf-8", parts=len(partitions))
    for name in ("rows", "graded", "failed", "from_journal", "needs_review"):
        setattr(out, name, sum(getattr(s, name) for s in parts))
    for number, why in sorted(failed.items()):
        p = partitions[number]
        out.parts_failed.append(FailedPart(part=number, file=p.name, first=p.first, rows=p.rows, error=why))
        out.rows += p.rows or 0
        out.failed += p.rows or 0
    if out.graded:
        out.mean_score = round(sum(r.score_sum for r in done.values()) / out.graded, 3)
    if parts:
        out.judge = next((s.judge for s in parts if s.judge), "")
        if all(s.columns == parts[0].columns and s.asked == parts[0].asked for s in parts):
            out.columns, out.asked = parts[0].columns, parts[0].asked
    return out


def _used(made: Sequence[Record], seconds: float) -> Usage:
    """What this run's parts used; one unknown part makes a sum unknown."""

    def total(name: str) -> Any:
        values = [getattr(r.summary.this_run, name) for r in made]
        return None if None in values else sum(values)

    return Usage(
        calls=total("calls"), input_tokens=total("input_tokens"), output_tokens=total("output_tokens"),
        cost=total("cost"), seconds=seconds,
    )  # fmt: skip
