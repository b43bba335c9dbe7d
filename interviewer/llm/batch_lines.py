"""The lines of a provider's batch files: a request to a line, and what a line of results says.

The format is OpenAI's, which Azure, vLLM's `run-batch`, SGLang, Groq and others share. An id follows from what is
asked: `custom_id` is a hash of the body, with `-2`, `-3`, … where the same is asked once more. Trusts no field of a
result to be there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

URL = "/v1/chat/completions"
MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
"""What a provider takes in one file."""

ID = re.compile(r"([0-9a-f]{40})(?:-([1-9]\d{0,5}))?")
_BREAKS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"""Ends of a line to some readers, which JSON leaves as they are."""


def content_id(body: Mapping[str, Any]) -> str:
    """40 hex digits that depend on the body alone."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:40]


def custom_id(key: str, attempt: int) -> str:
    return key if attempt == 1 else f"{key}-{attempt}"


def request_line(key: str, attempt: int, body: Mapping[str, Any]) -> bytes:
    line = {"custom_id": custom_id(key, attempt), "method": "POST", "url": URL, "body": body}
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_BREAKS).encode("utf-8", "backslashreplace") + b"\n"


class BatchError(Exception):
    """What a provider says instead of an answer, as the error that the call would have raised."""

    def __init__(self, message: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Result:
    """One line of results: a chat completion, or the error in its place."""

    key: str
    attempt: int
    body: Mapping[str, Any] | None
    error: BatchError | None = None


class NoResultError(ValueError):
    """A line that is no result; `request` when it is a request instead."""

    def __init__(self, what: str, *, request: bool = False) -> None:
        super().__init__(what)
        self.request = request


def read_result(line: bytes) -> Result:
    """Raises NoResultError."""
    try:
        whole = json.loads(line)
    except (ValueError, RecursionError):
        raise NoResultError("no JSON") from None
    name = whole.get("custom_id") if isinstance(whole, dict) else None
    if not isinstance(name, str):
        raise NoResultError("no custom_id")
    if "response" not in whole and "error" not in whole:
        raise NoResultError("neither a response nor an error", request="body" in whole)
    found = ID.fullmatch(name)
    key, attempt = (found[1], int(found[2] or 1)) if found else (name[:200], 1)
    response, fault = whole.get("response"), whole.get("error")
    response = response if isinstance(response, dict) else {}
    status, body = _int(response.get("status_code")), response.get("body")
    if not fault and status in (None, 200) and isinstance(body, dict) and isinstance(body.get("choices"), list):
        return Result(key, attempt, body)
    inner = body.get("error", body) if isinstance(body, dict) else None
    return Result(key, attempt, None, _error(status if status != 200 else None, fault or inner))


def _error(status: int | None, fault: object) -> BatchError:
    """vLLM wraps the error once more, and has the status as its code."""
    if isinstance(fault, dict) and isinstance(fault.get("error"), dict):
        fault = fault["error"]
    if isinstance(fault, str):
        return BatchError(fault, status=status)
    said = fault if isinstance(fault, dict) else {}
    code = said.get("code")
    message = said.get("message")
    return BatchError(
        message if isinstance(message, str) and message else "the result holds neither an answer nor a reason",
        status=status if status is not None else _int(code),
        code=code if isinstance(code, str) else "",
    )


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
