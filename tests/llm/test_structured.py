"""Answers in a schema: asked for as strictly as a provider takes it, validated, asked again, parameters dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from interviewer import errors
from interviewer.llm import Request, Spent
from tests.llm.asking import GOOD, PLAIN, STRUCTURED, Verdict, fails
from tests.llm.conftest import Make
from tests.llm.server import FaultServer, Received, Say, answer, error


async def test_schema_is_sent_strict_and_the_answer_validated(make: Make, server: FaultServer) -> None:
    server.script = [answer(GOOD)]
    got = await make().complete(STRUCTURED)
    assert got.parsed_as(Verdict) == Verdict(quote="低秩", mark=3) and got.capability == "json_schema"
    body = server.received[0].body
    sent = body["response_format"]["json_schema"]
    assert sent["strict"] is True and sent["schema"]["required"] == ["quote", "mark"]
    assert sent["schema"]["additionalProperties"] is False and body["max_tokens"] == 50
    assert body["messages"][0]["content"] == "You grade.", "an enforced schema costs no prompt"


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD}\n```",
        f"Sure! Here it is:\n{GOOD}\nI hope that helps {{smile}}.",
        '{"quote": "低秩", "mark": 3,}',
        f"<think>maybe {{'mark': 5}} or {GOOD.replace('3', '5')}</think>\n{GOOD}",
        f"{GOOD}\n{GOOD}",
        '{"quote": "低\n秩", "mark": 3}',
    ],
)
async def test_json_in_disguise(make: Make, server: FaultServer, text: str) -> None:
    server.script = [answer(text)]
    got = await make().complete(STRUCTURED)
    assert got.parsed_as(Verdict).mark == 3 and server.calls == 1


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ('{"quote": "x", "mark": 9}', "less than or equal to 5"),
        ('{"mark": 3}', "quote: Field required"),
        ('{"quote": "x", "mark": 3', "no complete JSON object"),
        ('{"quote": {"quote": "x", "mark": 3}', "no complete JSON object"),
        (f'{GOOD} or rather {{"quote": "x", "mark": 5}}', "2 different JSON objects"),
        ("I'd say 3.", "no complete JSON object"),
        ('["quote", 3]', "no complete JSON object"),
    ],
)
async def test_reask_with_the_error(make: Make, server: FaultServer, bad: str, told: str) -> None:
    server.script = [answer(bad), answer(GOOD)]
    got = await make().complete(STRUCTURED)
    assert got.parsed_as(Verdict).mark == 3 and got.calls == 2 and got.tokens.input == 200
    *_, wrong, correction = server.received[1].body["messages"]
    assert wrong == {"role": "assistant", "content": bad} and told in correction["content"]
    assert '"quote"' in correction["content"], "the schema is told again"
    assert server.received[1].body["messages"][:2] == server.received[0].body["messages"], "the prefix stays"


async def test_wrong_twice_is_an_error(make: Make, server: FaultServer) -> None:
    server.script = [answer('{"quote": "SECRET ANSWER", "mark": "many"}')]
    e = await fails(make, errors.BadOutput, STRUCTURED)
    assert server.calls == 2 and "mark" in e.message and "SECRET ANSWER" not in e.message
    assert isinstance(e.spent, Spent) and e.spent.tokens.input == 200


async def test_truncated_json_is_not_repaired(make: Make, server: FaultServer) -> None:
    server.script = [answer('{"quote": "x", "mark": 3', "length")]
    await fails(make, errors.Truncated, STRUCTURED)
    assert server.calls == 1


def refuses(*kinds: str) -> Any:
    """A server that answers 400 to these kinds of response_format."""

    def script(r: Received) -> Say:
        kind = r.body.get("response_format", {}).get("type")
        return error(400, f"response_format {kind} is not available") if kind in kinds else answer(GOOD)

    return script


@pytest.mark.parametrize(
    ("refused", "capability"), [(("json_schema",), "json_object"), (("json_schema", "json_object"), "prompt")]
)
async def test_steps_down_and_remembers(
    make: Make, server: FaultServer, refused: tuple[str, ...], capability: str
) -> None:
    server.script = refuses(*refused)
    gateway = make()
    got = await gateway.complete(STRUCTURED)
    assert got.parsed_as(Verdict).mark == 3 and got.capability == capability and got.calls == 1 + len(refused)
    system = server.received[-1].body["messages"][0]
    assert system["role"] == "system" and system["content"].startswith("You grade.\n\n") and '"mark"' in str(system)
    again = await gateway.complete(STRUCTURED)
    assert again.calls == 1, "the refusal is remembered"
    assert server.received[-1].body["messages"][0] == system, "byte for byte: prefixes stay cached"


async def test_a_schema_ignored_in_silence(make: Make, server: FaultServer) -> None:
    server.script = lambda r: answer(GOOD if "JSON schema" in json.dumps(r.body["messages"]) else "I'd say 3.")
    gateway = make()
    assert [(await gateway.complete(STRUCTURED)).calls for _ in range(4)] == [2, 2, 1, 1]
    assert server.received[-1].body["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("name", ["temperature", "seed"])
async def test_a_parameter_that_is_not_taken(make: Make, server: FaultServer, name: str) -> None:
    server.script = lambda r: error(400, f"Unsupported value: '{name}'") if name in r.body else answer(GOOD)
    gateway, request = make(), Request(PLAIN.messages, Verdict, seed=7, max_tokens=9)
    got = await gateway.complete(request)
    assert got.calls == 2 and got.capability == "json_schema"
    assert (await gateway.complete(request)).calls == 1
    assert {"temperature", "seed", "max_tokens"} - set(server.received[-1].body) == {name}


async def test_the_other_name_of_the_token_limit(make: Make, server: FaultServer) -> None:
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    server.script = lambda r: error(400, words) if "max_tokens" in r.body else answer(GOOD)
    got = await make().complete(STRUCTURED)
    assert got.calls == 2 and server.received[-1].body["max_completion_tokens"] == 50
