"""Reads a chat completion's JSON, whoever wrote it, and trusts no field of it to be there."""

from __future__ import annotations

import json
import math
from typing import Any

from interviewer.errors import BadOutput
from interviewer.llm.protocol import Reply, Tokens

NO_COMPLETION = "it answered with something that is no chat completion"


class ErrorInBody(Exception):
    """An error that came with status 200, as some gateways send it."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status_code = status


def read_body(body: bytes) -> Reply:
    """Raises BadOutput for what is no completion, ErrorInBody for an error in disguise."""
    try:
        return read(json.loads(body))
    except (ValueError, RecursionError):
        raise BadOutput(NO_COMPLETION, detail="no JSON") from None


def read(body: object) -> Reply:
    whole = _dict(body)
    choices = whole.get("choices")
    if not isinstance(choices, list):
        fault = whole.get("error")
        if fault:
            code = _dict(fault).get("code")
            status = code if isinstance(code, int) else None
            raise ErrorInBody(str(_dict(fault).get("message") or fault), status)
        raise BadOutput(NO_COMPLETION, detail="no choices")
    first = _dict(choices[0]) if choices else {}
    message = _dict(first.get("message"))
    refusal = message.get("refusal") or _dict(message.get("provider_specific_fields")).get("refusal")
    return Reply(
        text=_text(message.get("content")),
        finish_reason=_str(first.get("finish_reason")),
        refusal=_str(refusal),
        tokens=_tokens(whole),
        cost=_cost(_dict(whole.get("usage"))),
        model=_str(whole.get("model")) or "",
        choices=len(choices),
    )


def _tokens(body: dict[str, Any]) -> Tokens:
    usage, timings = _dict(body.get("usage")), _dict(body.get("timings"))
    read, written = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    if not read:  # there is no empty prompt: a library filled in zeros for a provider that did not say
        read, written = None, written or None
    details = _dict(usage.get("prompt_tokens_details"))
    cached = (details.get("cached_tokens"), usage.get("prompt_cache_hit_tokens"), timings.get("cache_n"))
    return Tokens(read, written, next((n for n in map(_count, cached) if n is not None), None))


def _cost(usage: dict[str, Any]) -> float | None:
    """US dollars, where the provider tells them, as OpenRouter does; with a key of one's own what that is charged too.

    https://openrouter.ai/docs/use-cases/usage-accounting
    """
    told = _dollars(usage.get("cost"))
    if told is not None and usage.get("is_byok") is True:
        return told + (_dollars(_dict(usage.get("cost_details")).get("upstream_inference_cost")) or 0.0)
    return told


def _dollars(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
    return float(value) if known else None  # type: ignore[arg-type]


def _text(content: object) -> str | None:
    """Plain text, also of content that comes in parts."""
    if isinstance(content, list):
        parts = [_str(_dict(p).get("text")) for p in content]
        return "".join(p for p in parts if p) or None
    return _str(content)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _str(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
