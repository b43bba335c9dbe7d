"""The output folder: its parts, what is kept of how each was made, and the two files that tell of all of them.

    part-00000.parquet …    the rows, in the order of the names
    _errors.jsonl           failed rows and parts, with their file
    _summary.json           there once a run has finished
    _parts/                 per part: its record, failed rows, ids, and the journal of a model's judgements

What begins with an underscore is no data to those who read a folder of Parquet files. A part is moved to its place
when it is whole and its record is written after it, so that a part without a record is one to be made.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from interviewer.batch.locking import FileLock
from interviewer.batch.partitioned.record import Record
from interviewer.batch.writers import Output, json_line
from interviewer.errors import ConfigError, UsageError

ERRORS, SUMMARY, PARTS = "_errors.jsonl", "_summary.json", "_parts"
_NAME = re.compile(r"part-(\d{5,})\.parquet")
_BESIDE = (".json", ".errors.jsonl", ".ids", ".journal", ".journal-wal", ".journal-shm")
"""What a part has in `_parts`: its record first."""
_ID = 8
"""Bytes kept of an id's hash: two of ten million are taken for one once in 400,000 runs."""


class PartFolder:
    """The folder at `path`, which need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._parts = path / PARTS

    def check(self, *, replace: bool) -> None:
        """Whether a run may write here: nothing is there, or an unfinished run, or with `replace` a finished one.

        Raises UsageError.
        """
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"{self.path} is a file", hint="--engine ray writes a folder: -o graded/")
        if not self.path.exists():
            if not self.path.parent.is_dir():
                raise UsageError(f"there is no folder {self.path.parent}", hint=f"mkdir -p {self.path.parent}")
            return
        if not self._parts.is_dir():
            if other := sorted(p.name for p in self.path.iterdir() if not p.name.startswith(".")):
                raise UsageError(
                    f"{self.path} holds something else ({', '.join(other[:3])}{', …' if len(other) > 3 else ''})",
                    hint="give a new or an empty folder with -o",
                )
        elif (self.path / SUMMARY).exists() and not replace:
            raise UsageError(
                f"{self.path} is finished already",
                hint="--resume makes the parts that changed, or have rows to try again; with --fresh all of them",
            )

    def records(self) -> dict[int, Record]:
        """Of the parts that are there, by number."""
        found: dict[int, Record] = {}
        for path in self._parts.glob("part-*.json") if self._parts.is_dir() else ():
            number = _number(path.name.removesuffix(".json") + ".parquet")
            with suppress(OSError, ValidationError, ValueError):
                record = Record.model_validate_json(path.read_bytes())
                if number is not None and self.part(number).stat().st_size == record.bytes:
                    found[number] = record
        return found

    def begin(self, *, fresh: bool) -> None:
        """Make the folder; what a killed run left half-made goes, and what told of all parts.

        With `fresh` nothing that was made counts any more, judgements of a model included. Raises ConfigError.
        """
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
            (self.path / SUMMARY).unlink(missing_ok=True)
            (self.path / ERRORS).unlink(missing_ok=True)
            for path in [*self._parts.glob(".*.tmp"), *self._parts.glob("*.parquet"), *self._parts.glob("*.part")]:
                path.unlink(missing_ok=True)
            for path in self._parts.glob("moved-*"):
                if ".journal" in path.name and not (place := _place_of(path)).exists():
                    path.replace(place)  # what was paid for stays
                else:
                    path.unlink(missing_ok=True)
            for ending in (".json", ".journal", ".journal-wal", ".journal-shm") if fresh else ():
                for path in self._parts.glob(f"part-*{ending}"):
                    path.unlink(missing_ok=True)
        except OSError as e:
            raise _cannot_write(self.path, e) from None

    def alone(self) -> FileLock:
        """No other run on this folder meanwhile, where its file system can tell. Raises StoreError, ConfigError."""
        return FileLock(self.path)

    def arrange(self, places: Mapping[int, int], total: int) -> None:
        """Keep the parts `places` has, old number to new, and of the others only the journals of those below `total`.

        Killed meanwhile, parts that were on the move are made again.
        """
        moving = {old: new for old, new in places.items() if old != new}
        try:
            records = {new: self._beside(old, ".json").read_bytes() for old, new in moving.items()}
            for old in moving:
                self._beside(old, ".json").unlink()
            for old, new in moving.items():
                for path, name in self._files(old):
                    if path.exists():
                        path.replace(self._parts / f"moved-{new}{name}")
            self._drop(set(places.values()) - set(moving.values()), total)
            for new, record in records.items():
                for path, name in self._files(new):
                    if (moved := self._parts / f"moved-{new}{name}").exists():
                        moved.replace(path)
                _write(self._beside(new, ".json"), record)
        except OSError as e:
            raise _cannot_write(self.path, e) from None

    def _drop(self, kept: set[int], total: int) -> None:
        numbers = {n for p in self.path.glob("part-*.parquet") if (n := _number(p.name)) is not None}
        numbers |= {int(m[1]) for p in self._parts.glob("part-*") if (m := re.match(r"part-(\d{5,})\.", p.name))}
        for number in numbers - kept:
            for path, name in self._files(number):
                if number >= total or not name.startswith(".journal"):
                    path.unlink(missing_ok=True)

    def part(self, number: int) -> Path:
        return self.path / f"part-{number:05}.parquet"

    def _beside(self, number: int, ending: str) -> Path:
        return self._parts / f"part-{number:05}{ending}"

    def _files(self, number: int) -> list[tuple[Path, str]]:
        """All that belongs to a part, with what tells it apart; the record first."""
        return [(self._beside(number, e), e) for e in _BESIDE] + [(self.part(number), ".parquet")]

    @contextmanager
    def making(self, number: int) -> Iterator[Making]:
        """Where a part is made; what is not finished goes."""
        made = Making(self.part(number), self._parts)
        try:
            yield made
        finally:
            for path in (made.rows, made.rows.with_name(made.rows.name + ".part")):
                path.unlink(missing_ok=True)

    def duplicate_ids(self, numbers: Iterable[int]) -> int:
        """Rows of these parts whose id an earlier row has."""
        import numpy as np

        ids = [np.fromfile(path, dtype=f"V{_ID}") for n in numbers if (path := self._beside(n, ".ids")).is_file()]
        whole = np.concatenate(ids).view(np.uint64) if ids else np.empty(0, dtype=np.uint64)
        return len(whole) - len(np.unique(whole))

    def write_errors(self, parts: Iterable[tuple[int, str, Sequence[Mapping[str, Any]]]]) -> Path | None:
        """One file of all failed rows: of each part by number its file, and what there is beside its rows.

        None when there are none.
        """
        out = Output(self.path / ERRORS)
        try:
            for number, file, others in parts:
                for other in others:
                    out.file.write(json_line({"file": file, **other}))
                with suppress(FileNotFoundError), self._beside(number, ".errors.jsonl").open("rb") as rows:
                    for line in rows:
                        out.file.write(json_line({"file": file, **json.loads(line)}))
            if not out.file.tell():
                return None
            out.finish()
        except OSError as e:
            raise _cannot_write(self.path / ERRORS, e) from None
        finally:
            out.discard()
        return self.path / ERRORS

    def write_summary(self, text: str) -> None:
        """The last thing of a run: the folder is finished."""
        try:
            _write(self.path / SUMMARY, text.encode())
        except OSError as e:
            raise _cannot_write(self.path / SUMMARY, e) from None


class Making:
    """The files of one part on their way."""

    def __init__(self, place: Path, parts: Path) -> None:
        self._place = place
        self.name = place.name
        self.rows = parts / place.name
        self.errors = parts / f"{place.stem}.errors.jsonl"
        self.journal = parts / f"{place.stem}.journal"
        self._record = parts / f"{place.stem}.json"
        self._ids = parts / f"{place.stem}.ids"

    def facts(self) -> dict[str, Any]:
        """What the record says of the file itself."""
        import pyarrow.parquet as pq

        schema = pq.read_schema(self.rows)
        columns = hashlib.sha256(str(schema.remove_metadata()).encode("utf-8", "replace")).hexdigest()[:16]
        return {"bytes": self.rows.stat().st_size, "columns": columns}

    def finish(self, record: Record, ids: Sequence[str]) -> None:
        """The part to its place, then its record. Raises ConfigError."""
        digests = (hashlib.sha256(i.encode("utf-8", "surrogatepass")).digest()[:_ID] for i in ids)
        try:
            self._record.unlink(missing_ok=True)
            _write(self._ids, b"".join(digests))
            self.rows.replace(self._place)
            _write(self._record, record.model_dump_json().encode())
        except OSError as e:
            raise _cannot_write(self._place, e) from None


def _number(name: str) -> int | None:
    match = _NAME.fullmatch(name)
    return int(match[1]) if match else None


def _place_of(moved: Path) -> Path:
    number, _, ending = moved.name.removeprefix("moved-").partition(".")
    return moved.with_name(f"part-{int(number):05}.{ending}")


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _cannot_write(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{path} cannot be written: {error.strerror or error}",
        hint="every machine must see the folder under this path; check its rights and the space left",
    )
