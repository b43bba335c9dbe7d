"""CPU per model call through the gateway, beside a bare openai call with the aiohttp client, in one run.

The server runs in a process of its own on loopback and answers at once with a verdict for six points. Each way
takes turns with the others, in rounds, so that a busy machine is fair to all; reported is the median round.

    python benchmarks/gateway_cpu.py                 # about 30 s
    python benchmarks/gateway_cpu.py --calls 400 --concurrency 64 --json

Two things are measured: the gateway by itself (cache, validation, retries, deadline), and the whole judge on top of it
(prompt, six points, quotes looked up, signals, fusion, marks, feedback; every answer another one, of about 250
characters). Bars, for the whole judge: through openai at most 6 ms above the bare call, through litellm at most 10 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from interviewer.examiners import offline_judge
from interviewer.judge import question_rubric
from interviewer.judge.llm import LLMJudge
from interviewer.judge.verdicts import Verdicts
from interviewer.llm import Endpoint, Message, ModelGateway, Request
from interviewer.llm.cache import AnswerCache
from interviewer.llm.choose import choose
from knowledge import load_map

BARS = {"judge, openai": 6.0, "judge, litellm": 10.0}
QUESTION = "lr-scheduling.how-to-set-lr"
"""Has six points; its answer is the question's own spoken one."""


def replies() -> tuple[str, str]:
    """What the server says: a verdict for every point with its quote, and one point looked at by itself."""
    question = load_map().question(QUESTION)
    said = [c.strip() for c in re.split("[。；，]", question.talk.zh) if len(c.strip()) > 8]
    points = [
        {
            "id": f"P{n}",
            "quotes": [said[n]] if p.core else [],
            "verdict": "covered" if p.core else "missing",
            "reason": "says so",
            "confidence": 0.9,
        }
        for n, p in enumerate(question.points, 1)
    ]
    levels = [{"id": i, "level": 4} for i in ("correctness", "depth", "clarity")]
    whole = {"points": points, "misconceptions": [], "dimensions": levels, "feedback": "抓住了核心，可补充数值的条件。"}
    alone = {k: v for k, v in points[0].items() if k != "id"}
    return json.dumps(whole, ensure_ascii=False), json.dumps(alone, ensure_ascii=False)


SYSTEM = "你是面试官，按评分点逐条判断，先引用原话，再给结论。\n" + "评分点：冻结预训练权重，训练两个低秩矩阵。\n" * 40
SAID = "LoRA 冻结原权重，只训练低秩矩阵，推理时可以合并。" * 12


def serve(port: Connection, whole: str, alone: str) -> None:
    from aiohttp import web

    usage = {"prompt_tokens": 1500, "completion_tokens": 300, "prompt_tokens_details": {"cached_tokens": 1024}}

    def body(content: str) -> str:
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        return json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
                           "usage": usage})  # fmt: skip

    bodies = {True: body(whole), False: body(alone)}

    async def handle(request: web.Request) -> web.Response:
        asked = await request.read()
        return web.Response(text=bodies[b"all 6 points" in asked],
                            content_type="application/json")  # fmt: skip

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
    said = f"{SAID} {n} Judge all 6 points."
    return Request((Message("system", SYSTEM), Message("user", said)), Verdicts, max_tokens=800, rubric_hash="r")


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
    async with AsyncExitStack() as closing:
        return await _measure(url, folder, calls, concurrency, rounds, closing)


async def _measure(
    url: str, folder: Path, calls: int, concurrency: int, rounds: int, closing: AsyncExitStack
) -> dict[str, float]:
    import openai

    client = openai.AsyncOpenAI(api_key="k", base_url=url, http_client=openai.DefaultAioHttpClient(), max_retries=0)
    closing.push_async_callback(client.close)

    def gateway(wire: Literal["openai", "litellm"], cache: bool) -> ModelGateway:
        kept = AnswerCache(folder / f"{wire}.db") if cache else None
        end = Endpoint("openai/m", url, SecretStr("k"), wire)
        made = ModelGateway([choose(end)], cache=kept, concurrency=concurrency)
        closing.push_async_callback(made.aclose)
        return made

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

    question = load_map().question(QUESTION)
    rubric, offline = question_rubric(question, "zh"), offline_judge()

    def judging(wire: Literal["openai", "litellm"]) -> Callable[[int], Awaitable[Any]]:
        judge = LLMJudge(gateways[wire], offline)

        async def one(n: int) -> None:
            got = await judge.judge(rubric, f"{question.talk.zh} 第 {n} 遍，用的是 {wire}。", "zh")
            assert got.score is not None and got.score > 5 and got.usage.calls == 1, got
            assert all(p.evidence for p in got.points if p.credit)

        return one

    ways: dict[str, Callable[[int], Awaitable[Any]]] = {
        "bare": bare,
        **{name: through(name) for name in gateways},
        "judge, openai": judging("openai"),
        "judge, litellm": judging("litellm"),
    }
    seen: dict[str, list[float]] = {name: [] for name in ways}
    for n, one in enumerate(ways.values()):
        await cpu_per_call(one, -(n + 1) * 10_000, 20, 4)  # imports and connections
    for r in range(rounds):
        for name, one in ways.items():
            seen[name].append(await cpu_per_call(one, r * calls, calls, concurrency))

    async def hit(n: int) -> None:
        assert (await gateways["openai"].complete(request(n))).from_cache

    seen["cache hit"] = [await cpu_per_call(hit, 0, calls, concurrency) for _ in range(rounds)]
    return {name: statistics.median(values) for name, values in seen.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200, help="per round and way")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there, *replies()), daemon=True)
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
