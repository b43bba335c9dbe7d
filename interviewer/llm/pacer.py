"""When a model may be called: limits that were given, and the one that is learned from its 429s. One per model.

Requests are spaced, never sent a minute's worth at once. The learned rate goes the way of TCP's window (RFC 5681): more
than a few refusals cut it to a share, once in a round trip; answers let it grow, fast to near where it was refused,
slowly beyond. Without limits and without a 429 nothing waits. aiolimiter does not fit: its rate is fixed, it takes
nothing back, refuses more than its whole rate at once, and lets small requests overtake large ones.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Awaitable, Callable

from interviewer.errors import ProviderError, RateLimited
from interviewer.llm.clock import standing_still
from interviewer.llm.protocol import Reply

log = logging.getLogger("interviewer.llm")

SLACK = 0.25
"""Seconds of a rate that may be made up for: an event loop is seldom on time."""
SLICE = 0.25
"""Longest sleep before it is looked again: the rate may have changed."""
WINDOW = 120.0
"""Seconds over which accepted calls are counted: providers count by the minute, and one of them may be all refusals."""
TOLERATED = 0.12
"""Share of calls refused, of late, that is no sign of a limit: some providers refuse a few at any rate."""
LATE, LEAST, MOST = 8.0, 8, 64
"""Of late is in the last so many seconds, so many calls at least and at most."""
SOON = 5.0
"""A call refused so many seconds after a cut or less means that the rate is not found yet."""
DEEP, SHALLOW = 0.6, 0.9
"""What a cut leaves: while the rate is looked for, and after it was found."""
STRIDE, STEP = 0.15, 0.005
"""How much comes back in a second: shares of the rate, below and above what was near that at the last cut."""
FEW, BRIEF, FAST = 10, 10.0, 5.0
"""So few calls accepted in so few seconds do not tell a rate: a cut starts from FAST calls a second, or from more."""
SLOWEST = 1 / 15
"""Calls a second: how often a provider is tried that refuses everything."""
LONG = 5.0
"""Seconds that a provider may ask for before anybody is told."""


class Bucket:
    """A leaky bucket that runs out at `rate` a second. Who finds it empty may go, and fills in what he takes.

    So calls are spaced by what the call before took; one that takes more than a minute's worth makes the next one wait.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._level, self._at = 0.0, -math.inf

    def wait(self, now: float) -> float:
        """Seconds until it is empty."""
        passed = max(0.0, now - self._at)
        self._at = now
        self._level = max(self._level - self.rate * passed, -SLACK * self.rate) if passed < math.inf else 0.0
        return max(0.0, self._level) / self.rate

    def take(self, amount: float) -> None:
        """A negative amount gives back."""
        self._level += amount


