"""Every error of openai, litellm and the HTTP stack below them as one of ours. Imports none of them.

The status code decides first, because litellm's classes surprise (403 and 529 come as a bare APIError, a refused
connection as InternalServerError 500); the class decides where it says more than the code, or there is no code.
"""

from __future__ import annotations

import email.utils
import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import SecretStr

from interviewer import errors as e
from interviewer.llm.reply import NO_COMPLETION
from interviewer.llm.secrets import redact, variables
from interviewer.text import one_line

LONGEST_DETAIL = 300

SAYS_MORE: dict[str, type[e.ProviderError]] = {
    "BudgetExceededError": e.QuotaError,
    "ContentFilterFinishReasonError": e.Refused,
    "ContentPolicyViolationError": e.Refused,
    "BlockedPiiEntityError": e.Refused,
    "GuardrailRaisedException": e.Refused,
    "ContextWindowExceededError": e.ContextTooLong,
    "JSONSchemaValidationError": e.BadOutput,
    "APIResponseValidationError": e.BadOutput,
    "LengthFinishReasonError": e.Truncated,
    "LiteLLMUnknownProvider": e.ModelError,
    "ModelNotMappedError": e.ModelError,
    "PaymentRequiredError": e.QuotaError,
    "RejectedRequestError": e.Refused,
    "SensitiveDataRouteException": e.Refused,
    "ModifyResponseException": e.Refused,
}
"""Classes that mean more than their status code."""

BY_STATUS: dict[int, type[e.ProviderError]] = {
    400: e.RequestRefused,
    401: e.AuthError,
    402: e.QuotaError,
    403: e.AuthError,
    404: e.ModelError,
    405: e.ModelError,
    408: e.ProviderTimeout,
    409: e.ProviderDown,
    413: e.ContextTooLong,
    422: e.RequestRefused,
    429: e.RateLimited,
}
"""Other 4xx are RequestRefused, 5xx ProviderDown."""

BY_CLASS: dict[str, type[e.ProviderError]] = {
    "APIConnectionError": e.ProviderDown,
    "APIError": e.ProviderDown,
    "APIStatusError": e.ProviderDown,
    "APITimeoutError": e.ProviderTimeout,
    "AuthenticationError": e.AuthError,
    "BadGatewayError": e.ProviderDown,
    "BadRequestError": e.RequestRefused,
    "ConflictError": e.ProviderDown,
    "ImageFetchError": e.RequestRefused,
    "InternalServerError": e.ProviderDown,
    "InvalidRequestError": e.RequestRefused,
    "InvalidWebhookSignatureError": e.RequestRefused,
    "MidStreamFallbackError": e.ProviderDown,
    "MockException": e.ProviderDown,
    "NotFoundError": e.ModelError,
    "OAuthError": e.AuthError,
    "OpenAIError": e.ProviderError,
    "PermissionDeniedError": e.AuthError,
    "RateLimitError": e.RateLimited,
    "RouterRateLimitError": e.RateLimited,
    "RouterRateLimitErrorBasic": e.RateLimited,
    "ServiceUnavailableError": e.ProviderDown,
    "SubjectTokenProviderError": e.AuthError,
    "Timeout": e.ProviderTimeout,
    "ToolLoopMaxRoundsExceeded": e.RequestRefused,
    "UnprocessableEntityError": e.RequestRefused,
    "UnsupportedParamsError": e.RequestRefused,
    "VectorStoreSearchError": e.RequestRefused,
    "WebSocketConnectionClosedError": e.ProviderDown,
    "WebSocketQueueFullError": e.ProviderDown,
    "_AmbiguousModuleClientUsageError": e.ProviderError,
    # the HTTP stack and Python
    "TimeoutException": e.ProviderTimeout,
    "TimeoutError": e.ProviderTimeout,
    "TransportError": e.ProviderDown,
    "ClientError": e.ProviderDown,
    "ConnectionError": e.ProviderDown,
    "OSError": e.ProviderDown,
    "EOFError": e.ProviderDown,
    "InvalidURL": e.ModelError,
    "UnsupportedProtocol": e.ModelError,
    "ImportError": e.ModelError,
}

_CONTEXT = re.compile(
    r"(?i)context[ _]length|context window|context size|maximum context|too many (?:input )?tokens"
    r"|prompt is too long|input (?:is|length).{0,40}(?:too long|exceed)|exceeds? the (?:available|model'?s?) context"
)
_QUOTA = re.compile(r"(?i)insufficient_quota|exceeded your current quota|insufficient balance|credit balance|billing")
_GARBAGE = re.compile(r"Expecting value|Empty or invalid response|JSONDecodeError|codec can.t decode")
_CONNECTION = re.compile(r"(?i)connection error|cannot connect|connection refused|server disconnected")
_FILTERED = re.compile(r"content_filter|content_policy|ResponsibleAIPolicy")
_KEYLESS = re.compile(
    r"(?i)missing credentials|unable to locate credentials|api_key.{0,40} must be set|missing .{0,20}api.?key"
)
_NO_PROVIDER = re.compile(r"LLM Provider NOT provided")
_NEVER_SENT = {"ConnectError", "ConnectTimeout", "ClientConnectorError", "ConnectionRefusedError", "gaierror"}


def map_error(
    error: BaseException, *, model: str, where: str = "", provider: str = "", secrets: Iterable[SecretStr | None] = ()
) -> e.ProviderError:
    """`error` as a ProviderError that says what, where and what next, and holds no key."""
    status, words = _status(error), _words(error, secrets)
    kind, status = _kind(error, status, words)
    at = f" at {where}" if where else ""
    number = f" ({status})" if status else ""
    detail = f": {words}" if words else ""
    return kind(
        f"{model}{at}{number}: {WHAT[kind]}{detail}",
        hint=_hint(kind, provider),
        model=model,
        status=status,
        retry_after=retry_after(error),
        detail=words,
        uncounted=issubclass(kind, e.ProviderDown) and status is None and not _never_sent(error),
    )


