"""What a command line says about a file of answers: which column is what, what holds for all rows, what was asked.

Knows names of fields and columns; reads the files that a value names with @, and no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from interviewer.batch.columns import FIELDS, field_called
from interviewer.errors import UsageError
from knowledge.errors import nearest


def parse_mapping(options: Sequence[str]) -> dict[str, str]:
    """`["answer=Response"]` as a mapping. Raises UsageError."""
    mapping: dict[str, str] = {}
    for option in options:
        field, equals, column = option.partition("=")
        if not equals or not column.strip():
            raise UsageError(f"--map {option!r} is not FIELD=COLUMN", hint="such as --map answer=Response")
        field = _field("--map", field)
        if field in mapping:
            raise UsageError(f"--map names {field} twice")
        mapping[field] = column.strip()
    return mapping


def parse_constants(options: Sequence[str]) -> dict[str, Any]:
    """`["lang=en", "points=@points.json"]` as values of fields that hold for every row.

    A value that begins with @ is the text of a file, one that begins with @@ is meant as it stands after the
    first @. Raises UsageError.
    """
    constants: dict[str, Any] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals:
            raise UsageError(f"--set {option!r} is not FIELD=VALUE", hint="such as --set lang=en")
        field = _field("--set", name)
        if field in ("answer", "id", "rater"):
            raise UsageError(f"--set {field}: this is each row's own", hint=f"name its column: --map {field}=COLUMN")
        if field in constants:
            raise UsageError(f"--set gives {field} twice")
        if value.startswith("@@"):
            value = value[1:]
        elif value.startswith("@"):
            value = _text_of(Path(value[1:]), field)
        if not value.strip():
            raise UsageError(f"--set {field}: the value is empty")
        constants[field] = value
    return constants


def _text_of(path: Path, field: str) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as e:
        raise UsageError(
            f"--set {field}=@{path}: {e.strerror or e}", hint="a value that really begins with @ is written @@"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"--set {field}=@{path}: the file is not UTF-8") from None


def parse_asked(options: Sequence[str]) -> dict[str, str]:
    """`["Response 1=lora.merge"]` as column to question id. Raises UsageError."""
    asked: dict[str, str] = {}
    for option in options:
        column, equals, question = option.rpartition("=")
        if not equals or not column.strip() or not question.strip():
            raise UsageError(
                f"--ask {option!r} is not COLUMN=QUESTION_ID",
                hint='such as --ask "Response 1=lora.principle-and-starting-point"',
            )
        if column.strip() in asked:
            raise UsageError(f"--ask names the column {column.strip()!r} twice")
        asked[column.strip()] = question.strip()
    return asked


def _field(option: str, name: str) -> str:
    """The field that is called by this name or a synonym of it."""
    field = field_called(name)
    if field not in FIELDS:
        close = nearest(field, FIELDS, n=1)
        raise UsageError(
            f"{option}: there is no field {field!r}" + (f"; did you mean {close[0]}?" if close else ""),
            hint="fields: " + ", ".join(FIELDS),
        )
    return field
