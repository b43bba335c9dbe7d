"""Every other provider, by any litellm model name. The one module that touches litellm.

litellm takes seconds to import, fetches a price list from the net unless told not to, reads `.env` files, prints
on stdout, and retries on its own: all of that is switched off here. Its cache, router and validation are not used.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import weakref
from dataclasses import replace
from typing import Any

from pydantic import SecretStr

from interviewer.errors import AuthError, BadOutput, ProviderError
from interviewer.llm.openai_transport import NO_KEY, quiet
from interviewer.llm.protocol import Call, Reply
from interviewer.llm.reply import read
from interviewer.llm.secrets import find_key, goes_safely_to, variables, without_credentials
from interviewer.llm.vendor_errors import map_error

ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else the import fetches the price map
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",  # else the first Anthropic call fetches a list of headers
    "LITELLM_MODE": "PRODUCTION",  # else the import loads the .env file of the working folder
}
QUIET = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai", "httpx", "httpcore")
LONGEST = 3600.0
"""The timeout that litellm is given, always the same: each new one makes it open a client that it never closes. The
gateway's clock ends the call."""

KEYED = {
    *("anthropic", "cerebras", "cohere", "dashscope", "deepinfra", "deepseek", "fireworks_ai", "gemini", "groq"),
    *("mistral", "moonshot", "nvidia_nim", "openrouter", "perplexity", "together_ai", "xai", "zai"),
}
"""Providers that answer nobody without a key; litellm would call some of them all the same, and wait."""


def _configured(provider: str) -> bool:
    """Whether the environment holds anything for this provider: litellm knows more variables than we do."""
    return any(name.startswith(provider.upper().removesuffix("_AI")) for name in os.environ)


def load_litellm() -> Any:
    """The module, set up; the first time takes seconds."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    quiet(QUIET)
    litellm: Any = importlib.import_module("litellm")
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.drop_params = False  # a parameter that a model does not take is learned, not dropped in silence
    return litellm


_in_use: weakref.WeakSet[LiteLLMTransport] = weakref.WeakSet()


class LiteLLMTransport:
    def __init__(
        self,
        name: str,
        *,
        api_base: str | None = None,
        api_key: SecretStr | str | None = None,
        provider: str | None = None,
    ) -> None:
        self._name = name
        self._provider = provider or (name.partition("/")[0] if "/" in name else "")
        self.api_base = api_base
        self._loop: asyncio.AbstractEventLoop | None = None
        self._litellm: Any = None
        self._where = without_credentials(api_base) if api_base else ""
        self._key = find_key(self._provider, api_key) if self._provider or api_key else None
        if self._key is None and not api_base and self._provider in KEYED and not _configured(self._provider):
            raise AuthError(f"no key for {name}", hint=f"set {variables(self._provider)[0]}", model=name)
        if api_base and (self._key is None or (api_key is None and not goes_safely_to(api_base))):
            self._key = SecretStr(NO_KEY)  # said aloud, or litellm would look for one itself and send it there

    @property
    def name(self) -> str:
        return self._name

    @property
    def where(self) -> str:
        return self._where

    @property
    def list_price(self) -> bool:
        return not self._where

    async def send(self, call: Call) -> Reply:
        self._loop = asyncio.get_running_loop()
        _in_use.add(self)
        fault: ProviderError
        try:
            if self._litellm is None:
                self._litellm = await asyncio.to_thread(load_litellm)
            options: dict[str, Any] = {**call.params}
            if self.api_base:
                options["api_base"] = self.api_base
            if self._key:
                options["api_key"] = self._key.get_secret_value()
            response = await self._litellm.acompletion(
                model=self._name, messages=call.messages, max_retries=0, timeout=LONGEST, **options
            )
            reply = read(_plain(response))
            cost = (getattr(response, "_hidden_params", None) or {}).get("response_cost")
            if reply.cost is None and isinstance(cost, int | float) and cost > 0:
                reply = replace(reply, cost=float(cost))
            return reply
        except BadOutput as e:
            fault = BadOutput(f"{self._name}: {e.message}", model=self._name, detail=e.detail, uncounted=True)
        except Exception as e:
            fault = map_error(e, model=self._name, where=self._where, provider=self._provider, secrets=[self._key])
        raise fault  # outside the handlers, see openai_transport

    async def aclose(self) -> None:
        """litellm's connections are shared by all of its users: the last one to leave closes them."""
        loop, self._loop = self._loop, None
        _in_use.discard(self)
        if loop is not asyncio.get_running_loop() or any(other._loop is loop for other in _in_use):
            return
        with contextlib.suppress(Exception):
            cleanup = importlib.import_module("litellm.llms.custom_httpx.async_client_cleanup")
            await cleanup.close_litellm_async_clients()
            load_litellm().in_memory_llm_clients_cache.flush_cache()  # else it hands the closed ones out again


def _plain(response: Any) -> dict[str, Any]:
    """What we read of a response, as the JSON it came from; dumping all of it costs time and warns."""
    usage = getattr(response, "usage", None)
    details = getattr(usage, "prompt_tokens_details", None)
    return {
        "model": getattr(response, "model", None),
        "choices": [
            {
                "finish_reason": getattr(choice, "finish_reason", None),
                "message": {
                    "content": getattr(choice.message, "content", None),
                    "provider_specific_fields": getattr(choice.message, "provider_specific_fields", None),
                },
            }
            for choice in getattr(response, "choices", None) or []
        ],
        "usage": {
            "prompt_tokens": getattr(usage, "prompt_tokens", None),
            "completion_tokens": getattr(usage, "completion_tokens", None),
            "prompt_tokens_details": {"cached_tokens": getattr(details, "cached_tokens", None)},
            "cost": getattr(usage, "cost", None),
        },
    }
