"""What can go wrong, as one tree. A leaf. Every message says what and where; `hint` says what to do next.

InterviewerError            exit 1
├── UsageError              exit 2   an option or an argument that cannot be
├── ConfigError             exit 3   a setting, a missing extra, a provider that is not configured
├── StoreError              exit 3   the database: locked, read-only, corrupt, newer, disk full
├── SessionError            exit 2   no such session, or one that is finished
├── StaleTurnError          exit 2   an answer to a turn that is no longer the current one
├── InputError              exit 1   a file of answers or rows that cannot be read
└── JudgeError              exit 1   an answer that could not be judged; becomes an unscored judgement
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    FAILED_ROWS = 1
    """Finished, but some rows failed or a gate was not met."""
    USAGE = 2
    CONFIG = 3
    """Configuration or provider."""
    INTERRUPTED = 4
    """Interrupted, and can be resumed."""


class InterviewerError(Exception):
    """Base of every error shown to a person."""

    exit_code: Exit = Exit.FAILED_ROWS

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(InterviewerError):
    exit_code = Exit.USAGE


class ConfigError(InterviewerError):
    exit_code = Exit.CONFIG


class StoreError(InterviewerError):
    exit_code = Exit.CONFIG


class SessionError(InterviewerError):
    exit_code = Exit.USAGE


class StaleTurnError(InterviewerError):
    exit_code = Exit.USAGE


class InputError(InterviewerError):
    exit_code = Exit.FAILED_ROWS


class JudgeError(InterviewerError):
    exit_code = Exit.FAILED_ROWS
