"""What an exchange with a provider came to, in lines for a terminal and as facts for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from interviewer.batch.exchange import BatchExchange
from interviewer.llm.deferred import DeferredGateway
from interviewer.llm.protocol import Tokens
from interviewer.text import counted, visible


def results(exchange: BatchExchange) -> str:
    """What the files of results held; after the run over them."""
    found = exchange.collected
    parts = [f"{counted(found.answers, 'answer')}, {found.failed:,} failed"]
    if found.duplicates:
        parts.append(f"{counted(found.duplicates, 'duplicate')} (the first answer counts)")
    if exchange.unknown:
        parts.append(f"{exchange.unknown:,} to nothing that is asked here")
    if found.unreadable_lines:
        more = ", …" if found.unreadable_lines > len(found.unreadable) else ""
        parts.append(f"{counted(found.unreadable_lines, 'line')} unreadable ({', '.join(found.unreadable)}{more})")
    if found.cut:
        parts.append(f"the last line of {', '.join(found.cut)} is cut off")
    return f"results: {visible('; '.join(parts))}"


def mismatch(exchange: BatchExchange) -> str | None:
    """A sign that results and requests do not belong together: none answers anything, while much is asked."""
    asked = exchange.asked.first + exchange.assumed + exchange.unwritten
    if not exchange.collected.answers or not asked or exchange.used:
        return None
    return (
        "none of the results answers what this run asks: "
        "is it the same data, --model, options and version that the requests were made with?"
    )


def assumed(exchange: BatchExchange) -> str | None:
    """That requests are waited for without knowing that they were sent."""
    if not exchange.assumed:
        return None
    return (
        f"requests taken to be with the provider still: {exchange.assumed:,}; "
        "naming the file that they were written to makes sure"
    )


def written(exchange: BatchExchange, gateway: DeferredGateway, files: Sequence[Path]) -> str:
    """What was written for the provider, how much it is, and what it may cost; "" when nothing is missing."""
    asked = exchange.asked
    if not asked.requests:
        return f"requests without an answer, not written: {exchange.unwritten:,}" if exchange.unwritten else ""
    kinds = (("first looks", asked.first), ("second looks", asked.again), ("sent again", asked.resent))
    cost = most_cost(exchange, gateway)
    dollars = "" if cost is None else f"; at most ${cost:,.2f}" if cost >= 1 else f"; at most ${cost:.4f}"
    return (
        f"written to {visible(', '.join(map(str, files)))}: {counted(asked.requests, 'request')} "
        f"({', '.join(f'{what} {n:,}' for what, n in kinds if n)}), "
        f"about {asked.input_tokens:,} tokens to read, at most {asked.output_tokens:,} to write"
        + (f"{dollars} at half the list price" if dollars else "")
    )


def most_cost(exchange: BatchExchange, gateway: DeferredGateway) -> float | None:
    """US dollars if every answer is as long as it may be; None when unknown."""
    return gateway.price(Tokens(exchange.asked.input_tokens, exchange.asked.output_tokens))


def facts(exchange: BatchExchange, gateway: DeferredGateway, files: Sequence[Path]) -> dict[str, Any]:
    """The same for programs; part of the JSON contract."""
    asked, found = exchange.asked, exchange.collected
    return {
        "files": [str(f) for f in files],
        "requests": asked.requests,
        "first_looks": asked.first,
        "second_looks": asked.again,
        "sent_again": asked.resent,
        "not_written": exchange.unwritten,
        "input_tokens": asked.input_tokens,
        "most_output_tokens": asked.output_tokens,
        "most_cost": most_cost(exchange, gateway),
        "answers": found.answers,
        "failed": found.failed,
        "duplicates": found.duplicates,
        "unknown": exchange.unknown,
        "unreadable": found.unreadable_lines + len(found.cut),
    }
