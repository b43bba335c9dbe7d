"""A whole file graded through a server that takes 500 ms for every answer: how near to as fast as that allows.

The server runs in a process of its own on loopback. Every way runs in a process of its own too, for its memory:

    by hand    openai.AsyncOpenAI with the aiohttp client, as many workers as calls at a time, nothing else
    openai     `grade_file` with the judge and a model, through the openai transport: journal and output included
    litellm    the same through litellm

    python benchmarks/batch_throughput.py                  # 10,000 rows, 64 at a time: about 7 minutes
    python benchmarks/batch_throughput.py --rows 2000 --ways openai

Bars: openai at most 1.10 × the ideal ceil(rows / concurrency) × 0.5 s and 1.10 × by hand, litellm at most 1.20 × the
ideal; peak memory at most 1.2 × that of a tenth of the rows. Imports are not timed. The output is looked at: every row
graded. CPU and memory of the process that reads apart are counted; it is the column "apart".
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from gateway_cpu import QUESTION, replies
from pydantic import SecretStr

from interviewer.batch import grade_file
from interviewer.batch.runner import rows_for
from interviewer.examiners import offline_judge
from interviewer.judge import question_rubric
from interviewer.judge.llm import LLMJudge
from interviewer.judge.prompts import Prompts
from interviewer.llm import Endpoint, ModelGateway
from interviewer.llm.cache import AnswerCache
from interviewer.llm.choose import choose
from knowledge import load_map
from rubrics import load_rules

LATENCY = 0.5
BARS = {"openai": 1.10, "litellm": 1.20}
BY_HAND, MEMORY = 1.10, 1.2
WAYS = ("by hand", "openai", "litellm")


def serve(port: Connection, content: str) -> None:
    from aiohttp import web

    usage = {"prompt_tokens": 1500, "completion_tokens": 300}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    body = json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
                       "usage": usage})  # fmt: skip

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(LATENCY)
        return web.Response(text=body, content_type="application/json")

    async def main() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        port.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


def answers(rows: int) -> Iterator[str]:
    said = load_map().question(QUESTION).talk.zh
    return (f"{said} 第 {n} 份答卷。" for n in range(rows))


async def by_hand(url: str, rows: int, concurrency: int) -> float:
    import openai

    client = openai.AsyncOpenAI(api_key="k", base_url=url, http_client=openai.DefaultAioHttpClient(), max_retries=0)
    rubric, prompts = question_rubric(load_map().question(QUESTION), "zh"), Prompts(load_rules())
    left, scores = answers(rows), 0

    async def worker() -> None:
        nonlocal scores
        for answer in left:
            asked = prompts.judge(rubric, answer, "zh", "r")
            messages: Any = [{"role": m.role, "content": m.content} for m in asked.messages]
            got = await client.chat.completions.create(model="m", messages=messages, temperature=0)
            scores += len(json.loads(got.choices[0].message.content or "")["points"])

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    took = time.perf_counter() - began
    await client.close()
    assert scores == 6 * rows
    return took


async def by_us(wire: Literal["openai", "litellm"], url: str, rows: int, concurrency: int, folder: Path) -> float:
    if wire == "openai":
        import openai

        assert openai
    else:
        from interviewer.llm.litellm_transport import load_litellm

        load_litellm()
    source = folder / "in.jsonl"
    with source.open("w", encoding="utf-8") as f:
        for n, answer in enumerate(answers(rows)):
            f.write(json.dumps({"id": n, "question_id": QUESTION, "answer": answer}) + "\n")
    end = Endpoint("openai/m", url, SecretStr("k"), wire)
    gateway = ModelGateway([choose(end)], cache=AnswerCache(folder / "answers.db"), concurrency=concurrency)
    judge = LLMJudge(gateway, offline_judge())
    began = time.perf_counter()
    summary = await grade_file(source, folder / "out.jsonl", judge, concurrency=rows_for(concurrency))
    took = time.perf_counter() - began
    await gateway.aclose()
    assert (summary.graded, summary.this_run.calls) == (rows, rows), summary
    return took


def one(way: str, url: str, rows: int, concurrency: int) -> None:
    """In a process of its own: run it, and print seconds, CPU seconds and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        run = by_hand(url, rows, concurrency) if way == "by hand" else by_us(way, url, rows, concurrency, Path(folder))  # type: ignore[arg-type]
        took = asyncio.run(run)
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu, apart = own.ru_utime + own.ru_stime, others.ru_utime + others.ru_stime
    print(json.dumps({"seconds": took, "cpu": cpu, "apart": apart, "mib": (own.ru_maxrss + others.ru_maxrss) / 1024}))


def measured(way: str, url: str, rows: int, concurrency: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", way, "--url", url, "--rows", str(rows)]
    done = subprocess.run([*command, "--concurrency", str(concurrency)], stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one, options.url, options.rows, options.concurrency)
        return 0
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there, replies()[0]), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{here.recv()}/v1"
    ideal = math.ceil(options.rows / options.concurrency) * LATENCY
    print(f"{options.rows:,} rows, {options.concurrency} at a time, {LATENCY * 1000:.0f} ms each: ideal {ideal:.1f} s")
    heads = ("seconds", "x ideal", "rows/s", "CPU ms/row", "+ apart", "peak MiB", "x a tenth")
    print(f"{'':<10}" + "".join(f"{h:>11}" for h in heads) + "   bar")
    met, hand = True, math.nan
    for way in options.ways:
        few = measured(way, url, max(1, options.rows // 10), options.concurrency)
        got = measured(way, url, options.rows, options.concurrency)
        share, grown = got["seconds"] / ideal, got["mib"] / few["mib"]
        hand = got["seconds"] if way == "by hand" else hand
        faults = []
        if way in BARS:
            faults += [f"x ideal above {BARS[way]:.2f}"] if share > BARS[way] else []
            faults += [f"memory above {MEMORY}"] if grown > MEMORY else []
            faults += [f"above {BY_HAND:.2f} x by hand"] if way == "openai" and got["seconds"] > BY_HAND * hand else []
        met &= not faults
        cpu, apart = (got[k] * 1000 / options.rows for k in ("cpu", "apart"))
        print(
            f"{way:<10}{got['seconds']:>11.1f}{share:>11.3f}{options.rows / got['seconds']:>11.0f}"
            f"{cpu:>11.2f}{apart:>11.2f}{got['mib']:>11.0f}{grown:>11.2f}   "
            + ("; ".join(faults) or ("met" if way in BARS else ""))
        )
    server.kill()
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
