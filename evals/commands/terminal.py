"""Notices on standard error: standard output is data."""

from __future__ import annotations

import sys


def say(text: str) -> None:
    print(text, file=sys.stderr)
