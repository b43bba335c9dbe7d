"""`--model local/PATH.gguf`: the openai transport to a server of our own, which the first call starts."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from interviewer.errors import ConfigError, ModelError, ProviderDown, ProviderError
from interviewer.llm.local import LocalServer, Notice
from interviewer.llm.local_checks import identity
from interviewer.llm.local_process import ServerProcess
from interviewer.llm.openai_transport import OpenAITransport
from interviewer.llm.protocol import Call, Reply

LINGER_SECONDS = 60.0
"""For how long an unused server is kept: a next call finds the model loaded and its prompts cached."""
DEADLINE = 600.0
"""For one answer: a processor writes 16 tokens a second, and reads 50."""
CONCURRENCY = 1
"""A server answers one call after the other; those that wait do so where no deadline runs."""
DYING_SECONDS = 2.0
"""From a connection that drops until the child is known to have ended."""


class LocalTransport:
    """Raises ConfigError when made, if no call can succeed."""

    def __init__(self, name: str, path: str, *, notice: Notice | None = None) -> None:
        self._name = name
        self.server = LocalServer(path, linger=LINGER_SECONDS, notice=notice)
        self._where = identity(self.server.path)
        self._inner: OpenAITransport | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def where(self) -> str:
        """The file, not the address: that is another one each time, and kept answers would not be found."""
        return self._where

    @property
    def list_price(self) -> bool:
        return False

    async def send(self, call: Call) -> Reply:
        fault: ProviderError
        try:
            process = await self.server.astart()
        except ConfigError as e:
            fault = ModelError(f"{self._name}: {e.message}", hint=e.hint, model=self._name)
        except ProviderDown as e:
            fault = ProviderDown(f"{self._name}: {e.message}", hint=e.hint, model=self._name)
        else:
            try:
                reply = await (await self._to(process)).send(call)
            except asyncio.CancelledError:
                process.suspect = True
                raise
            except ProviderDown as e:
                fault = await self._explained(e, process)
            else:
                return replace(reply, cost=0.0)  # nobody sends a bill
        raise fault

    async def _to(self, process: ServerProcess) -> OpenAITransport:
        base = f"{process.address}/v1"
        if self._inner is None or self._inner.api_base != base:
            await self._close()
            self._inner = OpenAITransport(
                self._name, served=self.server.path.name, api_base=base, api_key=process.key, provider="local"
            )
        return self._inner

    async def _explained(self, fault: ProviderDown, process: ServerProcess) -> ProviderDown:
        """`fault` as what happened to the child, where something did."""
        if await asyncio.to_thread(process.wait_ended, DYING_SECONDS):
            return ProviderDown(
                f"{self._name}: the model's server stopped ({process.how_it_ended()})",
                hint="if it was killed, memory ran out: close other programs, or take a smaller model",
                model=self._name,
                uncounted=fault.uncounted,
            )
        process.suspect = True
        fault.hint = "the machine may be busy: allow more time, or take a smaller model"
        return fault

    async def _close(self) -> None:
        inner, self._inner = self._inner, None
        if inner is not None:
            await inner.aclose()

    async def aclose(self) -> None:
        await self._close()
        self.server.stop()
