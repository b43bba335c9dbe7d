"""Patience, in one place: tries a call again where that can help, and never beyond the deadline.

Back-off is exponential with full jitter; a provider's `Retry-After` is obeyed, and holds back the other calls to
that model too. The libraries' own retries are off.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from interviewer.errors import ProviderError, RateLimited
from interviewer.llm.protocol import Reply

log = logging.getLogger("interviewer.llm")


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


class Pace:
    """When a model may be called again, known to all calls to it."""

    def __init__(self) -> None:
        self._at = 0.0

    def hold(self, until: float) -> None:
        self._at = max(self._at, until)

    def left(self, now: float) -> float:
        return max(0.0, self._at - now)


async def patiently(
    call: Callable[[], Awaitable[Reply]], *, retries: Retries, pace: Pace, until: float, name: str
) -> Reply:
    """`call` until it succeeds, fails for good, or no time is left before `until` (the loop's clock)."""
    loop = asyncio.get_running_loop()
    failed = 0
    while True:
        now = loop.time()
        if held := pace.left(now):
            if now + held >= until:
                raise RateLimited(
                    f"{name}: the provider asked for {held:.0f} s without calls, more than the time left",
                    hint="wait a moment, or lower the concurrency",
                    model=name,
                    retry_after=held,
                )
            await asyncio.sleep(held)
        try:
            return await call()
        except ProviderError as e:
            failed += 1
            if not e.transient or failed >= retries.attempts:
                raise
            wait, now = retries.wait(failed, e.retry_after), loop.time()
            if isinstance(e, RateLimited) and e.retry_after:
                pace.hold(now + e.retry_after)
            if now + wait >= until:
                raise
            log.debug("%s: %s; try %d in %.1f s", name, type(e).__name__, failed + 1, wait)
        await asyncio.sleep(wait)
