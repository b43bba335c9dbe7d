"""CPU per model call through the gateway, beside a bare openai call with the aiohttp client, in one run.

The server runs in a process of its own on loopback and answers at once with a verdict for six points. Each way
takes turns with the others, in rounds, so that a busy machine is fair to all; reported is the median round.

    python benchmarks/gateway_cpu.py                 # about 30 s
    python benchmarks/gateway_cpu.py --calls 400 --concurrency 64 --json

Bars: through openai at most 6 ms above the bare call, through litellm at most 10 ms. Prompt building, evidence and
fusion are the judge's and come on top; the gateway's share (cache, validation, retries, deadline) is all in here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, SecretStr

from interviewer.llm import Endpoint, Message, ModelGateway, Request
from interviewer.llm.cache import AnswerCache
from interviewer.llm.choose import choose

BARS = {"openai": 6.0, "litellm": 10.0}


class Point(BaseModel):
    id: str
    quote: str
    verdict: Literal["covered", "partial", "missing", "contradicted"]
    confidence: float


class Verdicts(BaseModel):
    points: list[Point]
    misconceptions: list[str]
    feedback: str


ANSWER = Verdicts(
    points=[Point(id=f"p{n}", quote="冻结原权重，只训练低秩矩阵", verdict="covered", confidence=0.9) for n in range(6)],
    misconceptions=[],
    feedback="抓住了核心，可补充秩的选择。",
).model_dump_json()
SYSTEM = "你是面试官，按评分点逐条判断，先引用原话，再给结论。\n" + "评分点：冻结预训练权重，训练两个低秩矩阵。\n" * 40
SAID = "LoRA 冻结原权重，只训练低秩矩阵，推理时可以合并。" * 12


def serve(port: Connection) -> None:
    from aiohttp import web

    usage = {"prompt_tokens": 1500, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 1024}}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ANSWER}}
    body = json.dumps(
        {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    )

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text=body, content_type="application/json")

    async def main() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


def request(n: int) -> Request:
    """No two alike: every call goes upstream and is written to the cache."""
    return Request(
        (Message("system", SYSTEM), Message("user", f"{SAID} {n}")), Verdicts, max_tokens=800, rubric_hash="r"
    )


async def cpu_per_call(one: Callable[[int], Awaitable[Any]], first: int, calls: int, concurrency: int) -> float:
    """CPU milliseconds of this process per call."""
    numbers = iter(range(first, first + calls))

    async def worker() -> None:
        for n in numbers:
            await one(n)

    started = time.process_time()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return (time.process_time() - started) * 1000 / calls


async def measure(url: str, folder: Path, calls: int, concurrency: int, rounds: int) -> dict[str, float]:
    import openai

    client = openai.AsyncOpenAI(api_key="k", base_url=url, http_client=openai.DefaultAioHttpClient(), max_retries=0)

    def gateway(wire: Literal["openai", "litellm"], cache: bool) -> ModelGateway:
        kept = AnswerCache(folder / f"{wire}.db") if cache else None
        end = Endpoint("openai/m", url, SecretStr("k"), wire)
        return ModelGateway([choose(end)], cache=kept, concurrency=concurrency)

    async def bare(n: int) -> None:
        asked = request(n)
        messages: Any = [{"role": m.role, "content": m.content} for m in asked.messages]
        got = await client.chat.completions.create(model="m", messages=messages, temperature=0, max_tokens=800)
        assert got.choices[0].message.content

    gateways = {
        "openai": gateway("openai", True),
        "litellm": gateway("litellm", True),
        "openai, no cache": gateway("openai", False),
        "litellm, no cache": gateway("litellm", False),
    }

    def through(name: str) -> Callable[[int], Awaitable[Any]]:
        async def one(n: int) -> None:
            got = await gateways[name].complete(request(n))
            assert got.parsed_as(Verdicts).points and not got.from_cache

        return one

    ways: dict[str, Callable[[int], Awaitable[Any]]] = {"bare": bare, **{name: through(name) for name in gateways}}
    seen: dict[str, list[float]] = {name: [] for name in ways}
    for n, one in enumerate(ways.values()):
        await cpu_per_call(one, -(n + 1) * 10_000, 20, 4)  # imports and connections
    for r in range(rounds):
        for name, one in ways.items():
            seen[name].append(await cpu_per_call(one, r * calls, calls, concurrency))

    async def hit(n: int) -> None:
        assert (await gateways["openai"].complete(request(n))).from_cache

    seen["cache hit"] = [await cpu_per_call(hit, 0, calls, concurrency) for _ in range(rounds)]
    for g in gateways.values():
        await g.aclose()
    await client.close()
    return {name: statistics.median(values) for name, values in seen.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200, help="per round and way")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as folder:
        url = f"http://127.0.0.1:{here.recv()}/v1"
        ms = asyncio.run(measure(url, Path(folder), options.calls, options.concurrency, options.rounds))
    server.kill()
    above = {name: ms[name] - ms["bare"] for name in BARS}
    met = all(above[name] <= bar for name, bar in BARS.items())
    if options.json:
        print(json.dumps({"ms": ms, "above": above, "bars": BARS, "met": met}))
    else:
        for name, value in ms.items():
            bar = f"   {above[name]:+.2f} above bare, bar {BARS[name]:.0f}" if name in BARS else ""
            print(f"{name:<18} {value:6.2f} ms CPU per call{bar}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
