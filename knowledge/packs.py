"""Packs: a map of one's own in a folder, and the small ones that are shipped as examples."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

EXAMPLES = ("sql",)


def example(name: str) -> Path | None:
    """Where the shipped example of that name lies."""
    return Path(str(files("knowledge") / "examples" / name)) if name in EXAMPLES else None
