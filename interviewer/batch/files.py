"""From a file of answers to a file of graded answers, with a file of what went wrong beside it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from pydantic import BaseModel

from interviewer.batch.columns import check
from interviewer.batch.encoding import Encoding
from interviewer.batch.readers import STDIN, SUFFIXES, Format, Source, open_source
from interviewer.batch.runner import CONCURRENCY, GradedRow, grade
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

_LOOKED_AT = 100
"""Rows of JSON Lines looked at before saying that none has an answer."""


class Summary(BaseModel):
    """What became of a file. Field names are part of the JSON contract."""

    input: str
    output: str
    errors: str | None = None
    """The file of failed rows; null when there is none."""
    rows: int = 0
    graded: int = 0
    failed: int = 0
    needs_review: int = 0
    mean_score: float | None = None
    """Of the graded rows, 0-10."""
    duplicate_ids: int = 0
    """Rows whose id an earlier row has; they are graded like any other."""
    seconds: float = 0
    format: Format = "csv"
    encoding: str = ""
    columns: dict[str, str] = {}
    """Which column was taken for what."""
    judge: str = ""
    """Kind of the judge, and model where it has one."""
    complete: bool = False
    """False when it was interrupted: `output` then names what was finished."""

    def add(self, row: GradedRow) -> None:
        self.rows += 1
        if row.failed or row.judgement is None or row.judgement.score is None:
            self.failed += 1
            return
        self.graded += 1
        self.needs_review += row.judgement.needs_review
        mean = self.mean_score or 0.0
        self.mean_score = mean + (row.judgement.score - mean) / self.graded
        if not self.judge:
            info = row.judgement.judge
            self.judge = f"{info.kind} {info.model}" if info.model else info.kind


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
    on_row: Callable[[GradedRow], None] | None = None,
    notice: Callable[[str], None] = lambda _: None,
) -> Summary:
    """Grade `input` into `output` (CSV, TSV or JSON Lines by its suffix; `-` is the standard stream).

    Failed rows go to `<output>.errors.jsonl` with their number and reason, and stay in the output without a
    score. Without a judge, the offline judge on the embedded table grades. Interrupted, what is done lies
    in `<output>.part`.

    Raises UsageError (no such file, output exists), InputError (no row could be graded), ConfigError
    (cannot be written).
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
        files = _Files(output, source, format)
        stack.callback(files.abandon)
        ids: set[int] = set()
        rows = grade(source, judge, the_map=the_map, mapping=mapping, lang=lang, concurrency=concurrency)
        try:
            async for row in rows:
                files.write(row)
                summary.add(row)
                if row.id:
                    key = hash(row.id)
                    summary.duplicate_ids += key in ids
                    ids.add(key)
                if on_row is not None:
                    on_row(row)
        except OSError as e:
            if isinstance(e, BrokenPipeError):
                raise
            raise ConfigError(
                f"{summary.output} cannot be written: {e.strerror or e}", hint="check the space left"
            ) from None
        except BaseException:
            if kept := files.keep_partial():
                notice(f"{summary.rows} rows were done; they are in {kept}")
            raise
        finally:
            await rows.aclose()  # type: ignore[attr-defined]
        errors = files.finish()
        summary.errors = str(errors) if errors else None
    if summary.mean_score is not None:
        summary.mean_score = round(summary.mean_score, 3)
    summary.seconds = round(time.monotonic() - started, 3)
    summary.complete = True
    return summary


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
