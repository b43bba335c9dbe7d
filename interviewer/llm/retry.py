"""Patience, in one place: tries a call again where that can help, and never beyond the deadline.

Back-off is exponential with full jitter; a provider's `Retry-After` is obeyed, and holds back the other calls to
that model too (`pacer`). The libraries' own retries are off.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from interviewer.errors import ProviderError, RateLimited
from interviewer.llm.clock import Clock, give_back, standing_still
from interviewer.llm.pacer import Pacer
from interviewer.llm.protocol import Reply

log = logging.getLogger("interviewer.llm")

MOST_ALONE = 2.0
"""Longest that a call which was refused waits beyond what its model does."""
PATIENCE = 900.0
"""Seconds for which a model may refuse every call, or ask for none, before those who can wait give up."""


@dataclass(frozen=True)
class Retries:
    attempts: int = 4
    """Calls in all, the first included."""
    base: float = 0.5
    """Longest wait before the second call, in seconds; doubles with each further one."""
    cap: float = 20.0

    def wait(self, failed: int, retry_after: float | None) -> float:
        """Seconds to wait after `failed` failures; a little more than was asked for, so that not all come at once."""
        jittered = random.uniform(0, min(self.cap, self.base * 2 ** (failed - 1)))
        return jittered if retry_after is None else retry_after + min(jittered, self.base)


async def patiently(
    call: Callable[[], Awaitable[Reply]],
    *,
    tokens: int,
    retries: Retries,
    pacer: Pacer,
    clock: Clock,
    name: str,
    patient: bool = False,
) -> Reply:
    """`call`, each time in its turn, until it succeeds, fails for good, or no time is left on the `clock`.

    `patient` makes being refused for too many requests no failure: it is called again, as often as it takes, for as
    long as the model answers anybody within `PATIENCE`; what refused calls took is given back to the clocks.
    """
    loop = asyncio.get_running_loop()
    failed, refused, began = 0, 0, 0.0

    async def once() -> Reply:
        nonlocal began
        began = loop.time()
        return await call()

    while True:
        if patient and pacer.gave_up(loop.time(), PATIENCE):
            raise RateLimited(
                f"{name}: the provider has refused every call for {PATIENCE / 60:.0f} minutes: too many requests",
                hint="run the same command again later, or name another --model",
                model=name,
            )
        try:
            return await pacer.through(once, tokens=tokens, patience=PATIENCE if patient else clock.left)
        except ProviderError as e:
            now = loop.time()
            if patient and isinstance(e, RateLimited):
                if (e.retry_after or 0) > PATIENCE or pacer.gave_up(now, PATIENCE):
                    raise
                give_back(now - began)
                refused += 1
                with standing_still():  # the model's pace may go on unchanged: this call alone was refused
                    await asyncio.sleep(0 if e.retry_after else min(retries.wait(refused, None), MOST_ALONE))
                continue
            failed += 1
            wait = retries.wait(failed, e.retry_after)
            if not e.transient or failed >= retries.attempts or wait >= clock.left:
                raise
            log.debug("%s: %s; try %d in %.1f s", name, type(e).__name__, failed + 1, wait)
        await asyncio.sleep(wait)
