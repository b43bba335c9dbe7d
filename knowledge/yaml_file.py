"""One YAML file as one shape, with errors that have a place; and what was parsed, kept for the next time.

Parsing is most of the cost of reading the map, so `Parsed` keeps the plain values by the file's time and
size. They are validated anew each time, so a damaged cache can do nothing but cost the time it saves.
They are kept as JSON, a line for each, which pydantic reads and validates in one go.
"""

from __future__ import annotations

import json
import os
import types
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from knowledge.errors import MapFileError, nearest

if TYPE_CHECKING:
    import yaml


class Parsed:
    """Plain values of YAML files by path, as JSON in one file: a line of stamps, then a line for each value.

    Without a file it remembers nothing. A cache that cannot be read or written is as good as none.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self._kept: dict[str, tuple[list[int], bytes]] = {}
        self._new = False
        if file is not None:
            try:
                stamps, *values = file.read_bytes().split(b"\n")
                for (path, *stamp), value in zip(json.loads(stamps), values, strict=True):
                    self._kept[path] = (stamp, value)
            except (OSError, ValueError, TypeError):
                self._kept = {}

    def get(self, path: Path) -> bytes | None:
        """The value of the file as it is now, as JSON, or None."""
        stamp, value = self._kept.get(str(path), ([], b""))
        return value if stamp and stamp == self._stamp(path) else None

    def put(self, path: Path, value: Any) -> None:
        if self.file is None or not (stamp := self._stamp(path)):
            return
        try:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
            self._kept[str(path)] = (stamp, text.encode())
        except (ValueError, TypeError):
            return  # a date, or half of a surrogate pair: parsed again next time
        self._new = True

    def save(self) -> None:
        """Write what is new, whole or not at all."""
        if self.file is None or not self._new:
            return
        part = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        stamps = json.dumps([[path, *stamp] for path, (stamp, _) in self._kept.items()])
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(b"\n".join([stamps.encode(), *(value for _, value in self._kept.values())]))
            part.replace(self.file)
        except OSError:
            part.unlink(missing_ok=True)

    @staticmethod
    def _stamp(path: Path) -> list[int]:
        try:
            found = path.stat()
        except OSError:
            return []
        return [found.st_mtime_ns, found.st_size]


def read_yaml(path: Path, shape: Any, parsed: Parsed | None = None) -> Any:
    """The file as `shape` (a model, or a container of models). Raises MapFileError with lines."""
    kept = parsed.get(path) if parsed else None
    if kept is not None:
        try:
            return _adapter(shape).validate_json(kept)
        except ValidationError:
            pass  # parsed again below, for the lines of its faults
    import yaml

    from knowledge.strict_yaml import parse

    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as e:
        raise MapFileError(path, [(None, f"not UTF-8 (byte {e.start}); save the file as UTF-8")]) from None
    except OSError as e:
        raise MapFileError(path, [(None, f"cannot be read: {e.strerror or e}")]) from None
    try:
        raw = parse(text)
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        what = getattr(e, "problem", None) or str(e)
        raise MapFileError(path, [(mark.line + 1 if mark else None, f"not valid YAML: {what}")]) from None
    except (ValueError, RecursionError) as e:  # an impossible date, or nesting without end
        raise MapFileError(path, [(None, f"not valid YAML: {e}")]) from None
    try:
        value = _adapter(shape).validate_python(raw)
    except ValidationError as e:
        raise MapFileError(path, list(_faults(e, text, shape))) from None
    if parsed:
        parsed.put(path, raw)
    return value


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _faults(error: ValidationError, text: str, shape: Any) -> Iterator[tuple[int | None, str]]:
    import yaml

    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for fault in error.errors(include_url=False, include_context=False):
        loc = fault["loc"]
        line = _line(root, loc)
        where = ".".join(str(p) for p in loc if not _is_branch(p))
        if fault["type"] == "extra_forbidden":
            keys = sorted(_keys_at(shape, loc[:-1]))
            close = nearest(str(loc[-1]), keys, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; keys here: {', '.join(keys)}"
            yield line, f"unknown key {str(loc[-1])!r}{hint}"
        else:
            message = fault["msg"].removeprefix("Value error, ")
            yield line, f"{where}: {message}" if where else message


def _is_branch(part: int | str) -> bool:
    """Union branches stand in pydantic's loc as type names: `constrained-str`, `Point`."""
    return isinstance(part, str) and (part == "Point" or "[" in part or part.startswith("constrained"))


def _line(node: yaml.Node | None, loc: tuple[int | str, ...]) -> int | None:
    import yaml

    line = None
    for part in loc:
        if node is None or _is_branch(part):
            continue
        line = node.start_mark.line + 1 if line is None else line
        nxt = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, nxt = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            nxt = node.value[part]
            line = nxt.start_mark.line + 1
        node = nxt
    return line if line is not None else (node.start_mark.line + 1 if node else None)


def _keys_at(shape: Any, loc: tuple[int | str, ...]) -> set[str]:
    """The valid keys of the model that lies at `loc` below `shape`."""
    current = shape
    for part in loc:
        models = list(_models(current))
        if isinstance(part, int) or _is_branch(part):
            continue
        for model in models:
            for name, info in model.model_fields.items():
                if part in (name, info.alias):
                    current = info.annotation
    return {i.alias or n for m in _models(current) for n, i in m.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for arg in typing.get_args(annotation):
        yield from _models(arg)
