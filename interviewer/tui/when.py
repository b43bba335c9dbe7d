"""Moments as people read them."""

from __future__ import annotations

from datetime import datetime


def when(stamp: str) -> str:
    """A stored moment as local date and time; the stamp itself where it is none."""
    try:
        return f"{datetime.fromisoformat(stamp).astimezone():%m-%d %H:%M}"
    except (ValueError, OverflowError):
        return stamp
