"""The parts that need no server: choice of transport, schemas, JSON in text, dialect, cost, patience, script, probe."""

from __future__ import annotations

import asyncio
import json
import time
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr, ValidationInfo, field_validator

from interviewer import errors, llm
from interviewer.llm import (
    Completion,
    Endpoint,
    Message,
    Request,
    ScriptedGateway,
    Spent,
    Tokens,
    cost,
    make_transport,
    probe,
)
from interviewer.llm.choose import choose
from interviewer.llm.dialect import Dialect
from interviewer.llm.json_text import json_objects, without_trailing_commas
from interviewer.llm.litellm_transport import LiteLLMTransport
from interviewer.llm.openai_transport import OpenAITransport
from interviewer.llm.retry import Retries
from interviewer.llm.schema import in_words, strict_format
from interviewer.llm.scripted import ScriptExhausted
from tests.llm.server import FaultServer, Received, Say, answer, error

ASK = Request((Message("system", "s"), Message("user", "u")))


@pytest.mark.parametrize(
    ("name", "base", "wire", "served"),
    [
        ("openai/gpt-5-mini", None, OpenAITransport, "gpt-5-mini"),
        ("gpt-4o", None, OpenAITransport, "gpt-4o"),
        ("o3-mini", None, OpenAITransport, "o3-mini"),
        ("openai/qwen", "http://127.0.0.1:1/v1", OpenAITransport, "qwen"),
        ("qwen", "http://127.0.0.1:1/v1", OpenAITransport, "qwen"),
        ("Qwen/Qwen2.5-7B", "http://127.0.0.1:1/v1", OpenAITransport, "Qwen/Qwen2.5-7B"),
        ("anthropic/claude", "https://router.example/v1", OpenAITransport, "anthropic/claude"),
        ("ollama/qwen3", "http://127.0.0.1:1/v1", OpenAITransport, "qwen3"),
        ("local/m.gguf", "http://127.0.0.1:1/v1", OpenAITransport, "m.gguf"),
        ("ollama/qwen3", None, LiteLLMTransport, None),
        ("anthropic/claude", None, LiteLLMTransport, None),
        ("claude-3-5-sonnet", None, LiteLLMTransport, None),
        ("openrouter/openai/gpt-4o", None, LiteLLMTransport, None),
    ],
)
def test_choice_by_name(name: str, base: str | None, wire: type, served: str | None) -> None:
    transport = choose(Endpoint(name, base, SecretStr("k-123456789")))
    assert type(transport) is wire and transport.name == name
    assert served is None or getattr(transport, "_served") == served  # noqa: B009


def test_an_address_that_is_none() -> None:
    with pytest.raises(errors.ModelError, match="no address"):
        make_transport("m", api_base="127.0.0.1:8000")


class Colour(Enum):
    RED = "red"


class Inner(BaseModel):
    """Doc."""

    a: int | None = None
    b: Literal["x"] = "x"


class Outer(BaseModel):
    title: str = Field(min_length=1, max_length=9, description="what it is called")
    inner: Inner = Field(default=Inner(), description="one")
    inners: list[Inner] = Field(default=[], max_length=3)
    colour: Colour = Colour.RED
    mark: int = Field(default=0, ge=0, le=5)


class Loose(BaseModel):
    any: dict[str, int]


def objects_of(node: Any) -> list[dict[str, Any]]:
    found = [node] if isinstance(node, dict) and "properties" in node else []
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return found + [o for v in values for o in objects_of(v)]


def test_strict_schema() -> None:
    named = strict_format(Outer)["json_schema"]
    shape, text = named["schema"], json.dumps(named)
    assert named["strict"] is True and named["name"] == "Outer"
    assert len(objects_of(shape)) >= 2
    for o in objects_of(shape):
        assert o["required"] == list(o["properties"]) and o["additionalProperties"] is False
    assert "title" in shape["properties"], "a property may be called title; the keyword is gone"
    for word in ('"default"', '"maxLength"', '"const"', '"oneOf"'):
        assert word not in text
    assert shape["properties"]["mark"] == {"type": "integer", "minimum": 0, "maximum": 5}
    assert "$ref" not in shape["properties"]["inner"], "no keyword stands beside a reference"
    assert strict_format(Loose)["json_schema"]["strict"] is False
    assert in_words(Outer) == in_words(Outer) and '"title":{' in in_words(Outer)


