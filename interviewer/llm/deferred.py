"""DeferredGateway: answers out of a provider's batch files, and what they lack asked in the next one.

Whoever asks is run again with every round of results, and asks the same: what is there is checked as a live answer
would be, what is not is put into the outgoing file and raised as Deferred. Nothing is learned from one request for
another, so that ids are the same in every run. No key, no network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from interviewer.errors import Deferred, ProviderError, Refused, RequestRefused
from interviewer.llm import cost
from interviewer.llm.batch_lines import BatchError, Result, content_id
from interviewer.llm.choose import batch_name
from interviewer.llm.cost import Spent
from interviewer.llm.dialect import Dialect
from interviewer.llm.gateway import sendable
from interviewer.llm.protocol import Completion, Message, Reply, Request, Tokens
from interviewer.llm.reply import read
from interviewer.llm.structured import Interlocutor, ask, check
from interviewer.llm.vendor_errors import WHAT, map_error

SHARE = 0.5
"""What a batch costs of the list price."""
FINAL = (RequestRefused, Refused)
"""What the same request would meet again."""


class Exchange(Protocol):
    """The files: what was answered so far, and what is asked next."""

    def results(self, key: str) -> Sequence[Result]:
        """All that came back for a request, by attempt."""
        ...

    def ask(self, key: str, attempt: int, body: Mapping[str, Any], *, again: bool) -> None:
        """Put a request into the outgoing file, unless it was asked before."""
        ...


class DeferredGateway:
    """A Gateway to `model` by way of `exchange`.

    `escalate=False` takes what is there as final: nothing that follows from an answer is asked, a request that failed
    has failed. `list_price=False` where the provider's public prices do not apply. Raises ModelError or ConfigError
    when no batch of this format can be meant for `model`.
    """

    def __init__(self, model: str, exchange: Exchange, *, escalate: bool = True, list_price: bool = True) -> None:
        self._name = model.strip()
        self.served = batch_name(model)
        self.exchange = exchange
        self.escalate = escalate
        self.list_price = list_price

    @property
    def model(self) -> str:
        return self._name

    async def aclose(self) -> None:
        pass

    async def complete(self, request: Request) -> Completion:
        request = replace(request, messages=tuple(Message(m.role, sendable(m.content)) for m in request.messages))
        asked = _Asked(self, request)
        try:
            answered = await ask(request, Interlocutor(self._name, Dialect.usual(self.served)), asked.send)
        except ProviderError as e:
            e.spent = asked.spent
            raise
        return Completion(
            text=answered.text,
            parsed=answered.parsed,
            tokens=asked.spent.tokens,
            cost=asked.spent.cost,
            finish_reason=answered.reply.finish_reason,
            model=self._name,
            calls=asked.spent.calls,
            capability=answered.capability,
        )

    def price(self, tokens: Tokens) -> float | None:
        """US dollars in a batch; None when unknown."""
        listed = cost.price(self._name, tokens) if self.list_price else None
        return None if listed is None else listed * SHARE


class _Asked:
    """One request on its way through the results: its replies, corrections and lesser dialects."""

    def __init__(self, gateway: DeferredGateway, request: Request) -> None:
        self.gateway, self.request = gateway, request
        self.spent = Spent()
        self._used: dict[str, int] = {}
        """How many answers were taken of each key: after an empty one the very same is asked once more."""
        self._before: ProviderError | None = None
        """What was wrong with the last result."""

    async def send(self, messages: tuple[Message, ...], params: dict[str, Any]) -> Reply:
        gateway = self.gateway
        body = {
            "model": gateway.served,
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            **params,
        }
        key = content_id(body)
        results, used = gateway.exchange.results(key), self._used.get(key, 0)
        good = [r for r in results if r.error is None]
        if len(good) > used:
            self._used[key] = used + 1
            return self._reply(good[used])
        fault = None
        if results and results[-1].error is not None:
            self.spent.add_failed(uncounted=False)
            fault = self._mapped(results[-1].error)
            if isinstance(fault, FINAL) or not gateway.escalate:
                self._before = fault
                raise fault
        again = self.request.again or self._before is not None
        if again and not gateway.escalate:
            raise self._before or ProviderError(
                f"{gateway.model}: its first answer does not suffice, and asking again was ruled out (--no-escalate)",
                model=gateway.model,
            )
        attempt = results[-1].attempt + 1 if results else 1
        gateway.exchange.ask(key, attempt, body, again=again)
        raise Deferred(_waiting(again, fault or self._before), model=gateway.model)

    def _reply(self, result: Result) -> Reply:
        reply = read(result.body)
        self.spent.add(reply.tokens, self.gateway.price(reply.tokens))
        try:
            check(reply, self.request, self.gateway.model)
        except ProviderError as e:  # `ask` meets it next; here it says what a further question is about
            self._before = e
        return reply

    def _mapped(self, error: BatchError) -> ProviderError:
        return map_error(error, model=self.gateway.model)


def _waiting(again: bool, fault: ProviderError | None) -> str:
    after = f", after: {fault.message}" if fault else ", for a second look" if again else ""
    return WHAT[Deferred] + after
