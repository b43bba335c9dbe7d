"""Every fault a provider can show, through real HTTP and both transports: the right error, and no call too many."""

from __future__ import annotations

import asyncio
import email.utils
import json
import time
from typing import Any

import pytest

from interviewer import errors
from interviewer.errors import ProviderError
from interviewer.llm import Completion, Message, Request, Spent, Tokens
from tests.llm.asking import GOOD, PLAIN, Verdict, fails
from tests.llm.conftest import CANARY, QUICK, Make
from tests.llm.server import FaultServer, Received, Say, answer, completion, error


async def test_an_answer(make: Make, server: FaultServer) -> None:
    server.script = [answer("你好")]
    got = await make().complete(PLAIN)
    assert isinstance(got, Completion)
    assert (got.text, got.calls, got.tokens, got.cost) == ("你好", 1, Tokens(100, 20, 40), None)
    assert (got.model, got.finish_reason, got.from_cache, got.fell_back) == ("openai/m", "stop", False, False)
    assert got.usage.input_tokens == 100 and got.usage.cost is None and got.usage.seconds > 0
    sent = server.received[0]
    assert sent.headers["Authorization"] == f"Bearer {CANARY}" and sent.path == "/v1/chat/completions"
    assert sent.body == {
        "model": "m",
        "messages": [{"role": m.role, "content": m.content} for m in PLAIN.messages],
        "temperature": 0.0,
    }


@pytest.mark.parametrize(
    ("say", "kind", "calls"),
    [
        (error(400, "no such thing as top_k"), errors.RequestRefused, 1),
        (error(401, f"Incorrect API key provided: {CANARY}"), errors.AuthError, 1),
        (error(402, "pay"), errors.QuotaError, 1),
        (error(403), errors.AuthError, 1),
        (error(404, "The model m does not exist"), errors.ModelError, 1),
        (error(408), errors.ProviderTimeout, 3),
        (error(422), errors.RequestRefused, 1),
        (error(429), errors.RateLimited, 3),
        (error(429, "You exceeded your current quota", code="insufficient_quota"), errors.QuotaError, 1),
        (error(500), errors.ProviderDown, 3),
        (error(503), errors.ProviderDown, 3),
        (error(529), errors.ProviderDown, 3),
        (error(400, "This model's maximum context length is 4096 tokens"), errors.ContextTooLong, 1),
        (error(400, "request (9000 tokens) exceeds the available context size"), errors.ContextTooLong, 1),
        (error(413, "too large"), errors.ContextTooLong, 1),
        (error(400, "filtered", code="content_filter"), errors.Refused, 1),
        (Say(body=b"<html>hello", content_type="text/html"), errors.BadOutput, 2),
        (Say(body=b"\xff\xfe not JSON"), errors.BadOutput, 2),
        (Say(body=b""), errors.BadOutput, 2),
        (Say(body=b"[1, 2]"), errors.BadOutput, 2),
        (Say(body=b'{"error": {"message": "upstream", "code": 502}}'), errors.ProviderDown, 3),
        (Say(body=b'{"id": "x", "choices": [' + b" " * 5000 + b"]}", drop=True), errors.ProviderDown, 3),
        (answer(None), errors.BadOutput, 2),
        (answer("  \n"), errors.BadOutput, 2),
        (completion([]), errors.BadOutput, 2),
        (answer("half an ans", "length"), errors.Truncated, 1),
        (answer(None, "length"), errors.Truncated, 1),
        (answer(None, message={"refusal": "I cannot help with that."}), errors.Refused, 1),
        (answer("", "content_filter"), errors.Refused, 1),
    ],
)
async def test_fault(make: Make, server: FaultServer, say: Say, kind: type[ProviderError], calls: int) -> None:
    server.script = [say]
    e = await fails(make, kind)
    assert server.calls == calls
    assert isinstance(e.spent, Spent) and e.spent.calls == calls


async def test_a_fault_that_passes(make: Make, server: FaultServer) -> None:
    server.script = [error(500), Say(body=b"{" * 4000, drop=True), answer("ok")]
    got = await make().complete(PLAIN)
    assert (got.text, got.calls, server.calls) == ("ok", 3, 3)
    assert got.tokens.input is None, "the dropped call may have been billed: unknown, not 0"


