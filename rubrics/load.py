"""Reading `rubrics/data/*.yaml`. Raises RubricError with the file and the line of every fault."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from knowledge.errors import MapFileError
from knowledge.yaml_file import Parsed, read_yaml
from rubrics.models import Dimension, Grade, Policy, Rules

SHAPES: dict[str, Any] = {
    "scale": tuple[Grade, ...],
    "dimensions": tuple[Dimension, ...],
    "policy": Policy,
}


_loaded: dict[Path, Rules] = {}


class RubricError(Exception):
    """The grading rules cannot be used as they are."""


def load_rules(directory: Path | None = None, *, cache_file: Path | None = None) -> Rules:
    """The rules below `directory` (default: the packaged ones), read once per process.

    What was parsed is kept in `cache_file` for the next process.
    """
    base = directory or Path(str(files("rubrics") / "data"))
    if base not in _loaded:
        parsed = Parsed(cache_file)
        _loaded[base] = _load(base, parsed)
        parsed.save()
    return _loaded[base]


def _load(base: Path, parsed: Parsed) -> Rules:
    digest = hashlib.sha256()
    parts, faults = {}, []
    for name, shape in SHAPES.items():
        path = base / f"{name}.yaml"
        try:
            parts[name] = read_yaml(path, shape, parsed)
        except MapFileError as e:
            faults.append(str(e))
        else:
            digest.update(path.read_bytes())
    if faults:
        raise RubricError("\n".join(faults))
    try:
        return Rules(
            grades=parts["scale"],
            dimensions=parts["dimensions"],
            policy=parts["policy"],
            hash=digest.hexdigest()[:12],
        )
    except ValidationError as e:
        messages = [f["msg"].removeprefix("Value error, ") for f in e.errors(include_url=False)]
        raise RubricError(f"{base / 'scale.yaml'}: {'; '.join(messages)}") from None
