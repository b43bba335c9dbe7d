"""A real model on this machine, through everything from the file to the judgement.

    INTERVIEWER_TEST_GGUF=…/model.gguf pytest -m live -k local_model

A model of 1.5B parameters shows that the plumbing holds, not how well the judge grades.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from typing import Literal

import pytest
from pydantic import BaseModel

from interviewer.errors import ContextTooLong, ProviderDown
from interviewer.judge.llm import LLMJudge
from interviewer.llm import LocalServer, Message, ModelGateway, Request, local, make_gateway, probe
from interviewer.llm.local_transport import LocalTransport
from interviewer.models import Judgement
from tests.judge_llm.talking import GOOD, JUNK, RUBRIC, offline
from tests.live.conftest import Say

Timed = Callable[[str], AbstractContextManager[None]]

PARTIAL = "LoRA 省显存主要是因为优化器状态变小了，别的我说不上来，可能激活也会少很多吧。"


class One(BaseModel):
    n: Literal[1]


class City(BaseModel):
    country: str
    capital: str


CITY = Request(
    (Message("system", "You write JSON."), Message("user", "France: the country and its capital.")),
    schema=City,
    max_tokens=60,
)


@pytest.fixture(scope="module")
def server(model: str, say: Say) -> Iterator[LocalServer]:
    """Held for the whole module: the tests share one loaded model."""
    with LocalServer(model, notice=say) as held:
        yield held


@pytest.fixture
async def gateway(server: LocalServer, model: str) -> AsyncIterator[ModelGateway]:
    async with make_gateway(f"local/{model}", cache=False) as made:
        yield made


def told(judgement: Judgement, cached: int) -> str:
    usage = judgement.usage
    points = ", ".join(f"{p.id} {p.verdict} {p.credit:.2f}" for p in judgement.points)
    return (
        f"score {judgement.score}, {points}; {usage.calls} calls, {usage.input_tokens} ({cached} cached) "
        f"+ {usage.output_tokens} tokens, "
        f"{usage.seconds:.1f} s"
    )


async def test_a_structured_answer(gateway: ModelGateway, say: Say, timed: Timed) -> None:
    with timed("one structured completion, --model local/PATH"):
        completion = await gateway.complete(CITY)
    assert completion.parsed_as(City).capital == "Paris"
    assert completion.capability == "json_schema" and completion.cost == 0.0 and completion.tokens.input
    say(f"           {completion.text}  {completion.tokens}")


async def test_the_same_server_by_its_address(server: LocalServer, timed: Timed) -> None:
    async with make_gateway("openai/any", api_base=server.url, api_key=server.key, cache=False) as gateway:
        with timed("the same through --api-base"):
            assert (await gateway.complete(CITY)).parsed_as(City).capital == "Paris"


async def test_what_it_can_do(gateway: ModelGateway, say: Say) -> None:
    found = await probe(gateway.routes[0].transport)
    say(f"           {found.model_dump_json()}")
    assert found.capability == "json_schema" and found.error is None and found.calls == 1 and found.cost == 0.0


async def test_judges_answers(gateway: ModelGateway, say: Say) -> None:
    judge = LLMJudge(gateway, offline())
    scores: dict[str, float] = {}
    cached = 0
    for name, answer in {"good": GOOD, "partial": PARTIAL, "off topic": JUNK}.items():
        judgement = await judge.judge(RUBRIC, answer, "zh")
        cached, before = gateway.spent.known_cached, cached
        say(f"judged {name}: {told(judgement, cached - before)}")
        assert judgement.error is None and judgement.score is not None, judgement.error
        assert judgement.judge.kind == "llm" and not judgement.judge.fallback
        for e in [e for p in judgement.points for e in p.evidence]:
            assert answer[e.start : e.end] == e.text and e.text
            say(f"           “{e.text}” at {e.start}")
        scores[name] = judgement.score
        if name == "good":
            assert any(p.evidence for p in judgement.points)
            assert judgement.usage.calls >= 1 and judgement.usage.input_tokens and judgement.usage.cost == 0.0
            say(f"           {judgement.feedback}")
    assert scores["good"] > scores["off topic"]


async def test_the_prefix_is_read_once(gateway: ModelGateway, say: Say) -> None:
    """Two answers to one question: the second is read without instructions and rubric."""
    judge = LLMJudge(gateway, offline())
    seen = []
    for answer in (GOOD, PARTIAL):
        request = judge.prompts.judge(RUBRIC, answer, "en", "0" * 16)  # en: a prefix that no other test has sent
        completion = await gateway.complete(Request(request.messages, schema=One, max_tokens=20))
        seen.append(completion)
        tokens = completion.tokens
        say(f"{completion.seconds:7.2f} s  a prompt of {tokens.input} tokens, {tokens.cached} cached")
    first, second = seen
    assert first.tokens.input and second.tokens.input and second.tokens.cached is not None
    assert second.tokens.cached > 0.8 * (second.tokens.input - 200) and second.seconds < first.seconds


async def test_a_call_given_up_is_not_computed_to_its_end(gateway: ModelGateway, timed: Timed) -> None:
    story = Request((Message("user", "Count from 1 to 1000, each number on a line."),), max_tokens=4000)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await gateway.complete(story)
    with timed("a short answer right after a long one was given up"):
        async with asyncio.timeout(20):
            await gateway.complete(CITY)


async def test_a_prompt_beyond_the_context(gateway: ModelGateway) -> None:
    with pytest.raises(ContextTooLong):
        await gateway.complete(Request((Message("user", "word " * 9000),), max_tokens=5))


async def test_killed(model: str, server: LocalServer, say: Say, timed: Timed, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that is being judged when the server dies is unscored; a later one finds a new server."""
    async with make_gateway(f"local/{model}", cache=False) as gateway:
        transport = gateway.routes[0].transport
        assert isinstance(transport, LocalTransport)
        task = asyncio.create_task(LLMJudge(gateway, offline()).judge(RUBRIC, GOOD + " ", "zh"))
        await asyncio.sleep(3)
        pid = transport.server.pid
        assert pid and pid == server.pid and not task.done()
        os.kill(pid, signal.SIGKILL)
        judgement = await task
        say(f"killed during a call: {judgement.error}")
        assert judgement.score is None and "SIGKILL" in (judgement.error or "") and judgement.needs_review
        with pytest.raises(ProviderDown):
            await gateway.complete(CITY)
        monkeypatch.setattr(local, "REST_SECONDS", 0.0)
        with timed("started again, and one completion"):
            assert (await gateway.complete(CITY)).parsed_as(City).capital == "Paris"
        assert transport.server.pid != pid
