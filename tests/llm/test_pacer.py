"""Limits of requests and tokens: those given are kept, those of the provider are learned, and waiting fails nothing."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer import errors
from interviewer.batch import grade, grade_file
from interviewer.examiners import offline_judge
from interviewer.judge.llm import LLMJudge
from interviewer.llm import Message, ModelGateway, Request, Retries, make_gateway, retry
from interviewer.llm import pacer as pacing
from interviewer.llm.pacer import SLACK, Bucket, Pacer
from interviewer.llm.protocol import Reply, Tokens
from tests.llm.server import FaultServer, Received, Say, answer, error
from tests.scripted_verdicts import QUESTION, judged_reply, marked, marker_of

PLAIN = Request((Message("user", "LoRA?"),), max_tokens=20)
QUICK = Retries(attempts=3, base=0.02, cap=0.05)
Open = Callable[..., ModelGateway]


@pytest.fixture
async def opened(server: FaultServer) -> AsyncIterator[Open]:
    made: list[ModelGateway] = []

    def build(**options: Any) -> ModelGateway:
        made.append(make_gateway("m", api_base=server.url, cache=False, retries=QUICK, **options))
        return made[-1]

    yield build
    for gateway in made:
        await gateway.aclose()


class Limit:
    """A server's token bucket: `rate` a second, `burst` at once."""

    def __init__(self, rate: float, burst: int, headers: dict[str, str]) -> None:
        self.rate, self.burst, self.headers = rate, burst, headers
        self.left, self.at = float(burst), time.monotonic()
        self.refused = 0

    def __call__(self, r: Received) -> Say:
        self.left, self.at = min(self.burst, self.left + self.rate * (r.at - self.at)), r.at
        if self.left < 1:
            self.refused += 1
            return error(429, "slow down", headers=self.headers)
        self.left -= 1
        return judged_reply(r, delay=0.05)


@given(
    st.floats(0.1, 50),
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 20)), min_size=1, max_size=40),
)
def test_a_bucket_lets_no_more_through_than_its_rate(rate: float, wanted: list[tuple[float, float]]) -> None:
    bucket, now, sent = Bucket(rate), 0.0, []
    for pause, amount in wanted:
        now += pause
        while (wait := bucket.wait(now)) > 1e-9:
            now += wait
        bucket.take(amount)
        sent.append((now, amount))
    for first, (began, _) in enumerate(sent):
        for last in range(first + 1, len(sent)):
            passed = sum(amount for _, amount in sent[first:last])
            assert passed <= rate * (sent[last][0] - began + SLACK) * (1 + 1e-6) + 1e-6


def test_what_was_not_used_is_given_back() -> None:
    bucket = Bucket(1.0)
    assert bucket.wait(0.0) == 0
    bucket.take(100)
    assert bucket.wait(0.0) == 100
    bucket.take(-90)
    assert bucket.wait(0.0) == 10 and bucket.wait(10.0) == 0


async def test_requests_are_spaced(server: FaultServer, opened: Open) -> None:
    server.script = [answer("ok")]
    gateway = opened(rpm=600)
    await gateway.complete(PLAIN)
    server.received.clear()
    await asyncio.gather(*(gateway.complete(PLAIN) for _ in range(16)))
    at = sorted(r.at for r in server.received)
    assert at[-1] - at[0] > (15 - 600 / 60 * SLACK) / 10 - 0.2
    assert at[8] - at[0] > 0.3, "half of it is not sent at once"


async def test_tokens_count_as_they_were_used(server: FaultServer, opened: Open) -> None:
    server.script = [answer("ok", usage={"prompt_tokens": 90, "completion_tokens": 10})]
    gateway = opened(tpm=6000)  # a call of 100 tokens each second
    await gateway.complete(PLAIN)
    server.received.clear()
    await asyncio.gather(*(gateway.complete(PLAIN) for _ in range(4)))
    at = sorted(r.at for r in server.received)
    assert at[-1] - at[0] > 1.5, "far more than the estimate of some 25 tokens each says"
    gateway = opened(tpm=60_000)
    server.received.clear()
    big = Request(PLAIN.messages, max_tokens=100_000)
    server.script = [answer("ok", delay=0.2, usage={"prompt_tokens": 1, "completion_tokens": 1})]
    for _ in range(3):  # each more than a minute's worth, if it used what it may
        await asyncio.wait_for(gateway.complete(big), 30)


