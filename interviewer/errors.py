"""What can go wrong, as one tree. A leaf. Every message says what and where; `hint` says what to do next.

InterviewerError            exit 1
├── UsageError              exit 2   an option or an argument that cannot be
├── ConfigError             exit 3   a setting, a missing extra, a provider that is not configured
├── StoreError              exit 3   the database: locked, read-only, corrupt, newer, disk full
├── SessionError            exit 2   no such session, or one that is finished
├── StaleTurnError          exit 2   an answer to a turn that is no longer the current one
├── InputError              exit 1   a file of answers or rows that cannot be read
├── JudgeError              exit 1   an answer that could not be judged; becomes an unscored judgement
└── ProviderError           exit 3   a model that did not deliver; a vendor's error never leaves interviewer.llm
    ├── AuthError                    no key, a wrong key, a key without this permission
    ├── QuotaError                   the account is out of credit, or a budget is used up
    ├── ModelError                   no such model at this provider, or no such provider
    ├── RateLimited                  429; tried again while time is left
    ├── ProviderDown                 unreachable, dropped, 5xx; tried again
    │   └── ProviderTimeout          no answer within the deadline
    ├── RequestRefused               400 or 422: the provider does not take the request as it is
    │   └── ContextTooLong           the prompt does not fit the model's context window
    ├── BadOutput                    an answer that cannot be used: empty, not JSON, not the schema
    │   └── Truncated                cut off at the token limit
    ├── Refused                      the model, or the provider's filter, declined to answer
    └── Deferred                     asked in a provider's batch file: the answer is still to come
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


class ProviderError(InterviewerError):
    """No message, hint or detail of these ever holds a key: `interviewer.llm.secrets.redact` has been over it."""

    exit_code = Exit.CONFIG
    transient = False
    """Whether the same call may succeed a moment later."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        model: str = "",
        status: int | None = None,
        retry_after: float | None = None,
        detail: str = "",
        uncounted: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.model = model
        self.status = status
        """The HTTP status, where there was one."""
        self.retry_after = retry_after
        """Seconds the provider asked us to wait."""
        self.detail = detail
        """The provider's own words, on one line."""
        self.uncounted = uncounted
        """The provider may have worked, and billed, without telling how much."""
        self.spent: object | None = None
        """The `interviewer.llm.cost.Spent` of the whole request that failed."""


class AuthError(ProviderError):
    pass


class QuotaError(ProviderError):
    pass


class ModelError(ProviderError):
    pass


class RateLimited(ProviderError):
    transient = True


class ProviderDown(ProviderError):
    transient = True


class ProviderTimeout(ProviderDown):
    pass


class RequestRefused(ProviderError):
    pass


class ContextTooLong(RequestRefused):
    pass


class BadOutput(ProviderError):
    pass


class Truncated(BadOutput):
    pass


class Refused(ProviderError):
    pass


class Deferred(ProviderError):
    pass
