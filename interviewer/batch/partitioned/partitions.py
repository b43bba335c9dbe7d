"""Which files there are, and what of each is graded at a time: the whole file, or a run of rows of a Parquet file.

Knows files and their columns; nothing of judges, outputs or clusters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from interviewer.batch.packing import split_suffix
from interviewer.batch.prepared import prepare, worth_of
from interviewer.batch.readers import SUFFIXES, Format, open_source
from interviewer.errors import InputError, InterviewerError, UsageError
from knowledge import KnowledgeMap

PARTITION_ROWS = 5000
"""About ten seconds of the offline judge on one core: what a worker that dies takes with it."""
LARGE = 64 << 20
"""Bytes of a file that is one partition however long it is, from which on a person is told."""


class Content(NamedTuple):
    """What a file was when it was looked at."""

    size: int
    modified: int
    """Nanoseconds since 1970."""
    sha256: str


UNREAD = Content(-1, 0, "")


class Partition(BaseModel, frozen=True):
    """What is graded at a time, and goes to one part of the output."""

    file: str
    """Absolute: every machine is to see it there."""
    name: str
    """The same as a person knows it."""
    first: int = 1
    """Of the rows of a Parquet file, counted from 1."""
    rows: int | None = None
    """None: the whole file, whose rows nobody has counted."""
    split: bool = False
    """Whether the file has other partitions."""
    html: bool | None = None
    """Whether some answer of the whole file is HTML; None where the partition is the file."""
    content: Content

    @property
    def only(self) -> range | None:
        return range(self.first, self.first + (self.rows or 0)) if self.split else None


def files_in(input: Path) -> list[Path]:
    """The file, or all files below the folder whose names say that they are answers, in the order of their paths.

    What begins with a dot or an underscore is somebody's bookkeeping. Raises UsageError when there is none.
    """
    if input.is_file():
        return [input]
    if not input.exists():
        raise UsageError(f"there is no file or folder {input}")
    found = [
        path
        for path in input.rglob("*")
        if split_suffix(path)[0] in SUFFIXES
        and not any(part.startswith((".", "_")) for part in path.relative_to(input).parts)
        and path.is_file()
    ]
    if not found:
        raise UsageError(
            f"{input} holds no file of answers", hint=f"their names end in {', '.join(SUFFIXES)}, packed or not"
        )
    return sorted(found, key=lambda path: path.relative_to(input).parts)


def partitions_of(
    files: list[Path],
    the_map: KnowledgeMap,
    *,
    rows: int = PARTITION_ROWS,
    known: Mapping[str, Content] | None = None,
    mapping: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    asked: Mapping[str, str] | None = None,
    format: Format | None = None,
    html: bool = True,
    notice: Callable[[str], None] = lambda _: None,
) -> list[Partition]:
    """All partitions of the files, in order, of at most `rows` rows where a file can be entered anywhere.

    `known` is what is known of files by their absolute path, so that one of the same size and time is not read to
    tell whether it changed. A file that cannot be opened is a partition too: what is wrong with it is found when it
    is graded. The only file raises what is wrong with it (InputError, UsageError).
    """
    known = known or {}
    made: list[Partition] = []
    for path in files:
        whole = Partition(file=str(path.resolve()), name=str(path), content=UNREAD)
        try:
            content = _content(path, known.get(whole.file))
            whole = whole.model_copy(update={"content": content})
            if not _is_parquet(path):
                if content.size >= LARGE:
                    notice(f"{path}: one partition, graded by one worker; Parquet, or several files, spread better")
                made.append(whole)
                continue
            made += _split(whole, the_map, rows, mapping, constants, asked, format, html)
        except InterviewerError:
            if len(files) == 1:
                raise
            made.append(whole)
    return made


def _split(
    whole: Partition, the_map: KnowledgeMap, rows: int, mapping: Mapping[str, str] | None,
    constants: Mapping[str, Any] | None, asked: Mapping[str, str] | None, format: Format | None, html: bool,
) -> Iterator[Partition]:  # fmt: skip
    with open_source(whole.file, format=format, worth=worth_of(the_map, mapping or {}, asked or {})) as source:
        total = source.total
        if total is None or source.packing is not None or total <= rows:
            return iter([whole.model_copy(update={"rows": total})])
        prepared = prepare(source, the_map, mapping=mapping, constants=constants, asked=asked, html=html)
        found = prepared.html and prepared.any_html()
        # Of one size: the last one is not a remnant that a worker is started for.
        pieces = -(-total // rows)
        ends = [1 + total * n // pieces for n in range(pieces + 1)]
        return iter(
            [
                whole.model_copy(update={"first": a, "rows": b - a, "split": True, "html": found})
                for a, b in pairwise(ends)
            ]
        )


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _content(path: Path, known: Content | None) -> Content:
    try:
        stat = path.stat()
        if known is not None and (known.size, known.modified) == (stat.st_size, stat.st_mtime_ns):
            return known
        with path.open("rb") as file:
            return Content(stat.st_size, stat.st_mtime_ns, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as e:
        raise InputError(f"{path} cannot be read: {e.strerror or e}") from None
