"""What ends a whole run, as against what ends one row."""

from __future__ import annotations

from interviewer.errors import InterviewerError


class Halted(Exception):
    """No further row can be graded, because of `error`: the journal cannot be written, no worker starts."""

    def __init__(self, error: InterviewerError) -> None:
        super().__init__(error.message)
        self.error = error


class Interrupted(Exception):
    """It was asked to stop: rows taken are done, and others are left."""
