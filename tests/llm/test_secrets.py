"""Where keys are found, and that none is ever seen again: logs, errors, tracebacks, files."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import subprocess
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from interviewer import errors
from interviewer.errors import ProviderError
from interviewer.llm import Endpoint, Message, Request, make_gateway
from interviewer.llm.choose import beside, choose
from interviewer.llm.openai_transport import OpenAITransport
from interviewer.llm.secrets import find_key, goes_safely_to, redact, without_credentials
from tests.llm.conftest import CANARY, Make
from tests.llm.server import FaultServer, Say, answer, completion, error


def value(key: SecretStr | None) -> str | None:
    return key.get_secret_value() if key else None


def test_order_of_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_key("openai") is None
    ring = SimpleNamespace(get_password=lambda service, user: f"{service}-{user}-key")
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert value(find_key("openai")) == "interviewer-openai-key"
    monkeypatch.setenv("OPENAI_API_KEY", " from-env\n")
    assert value(find_key("openai")) == "from-env"
    assert value(find_key("openai", "given")) == "given" and find_key("openai", " ") is None
    monkeypatch.setenv("TOGETHER_API_KEY", "t")
    assert value(find_key("together_ai")) == "t"


def test_a_keyring_that_fails_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(service: str, user: str) -> str:
        raise RuntimeError("no backend")

    monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_password=locked))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert find_key("openai") is None


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-abc_DEF-123456.",
        "sk-abcd****************wxyz",
        "Authorization: Bearer abcdefghij.klmno",
        '{"api_key": "abcdefgh12345"}',
        "https://generativelanguage/v1?key=abcdefgh12345&x=1",
        "https://user:hunter2hunter2@proxy/v1",
        "gsk_abcdefgh12345",
        "AIzaSyA-1234567890abcdefghijklmnop",
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
        "the value s3cret-of-mine was refused",
        "the value env-secret-value was refused",
    ],
)
def test_redact(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "env-secret-value")
    masked = redact(text, [SecretStr("s3cret-of-mine"), SecretStr("short"), None])
    assert "[key]" in masked
    for part in ("abc", "ABC", "wxyz", "hunter2", "SyA", "eyJzd", "s3cret", "env-secret"):
        assert part not in masked


def test_redact_leaves_ordinary_words() -> None:
    text = "the token limit is 4096 tokens; max_tokens: 50; key point: 低秩; risk-free tasks; short"
    assert redact(text, [SecretStr("short")]) == text


def test_addresses() -> None:
    assert without_credentials("HTTPS://u:p@Host:1/v1/?key=x#y") == "https://host:1/v1"
    assert (
        goes_safely_to("https://x/v1") and goes_safely_to("http://127.0.0.1:1/v1") and goes_safely_to("http://[::1]/")
    )
    assert not goes_safely_to("http://example.org/v1") and not goes_safely_to("http://localhost.example.org")


def test_an_ambient_key_does_not_travel_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    assert value(OpenAITransport("m", api_base="http://10.0.0.5/v1")._key) is None
    assert value(OpenAITransport("m", api_base="http://10.0.0.5/v1", api_key="given")._key) == "given"
    assert value(OpenAITransport("m", api_base="https://example.org/v1")._key) == CANARY


def test_a_key_goes_to_no_other_provider() -> None:
    key = SecretStr(CANARY)
    primary = Endpoint("openai/a", "http://127.0.0.1:1/v1", key)
    assert beside(primary, "anthropic/claude") == Endpoint("anthropic/claude")
    assert beside(primary, "openai/gpt-5") == Endpoint("openai/gpt-5")
    assert beside(primary, "Qwen/Qwen2.5-7B-Instruct").api_base == primary.api_base
    hosted = Endpoint("openai/a", None, key)
    assert beside(hosted, "openai/b").api_key == key and beside(hosted, "gpt-5").api_key == key
    assert beside(hosted, "gemini/x").api_key is None


def test_no_key_is_said_at_once() -> None:
    with pytest.raises(errors.AuthError) as caught:
        make_gateway("openai/gpt-5-mini")
    assert "OPENAI_API_KEY" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["", "openai/", "local/"])
def test_no_models_name(name: str) -> None:
    with pytest.raises(errors.ModelError):
        choose(Endpoint(name))


class Mark(BaseModel):
    mark: int


FAULTS = [
    answer('{"mark": 1}'),
    error(400, f"bad key {CANARY}"),
    error(401, f"Incorrect API key provided: {CANARY}. {CANARY[:8]}****"),
    error(429, CANARY, headers={"Retry-After": "0", "X-Key": CANARY}),
    error(500, CANARY),
    Say(body=f"<p>{CANARY}".encode(), content_type="text/html"),
    Say(body=b'{"error": {"message": "' + CANARY.encode() + b'"}}'),
    Say(body=CANARY.encode() * 100, drop=True),
    answer(f"my key is {CANARY}"),
    answer(None, message={"refusal": f"no {CANARY}"}),
    answer(f'{{"mark": "{CANARY}"}}'),
    completion([]),
    answer("x", delay=3),
]


async def test_the_canary_is_nowhere(
    make: Make, server: FaultServer, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    gateway = make(cache=tmp_path / "c.db", deadline=1.0)
    for n, fault in enumerate(FAULTS):
        server.script = [fault]
        try:
            await gateway.complete(Request((Message("user", f"CANDIDATE ANSWER {n}"),), schema=Mark))
        except ProviderError as e:
            walk: list[BaseException] = [e]
            while walk:
                one = walk.pop()
                seen += [str(one), repr(one), repr(vars(one)), "".join(traceback.format_exception(one))]
                walk += [x for x in (one.__cause__, one.__context__) if x]
    seen += [repr(gateway.routes), repr(vars(gateway.routes[0].transport)), repr(gateway)]
    await gateway.aclose()
    out = capfd.readouterr()
    logged = "\n".join(f"{r.name} {r.getMessage()} {r.args} {r.exc_text}" for r in caplog.records)
    seen += [out.out, out.err, logged, *(f.read_bytes().decode("utf-8", "replace") for f in tmp_path.iterdir())]
    assert len(seen) > 40 and server.calls > 20
    assert not [s for s in seen if CANARY in s or CANARY[3:] in s]
    assert "CANDIDATE ANSWER" not in logged + out.out + out.err, "nor what the candidate wrote"
    assert out.out == ""


def test_import_and_calls_look_up_nothing(server: FaultServer) -> None:
    """In a process of its own: a spy on name look-ups, then import, calls through each transport, and close."""
    server.script = [answer("ok")]
    code = f"""