async def test_waiting_for_its_turn_is_not_being_late(server: FaultServer, opened: Open) -> None:
    server.script = [answer("ok")]
    await opened().complete(PLAIN)  # imports
    gateway = opened(rpm=120, deadline=1.0)
    done = await asyncio.gather(*(gateway.complete(PLAIN) for _ in range(6)))
    assert [d.text for d in done] == ["ok"] * 6
    server.script = [answer("late", delay=30)]
    with pytest.raises(errors.ProviderTimeout):
        await gateway.complete(PLAIN)


async def test_a_deadline_of_a_row_counts_what_its_calls_take(server: FaultServer, opened: Open) -> None:
    server.script = lambda r: judged_reply(r, delay=30 if marker_of(r) == 5 else 0)
    judge = LLMJudge(opened(rpm=120, concurrency=3), offline_judge())
    rows = [{"question_id": QUESTION, "answer": marked(n)} for n in range(8)]
    found = [r async for r in grade(rows, judge, concurrency=8, deadline=2.0)]
    assert [r.number for r in found if r.failed] == [6] and "within 2 s" in str(found[5].error)


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}], ids=["429", "retry-after"])
async def test_a_limit_is_learned_and_no_row_fails(
    server: FaultServer, opened: Open, tmp_path: Path, headers: dict[str, str]
) -> None:
    limit = server.script = Limit(40, 40, headers)
    judge = LLMJudge(opened(patient=True, concurrency=16), offline_judge())
    source = tmp_path / "in.csv"
    source.write_text("question_id,answer\n" + "".join(f"{QUESTION},{marked(n)}\n" for n in range(200)), "utf-8")
    summary = await grade_file(source, tmp_path / "out.csv", judge, concurrency=20, deadline=60)
    assert (summary.graded, summary.failed) == (200, 0)
    assert 0 < limit.refused < 50, "a limit that is not learned refuses several times as many as it takes"
    assert server.calls == 200 + limit.refused, "nothing is asked twice"


async def test_a_patient_one_outlasts_any_number_of_refusals(
    server: FaultServer, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "FAST", 1000.0)
    server.script = [*[error(429)] * 10, answer("ok")]
    got = await opened(patient=True).complete(PLAIN)
    assert (got.text, got.calls) == ("ok", 11)
    server.script = [error(429)]
    with pytest.raises(errors.RateLimited):
        await opened().complete(PLAIN)
    assert server.calls == 14, "one that somebody waits for gives up"


@pytest.mark.parametrize(
    ("say", "kind"),
    [
        (error(429, "You exceeded your current quota", code="insufficient_quota"), errors.QuotaError),
        (error(429, headers={"Retry-After": "3600"}), errors.RateLimited),
    ],
    ids=["no money", "not today"],
)
async def test_patience_ends(server: FaultServer, opened: Open, say: Say, kind: type[errors.ProviderError]) -> None:
    server.script = [say]
    gateway = opened(patient=True)
    with pytest.raises(kind):
        await gateway.complete(PLAIN)
    assert server.calls == 1
    if kind is errors.RateLimited:
        with pytest.raises(errors.RateLimited, match="without calls, more than the time left"):
            await gateway.complete(PLAIN)
        assert server.calls == 1, "nor is it asked again before"


async def test_when_all_is_refused_for_too_long_nobody_asks_any_more(
    server: FaultServer, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "FAST", 1000.0)
    monkeypatch.setattr(retry, "PATIENCE", 0.3)
    server.script = [error(429)]
    gateway = opened(patient=True)
    with pytest.raises(errors.RateLimited):
        await gateway.complete(PLAIN)
    calls = server.calls
    assert calls > 3
    for _ in range(5):
        with pytest.raises(errors.RateLimited):
            await gateway.complete(PLAIN)
    assert server.calls <= calls + 5


