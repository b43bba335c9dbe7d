"""What a result was measured with: the versions that its digits may depend on."""

from __future__ import annotations

import platform
from importlib.metadata import version

from interviewer import __version__

PACKAGES = ("numpy", "krippendorff", "tokenizers", "rapidfuzz")


def versions() -> dict[str, str]:
    """By name; the packages are those that measure or judge."""
    return {"interviewer": __version__, "python": platform.python_version(), **{p: version(p) for p in PACKAGES}}