def test_json_in_text() -> None:
    assert json_objects('{"a": {"b": 1}}') == [{"a": {"b": 1}}]
    assert json_objects('x {y} {"a": 1} z {"a": 1} {"a": 2}') == [{"a": 1}, {"a": 2}]
    assert json_objects('{"a": "}{", "b": [1,2,],}') == [{"a": "}{", "b": [1, 2]}]
    assert json_objects('{"a": ",}", "b": 1,}') == [{"a": ",}", "b": 1}]
    assert json_objects('{"out": [{"a": 1}, {"a": 2}') == [], "the inside of what is cut off is no answer"
    assert json_objects("{" * 100_000) == [] and json_objects("") == []
    assert without_trailing_commas('["a,]",]') == '["a,]"]'


@given(st.text(alphabet='{}[]",:\\ a1\n', max_size=60))
def test_json_in_any_text_is_found_or_not(text: str) -> None:
    assert all(isinstance(o, dict) for o in json_objects(text))


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=3)))
def test_json_survives_its_wrapping(value: dict[str, Any]) -> None:
    assert json_objects(f"Here:\n```json\n{json.dumps(value)}\n```\ndone") == [value]


def test_json_text_is_fast() -> None:
    started = time.perf_counter()
    for text in ("{" * 300_000, '{"a":' * 60_000, '{"' * 150_000, "{}" * 150_000, '{"a":1},' * 50_000):
        json_objects(text)
    assert time.perf_counter() - started < 5


def test_dialect_never_loops() -> None:
    request, dialect, steps = Request(ASK.messages, Outer, max_tokens=5, seed=1), Dialect(), 0
    words = "unsupported: temperature seed max_tokens max_completion_tokens response_format"
    while lesser := dialect.without_refused(request, errors.RequestRefused("x", detail=words)):
        dialect, steps = lesser, steps + 1
    assert steps < 10 and dialect.capability == "prompt"
    assert Dialect().without_refused(request, errors.ContextTooLong("x")) is None
    assert Dialect().without_refused(ASK, errors.RequestRefused("x", detail="nonsense")) is None


def test_totals_stay_unknown_beside_the_known_sum() -> None:
    spent = Spent()
    spent.add(Tokens(100, 20, 0), 0.01)
    assert spent.tokens == Tokens(100, 20, 0) and spent.cost == 0.01
    spent.add(Tokens(50, None, None), None)
    assert spent.tokens == Tokens(150, None, None) and spent.cost is None
    assert (spent.known_output, spent.known_cost, spent.unknown_cost, spent.calls) == (20, 0.01, 1, 2)
    spent.add_failed(uncounted=False)
    assert spent.calls == 3 and spent.tokens.input == 150, "a refused call is free"
    total = Spent()
    total.add_spent(spent)
    total.add_completion(Completion("x", tokens=Tokens(1, 1, 0), cost=0.0, calls=0))
    assert total.calls == 3 and total.cost is None and total.usage.input_tokens == 151


