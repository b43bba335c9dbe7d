"""What can be wrong with the map's files. A leaf.

MapError            base: a file of the map cannot be used
└── MapFileError    one place in one file: path, line, what, nearest valid key
UnknownNameError    a role, skill or question that does not exist, with the nearest names
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path


class MapError(Exception):
    """The knowledge map cannot be used as it is."""


class MapFileError(MapError):
    """One or more faults in one file; `str()` gives a line per fault, each with its place."""

    def __init__(self, path: Path, faults: list[tuple[int | None, str]]) -> None:
        self.path = path
        self.faults = faults
        super().__init__("\n".join(f"{path}:{line or 1}: {what}" for line, what in faults))


class UnknownNameError(MapError):
    """A name that the map does not hold. `nearest` has up to three that look like it."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = sorted(known)
        self.nearest = nearest(name, self.known)
        hint = f"; did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        super().__init__(f"unknown {kind} {name[:80]!r}{hint}")


def nearest(name: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Up to `n` known names that look like `name`: as a part of it, else by edit ratio."""
    names = list(known)
    low = name.casefold()
    inside = [k for k in names if low and low in k.casefold()][:n]
    by_folded = {k.casefold(): k for k in names}
    close = [by_folded[c] for c in get_close_matches(low, by_folded, n=n, cutoff=0.5)]
    return list(dict.fromkeys(inside + close))[:n]