class Pacer:
    """`rpm` requests and `tpm` tokens a minute at most; None is no limit. `notice` hears once of each kind of waiting.

    Belongs to the event loop that first uses it.
    """

    def __init__(
        self,
        name: str,
        *,
        rpm: float | None = None,
        tpm: float | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self._requests = Bucket(rpm / 60) if rpm else None
        self._tokens = Bucket(tpm / 60) if tpm else None
        self._learned: Bucket | None = None
        self._notice = notice
        self._queue = asyncio.Lock()
        self._held_until = -math.inf
        self._cut_at = self._grown_at = -math.inf
        self._share = 0.0
        """Of calls refused, of late."""
        self._near = math.inf
        """Up to here the rate grows by strides."""
        self._refused_on = 0
        """Cuts since the last call that was accepted."""
        self._refused_since, self._refused_at = math.inf, -math.inf
        """When, since then, a call was first refused; when one last was."""
        self._under_way = self._out = 0
        """Calls, with those that wait for their turn, and without."""
        self._since, self._idle = math.inf, -math.inf
        """Since when calls have been answered without a pause; when the last one ended."""
        self._accepted: deque[tuple[int, int]] = deque(maxlen=int(WINDOW) + 1)
        """Second, and calls accepted in it."""

    @property
    def counts_tokens(self) -> bool:
        return self._tokens is not None

    @property
    def rate(self) -> float:
        """Calls a second that the provider is known to take; infinite while it refused none."""
        return math.inf if self._learned is None else self._learned.rate

    async def through(self, call: Callable[[], Awaitable[Reply]], *, tokens: int, patience: float) -> Reply:
        """`call` in its turn. `tokens` is what it may use; what it did use counts in the end.

        Raises RateLimited, without a call, when the provider makes it wait longer than `patience` seconds.
        """
        loop = asyncio.get_running_loop()
        if not self._under_way and loop.time() - self._idle > 1.0:
            self._since = self._refused_since = math.inf
            self._accepted.clear()
        self._under_way += 1
        try:
            await self._turn(tokens, patience)
            sent = loop.time()
            self._out += 1
            try:
                reply = await call()
            except ProviderError as e:
                if self._tokens is not None and not e.uncounted:
                    self._tokens.take(-tokens)
                if isinstance(e, RateLimited):
                    self._refused(sent, loop.time(), e.retry_after)
                raise
            finally:
                self._out -= 1
            if self._tokens is not None and reply.tokens.input is not None and reply.tokens.output is not None:
                self._tokens.take(reply.tokens.input + reply.tokens.output - tokens)
            self._took(sent, loop.time())
            return reply
        finally:
            self._under_way -= 1
            self._idle = loop.time()

    async def _turn(self, tokens: int, patience: float) -> None:
        loop = asyncio.get_running_loop()
        if self._requests is None and self._tokens is None and self._learned is None and self._held_until < loop.time():
            return
        with standing_still():
            async with self._queue:
                while True:
                    wait = self._wait(loop.time(), patience)
                    if wait <= 0:
                        break
                    await asyncio.sleep(min(wait, SLICE))
                for bucket, amount in ((self._requests, 1), (self._tokens, tokens), (self._learned, 1)):
                    if bucket is not None:
                        bucket.take(amount)

    def _wait(self, now: float, patience: float) -> float:
        held = max(0.0, self._held_until - now)
        theirs = max(held, self._learned.wait(now) if self._learned is not None else 0.0)
        if theirs > patience:
            asked = f"asked for {held:.0f} s without calls" if held else f"takes a call every {1 / self.rate:.0f} s"
            raise RateLimited(
                f"{self.name}: the provider {asked}, more than the time left",
                hint="wait a moment, or lower the concurrency",
                model=self.name,
                retry_after=theirs,
            )
        ours = (b.wait(now) for b in (self._requests, self._tokens) if b is not None)
        return max(theirs, *ours, 0.0)

    def gave_up(self, now: float, patience: float) -> bool:
        """Whether every call was refused for longer than `patience` seconds, the last within a minute."""
        return now - self._refused_since > patience and now - self._refused_at < 60

    def _refused(self, sent: float, now: float, retry_after: float | None) -> None:
        self._refused_since, self._refused_at = min(self._refused_since, now), now
        if retry_after:
            self._held_until = max(self._held_until, now + retry_after)
            if retry_after > LONG:
                self._tell("held", f"the provider asks for {retry_after:.0f} s without calls")
        if sent <= self._cut_at:  # it was on its way before the last cut
            return
        self._share += (1 - self._share) * self._weight
        if self._share <= TOLERATED:
            return
        found = self._learned is not None and sent - self._cut_at > SOON
        seen, told = self._seen(now)
        basis = seen if self.rate > 2 * seen else self.rate  # a rate far above was never kept up
        rate = max(SLOWEST, basis * (SHALLOW if found else DEEP))
        if self._learned is None:
            self._learned = Bucket(rate)
            self._learned.take(1)
        self._learned.wait(now)  # what ran out until now did so at the rate before
        self._learned.rate = rate
        self._near = SHALLOW * basis if told else math.inf
        self._cut_at = self._grown_at = now
        self._refused_on += 1
        log.debug("%s: refused, %.2f calls a second from now on", self.name, rate)

    def _took(self, sent: float, now: float) -> None:
        self._refused_since = math.inf
        self._since = min(self._since, now)
        self._share *= 1 - self._weight
        second = int(now)
        n = self._accepted.pop()[1] if self._accepted and self._accepted[-1][0] == second else 0
        self._accepted.append((second, n + 1))
        if self._learned is None or sent <= self._cut_at:
            return
        if self._refused_on:  # at the rate after a cut it is counted anew
            self._share = 0.0
        if self._refused_on > 1:  # all was refused for a while, a minute's limit most likely: what did a minute take?
            self._near = self._learned.rate = max(self._learned.rate, SHALLOW * self._seen(now)[0])
        self._refused_on = 0
        self._learned.wait(now)
        share = STRIDE if self.rate < self._near and not self._share else STEP
        self._learned.rate *= 1 + share * min(1.0, now - self._grown_at)
        self._grown_at = now
        if now - self._cut_at > SOON and self._queue.locked():
            self._tell("rate", f"held to about {self.rate * 60:,.0f} requests/min by the provider")

    @property
    def _weight(self) -> float:
        """Of one call in the share of those refused."""
        return 1 / min(MOST, max(LEAST, LATE * self.rate))

    def _seen(self, now: float) -> tuple[float, bool]:
        """Calls accepted a second, of late, and whether they are enough to tell; those that are out are not refused."""
        self._since = min(self._since, now)
        since = max(now - WINDOW, self._since)
        n = sum(k for second, k in self._accepted if second >= int(since)) + self._out
        rate, told = n / max(1.0, now - since), n >= FEW or now - since >= BRIEF
        return (rate if told else max(rate, FAST)), told

    _told: frozenset[str] = frozenset()

    def _tell(self, kind: str, what: str) -> None:
        if self._notice is not None and kind not in self._told:
            self._told |= {kind}
            self._notice(f"{self.name}: {what}")
