"""Reading `rubrics/data/*.yaml`. Raises RubricError with the file and the place of every fault."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import ValidationError

from rubrics.models import Rules


class RubricError(Exception):
    """The grading rules cannot be used as they are."""


@cache
def load_rules(directory: Path | None = None) -> Rules:
    """The rules below `directory` (default: the packaged ones)."""
    base = directory or Path(str(files("rubrics") / "data"))
    digest = hashlib.sha256()
    parts = {}
    for name in ("scale", "dimensions", "policy"):
        path = base / f"{name}.yaml"
        try:
            text = path.read_text("utf-8")
            parts[name] = yaml.safe_load(text)
        except (OSError, UnicodeDecodeError) as e:
            raise RubricError(f"{path}: cannot be read: {e}") from None
        except yaml.YAMLError as e:
            raise RubricError(f"{path}: not valid YAML: {e}") from None
        digest.update(text.encode())
    try:
        return Rules(
            grades=parts["scale"],
            dimensions=parts["dimensions"],
            policy=parts["policy"],
            hash=digest.hexdigest()[:12],
        )
    except ValidationError as e:
        faults = "\n".join(f"{base}: {'.'.join(map(str, f['loc']))}: {f['msg']}" for f in e.errors(include_url=False))
        raise RubricError(faults) from None
