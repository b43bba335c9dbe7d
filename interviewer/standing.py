"""Where one stands on the map: the level per skill of the newest report that has one."""

from __future__ import annotations

from interviewer.store import SessionStore

NEWEST = 50
"""Finished interviews looked at."""


def standing(store: SessionStore) -> dict[str, float]:
    """Skill id to level, 0-100. Raises StoreError."""
    found: dict[str, float] = {}
    for row in store.sessions(status="finished", limit=NEWEST):
        report = store.report(row.id)
        for s in report.skills if report else []:
            found.setdefault(s.skill, s.level)
    return found