def test_price_list(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cost.price("no-such/model-x", Tokens(1, 1)) is None
    known = cost.price("openai/gpt-4o", Tokens(1000, 100, 400))
    entry = cost._price_list()["gpt-4o"]
    assert known == pytest.approx(
        600 * entry["input_cost_per_token"]
        + 400 * entry["cache_read_input_token_cost"]
        + 100 * entry["output_cost_per_token"]
    )
    assert cost.price("gpt-4o", Tokens(1000, None)) is None
    tiered = {"input_cost_per_token": 1, "input_cost_per_token_above_200k_tokens": 2, "output_cost_per_token": 3}
    monkeypatch.setattr(cost, "_entry", lambda model: tiered)
    assert cost.price("m", Tokens(200_000, 0)) == 200_000 and cost.price("m", Tokens(200_001, 1)) == 400_005


def test_back_off_grows_and_is_capped() -> None:
    r = Retries(base=1, cap=8)
    assert all(0 <= r.wait(n, None) <= min(8, 2 ** (n - 1)) for n in range(1, 40) for _ in range(20))
    assert all(7 <= r.wait(3, 7) <= 8 for _ in range(20))


class Mark(BaseModel):
    mark: int

    @field_validator("mark")
    @classmethod
    def known(cls, value: int, info: ValidationInfo) -> int:
        if info.context and value not in info.context["allowed"]:
            raise ValueError("not one of the marks asked for")
        return value


async def test_scripted() -> None:
    fault = errors.RateLimited("busy")
    gateway = ScriptedGateway([Mark(mark=1), {"mark": 7}, '{"mark": 2}', fault, "free text"], tokens=Tokens(1, 2, 0))
    request = Request(ASK.messages, Mark, context={"allowed": {1, 2}}, purpose="judge")
    assert (await gateway.complete(request)).parsed_as(Mark).mark == 1
    second = await gateway.complete(request)
    assert (
        second.parsed_as(Mark).mark == 2 and second.calls == 2 and "not one of the marks" in gateway.sent[2][-1].content
    )
    with pytest.raises(errors.RateLimited):
        await gateway.complete(request)
    assert (await gateway.complete(ASK)).text == "free text"
    with pytest.raises(ScriptExhausted):
        await gateway.complete(ASK)
    assert len(gateway.requests) == 5 and gateway.requests[0] is request
    by_function = ScriptedGateway(lambda r: {"mark": len(r.purpose)}, model="demo", cost=0.5)
    got = await by_function.complete(request.__class__(ASK.messages, Mark, purpose="abc"))
    assert (got.parsed_as(Mark).mark, got.model, got.cost) == (3, "demo", 0.5)
    gateways: list[llm.Gateway] = [gateway, by_function, llm.make_gateway("m", api_base="http://127.0.0.1:1/v1")]
    assert [g.model for g in gateways] == ["scripted", "demo", "m"]
    for g in gateways:
        await g.aclose()


def enforced(r: Received) -> Say:
    return answer('{"zq_number": 7, "zq_words": ["seven", "七"]}')


def ignored(r: Received) -> Say:
    return answer('{"number": 7, "words": ["seven", "七"]}')


def prose(r: Received) -> Say:
    return answer('Seven! As JSON: {"number": 7}')


def no_schema(r: Received) -> Say:
    return error(400, "not supported") if r.body.get("response_format", {}).get("type") == "json_schema" else ignored(r)


def nothing(r: Received) -> Say:
    return answer("Seven is a prime.")


@pytest.mark.parametrize(
    ("script", "capability", "calls"),
    [
        (enforced, "json_schema", 1),
        (ignored, "json_object", 1),
        (prose, "prompt", 1),
        (no_schema, "json_object", 2),
        (nothing, None, 1),
    ],
)
async def test_probe(server: FaultServer, script: Any, capability: str | None, calls: int) -> None:
    server.script = script
    transport = make_transport("m", api_base=server.url)
    found = await probe(transport)
    await transport.aclose()
    assert (found.capability, found.calls, found.error, found.served) == (capability, calls, None, "served")
    assert (found.input_tokens, found.output_tokens, found.cost) == (100, 20, None) and found.seconds > 0


async def test_probe_never_raises(server: FaultServer) -> None:
    transport = make_transport("m", api_base=server.url)
    server.script = [error(401, "bad key")]
    found = await probe(transport)
    assert found.capability is None and found.error and "401" in found.error and found.calls == 1
    server.script = [error(400, "no")]
    found = await probe(transport)
    assert found.error and found.calls == 3
    server.script = [answer("x", delay=9)]
    found = await probe(transport, deadline=0.3)
    assert found.error == "no answer in 0 s" and found.cost is None
    await transport.aclose()


def test_the_public_names() -> None:
    assert all(hasattr(llm, name) for name in llm.__all__) and llm.__all__ == sorted(llm.__all__)
    assert asyncio.iscoroutinefunction(probe)