async def test_with_another_model_to_ask_nobody_waits(server: FaultServer, opened: Open) -> None:
    server.script = lambda r: error(429) if r.body["model"] == "m" else answer("ok")
    got = await opened(patient=True, fallbacks=["other"]).complete(PLAIN)
    assert got.fell_back and server.calls == 4


async def test_retry_after_holds_the_others_back_and_is_told_once(server: FaultServer, opened: Open) -> None:
    server.script = [answer("ok")]
    told: list[str] = []
    gateway = opened(patient=True, notice=told.append, deadline=3.0)
    await gateway.complete(PLAIN)
    server.received.clear()
    server.script = [error(429, headers={"Retry-After": "6"}), answer("ok")]
    await asyncio.gather(*(gateway.complete(PLAIN) for _ in range(2)))
    await gateway.complete(PLAIN)
    refused, *others = (r.at for r in server.received[:1] + server.received[2:])
    assert all(at - refused > 5.5 for at in others)
    assert told == ["m: the provider asks for 6 s without calls"]


class Simulated:
    """A pacer on a clock of its own, and a provider that takes `limit` calls in every window of `window` seconds."""

    def __init__(self, limit: int, window: float) -> None:
        self.pacer = Pacer("m")
        self.limit, self.window = limit, window
        self.now, self.taken, self.refused, self.at = 0.0, 0, 0, -1

    def run(self, until: float) -> None:
        p = self.pacer
        while self.now < until:
            self.now += max(p._wait(self.now, math.inf), 0.02)
            if p._learned is not None:
                p._learned.take(1)
            if self.at != self.now // self.window:
                self.at, self.left = self.now // self.window, self.limit
            if self.left:
                self.left -= 1
                self.taken += 1
                p._took(self.now, self.now + 0.01)
            else:
                self.refused += 1
                p._refused(self.now, self.now + 0.01, None)


@pytest.mark.parametrize(("limit", "window"), [(5, 60), (60, 60), (500, 60), (10, 1), (1, 1), (3000, 60)])
def test_whatever_the_window_most_of_it_is_used_and_little_refused(limit: int, window: float) -> None:
    provider = Simulated(limit, window)
    provider.run(120)
    taken, refused = provider.taken, provider.refused
    provider.run(1320)
    share = (provider.taken - taken) / (limit / window * 1200)
    assert share > 0.8
    assert (provider.refused - refused) / (provider.taken - taken) < 0.1


def test_a_few_refusals_at_any_rate_are_no_limit() -> None:
    pacer, chance, now = Pacer("m"), random.Random(1), 0.0
    for _ in range(20_000):
        now += max(0.02, pacer._wait(now, math.inf))
        if pacer._learned is not None:
            pacer._learned.take(1)
        if chance.random() < 0.05:
            pacer._refused(now, now + 0.01, None)
        else:
            pacer._took(now, now + 0.01)
    assert now < 20_000 * 0.02 * 1.25, "at least four fifths as fast as without"


async def test_without_limits_nothing_waits_and_nothing_is_counted() -> None:
    async def call() -> Reply:
        return Reply("ok", tokens=Tokens(1, 1))

    pacer = Pacer("m")
    done = await asyncio.gather(*(pacer.through(call, tokens=0, patience=0) for _ in range(1000)))
    assert len(done) == 1000 and pacer.rate == math.inf and not pacer.counts_tokens


@pytest.mark.parametrize("options", [{"rpm": 0}, {"tpm": -1}, {"rpm": math.nan}, {"tpm": math.inf}])
def test_limits_that_are_none(options: dict[str, float]) -> None:
    with pytest.raises(errors.UsageError, match="above 0"):
        make_gateway("m", api_base="http://127.0.0.1:9/v1", cache=False, **options)  # type: ignore[arg-type]
