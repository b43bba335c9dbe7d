"""What one model takes, learned from what it refuses: a strict schema, JSON mode, temperature, a token limit.

A refusal is remembered once the call without the refused thing went through. Pure: sends nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from interviewer.errors import ContextTooLong, ProviderError, RequestRefused
from interviewer.llm.protocol import Capability, Message, Request
from interviewer.llm.schema import in_words, strict_format

DOWN: dict[Capability, Capability | None] = {"json_schema": "json_object", "json_object": "prompt", "prompt": None}
UNENFORCED = 2
"""Replies in a row that ignore a strict schema, until the model is taken not to enforce it."""

_REFUSED = re.compile(
    r"(?i)unsupported|not support|unrecognized|unknown|unexpected|not permitted|only the default|invalid"
)
_OTHER_LIMIT = re.compile(r"max_completion_tokens")
REASONING = re.compile(r"(?:ft:)?(?:o[1-9]|gpt-(?:[5-9]|\d\d))(?![0-9a-z])")
"""OpenAI's models that think first: they refuse `temperature`, and `max_tokens` under that name."""
_OPTIONAL = ("temperature", "seed", "max_tokens", "max_completion_tokens")


@dataclass(frozen=True)
class Dialect:
    capability: Capability = "json_schema"
    dropped: frozenset[str] = field(default_factory=frozenset)
    """Parameters that it does not take."""
    limit_name: str = "max_tokens"
    ignored: int = 0
    """Strict replies in a row that did not follow the schema."""

    brief: bool = False
    """A grammar of ours holds it to short strings: a small model left alone quotes the whole answer for everything."""

    @classmethod
    def usual(cls, served: str) -> Dialect:
        """What a model of this name is known to take, where refusals come a day late: in batch files."""
        if REASONING.match(served):
            return cls(dropped=frozenset({"temperature"}), limit_name="max_completion_tokens")
        return cls()

    def params(self, request: Request) -> dict[str, Any]:
        wanted = {"temperature": request.temperature, self.limit_name: request.max_tokens, "seed": request.seed}
        params: dict[str, Any] = {k: v for k, v in wanted.items() if v is not None and k not in self.dropped}
        if request.schema is not None and self.capability == "json_schema":
            params["response_format"] = strict_format(request.schema, brief=self.brief)
        elif request.schema is not None and self.capability == "json_object":
            params["response_format"] = {"type": "json_object"}
        return params

    def messages(self, request: Request) -> tuple[Message, ...]:
        """Those of the request; the schema at the end of the system message where nothing enforces it."""
        if request.schema is None or self.capability == "json_schema":
            return request.messages
        words = in_words(request.schema)
        for n, message in enumerate(request.messages):
            if message.role == "system":
                told = Message("system", f"{message.content}\n\n{words}")
                return (*request.messages[:n], told, *request.messages[n + 1 :])
        return (Message("system", words), *request.messages)

    def without_refused(self, request: Request, error: ProviderError) -> Dialect | None:
        """The dialect to try after `error`; None when nothing is left to leave out."""
        if not isinstance(error, RequestRefused) or isinstance(error, ContextTooLong):
            return None
        sent, words = self.params(request), error.detail
        if _REFUSED.search(words):
            if "max_tokens" in sent and _OTHER_LIMIT.search(words):
                return replace(self, limit_name="max_completion_tokens")
            for name in _OPTIONAL:
                if name in sent and re.search(rf"\b{name}\b", words):
                    return replace(self, dropped=self.dropped | {name})
        lower = DOWN[self.capability]
        if request.schema is not None and lower is not None:
            return replace(self, capability=lower, ignored=0)
        return None

    def after_reply(self, *, followed: bool) -> Dialect:
        """What a reply under a strict schema tells: a provider that ignores it gets the schema in the prompt."""
        if self.capability != "json_schema" or (followed and not self.ignored):
            return self
        ignored = 0 if followed else self.ignored + 1
        return (
            replace(self, capability="json_object", ignored=0)
            if ignored >= UNENFORCED
            else replace(self, ignored=ignored)
        )