async def test_refused_connection(make: Make, server: FaultServer, wire: str) -> None:
    from interviewer.llm import Endpoint, ModelGateway
    from interviewer.llm.choose import choose

    end = Endpoint("openai/m", "http://127.0.0.1:9/v1", wire=wire)  # type: ignore[arg-type]
    gateway = ModelGateway([choose(end)], retries=QUICK)
    with pytest.raises(errors.ProviderDown) as caught:
        await gateway.complete(PLAIN)
    await gateway.aclose()
    assert "127.0.0.1:9" in caught.value.message and isinstance(caught.value.spent, Spent)
    assert caught.value.spent.calls == 3


async def test_hang_ends_at_the_deadline(make: Make, server: FaultServer) -> None:
    server.script = [answer("warm")]
    gateway = make(deadline=0.6)
    await make().complete(PLAIN)
    server.reset()
    server.script = [answer("late", delay=20)]
    started = time.monotonic()
    with pytest.raises(errors.ProviderTimeout) as caught:
        await gateway.complete(PLAIN)
    assert time.monotonic() - started < 2.5
    assert server.calls == 1 and "no answer in 1 s" in caught.value.message
    spent = caught.value.spent
    assert isinstance(spent, Spent) and spent.cost is None and spent.tokens.input is None
    await asyncio.sleep(0.1)
    assert server.cut_off == 1, "the call was cut off, not left behind"


async def test_cancellation(make: Make, server: FaultServer) -> None:
    server.script = [answer("late", delay=20)]
    gateway = make(concurrency=1)
    task = asyncio.create_task(gateway.complete(PLAIN))
    while not server.in_flight:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.1)
    assert server.cut_off == 1 and server.calls == 1
    server.script = [answer("ok")]
    assert (await gateway.complete(PLAIN)).text == "ok", "its place in the queue is free again"
    assert gateway.spent.tokens.input is None and gateway.spent.known_input == 100


@pytest.mark.parametrize("form", ["seconds", "date", "ms"])
async def test_retry_after(make: Make, server: FaultServer, form: str) -> None:
    server.script = [answer("warm")]
    gateway = make()
    await gateway.complete(PLAIN)
    server.reset()
    date = email.utils.formatdate(time.time() + 2.0, usegmt=True)  # whole seconds: 1 to 2 s from now
    headers = {"seconds": {"Retry-After": "1"}, "date": {"Retry-After": date}, "ms": {"retry-after-ms": "900"}}[form]
    server.script = [error(429, headers=headers), answer("ok")]
    assert (await gateway.complete(PLAIN)).calls == 2
    assert 0.8 < server.received[1].at - server.received[0].at < 3


async def test_retry_after_beyond_the_deadline_is_not_waited_for(make: Make, server: FaultServer) -> None:
    server.script = [error(429, headers={"Retry-After": "3600"})]
    gateway, started = make(), time.monotonic()
    with pytest.raises(errors.RateLimited) as caught:
        await gateway.complete(PLAIN)
    assert caught.value.retry_after == 3600 and server.calls == 1
    with pytest.raises(errors.RateLimited, match="asked for"):
        await gateway.complete(PLAIN)
    assert server.calls == 1, "the other calls are held back too"
    assert time.monotonic() - started < 10


async def test_concurrency(make: Make, server: FaultServer) -> None:
    server.script = [answer("ok", delay=0.05)]
    gateway = make(concurrency=3)
    got = await asyncio.gather(*(gateway.complete(PLAIN) for _ in range(12)))
    assert len(got) == 12 and server.calls == 12 and server.most_in_flight == 3
    assert gateway.spent.calls == 12 and gateway.spent.tokens == Tokens(1200, 240, 480)


