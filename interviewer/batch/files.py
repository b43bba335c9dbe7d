"""From a file of answers to a file of graded answers, with a file of what went wrong beside it."""

from __future__ import annotations

import asyncio
import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from interviewer import paths
from interviewer.batch import pool
from interviewer.batch.columns import check
from interviewer.batch.counting import count
from interviewer.batch.encoding import Encoding
from interviewer.batch.journal import Journal
from interviewer.batch.readers import STDIN, SUFFIXES, Format, Source, open_source
from interviewer.batch.runner import CONCURRENCY, GradedRow, grade
from interviewer.batch.seen import Seen
from interviewer.batch.summary import Summary
from interviewer.batch.writers import (
    ADDED,
    KEPT_AS,
    Output,
    Writer,
    check_place,
    error_record,
    json_line,
    make_writer,
    to_stdout,
)
from interviewer.errors import ConfigError, InputError
from interviewer.examiners import offline_judge
from interviewer.judge.protocol import Judge
from knowledge import KnowledgeMap
from knowledge.models import Lang

FEW = 400
"""Rows that the offline judge grades in this process: others would take as long to start."""
_LOOKED_AT = 100
"""Rows of JSON Lines looked at before saying that none has an answer."""


async def grade_file(
    input: Path | str,
    output: Path | str,
    judge: Judge | None = None,
    *,
    the_map: KnowledgeMap | None = None,
    mapping: Mapping[str, str] | None = None,
    lang: Lang | None = None,
    format: Format | None = None,
    overwrite: bool = False,
    concurrency: int = CONCURRENCY,
    journal: Path | str | bool = True,
    fresh: bool = False,
    deadline: float | None = None,
    workers: int | None = None,
    stop: asyncio.Event | None = None,
    on_row: Callable[[GradedRow], None] | None = None,
    on_start: Callable[[Summary], None] | None = None,
    on_total: Callable[[int], None] | None = None,
    notice: Callable[[str], None] = lambda _: None,
) -> Summary:
    """Grade `input` into `output` (CSV, TSV or JSON Lines by its suffix; `-` is the standard stream).

    Failed rows go to `<output>.errors.jsonl` with their number and reason, and stay in the output without a
    score. Without a judge, the offline judge on the embedded table grades. Interrupted, what is done lies
    in `<output>.part`, and in the journal.

    `journal` is where judgements are kept, so that none is made twice: a path, True for `<output>.journal` (for the
    standard stream, in the user's cache folder), False for nowhere. `fresh` takes none from there. `on_start` is
    called before the first row with the summary that is filled as rows are done, `on_total` with the number of rows,
    where that is cheap to know. For `deadline`, `workers` and `stop` see `grade`.

    Raises UsageError (no such file, output exists), InputError (no row could be graded), ConfigError
    (cannot be written), StoreError (the journal), Interrupted (`stop` was set and rows are left).
    """
    started = time.monotonic()
    with ExitStack() as stack:
        if str(output) != STDIN:
            given = None if str(input) == STDIN else Path(input)
            check_place(Path(output), overwrite=overwrite, source=given)
        source = stack.enter_context(open_source(input, format=format))
        summary = Summary(
            input=source.name,
            output="standard output" if str(output) == STDIN else str(output),
            format=source.format,
            encoding=source.encoding.name,
            columns=_fields(source, mapping),
        )
        _tell(source, summary, notice)
        judge = judge or offline_judge(notice=notice)
        if judge.kind != "offline":
            stack.enter_context(_quick_turns())
        kept = _journal(journal, input, output, judge, fresh)
        if kept is not None:
            stack.enter_context(kept)
            summary.journal = str(kept.path)
        files = _Files(output, source, format)
        stack.callback(files.abandon)
        seen = stack.enter_context(closing(Seen()))
        total = count(source, few=FEW, all=on_total is not None)
        if on_start is not None:
            on_start(summary)
        if on_total is not None and total.exact:
            on_total(total.rows)
        if workers is None:
            workers = pool.cores() if total.rows > FEW and pool.gains(judge) else 1
        rows = grade(
            source, judge, the_map=the_map, mapping=mapping, lang=lang, concurrency=concurrency, journal=kept,
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
            raise ConfigError(
                f"{summary.output} cannot be written: {e.strerror or e}", hint="check the space left"
            ) from None
        except BaseException:
            if summary.rows and (partial := files.keep_partial()):
                notice(f"{summary.rows} rows were done; they are in {partial}")
            raise
        finally:
            await rows.aclose()  # type: ignore[attr-defined]
        errors = files.finish()
        summary.errors = str(errors) if errors else None
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

    def __init__(self, output: Path | str, source: Source, format: Format | None) -> None:
        self._output: Output | None = None
        self._errors: Output | None = None
        self._error_path: Path | None = None
        kind = source.format
        if str(output) != STDIN:
            path = Path(output)
            kind = SUFFIXES.get(path.suffix.lower(), format or source.format)
            self._error_path = path.with_name(path.name + ".errors.jsonl")
            self._output = Output(path)
        send = to_stdout if self._output is None else self._output.file.write
        bom = self._output is not None and _for_a_spreadsheet(source.encoding)
        self._writer: Writer = make_writer(send, kind, source.columns, bom=bom)

    def write(self, row: GradedRow) -> None:
        self._writer.write(row)
        if row.failed and self._error_path is not None:
            if self._errors is None:
                self._errors = Output(self._error_path)
            self._errors.file.write(json_line(error_record(row)))

    def finish(self) -> Path | None:
        """Move everything to its place; the file of errors, if there is one."""
        if self._output is None or self._error_path is None:
            sys.stdout.buffer.flush()
            return None
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
        kept, self._output = self._output.keep_partial(), None
        return kept

    def abandon(self) -> None:
        """Leave nothing behind, unless it was finished or kept."""
        for file in (self._output, self._errors):
            if file is not None:
                file.discard()


@contextmanager
def _quick_turns() -> Iterator[None]:
    """While answers are read in a thread, the event loop gets its turn within a millisecond instead of five."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, 0.001))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _for_a_spreadsheet(encoding: Encoding) -> bool:
    """Whether the file came from a program that takes UTF-8 without a mark for something else."""
    return encoding.bom or encoding.name != "utf-8"


def _fields(source: Source, mapping: Mapping[str, str] | None) -> dict[str, str]:
    if source.format != "jsonl":
        return check(source.columns(), mapping)
    keys: dict[str, None] = {}
    for n, row in enumerate(source):
        keys.update(dict.fromkeys(row.data))
        if n + 1 >= _LOOKED_AT:
            break
    if not keys:
        raise InputError(f"{source.name}: no line holds a JSON object", hint="write one object per line")
    return check(list(keys), mapping)


def _tell(source: Source, summary: Summary, notice: Callable[[str], None]) -> None:
    if source.encoding.name not in ("utf-8", "utf-8-sig"):
        notice(f"{source.name}: read as {source.encoding.name}")
    names = summary.columns.values() if source.format == "jsonl" else source.columns()
    taken = [c for c in names if c in ADDED]
    if taken:
        notice(f"columns called like a result are kept as {', '.join(KEPT_AS + c for c in taken)}")
