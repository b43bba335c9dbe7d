"""Parquet files batch by batch, in and out.

A row group that is damaged is an error of its rows; the others are read. Knows columns and values only.
Imports pyarrow where it is used.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Literal

from interviewer.batch.packing import missing
from interviewer.batch.table import Found, distinct
from interviewer.errors import InputError

Kind = Literal["text", "integer", "number", "flag", "numbers", "texts"]
_BATCH = 256
_ROW_GROUP = 4096
"""Rows kept before they are written."""
_ROW_GROUP_BYTES = 32 << 20


class ParquetTable:
    """Rows numbered from 1; with `only`, those of these numbers."""

    def __init__(self, file: BinaryIO, name: str, *, only: range | None = None) -> None:
        """Raises InputError when the file cannot be read, ConfigError without pyarrow."""
        _arrow()
        import pyarrow.parquet as pq

        try:
            # Streamed in small reads: otherwise a row group of gigabytes is fetched whole.
            self._file = pq.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False)
            self.schema = self._file.schema_arrow
        except Exception as e:  # ArrowInvalid, OSError, and what a damaged footer makes of it
            raise InputError(
                f"{name} is a Parquet file that cannot be read: {e}"[:300], hint="write it again, or as JSON Lines"
            ) from None
        self._columns = distinct(self.schema.names)
        rows = self._file.metadata.num_rows
        self._only = range(1, rows + 1) if only is None else only
        self.total: int | None = len(range(max(1, self._only.start), min(rows + 1, self._only.stop)))

    def columns(self) -> list[str]:
        return self._columns

    def rows(self) -> Iterator[Found]:
        number = 0
        for group in range(self._file.num_row_groups):
            end = number + self._file.metadata.row_group(group).num_rows
            if end < self._only.start or number + 1 >= self._only.stop:
                number = end
                continue
            try:
                for batch in self._file.iter_batches(batch_size=_BATCH, row_groups=[group]):
                    if number + batch.num_rows < self._only.start:
                        number += batch.num_rows
                        continue
                    lists = [_values(column) for column in batch.columns]
                    for values in zip(*lists, strict=True):
                        number += 1
                        if number in self._only:
                            yield self._row(number, values)
                    if number + 1 >= self._only.stop:
                        break
            except (OSError, ValueError) as e:  # ArrowInvalid is a ValueError
                if number + 1 in self._only:  # else whoever reads that row tells it
                    yield number + 1, {}, f"rows {number + 1} to {end} cannot be read: {e}"[:300], None
            number = end

    def kinds(self) -> dict[str, Kind]:
        """Numbers and flags stay what they are; everything else is text."""
        import pyarrow.types as t

        found: dict[str, Kind] = {}
        for name, field in zip(self._columns, self.schema, strict=True):
            kind: Kind = "text"
            if t.is_boolean(field.type):
                kind = "flag"
            elif t.is_integer(field.type) and not t.is_uint64(field.type):
                kind = "integer"
            elif t.is_floating(field.type):
                kind = "number"
            found[name] = kind
        return found

    def _row(self, number: int, values: Sequence[Any]) -> Found:
        data = dict(zip(self._columns, values, strict=True))
        bad = [name for name, value in data.items() if isinstance(value, _NotText)]
        if not bad:
            return number, data, None, None
        kept = {name: value for name, value in data.items() if name not in bad}
        return number, kept, f"{', '.join(bad)}: bytes that are not valid utf-8", None

    def close(self) -> None:
        self._file.close()


class _NotText:
    """Stands for a value whose bytes are no text."""


def _values(column: Any) -> list[Any]:
    try:
        return [plain(v) for v in column.to_pylist()]
    except UnicodeDecodeError:
        return [_one(v) for v in column]


def _one(value: Any) -> Any:
    try:
        return plain(value.as_py())
    except UnicodeDecodeError:
        return _NotText()


def plain(value: Any) -> Any:
    """A value as JSON has them: times and decimals as text, no-numbers as null, bytes as text or base64."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode("ascii")
    return str(value) if isinstance(value, decimal.Decimal | dt.timedelta) else repr(value)


class ParquetFile:
    """A Parquet file being written in row groups. It is one only after `close`."""

    def __init__(self, file: BinaryIO, kinds: Mapping[str, Kind]) -> None:
        pa = _arrow()
        import pyarrow.parquet as pq

        types = {
            "text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "flag": pa.bool_(),
            "numbers": pa.list_(pa.float64()), "texts": pa.list_(pa.string()),
        }  # fmt: skip
        self._kinds = dict(kinds)
        self._schema = pa.schema([(name, types[kind]) for name, kind in kinds.items()])
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[Sequence[Any]] = []
        self._size = 0

    def append(self, values: Sequence[Any]) -> None:
        row = [_as(kind, v) for kind, v in zip(self._kinds.values(), values, strict=True)]
        self._rows.append(row)
        self._size += sum(len(v) for v in row if isinstance(v, str))
        if len(self._rows) >= _ROW_GROUP or self._size >= _ROW_GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        pa = _arrow()
        arrays = [
            pa.array(values, type=field.type)
            for values, field in zip(zip(*self._rows, strict=True), self._schema, strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._rows, self._size = [], 0


def _as(kind: Kind, value: Any) -> Any:
    """A value as its column takes it: JSON in a column of text, UTF-8 throughout."""
    if value is None:
        return None
    if kind != "text":
        # An empty cell of a sheet, in a column of numbers.
        return None if value == "" else float(value) if kind == "number" else value
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False)
    return value.encode("utf-8", "replace").decode("utf-8")


def kinds_of(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> dict[str, Kind]:
    """The narrowest kind that holds all values of each column; text where there is none."""
    found: dict[str, set[Kind]] = {c: set() for c in columns}
    for row in rows:
        for column, value in row.items():
            if value is not None and value != "":
                found[column].add(_kind(value))
    return {column: _widest(kinds) for column, kinds in found.items()}


def _widest(kinds: set[Kind]) -> Kind:
    if len(kinds) == 1:
        return next(iter(kinds))
    return "number" if kinds == {"integer", "number"} else "text"


def _kind(value: Any) -> Kind:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int):
        return "integer" if -(2**63) <= value < 2**63 else "text"
    return "number" if isinstance(value, float) and math.isfinite(value) else "text"


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise missing("pyarrow", "a Parquet file") from None
    return pyarrow