def _kind(error: BaseException, status: int | None, words: str) -> tuple[type[e.ProviderError], int | None]:
    names = [c.__name__ for c in type(error).__mro__]
    if found := next((SAYS_MORE[n] for n in names if n in SAYS_MORE), None):
        return found, status
    code = str(getattr(error, "code", "") or "")
    if _GARBAGE.search(words):
        return e.BadOutput, None
    if status in (None, 500) and _KEYLESS.search(words):  # found out by the library, before any call
        return e.AuthError, None
    if _NO_PROVIDER.search(words):
        return e.ModelError, None
    if "InternalServerError" in names and _CONNECTION.search(words):
        return e.ProviderDown, None
    if status is None or not 400 <= status < 600 or "Timeout" in names:
        found = next((BY_CLASS[n] for n in names if n in BY_CLASS), e.ProviderError)
        return found, None if "Timeout" in names and "time taken" in words else status
    if status in (402, 403, 429) and _QUOTA.search(f"{code} {words}"):
        return e.QuotaError, status
    if status in (400, 413, 422, 500) and (_CONTEXT.search(words) or code == "context_length_exceeded"):
        return e.ContextTooLong, status
    if status == 400 and _FILTERED.search(f"{code} {words}"):
        return e.Refused, status
    return BY_STATUS.get(status, e.ProviderDown if status >= 500 else e.RequestRefused), status


WHAT: dict[type[e.ProviderError], str] = {
    e.ProviderError: "the call failed",
    e.AuthError: "the key is missing, wrong, or not allowed to do this",
    e.QuotaError: "the account is out of credit or over its budget",
    e.ModelError: "no such model, or no such address",
    e.RateLimited: "too many requests",
    e.ProviderDown: "the provider cannot be reached, or fails",
    e.ProviderTimeout: "no answer in time",
    e.RequestRefused: "the request was not accepted",
    e.ContextTooLong: "the prompt does not fit the model's context window",
    e.BadOutput: NO_COMPLETION,
    e.Truncated: "the answer was cut off at the token limit",
    e.Refused: "the model or the provider's filter declined to answer",
    e.Deferred: "waiting for the provider's batch",
}


def _hint(kind: type[e.ProviderError], provider: str) -> str:
    key = variables(provider)[0] if provider else "the provider's API key variable"
    return {
        e.AuthError: f"set {key} to a valid key for this provider",
        e.QuotaError: "top up the account, or name another --model",
        e.ModelError: "check the name after --model and the address after --api-base (it often ends in /v1)",
        e.RateLimited: "wait a moment, or lower the concurrency",
        e.ProviderDown: "check the network and --api-base, or try again later",
        e.ProviderTimeout: "allow more time, or name a faster --model",
        e.ContextTooLong: "shorten the answer, or name a --model with a larger context window",
        e.BadOutput: "check that --api-base is an OpenAI-compatible endpoint (it often ends in /v1)",
        e.Truncated: "allow more output tokens",
        e.Refused: "name another --model, or run without one",
    }.get(kind, "`interviewer doctor --probe` makes one call and says what the model can do")


def _status(error: BaseException) -> int | None:
    for status in (getattr(error, "status_code", None), getattr(getattr(error, "response", None), "status_code", None)):
        if isinstance(status, int) and not isinstance(status, bool):
            return status
    return None


def _words(error: BaseException, secrets: Iterable[SecretStr | None]) -> str:
    """What the provider said, without the wrapping of the libraries."""
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        body = body.get("error", body)
        said = body.get("message") if isinstance(body, dict) else body
    else:
        said = None
    text = said if isinstance(said, str) and said else _own_words(error)
    text = re.sub(r"^(?:litellm\.)?(?:\w+(?:Error|Exception|Timeout)\b[:.]? ?(?:- )?)+", "", text)
    text = one_line(redact(text[:20_000], secrets))
    return text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1] + "…"


def _own_words(error: BaseException) -> str:
    try:
        return str(getattr(error, "message", "") or error)
    except Exception:  # some vendors' __str__ relies on attributes that are not always there
        return type(error).__name__


def retry_after(error: BaseException, *, now: float | None = None) -> float | None:
    """Seconds from `Retry-After` (seconds or an HTTP date) or `retry-after-ms`; None where there is none."""
    for headers in _headers(error):
        try:
            found = {str(k).lower(): str(v).strip() for k, v in headers.items()}
        except (AttributeError, TypeError):
            continue
        for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
            if name in found and re.fullmatch(r"\d{1,9}(\.\d+)?", found[name]):
                return float(found[name]) * unit
        if date := found.get("retry-after"):
            try:
                at = email.utils.parsedate_to_datetime(date).timestamp()
            except (ValueError, TypeError, OverflowError):
                continue
            return max(0.0, at - (time.time() if now is None else now))
    return None


def _headers(error: BaseException) -> Iterator[Any]:
    for holder in (error, getattr(error, "response", None)):
        for name in ("litellm_response_headers", "headers"):
            if (headers := getattr(holder, name, None)) is not None:
                yield headers


def _never_sent(error: BaseException) -> bool:
    seen: BaseException | None = error
    for _ in range(12):
        if seen is None:
            return False
        if type(seen).__name__ in _NEVER_SENT:
            return True
        seen = seen.__cause__ or seen.__context__
    return False
