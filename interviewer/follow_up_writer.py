"""Follow-ups written by a model in the interviewer's role, each checked in code before anyone sees it.

Nothing that goes wrong here stops an interview: without a question that may be asked there is none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from interviewer.embeddings import Embedder
from interviewer.errors import ProviderError
from interviewer.graph import generated
from interviewer.graph.context import Written
from interviewer.graph.generated_check import check
from interviewer.llm import Gateway, Spent

TRIES = 2
PATIENCE = 30.0
"""Seconds for all tries together: the candidate waits for them."""


class ModelFollowUps:
    """A `FollowUpWriter` over a gateway, which it does not close."""

    def __init__(
        self,
        gateway: Gateway,
        embedder: Embedder,
        *,
        patience: float = PATIENCE,
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.gateway = gateway
        self.embedder = embedder
        self.patience = patience
        self.notice = notice
        """Hears why there is no follow-up, where one was wanted."""

    async def write(self, task: generated.Task) -> Written | None:
        """One question that passes `check`, within two tries; None when there is none."""
        try:
            async with asyncio.timeout(self.patience):
                return await self._write(task)
        except TimeoutError:
            self.notice(f"{self.gateway.model} wrote no follow-up within {self.patience:g} s")
        except ProviderError as e:
            self.notice(f"no follow-up was written: {e.message}")
        return None

    async def _write(self, task: generated.Task) -> Written | None:
        spent, refused = Spent(), list[tuple[str, str]]()
        for _ in range(TRIES):
            done = await self.gateway.complete(generated.request(task, refused))
            spent.add_completion(done)
            text = done.parsed_as(generated.Proposal).question.strip()
            fault = await asyncio.to_thread(check, text, task, self.embedder)
            if fault is None:
                return Written(text, done.model or self.gateway.model, spent.usage)
            refused.append((text, fault))
        self.notice(f"{self.gateway.model} wrote no follow-up that could be asked: {refused[-1][1]}")
        return None
