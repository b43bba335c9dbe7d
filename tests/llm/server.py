"""An OpenAI-compatible server on loopback that misbehaves as told: real HTTP, in a thread of its own."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "prompt_tokens_details": {"cached_tokens": 40}}


@dataclass(frozen=True)
class Say:
    """One HTTP reply."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay: float = 0
    drop: bool = False
    """Close the connection after half of the body."""


def answer(text: str | None, finish: str = "stop", **more: Any) -> Say:
    """A chat completion that says `text`."""
    message = {"role": "assistant", "content": text, **more.pop("message", {})}
    delay = more.pop("delay", 0)
    return completion([{"index": 0, "message": message, "finish_reason": finish}], delay=delay, **more)


def completion(choices: list[dict[str, Any]], *, delay: float = 0, **more: Any) -> Say:
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "served", "choices": choices, "usage": USAGE}
    return Say(body=json.dumps({**body, **more}).encode(), delay=delay)


def error(
    status: int, message: str = "no", *, delay: float = 0, headers: dict[str, str] | None = None, **more: Any
) -> Say:
    body = {"error": {"message": message, "type": "t", "code": None, "param": None, **more}}
    return Say(status=status, body=json.dumps(body).encode(), headers=headers or {}, delay=delay)


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float
    peer: int
    """The client's port: one per connection."""


Script = Callable[[Received], Say] | list[Say]


class FaultServer:
    """Replies from `script`: a queue whose last reply repeats, or a function of the request."""

    def __init__(self) -> None:
        self.script: Script = []
        self.received: list[Received] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.cut_off = 0
        """Requests whose client went away before the reply."""
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._started.wait(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def calls(self) -> int:
        return len(self.received)

    def reset(self) -> None:
        self.script, self.received, self.in_flight, self.most_in_flight, self.cut_off = [], [], 0, 0, 0

    def _next(self, request: Received) -> Say:
        if callable(self.script):
            return self.script(request)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    async def _handle(self, http: web.Request) -> web.StreamResponse:
        peer = http.transport.get_extra_info("peername")[1] if http.transport else 0
        received = Received(
            http.path, dict(http.headers), json.loads(await http.read() or b"{}"), time.monotonic(), peer
        )
        self.received.append(received)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            say = self._next(received)
            if say.delay:
                await asyncio.sleep(say.delay)
            if say.drop:
                response = web.StreamResponse(headers={"Content-Length": str(len(say.body))})
                await response.prepare(http)
                await response.write(say.body[: len(say.body) // 2])
                assert http.transport is not None
                http.transport.close()
                return response
            return web.Response(status=say.status, body=say.body, headers=say.headers, content_type=say.content_type)
        except asyncio.CancelledError:
            self.cut_off += 1
            raise
        finally:
            self.in_flight -= 1

    def _serve(self) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._started.set()
        self._loop.run_forever()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
