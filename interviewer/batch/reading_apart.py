"""With a model: answers are read for words and vectors in a process of its own, while calls are under way here.

Reading is a third of the work beside a call, and in Python only one thread works at a time.
"""

from __future__ import annotations

from contextlib import suppress

from interviewer.batch import pool
from interviewer.batch.halting import Halted
from interviewer.errors import ConfigError
from interviewer.judge.examined import Examined
from interviewer.judge.llm import LLMJudge
from interviewer.judge.protocol import Judge
from interviewer.models import Rubric

CALLS = 24
"""Rows under way from which one core no longer keeps up."""


class ReadingApart:
    """Reads for `judge` until `close`. Nobody waits for the process to start, and without it all is read here."""

    def __init__(self, judge: LLMJudge) -> None:
        self._judge = judge
        self._offline = judge.offline
        self._pool = pool.WorkerPool(judge.offline, 1, task="examine")
        self._pool.start()
        self._apart = True
        judge.read_with(self._read)

    async def _read(self, rubric: Rubric, answer: str, lang: str, digest: str | None = None) -> Examined:
        if self._apart and self._pool.ready:
            try:
                seen = await self._pool.examine(rubric, answer, lang, digest)
            except Halted:
                self._apart = False
            else:
                seen.index = self._offline.index(rubric, digest)
                return seen
        return await self._offline.read(rubric, answer, lang, digest)

    def close(self) -> None:
        self._judge.read_with(None)
        self._pool.close()


def reading_apart(judge: Judge, concurrency: int) -> ReadingApart | None:
    """A process that reads for `judge`, where that is any use."""
    if concurrency < CALLS or not isinstance(judge, LLMJudge) or not judge.calls or not pool.gains(judge.offline):
        return None
    with suppress(ConfigError):  # an embedder of the caller's own need not be one that can be sent
        return ReadingApart(judge)
    return None
