"""What calls used, and what that cost: the provider's own counts, and litellm's price list where it has the model.

Unknown stays unknown: a total with one unknown part is None, with the known sum beside it. The price list is a
JSON file of the litellm package, read without importing it. Servers named with an address have no known price.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from interviewer.llm.protocol import Completion, Reply, Tokens, Transport
from interviewer.models import Usage

PRICE_FILE = "model_prices_and_context_window_backup.json"


@dataclass
class Spent:
    """A running total. The `known_` sums count what was told; a property is None once anything was not."""

    calls: int = 0
    seconds: float = 0.0
    known_input: int = 0
    known_output: int = 0
    known_cached: int = 0
    known_cost: float = 0.0
    unknown_input: int = 0
    """How many calls did not say."""
    unknown_output: int = 0
    unknown_cached: int = 0
    unknown_cost: int = 0

    def add(self, tokens: Tokens, cost: float | None, *, calls: int = 1, seconds: float = 0.0) -> None:
        self.calls += calls
        self.seconds += seconds
        self.known_input += tokens.input or 0
        self.known_output += tokens.output or 0
        self.known_cached += tokens.cached or 0
        self.known_cost += cost or 0.0
        self.unknown_input += tokens.input is None
        self.unknown_output += tokens.output is None
        self.unknown_cached += tokens.cached is None
        self.unknown_cost += cost is None

    def add_failed(self, *, uncounted: bool) -> None:
        """A call that failed: free where the provider refused it, unknown where it may have worked."""
        if uncounted:
            self.add(Tokens(), None)
        else:
            self.calls += 1

    def add_spent(self, other: Spent) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def add_completion(self, completion: Completion) -> None:
        self.add(completion.tokens, completion.cost, calls=completion.calls, seconds=completion.seconds)

    @property
    def tokens(self) -> Tokens:
        return Tokens(
            None if self.unknown_input else self.known_input,
            None if self.unknown_output else self.known_output,
            None if self.unknown_cached else self.known_cached,
        )

    @property
    def cost(self) -> float | None:
        return None if self.unknown_cost else self.known_cost

    @property
    def usage(self) -> Usage:
        tokens = self.tokens
        return Usage(
            calls=self.calls,
            input_tokens=tokens.input,
            output_tokens=tokens.output,
            cost=self.cost,
            seconds=self.seconds,
        )


def of_call(reply: Reply, transport: Transport) -> float | None:
    """What the provider told or the library computed, else by the list."""
    if reply.cost is not None or not transport.list_price:
        return reply.cost
    return price(transport.name, reply.tokens)


def price(model: str, tokens: Tokens) -> float | None:
    """US dollars for one call, by the list; None when the model or a count is unknown."""
    entry = _entry(model)
    if entry is None or tokens.input is None or tokens.output is None:
        return None
    read = _rate(entry, "input_cost_per_token", tokens.input)
    written = _rate(entry, "output_cost_per_token", tokens.input)
    if read is None or written is None:
        return None
    cached = min(tokens.cached or 0, tokens.input)
    reread = _rate(entry, "cache_read_input_token_cost", tokens.input)
    return (tokens.input - cached) * read + cached * (read if reread is None else reread) + tokens.output * written


def _rate(entry: dict[str, Any], name: str, prompt: int) -> float | None:
    """The price per token of a prompt this long: some models charge more above a threshold."""
    above = {int(m[1]) * 1000: k for k in entry if (m := re.fullmatch(rf"{name}_above_(\d+)k_tokens", k))}
    reached = [k for limit, k in sorted(above.items()) if prompt > limit]
    value = entry.get(reached[-1] if reached else name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


@lru_cache(maxsize=64)
def _entry(model: str) -> dict[str, Any] | None:
    known: Any = getattr(sys.modules.get("litellm"), "model_cost", None)
    listed = known if isinstance(known, dict) and known else _price_list()
    for name in (model, model.partition("/")[2]):
        entry = listed.get(name)
        if name and isinstance(entry, dict):
            return dict(entry)
    return None


def _price_list() -> dict[str, Any]:
    """The file, parsed (30 ms) and not kept: `_entry` remembers what it found."""
    spec = importlib.util.find_spec("litellm")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        try:
            listed = json.loads((Path(folder) / PRICE_FILE).read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(listed, dict):
            return listed
    return {}