import asyncio, json, socket, sys
asked = []
real = socket.getaddrinfo
def spy(host, *a, **k):
    asked.append(host)
    return real(host, *a, **k)
socket.getaddrinfo = spy
import interviewer.llm as llm
from interviewer.llm.choose import choose
heavy = [m for m in ("openai", "litellm", "httpx", "aiohttp") if m in sys.modules]
async def main():
    for wire in ("openai", "litellm"):
        end = llm.Endpoint("openai/m", {server.url!r}, wire=wire)
        gateway = llm.ModelGateway([choose(end)])
        ask = llm.Request((llm.Message("user", "x"),))
        other = llm.ModelGateway([choose(end)])
        await asyncio.gather(*(gateway.complete(ask) for _ in range(8)))
        await other.complete(ask)
        await other.aclose()
        await gateway.complete(ask)  # closing one gateway leaves the others their connections
        await gateway.aclose()
        await gateway.complete(ask)  # and a closed one opens again
        await gateway.aclose()
asyncio.run(main())
print(json.dumps([heavy, sorted(set(map(str, asked)))]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    heavy, asked = json.loads(done.stdout)
    assert heavy == [], "importing the room imports no vendor library"
    assert set(asked) <= {"127.0.0.1"}
    assert done.stderr == "", "no unclosed session, no pending task"
    assert server.calls == 22


def test_a_gateway_in_one_loop_after_another(server: FaultServer) -> None:
    server.script = [answer("ok")]
    gateway = make_gateway("m", api_base=server.url, cache=False)

    async def once() -> Any:
        return (await gateway.complete(Request((Message("user", "x"),)))).text

    assert [asyncio.run(once()) for _ in range(2)] == ["ok", "ok"]
    assert socket.socket