async def test_fallback(make: Make, server: FaultServer) -> None:
    def script(r: Received) -> Say:
        return error(500) if r.body["model"] == "a" else answer("from b")

    server.script = script
    gateway = make("a", "b")
    got = await gateway.complete(PLAIN)
    assert (got.text, got.model, got.fell_back, got.calls) == ("from b", "openai/b", True, 4)
    await gateway.complete(PLAIN)
    assert [r.body["model"] for r in server.received] == ["a", "a", "a", "b", "b"], "a dead model is remembered"
    gateway.routes[0].dead_until = 0
    server.script = [answer("fine")]
    got = await gateway.complete(PLAIN)
    assert got.model == "openai/a" and not got.fell_back
    alone = await gateway.complete(Request(PLAIN.messages, model="openai/b"))
    assert alone.model == "openai/b"
    with pytest.raises(errors.UsageError):
        await gateway.complete(Request(PLAIN.messages, model="openai/c"))


async def test_fallback_gets_its_share_of_the_time(make: Make, server: FaultServer) -> None:
    server.script = [answer("warm")]
    await make().complete(PLAIN)
    server.script = lambda r: answer("ok", delay=20 if r.body["model"] == "a" else 0)
    got = await make("a", "b", deadline=1.5).complete(PLAIN)
    assert got.model == "openai/b" and got.cost is None and 0.7 < got.seconds < 1.5


async def test_all_models_fail(make: Make, server: FaultServer) -> None:
    server.script = lambda r: error(401 if r.body["model"] == "a" else 404)
    with pytest.raises(errors.AuthError, match=r"fallbacks failed too: openai/b: ModelError"):
        await make("a", "b").complete(PLAIN)
    assert server.calls == 2


async def test_usage_that_is_not_told_is_unknown(make: Make, server: FaultServer) -> None:
    server.script = [answer("ok", usage=None)]
    got = await make().complete(PLAIN)
    assert got.tokens.input is None and got.tokens.cached is None and got.cost is None
    assert got.usage.input_tokens is None


async def test_lone_surrogates_and_controls_are_sendable(make: Make, server: FaultServer) -> None:
    server.script = [answer("ok")]
    await make().complete(Request((Message("user", "a\ud800b\x00c𝛼"),)))
    assert server.received[0].body["messages"][0]["content"] == "a\ufffdb\x00c𝛼"


async def test_connections_are_used_again(make: Make, server: FaultServer) -> None:
    """litellm opens a client for each new timeout and closes none: 20 calls would be 20 connections."""
    server.script = [answer("ok")]
    gateway = make()
    for _ in range(20):
        await gateway.complete(PLAIN)
    assert len({r.peer for r in server.received}) <= 2


async def test_a_provider_with_a_protocol_of_its_own(server: FaultServer) -> None:
    """Through litellm: Anthropic's wire format, a parameter that it does not take, and a schema as a tool."""
    from interviewer.llm import Endpoint, ModelGateway
    from interviewer.llm.choose import choose

    def script(r: Received) -> Say:
        tool = r.body.get("tools", [{}])[0].get("name")
        told: dict[str, Any] = {"type": "text", "text": GOOD}
        if tool:
            told = {"type": "tool_use", "id": "t", "name": tool, "input": json.loads(GOOD)}
        usage = {"input_tokens": 60, "output_tokens": 20, "cache_read_input_tokens": 40}
        body = {"id": "m", "type": "message", "role": "assistant", "model": "claude-x", "content": [told]}
        return Say(body=json.dumps({**body, "stop_reason": "end_turn", "usage": usage}).encode())

    server.script = script
    end = Endpoint("anthropic/claude-3-haiku-20240307", server.url.removesuffix("/v1"), wire="litellm")
    gateway = ModelGateway([choose(end)], retries=QUICK)
    request = Request(PLAIN.messages, Verdict, seed=7, max_tokens=99)
    got = await gateway.complete(request)
    assert got.parsed_as(Verdict).mark == 3 and got.tokens.input == 100 and got.tokens.cached == 40
    assert server.received[-1].path == "/v1/messages" and "seed" not in server.received[-1].body
    before = server.calls
    assert (await gateway.complete(request)).calls == 1 and server.calls == before + 1
    server.script = [Say(429, b'{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}')]
    with pytest.raises(errors.RateLimited):
        await gateway.complete(request)
    server.script = [Say(529, b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}')]
    with pytest.raises(errors.ProviderDown):
        await gateway.complete(request)
    await gateway.aclose()
