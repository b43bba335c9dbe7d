"""The fault server, and gateways to it through both transports. litellm is imported once for the whole run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from interviewer.llm import Endpoint, ModelGateway, Retries
from interviewer.llm.cache import AnswerCache
from interviewer.llm.choose import choose
from tests.llm.server import FaultServer

CANARY = "sk-canary-4f9a1c7e2b8d"
CANARY_KEY = SecretStr(CANARY)
QUICK = Retries(attempts=3, base=0.02, cap=0.05)

Make = Callable[..., ModelGateway]


@pytest.fixture(scope="session")
def _server() -> Iterator[FaultServer]:
    server = FaultServer()
    yield server
    server.close()


@pytest.fixture
def server(_server: FaultServer) -> FaultServer:
    _server.reset()
    return _server


@pytest.fixture(params=["openai", "litellm"])
def wire(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def make(server: FaultServer, wire: str) -> AsyncIterator[Make]:
    """`make("a", "b")`: a gateway to model a, with b as its fallback."""
    made: list[ModelGateway] = []

    def build(*models: str, cache: Path | None = None, **options: object) -> ModelGateway:
        names = [f"openai/{m}" for m in models or ("m",)]
        ends = [Endpoint(n, server.url, CANARY_KEY, wire) for n in names]  # type: ignore[arg-type]
        made.append(
            ModelGateway(
                [choose(e) for e in ends],
                cache=AnswerCache(cache) if cache else None,
                **{"retries": QUICK, "deadline": 20.0, **options},  # type: ignore[arg-type]
            )
        )
        return made[-1]

    yield build
    for gateway in made:
        await gateway.aclose()
