"""`interviewer grade` within limits: money, requests a minute, a provider's 429s; what a dry run says of the time."""

from __future__ import annotations

import csv
import json
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.batch.duration import with_a_model
from interviewer.batch.runner import rows_for
from interviewer.cli.foretelling import spoken
from tests.cli.test_grade_resumed import answers, command, ended, started
from tests.llm.server import FaultServer, Received, Say, error
from tests.scripted_verdicts import judged_reply, marker_of

ROWS, PRICE = 40, 0.01


@pytest.fixture
def server() -> Iterator[FaultServer]:
    server = FaultServer()
    yield server
    server.close()


def billed(r: Received, delay: float = 0.02) -> Say:
    """With what it cost in `usage`, as OpenRouter tells it."""
    say = judged_reply(r, delay=delay)
    body: dict[str, Any] = json.loads(say.body)
    body["usage"]["cost"] = PRICE
    return replace(say, body=json.dumps(body).encode())


@pytest.mark.parametrize("slow", [False, True], ids=["evenly", "the first row last"])
def test_money_is_bounded_and_the_next_run_pays_for_the_rest(server: FaultServer, tmp_path: Path, slow: bool) -> None:
    server.script = lambda r: billed(r, delay=3 if slow and marker_of(r) == 0 else 0.02)
    answers(tmp_path, ROWS)
    args = [*command(tmp_path, server.url, "-o", "out.csv", "-j", "4", "--json")]
    code, out, said = ended(started([*args, "--max-cost", "0.1"], tmp_path))
    assert (code, out) == (4, ""), said
    assert 10 <= server.calls <= 10 + rows_for(4), "what was under way is finished, and nothing else begun"
    assert "--max-cost 0.1 is reached" in said and f"spent in this run: ${server.calls * PRICE:.4f}" in said
    assert "may spend another $0.1" in said and "to go on: " in said
    assert not (tmp_path / "out.csv").exists()
    paid = server.calls
    code, out, said = ended(started([*args, "--max-cost", "1"], tmp_path))
    assert code == 0, said
    assert server.calls == ROWS and len({marker_of(r) for r in server.received}) == ROWS, "no row is paid for twice"
    found = json.loads(out)
    assert found["from_journal"] == paid and found["this_run"]["cost"] == pytest.approx((ROWS - paid) * PRICE)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as f:
        assert [r["id"] for r in csv.DictReader(f)] == [f"s{k}" for k in range(ROWS)]


def test_a_bound_that_is_not_reached_stops_nothing(server: FaultServer, tmp_path: Path) -> None:
    server.script = billed
    answers(tmp_path, 5)
    args = command(tmp_path, server.url, "-o", "out.csv", "--max-cost", "0.0500001")
    code, _, said = ended(started(args, tmp_path))
    assert code == 0 and "5 calls" in said and "$0.0500" in said


def test_a_provider_that_refuses_makes_no_row_fail(server: FaultServer, tmp_path: Path) -> None:
    refused: dict[int, int] = {}

    def script(r: Received) -> Say:
        n = marker_of(r)
        refused[n] = refused.get(n, 0) + 1
        return error(429) if refused[n] <= (6 if n == 3 else 0) else judged_reply(r)

    server.script = script
    answers(tmp_path, 8)
    args = command(tmp_path, server.url, "-o", "out.csv", "--deadline", "20")
    code, _, said = ended(started(args, tmp_path))
    assert code == 0 and "8 graded, 0 failed" in said
    assert refused[3] == 7


def test_requests_a_minute(server: FaultServer, tmp_path: Path) -> None:
    server.script = lambda r: judged_reply(r)
    answers(tmp_path, 8)
    args, began = command(tmp_path, server.url, "-o", "out.csv", "--rpm", "120", "--deadline", "2"), time.monotonic()
    code, _, said = ended(started(args, tmp_path))
    assert code == 0 and "8 graded, 0 failed" in said
    assert server.received[-1].at - began > 7 / 2 - 0.5


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--model", "openai/m", "--max-cost", "0"], "above 0"),
        (["--model", "openai/m", "--max-cost", "1", "--submit-file", "r.jsonl"], "not for a provider's batch"),
        (["--model", "openai/m", "--api-base", "http://127.0.0.1:9/v1", "--rpm", "0"], "--rpm"),
        (["--rpm", "10"], "for a judge with a model"),
    ],
)
def test_usage(tmp_path: Path, args: list[str], words: str) -> None:
    answers(tmp_path, 2)
    code, out, said = ended(started(command(tmp_path, None, "-o", "out.csv", *args), tmp_path))
    assert (code, out) == (2, "") and words in said


def test_a_dry_run_says_how_long(tmp_path: Path) -> None:
    answers(tmp_path, 20)
    told: dict[str, tuple[float, str]] = {}
    for name, more in {
        "plain": [],
        "model": ["--model", "openai/m", "-j", "4"],
        "rpm": ["--model", "openai/m", "-j", "4", "--rpm", "2"],
        "tpm": ["--model", "openai/m", "-j", "4", "--tpm", "10000"],
        "local": ["--model", "local/m.gguf", "-j", "4"],
    }.items():
        code, out, said = ended(started(command(tmp_path, None, "--dry-run", "--json", *more), tmp_path))
        assert code == 0, said
        told[name] = json.loads(out)["seconds"], said
    assert 0 < told["plain"][0] < 60 and "measured on a few of the rows" in told["plain"][1]
    assert told["model"][0] == 25 and "about 25 s at 5 s a call, 4 at a time" in told["model"][1]
    assert told["rpm"][0] == 600 and "at most 2 requests a minute" in told["rpm"][1]
    assert told["tpm"][0] > 120 and "at most 10,000 tokens a minute" in told["tpm"][1]
    assert told["local"][0] == 100


@given(st.integers(0, 10_000), st.integers(1, 100), st.floats(1, 1000), st.integers(0, 10**7), st.floats(1, 1e6))
def test_the_longest_of_what_bounds_it(calls: int, at_once: int, rpm: float, tokens: int, tpm: float) -> None:
    found = with_a_model(calls, tokens, at_once=at_once, rpm=rpm, tpm=tpm, call_seconds=5)
    assert found >= 5 * calls / at_once and found * rpm >= 60 * calls * (1 - 1e-9)
    assert found * tpm >= 60 * tokens * (1 - 1e-9)
    assert with_a_model(calls, tokens, at_once=at_once) == 5 * math.ceil(calls / at_once)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (21 * 60, "21 min"), (5400, "1 h 30 min"), (10_020, "2 h 47 min")],
)
def test_a_length_of_time(seconds: float, words: str) -> None:
    assert spoken(seconds) == words
