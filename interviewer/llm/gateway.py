"""ModelGateway: one request through cache, queue, deadline, models in order, retries and structured output.

The order of things: an answer in the cache costs nothing and waits for nobody; the deadline starts when a place in
the queue is free, and stands still while a call waits for its turn under a limit of requests or tokens; each model gets
its share of the time that is left; a model that is down is tried last for a while.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from interviewer.errors import (
    AuthError,
    BadOutput,
    ModelError,
    ProviderDown,
    ProviderError,
    ProviderTimeout,
    QuotaError,
    RateLimited,
    UsageError,
)
from interviewer.llm import cost
from interviewer.llm.cache import AnswerCache, InFlight, Kept, cache_key
from interviewer.llm.clock import Clock, standing_still
from interviewer.llm.cost import Spent
from interviewer.llm.dialect import Dialect
from interviewer.llm.estimate import tokens_of
from interviewer.llm.pacer import Pacer
from interviewer.llm.protocol import Call, Completion, Message, Reply, Request, Tokens, Transport
from interviewer.llm.retry import Retries, patiently
from interviewer.llm.structured import Answered, Interlocutor, ask, parse

log = logging.getLogger("interviewer.llm")

DEADLINE = 120.0
CONCURRENCY = 16
DEAD_SECONDS = 30.0
"""For how long a model that failed is tried last."""

OUT_OF_ORDER = (AuthError, QuotaError, ModelError, RateLimited, ProviderDown)
"""What says that a model will fail the next request too."""


@dataclass
class Route:
    """One model: how it is reached, and what was learned about it."""

    transport: Transport
    pacer: Pacer
    model: Interlocutor = field(init=False)
    dead_until: float = 0.0

    def __post_init__(self) -> None:
        self.model = Interlocutor(self.transport.name, Dialect(brief=self.transport.name.startswith("local/")))


class ModelGateway:
    """The Gateway of the product. Bound to the event loop that first uses it; close it with `aclose`.

    `rpm` requests and `tpm` tokens a minute are sent to each model at most. A `patient` one is for many requests that
    nobody waits for: while the last model to be tried says that there are too many, they wait, and do not fail.
    `notice` hears when a provider holds it back, `on_spent` the running total after every request.
    """

    def __init__(
        self,
        transports: Sequence[Transport],
        *,
        cache: AnswerCache | None = None,
        deadline: float = DEADLINE,
        concurrency: int = CONCURRENCY,
        retries: Retries | None = None,
        rpm: float | None = None,
        tpm: float | None = None,
        patient: bool = False,
        notice: Callable[[str], None] | None = None,
        on_spent: Callable[[Spent], None] | None = None,
    ) -> None:
        if not transports or deadline <= 0 or concurrency < 1:
            raise UsageError("a gateway needs a model, a deadline above 0 and a concurrency of at least 1")
        if any(limit is not None and not 0 < limit < math.inf for limit in (rpm, tpm)):
            raise UsageError("limits of requests and tokens a minute must be above 0")
        self.routes = [Route(t, Pacer(t.name, rpm=rpm, tpm=tpm, notice=notice)) for t in transports]
        self.deadline = deadline
        self.cache = cache
        self.spent = Spent()
        """All that went through this gateway, failures included."""
        self.patient = patient
        self._on_spent = on_spent
        self._retries = retries or Retries()
        self._places = asyncio.Semaphore(concurrency)
        self._in_flight: InFlight[Completion] = InFlight()

    @property
    def model(self) -> str:
        return self.routes[0].transport.name

    @property
    def models(self) -> list[tuple[str, str]]:
        """Name and address of each, in order: one name may be another model elsewhere."""
        return [(r.transport.name, r.transport.where) for r in self.routes]

    async def __aenter__(self) -> ModelGateway:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        for route in self.routes:
            await route.transport.aclose()
        if self.cache:
            self.cache.close()

    async def complete(self, request: Request) -> Completion:
        request = replace(request, messages=tuple(Message(m.role, sendable(m.content)) for m in request.messages))
        routes = self._wanted(request)
        if self.cache is None or not request.cached:
            return await self._ask(request, routes)
        key = _key(request, routes[0])
        if kept := self._kept(request, routes[0], key):
            return kept
        completion, joined = await self._in_flight.run(key, lambda: self._ask(request, routes))
        if not joined:
            return completion
        # two classes may have one schema, and validators their own context: the answer is checked for this caller too
        parsed = None if request.schema is None else parse(completion.text, request, completion.model)
        return _free(replace(completion, parsed=parsed))

    def _wanted(self, request: Request) -> list[Route]:
        if request.model is None:
            return self.routes
        named = [r for r in self.routes if r.transport.name == request.model]
        if not named:
            names = ", ".join(r.transport.name for r in self.routes)
            raise UsageError(f"this gateway has no model {request.model!r}", hint=f"it has: {names}")
        return named

    async def _ask(self, request: Request, routes: list[Route]) -> Completion:
        spent, loop = Spent(), asyncio.get_running_loop()
        with standing_still():
            await self._places.acquire()
        started = loop.time()
        try:
            with Clock(self.deadline).running() as clock:
                return await self._first_to_answer(request, routes, clock, spent)
        except ProviderError as e:
            e.spent = spent
            raise
        finally:
            self._places.release()
            spent.seconds = loop.time() - started
            self.spent.add_spent(spent)
            log.debug("%s %s: %d calls, %.1f s", self.model, request.purpose, spent.calls, spent.seconds)
            if self._on_spent is not None:
                self._on_spent(self.spent)

    async def _first_to_answer(self, request: Request, routes: list[Route], clock: Clock, spent: Spent) -> Completion:
        loop = asyncio.get_running_loop()
        started = loop.time()
        order = sorted(routes, key=lambda r: r.dead_until > started)  # stable: the user's order otherwise
        faults: list[ProviderError] = []
        for n, route in enumerate(order):
            left = len(order) - n
            try:
                answered = await self._within(
                    clock.left / left, request, route, spent, patient=self.patient and left == 1
                )
            except ProviderError as e:
                faults.append(e)
                if isinstance(e, OUT_OF_ORDER):
                    route.dead_until = loop.time() + DEAD_SECONDS
                if n + 1 < len(order):
                    log.warning("%s failed (%s); trying %s", e.model, type(e).__name__, order[n + 1].transport.name)
                continue
            route.dead_until = 0.0
            completion = Completion(
                text=answered.text,
                parsed=answered.parsed,
                tokens=spent.tokens,
                cost=spent.cost,
                finish_reason=answered.reply.finish_reason,
                model=route.transport.name,
                seconds=loop.time() - started,
                calls=spent.calls,
                fell_back=route is not routes[0],
                capability=answered.capability,
            )
            if self.cache and request.cached:
                kept = Kept(answered.text, completion.finish_reason, completion.capability)
                self.cache.put(_key(request, route), kept)
            return completion
        raise _summary(faults, routes)

    async def _within(self, seconds: float, request: Request, route: Route, spent: Spent, *, patient: bool) -> Answered:
        """One model's answer, in its share of the time."""
        transport, pacer, clock = route.transport, route.pacer, Clock(seconds)

        async def send(messages: tuple[Message, ...], params: dict[str, Any]) -> Reply:
            wire = [{"role": m.role, "content": m.content} for m in messages]

            async def once() -> Reply:
                # a little beyond the deadline: it is asyncio's clock that ends the call, not the client's
                call = Call(wire, params, timeout=max(0.1, clock.left) + 1)
                try:
                    reply = await transport.send(call)
                except ProviderError as e:
                    spent.add_failed(uncounted=e.uncounted)
                    raise
                except asyncio.CancelledError:
                    spent.add_failed(uncounted=True)
                    raise
                spent.add(reply.tokens, cost.of_call(reply, transport))
                return reply

            tokens = sum(tokens_of({"messages": wire, **params})) if pacer.counts_tokens else 0
            return await patiently(
                once, tokens=tokens, retries=self._retries, pacer=pacer, clock=clock, name=transport.name,
                patient=patient,
            )  # fmt: skip

        try:
            async with clock.limiting():
                return await ask(request, route.model, send)
        except TimeoutError:
            late = ProviderTimeout(
                f"{transport.name}{f' at {transport.where}' if transport.where else ''}: no answer in {seconds:.0f} s",
                hint="allow more time, or name a faster --model",
                model=transport.name,
            )
        raise late

    def _kept(self, request: Request, route: Route, key: str) -> Completion | None:
        """The answer in the cache, checked again: the schema's own code may have changed."""
        kept = self.cache.get(key) if self.cache else None
        if kept is None or self.cache is None:
            return None
        try:
            parsed = None if request.schema is None else parse(kept.text, request, route.transport.name)
        except BadOutput:
            self.cache.forget(key)
            return None
        return _free(
            Completion(
                kept.text,
                parsed,
                finish_reason=kept.finish_reason,
                model=route.transport.name,
                capability=kept.capability,
            )
        )


def sendable(text: str) -> str:
    """`text` as UTF-8 can carry it: lone surrogates, which are no characters, become U+FFFD."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _key(request: Request, route: Route) -> str:
    return cache_key(request, model=route.transport.name, address=route.transport.where)


def _free(completion: Completion) -> Completion:
    """The same answer, had for nothing."""
    return replace(completion, tokens=Tokens(0, 0, 0), cost=0.0, seconds=0.0, calls=0, from_cache=True)


def _summary(faults: list[ProviderError], routes: list[Route]) -> ProviderError:
    """The first model's error, with a word on the others."""
    first = next((f for f in faults if f.model == routes[0].transport.name), faults[0])
    others = [f"{f.model}: {type(f).__name__}" for f in faults if f is not first]
    if others:
        first.message = f"{first.message} (fallbacks failed too: {', '.join(others)})"
        first.args = (first.message,)
    return first
