"""What passes through the gateway, and the two seams: `Gateway` above, `Transport` below.

A `Gateway` takes a `Request` and gives a validated `Completion` or raises a ProviderError: retries, fallback
models, structured output, cache and cost are its business. A `Transport` makes one HTTP call. Imports no
vendor library; knows nothing of questions, rubrics or judging.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from pydantic import BaseModel

from interviewer.models import Usage

Capability = Literal["json_schema", "json_object", "prompt"]
"""How a model is brought to write JSON: a strict schema, JSON of any shape, or asking nicely."""

Schema = TypeVar("Schema", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to ask. What changes between requests comes last in `messages`: providers cache the prefix."""

    messages: tuple[Message, ...]
    schema: type[BaseModel] | None = None
    """What the answer must validate as; None for free text."""
    context: Mapping[str, Any] | None = None
    """Pydantic's validation context, for validators that need to know more than the answer."""
    model: str | None = None
    """One of the gateway's models, to be asked alone; None: its first, the others as fallbacks."""
    temperature: float | None = 0.0
    max_tokens: int | None = None
    seed: int | None = None
    purpose: str = ""
    """`judge`, `reask`, `follow_up`, …: for logs and scripts, not sent."""
    rubric_hash: str = ""
    """What else an answer in the cache depends on, and no message shows."""
    cached: bool = True
    """False: ask afresh, and do not remember the answer."""
    again: bool = False
    """Asked because of an earlier answer: in a provider's batch files that is another round."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """As the provider counted them; None is unknown."""

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    """The part of `input` that the provider's prefix cache served."""


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer that was checked. What it used covers every call made for it, failed ones and fallbacks too."""

    text: str
    parsed: BaseModel | None = None
    tokens: Tokens = Tokens()
    cost: float | None = None
    """US dollars; None is unknown, and never stands for nothing."""
    finish_reason: str | None = None
    model: str = ""
    """The model that answered, by the name it was asked for."""
    seconds: float = 0.0
    calls: int = 1
    """HTTP calls made upstream."""
    from_cache: bool = False
    fell_back: bool = False
    """A fallback model answered."""
    capability: Capability | None = None
    """How the JSON was obtained; None for free text."""

    def parsed_as(self, schema: type[Schema]) -> Schema:
        """`parsed`, typed."""
        assert isinstance(self.parsed, schema), f"asked for {schema.__name__}, have {type(self.parsed).__name__}"
        return self.parsed

    @property
    def usage(self) -> Usage:
        return Usage(
            calls=self.calls,
            input_tokens=self.tokens.input,
            output_tokens=self.tokens.output,
            cost=self.cost,
            seconds=self.seconds,
        )


class Gateway(Protocol):
    """All that a judge or an interviewer needs of a model."""

    @property
    def model(self) -> str:
        """The first model's name, for provenance."""
        ...

    async def complete(self, request: Request) -> Completion:
        """Raises ProviderError, with what was `spent` on it."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call, in the provider's terms."""

    messages: list[dict[str, str]]
    params: dict[str, Any] = field(default_factory=dict)
    """`temperature`, `max_tokens`, `response_format`, …"""
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back of one call, before anything was made of it."""

    text: str | None
    finish_reason: str | None = None
    refusal: str | None = None
    tokens: Tokens = Tokens()
    cost: float | None = None
    model: str = ""
    """What the server says it ran."""
    choices: int = 1


class Transport(Protocol):
    """One model at one provider. `send` makes exactly one HTTP call and raises nothing but ProviderError."""

    @property
    def name(self) -> str: ...

    @property
    def where(self) -> str:
        """The address, or the provider's name, without credentials."""
        ...

    @property
    def list_price(self) -> bool:
        """Whether the provider's public prices apply: a server named with an address has its own."""
        ...

    async def send(self, call: Call) -> Reply: ...

    async def aclose(self) -> None: ...
