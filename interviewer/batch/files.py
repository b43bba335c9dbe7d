"""From a file of answers to a file of graded answers, with a file of what went wrong beside it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from interviewer import paths
from interviewer.batch import pool
from interviewer.batch.choosing import Chosen
from interviewer.batch.counting import count
from interviewer.batch.journal import Journal
from interviewer.batch.locking import FileLock, clear
from interviewer.batch.prepared import Prepared, prepare, worth_of
from interviewer.batch.readers import STDIN, Format, open_source
from interviewer.batch.runner import CONCURRENCY, GradedRow, grade
from interviewer.batch.seen import Seen
from interviewer.batch.summary import Summary
from interviewer.batch.targets import Named, make_writer, named, target_of
from interviewer.batch.writers import Output, check_place, error_record, json_line, renamed
from interviewer.errors import ConfigError, UsageError
from interviewer.examiners import offline_judge
from interviewer.judge.protocol import Judge
from knowledge import KnowledgeMap, load_map
from knowledge.models import Lang

_GO_ON = "check the space left; the same command then goes on with what the journal has"
FEW = 400
"""Rows that the offline judge grades in this process: others would take as long to start."""


async def grade_file(
    input: Path | str,
    output: Path | str,
    judge: Judge | None = None,
    *,
    the_map: KnowledgeMap | None = None,
    mapping: Mapping[str, str] | None = None,
    lang: Lang | None = None,
    constants: Mapping[str, Any] | None = None,
    asked: Mapping[str, str] | None = None,
    format: Format | None = None,
    to: str | None = None,
    sheet: str | None = None,
    html: bool = True,
    only: range | None = None,
    html_found: bool | None = None,
    overwrite: bool = False,
    concurrency: int = CONCURRENCY,
    journal: Path | str | bool = True,
    fresh: bool = False,
    errors: Path | None = None,
    deadline: float | None = None,
    workers: int | None = None,
    stop: asyncio.Event | None = None,
    limit: int | None = None,
    sample: int | None = None,
    seed: int = 0,
    on_row: Callable[[GradedRow], None] | None = None,
    on_start: Callable[[Summary], None] | None = None,
    on_total: Callable[[int], None] | None = None,
    notice: Callable[[str], None] = lambda _: None,
) -> Summary:
    """Grade `input` into `output` (its suffix says the format, else `to`; `-` is the standard stream).

    `constants` are fields that are the same for all rows, `asked` the questions of columns with answers, `sheet`
    that of a workbook; without `html`, cells that are HTML are judged as they stand. Of a Parquet file, `only` the
    rows of these numbers are graded; `html_found` then says whether the whole file has an answer in HTML.

    Failed rows go to `errors`, else to `<output>.errors.jsonl`, with their number and reason, and stay in the output
    without a score. Without a judge, the offline judge on the embedded table grades. Interrupted, what is done lies
    in `<output>.part`, and in the journal.

    `journal` is where judgements are kept, so that none is made twice: a path, True for `<output>.journal` (for the
    standard stream, in the user's cache folder), False for nowhere. `fresh` takes none from there. `on_start` is
    called before the first row with the summary that is filled as rows are done, `on_total` with the number of rows,
    where that is cheap to know. `sample` rows are drawn with `seed`, and the first `limit` of those are graded; both
    None: all. For `deadline`, `workers` and `stop` see `grade`.

    Raises UsageError (no such file, output exists), InputError (no row could be graded), ConfigError
    (cannot be written), StoreError (the journal; another run writes `output`), Interrupted (`stop` was set and
    rows are left).
    """
    started = time.monotonic()
    with ExitStack() as stack:
        if str(output) != STDIN:
            given = None if str(input) == STDIN else Path(input)
            check_place(Path(output), overwrite=overwrite, source=given)
            stack.enter_context(FileLock(Path(output)))
            check_place(Path(output), overwrite=overwrite, source=given)  # a run may just have finished
            clear(Path(output), errors_of(Path(output)).name)
        name = named(output, to)
        the_map = the_map or load_map()
        worth = worth_of(the_map, mapping or {}, asked or {})
        source = stack.enter_context(
            open_source(input, format=format, sheet=sheet, only=only, worth=worth, notice=notice)
        )
        changed = _watch(input, stack)
        prepared = prepare(
            source, the_map, mapping=mapping, constants=constants, asked=asked, html=html, html_found=html_found,
            notice=notice,
        )  # fmt: skip
        summary = Summary(
            input=source.name,
            output="standard output" if str(output) == STDIN else str(output),
            format=source.format,
            encoding=source.encoding.name,
            sheet=source.sheet,
            columns=prepared.fields,
            asked=prepared.asked,
        )
        _tell(prepared, summary, notice)
        judge = judge or offline_judge(notice=notice)
        if judge.kind != "offline":
            stack.enter_context(_quick_turns())
        kept = _journal(journal, input, output, judge, fresh)
        if kept is not None:
            stack.enter_context(kept)
            summary.journal = str(kept.path)
        files = _Files(output, prepared, name, errors)
        stack.callback(files.abandon)
        seen = stack.enter_context(closing(Seen()))
        chosen = Chosen(prepared, limit, sample, seed)
        total = count(chosen, few=FEW, all=on_total is not None)
        if on_start is not None:
            on_start(summary)
        if on_total is not None and total.exact:
            on_total(total.rows)
        if workers is None and pool.gains(judge):
            workers = pool.cores() if total.rows > FEW else 1
        rows = grade(
            chosen, judge, the_map=the_map, mapping=mapping, lang=lang, concurrency=concurrency, journal=kept,
            deadline=deadline, workers=workers, stop=stop,
        )  # fmt: skip
        try:
            async for row in rows:
                files.write(row)
                summary.add(row)
                if row.id:
                    summary.duplicate_ids += seen.add(row.id)
                if on_row is not None:
                    on_row(row)
        except OSError as e:
            if isinstance(e, BrokenPipeError):
                raise
            raise _full(summary.output, e) from None
        except BaseException:
            if summary.rows and (partial := files.keep_partial()):
                notice(f"rows done so far: {summary.rows:,}; they are in {partial}")
            raise
        finally:
            await rows.aclose()  # type: ignore[attr-defined]
        if changed():
            notice(f"{source.name} was changed while it was read: rows may be missing; run it again with --overwrite")
        failed = files.finish()
        summary.errors = str(failed) if failed else None
        for line in [*prepared.notes(), *files.notes()]:
            notice(line)
        if kept is not None:
            kept.finish()
    summary.close(time.monotonic() - started)
    summary.complete = True
    return summary


def journal_of(input: Path | str, output: Path | str) -> Path:
    """Where judgements are kept when nothing else is said: beside the output, or in the user's cache folder."""
    if str(output) != STDIN:
        return Path(output).with_name(Path(output).name + ".journal")
    name = "stdin"
    if str(input) != STDIN:
        whole = str(Path(input).resolve())
        name = f"{Path(input).name[:60]}-{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()[:12]}"
    return paths.cache_dir() / "journals" / f"{name}.journal"


def errors_of(output: Path) -> Path:
    """Where the failed rows of an output are told."""
    return output.with_name(output.name + ".errors.jsonl")


def _journal(
    wanted: Path | str | bool, input: Path | str, output: Path | str, judge: Judge, fresh: bool
) -> Journal | None:
    # A judge of the caller's own may not say what its grades depend on.
    if wanted is False or not getattr(judge, "fingerprint", None):
        return None
    path = journal_of(input, output) if wanted is True else Path(wanted)
    if wanted is True and str(output) == STDIN:
        path.parent.mkdir(parents=True, exist_ok=True)
    whole = str(path if str(output) == STDIN else Path(output).resolve())
    return Journal(path, output=whole, durable=judge.kind != "offline", fresh=fresh)


class _Files:
    """The output and, once there is something to say, the file of errors."""

    def __init__(self, output: Path | str, rows: Prepared, name: Named, errors: Path | None = None) -> None:
        self._output: Output | None = None
        self._errors: Output | None = None
        self._error_path: Path | None = None
        target = target_of(output, name, rows)
        if str(output) != STDIN:
            path = Path(output)
            self._error_path = errors or errors_of(path)
            self._output = Output(path)
        elif target.format in ("parquet", "xlsx") and sys.stdout.isatty():
            raise UsageError(f"{target.format} is nothing for a terminal", hint="give it a file with -o")
        try:
            self._writer = make_writer(self._output.file if self._output else sys.stdout.buffer, target, rows)
        except BaseException as e:
            self.abandon()
            if isinstance(e, OSError) and not isinstance(e, BrokenPipeError):
                raise _full(output, e) from None
            raise

    def write(self, row: GradedRow) -> None:
        self._writer.write(row)
        if row.failed and self._error_path is not None:
            if self._errors is None:
                self._errors = Output(self._error_path)
            self._errors.file.write(json_line(error_record(row)))

    def finish(self) -> Path | None:
        """Move everything to its place; the file of errors, if there is one."""
        try:
            self._writer.close()
            if self._output is None or self._error_path is None:
                sys.stdout.buffer.flush()
                return None
        except OSError as e:
            if isinstance(e, BrokenPipeError):
                raise
            raise _full(self._output.path if self._output else "standard output", e) from None
        if self._errors is None:
            self._error_path.unlink(missing_ok=True)
        else:
            self._errors.finish()
        self._output.finish()
        self._output = None
        return self._error_path if self._errors else None

    def keep_partial(self) -> Path | None:
        if self._output is None:
            return None
        with suppress(OSError):
            self._writer.close()
        kept, self._output = self._output.keep_partial(), None
        return kept

    def notes(self) -> list[str]:
        return self._writer.notes()

    def abandon(self) -> None:
        """Leave nothing behind, unless it was finished or kept."""
        for file in (self._output, self._errors):
            if file is not None:
                file.discard()


def _watch(input: Path | str, stack: ExitStack) -> Callable[[], bool]:
    """Tells whether a program has written into the input since; another file in its place does not matter."""
    if str(input) == STDIN or not Path(input).is_file():
        return lambda: False
    handle = stack.enter_context(Path(input).open("rb")).fileno()  # noqa: SIM115

    def state() -> tuple[int, int]:
        found = os.fstat(handle)
        return found.st_size, found.st_mtime_ns

    before = state()
    return lambda: state() != before


@contextmanager
def _quick_turns() -> Iterator[None]:
    """While answers are read in a thread, the event loop gets its turn within a millisecond instead of five."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, 0.001))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _full(output: Path | str, error: OSError) -> ConfigError:
    output = "standard output" if str(output) == STDIN else output
    return ConfigError(f"{output} cannot be written: {error.strerror or error}", hint=_GO_ON)


def _tell(rows: Prepared, summary: Summary, notice: Callable[[str], None]) -> None:
    source = rows.source
    if source.encoding.name not in ("utf-8", "utf-8-sig"):
        notice(f"{source.name}: read as {source.encoding.name}")
    names = summary.columns.values() if source.ragged else source.columns()
    taken = [renamed(c) for c in names if renamed(c) != c]
    if taken:
        notice(f"columns called like a result are kept as {', '.join(taken)}")
