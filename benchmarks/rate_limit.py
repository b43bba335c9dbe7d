"""A file graded by a model whose provider limits the requests: how much of the limit is used, how many are refused.

The server runs in a process of its own on loopback. It takes requests by a token bucket (`--limit` a second, `--burst`
at once) or, with `--window`, so many in every window of that length, as providers do by the minute; what is above gets
a 429, with or without Retry-After. Nothing tells the client of the limit, but for the last way, which is told to keep
below it with --rpm.

    python benchmarks/rate_limit.py                      # 20 requests/s, 600 rows: about 2 minutes
    python benchmarks/rate_limit.py --limit 2 --burst 2 --rows 240 -j 4 --start 30
    python benchmarks/rate_limit.py --limit 1 --window 60 --rows 180

Bars: every row graded; throughput from the first call to the last at least 0.8 of what the limit allows in that time;
of the calls after the first `--start` seconds at most a tenth refused.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from batch_throughput import answers
from gateway_cpu import QUESTION, replies
from pydantic import SecretStr

from interviewer.batch import grade_file
from interviewer.batch.runner import rows_for
from interviewer.examiners import offline_judge
from interviewer.judge.llm import LLMJudge
from interviewer.llm import Endpoint, ModelGateway
from interviewer.llm.choose import choose

SHARE, REFUSED = 0.8, 0.1
WAYS = ("429", "429 + Retry-After", "--rpm")


class Limit:
    """The server's: so many a second, or a window's worth in each window."""

    def __init__(self, rate: float, burst: int, window: float) -> None:
        self.rate, self.burst, self.window = rate, burst, window
        self.left, self.at = float(burst), time.monotonic()

    def wait(self, now: float) -> float:
        """0 takes one; else the seconds until there is one."""
        if self.window:
            if now - self.at >= self.window:
                self.left, self.at = self.rate * self.window, now - (now - self.at) % self.window
            ready = self.at + self.window - now
        else:
            self.left, self.at = min(self.burst, self.left + self.rate * (now - self.at)), now
            ready = (1 - self.left) / self.rate
        if self.left < 1:
            return ready
        self.left -= 1
        return 0.0


def serve(port: Connection, content: str, rate: float, burst: int, window: float, latency: float, said: bool) -> None:
    """Sends its port; for whatever comes, the calls so far: when, and whether taken."""
    from aiohttp import web

    usage = {"prompt_tokens": 1500, "completion_tokens": 300}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    body = json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
                       "usage": usage})  # fmt: skip
    calls: list[tuple[float, bool]] = []
    limit: Limit | None = None

    async def handle(request: web.Request) -> web.Response:
        nonlocal limit
        await request.read()
        limit = limit or Limit(rate, burst if not window else int(rate * window), window)
        wait = limit.wait(now := time.monotonic())
        calls.append((now, not wait))
        if wait:
            headers = {"Retry-After": str(int(wait) + 1)} if said else {}
            return web.json_response({"error": {"message": "slow down"}}, status=429, headers=headers)
        await asyncio.sleep(latency)
        return web.Response(text=body, content_type="application/json")

    async def main() -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        port.send(runner.addresses[0][1])
        await asyncio.to_thread(port.recv)
        port.send(calls)

    asyncio.run(main())


async def graded(url: str, rows: int, concurrency: int, folder: Path, rpm: float | None) -> None:
    source = folder / "in.jsonl"
    with source.open("w", encoding="utf-8") as f:
        for n, answer in enumerate(answers(rows)):
            f.write(json.dumps({"id": n, "question_id": QUESTION, "answer": answer}) + "\n")
    end = Endpoint("openai/m", url, SecretStr("k"), "openai")
    gateway = ModelGateway(
        [choose(end)], concurrency=concurrency, patient=True, rpm=rpm, notice=lambda text: print(f"  {text}")
    )
    judge = LLMJudge(gateway, offline_judge())
    summary = await grade_file(source, folder / "out.jsonl", judge, concurrency=rows_for(concurrency))
    await gateway.aclose()
    assert (summary.graded, summary.failed) == (rows, 0), summary


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("-j", "--concurrency", type=int, default=32)
    parser.add_argument("--limit", type=float, default=20.0, help="requests a second")
    parser.add_argument("--burst", type=int, default=20)
    parser.add_argument("--window", type=float, default=0.0, help="seconds; 0: a token bucket")
    parser.add_argument("--latency", type=float, default=0.3)
    parser.add_argument("--start", type=float, default=3.0, help="seconds whose refusals do not count")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    options = parser.parse_args()
    met = True
    for way in options.ways:
        here, there = multiprocessing.Pipe()
        told = (options.limit, options.burst, options.window, options.latency, way == "429 + Retry-After")
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(there, replies()[0], *told))
        server.start()
        with tempfile.TemporaryDirectory() as folder:
            url = f"http://127.0.0.1:{here.recv()}/v1"
            rpm = 0.95 * 60 * options.limit if way == "--rpm" else None
            asyncio.run(graded(url, options.rows, options.concurrency, Path(folder), rpm))
        here.send("calls")
        calls: list[tuple[float, bool]] = here.recv()
        server.join(10)
        taken = [at for at, ok in calls if ok]
        seconds = taken[-1] - taken[0]
        later = [ok for at, ok in calls if at > taken[0] + options.start]
        refused = later.count(False) / max(1, len(later))
        at_once = options.limit * options.window if options.window else options.burst
        share = len(taken) / (at_once + options.limit * max(0.0, seconds - options.window))
        ok = refused <= REFUSED and share >= SHARE
        met &= ok
        print(
            f"{way:<18} {len(taken)} rows in {seconds:6.1f} s, {share:.2f} of the limit; "
            f"{len(calls) - len(taken)} refused, after the start {refused:.1%}   {'met' if ok else 'NOT MET'}"
        )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
