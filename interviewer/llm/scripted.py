"""ScriptedGateway, the shipped fake: answers from a script, through the very code that reads a real model's.

For tests and demos. A wrong reply is re-asked as a real one would be, and takes the next line of the script.

    gateway = ScriptedGateway([{"verdict": "covered"}, "not JSON", '{"verdict": "missing"}', RateLimited("busy")])
    gateway = ScriptedGateway(lambda request: "hello" if request.purpose == "probe" else Verdicts(...))
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from interviewer.llm.protocol import Completion, Message, Reply, Request, Tokens
from interviewer.llm.structured import Interlocutor, ask

Line = str | Mapping[str, Any] | BaseModel | Reply | Exception
"""What the model says: text, an object, a whole Reply, or an error to raise."""


class ScriptExhausted(AssertionError):
    """More was asked than the script answers: a fault of the test, not of the product."""


class ScriptedGateway:
    """A queue of lines, or a function of the request. Records `requests` and counts `calls`."""

    def __init__(
        self,
        script: Iterable[Line] | Callable[[Request], Line],
        *,
        model: str = "scripted",
        delay: float = 0.0,
        tokens: Tokens | None = None,
        cost: float | None = None,
    ) -> None:
        self._script = script if callable(script) else iter(script)
        self._model, self._delay, self._tokens, self._cost = Interlocutor(model), delay, tokens or Tokens(), cost
        self.requests: list[Request] = []
        """As they were made, one per `complete`."""
        self.sent: list[tuple[Message, ...]] = []
        """What went to the model, one per call: corrections included."""
        self.closed = False

    @property
    def model(self) -> str:
        return self._model.name

    @property
    def calls(self) -> int:
        return len(self.sent)

    async def aclose(self) -> None:
        self.closed = True

    async def complete(self, request: Request) -> Completion:
        self.requests.append(request)
        before, started = self.calls, asyncio.get_running_loop().time()

        async def send(messages: tuple[Message, ...], params: dict[str, Any]) -> Reply:
            self.sent.append(messages)
            if self._delay:
                await asyncio.sleep(self._delay)
            return self._say(request)

        answered = await ask(request, self._model, send)
        return Completion(
            text=answered.text,
            parsed=answered.parsed,
            tokens=answered.reply.tokens,
            cost=self._cost,
            finish_reason=answered.reply.finish_reason,
            model=self.model,
            seconds=asyncio.get_running_loop().time() - started,
            calls=self.calls - before,
            capability=answered.capability,
        )

    def _say(self, request: Request) -> Reply:
        if callable(self._script):
            line = self._script(request)
        else:
            try:
                line = next(self._script)
            except StopIteration:
                raise ScriptExhausted(f"the script has no line for call {self.calls} ({request.purpose!r})") from None
        if isinstance(line, Exception):
            raise line
        if isinstance(line, Reply):
            return line
        if isinstance(line, BaseModel):
            line = line.model_dump_json()
        text = line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)
        return Reply(text, finish_reason="stop", tokens=self._tokens, model=self.model)
