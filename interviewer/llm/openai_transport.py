"""OpenAI, and every server that speaks its chat-completions protocol, through the openai package and aiohttp.

The package's default HTTP client collapses at 64 calls in flight; its aiohttp client does not. openai is imported
with the first call, in a thread, so that no screen stands still.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from interviewer.errors import AuthError, BadOutput, ModelError, ProviderError
from interviewer.llm.protocol import Call, Reply
from interviewer.llm.reply import read_body
from interviewer.llm.secrets import find_key, goes_safely_to, redact, variables, without_credentials
from interviewer.llm.vendor_errors import map_error

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OFFICIAL = "https://api.openai.com/v1"
CONNECT_SECONDS = 10.0
NO_KEY = "none"
"""Sent where a server needs no key: the protocol wants something."""

QUIET = ("openai", "httpx", "httpcore")
"""Loggers that would write prompts, hence answers of candidates, at DEBUG."""


def quiet(names: tuple[str, ...]) -> None:
    """Hold loggers at WARNING, unless somebody set them to a level on purpose."""
    for name in names:
        if logging.getLogger(name).level == logging.NOTSET:
            logging.getLogger(name).setLevel(logging.WARNING)


class OpenAITransport:
    """`served` is the name the server knows the model by; `name` the one the user gave.

    A key from the environment travels encrypted or not beyond this machine; one given explicitly goes anywhere.
    """

    def __init__(
        self,
        name: str,
        *,
        served: str | None = None,
        api_base: str | None = None,
        api_key: SecretStr | str | None = None,
        provider: str = "openai",
    ) -> None:
        self._name, self._served, self._provider = name, served or name, provider
        self.api_base = (api_base or OFFICIAL).rstrip("/")
        self._where = without_credentials(self.api_base)
        if not self._where.startswith(("http://", "https://")):
            raise ModelError(
                f"{redact(self.api_base)!r} is no address of a server",
                hint="--api-base takes one like http://127.0.0.1:8000/v1",
                model=name,
            )
        self._key = find_key(provider, api_key)
        if api_key is None and not goes_safely_to(self.api_base):
            self._key = None
        if self._key is None and api_base is None:
            raise AuthError(
                f"no key for {name}", hint=f"set {variables(provider)[0]}, or name a server with --api-base", model=name
            )
        self._client: AsyncOpenAI | None = None
        self._openai: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def where(self) -> str:
        return self._where

    @property
    def list_price(self) -> bool:
        return self._where == OFFICIAL

    async def _connected(self) -> AsyncOpenAI:
        loop = asyncio.get_running_loop()
        if self._openai is None:
            quiet(QUIET)
            self._openai = await asyncio.to_thread(importlib.import_module, "openai")
        if self._client is None or self._loop is not loop:  # connections belong to the loop that opened them
            openai = self._openai
            self._client = openai.AsyncOpenAI(
                api_key=self._key.get_secret_value() if self._key else NO_KEY,
                base_url=self.api_base,
                http_client=openai.DefaultAioHttpClient(),
                max_retries=0,
            )
            self._loop = loop
        return self._client

    async def send(self, call: Call) -> Reply:
        fault: ProviderError
        try:
            client = await self._connected()
            raw = await client.chat.completions.with_raw_response.create(  # type: ignore[call-overload]
                model=self._served, messages=call.messages, timeout=client_timeout(call.timeout), **call.params
            )
            return read_body(raw.http_response.content)
        except BadOutput as e:
            fault = BadOutput(
                f"{self._name} at {self._where}: {e.message}",
                hint="check that --api-base is an OpenAI-compatible endpoint (it often ends in /v1)",
                model=self._name,
                detail=e.detail,
                uncounted=True,
            )
        except Exception as e:
            fault = map_error(e, model=self._name, where=self._where, provider=self._provider, secrets=[self._key])
        raise fault  # outside the handlers: the vendor's error, with its request and headers, stays behind

    async def aclose(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            with contextlib.suppress(Exception):
                await client.close()


def client_timeout(timeout: float) -> object:
    """Per read, with a shorter one for connecting; the whole call is timed by the gateway."""
    import httpx

    return httpx.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS))
