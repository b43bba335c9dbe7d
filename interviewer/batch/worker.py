"""The other end of `interviewer.batch.pool`: a process that judges chunks of answers offline, or examines them.

Started as `python -P -c "from interviewer.batch.worker import main; main()"`, so that no script of the caller's is
imported again. Speaks pickle over its standard streams, with the process that started it and nobody else.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from typing import Any, Literal

from interviewer.errors import JudgeError
from interviewer.judge.examined import Examined
from interviewer.judge.offline import OfflineJudge
from interviewer.models import Rubric

READY = b"ready"
Task = Literal["judge", "examine"]
"""What is done with each row: `OfflineJudge.judge_sync`, or `examine`, whose index stays here."""
Rows = list[tuple[int, str, str, str | None]]
"""Number of the rubric, answer, language, hash of the rubric where it is known."""
Chunk = tuple[dict[int, Rubric], list[int], Rows]
"""Rubrics that are new, numbers of those that are not needed any more, and the rows."""


def main() -> None:
    """Until the other end closes: a chunk in, its judgements out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches everyone; our parent decides
    gc.set_threshold(50_000, 20, 20)
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no reply
    try:
        judge: OfflineJudge
        task: Task
        judge, task = pickle.load(requests)  # noqa: S301 - our own parent wrote it
        work = _examined if task == "examine" else _judged
        judge.embedder.encode([""])
        pickle.dump(READY, replies)
        replies.flush()
        rubrics: dict[int, Rubric] = {}
        while True:
            chunk: Chunk = pickle.load(requests)  # noqa: S301
            new, old, rows = chunk
            rubrics |= new
            for number in old:
                del rubrics[number]
            made = [work(judge, rubrics[number], answer, lang, digest) for number, answer, lang, digest in rows]
            pickle.dump(made, replies, pickle.HIGHEST_PROTOCOL)
            replies.flush()
    except (EOFError, BrokenPipeError):  # the parent is gone, or has enough
        os._exit(0)


def _judged(judge: OfflineJudge, rubric: Rubric, answer: str, lang: str, _: str | None) -> Any:
    return judge.judge_sync(rubric, answer, lang)


def _examined(judge: OfflineJudge, rubric: Rubric, answer: str, lang: str, digest: str | None) -> Examined | JudgeError:
    try:
        seen = judge.examine(rubric, answer, lang, digest)
    except Exception as e:  # this row's fault, told to it
        return JudgeError(f"the answer cannot be read: {type(e).__name__}: {e}"[:300])
    seen.index = None  # type: ignore[assignment]  # a megabyte that the other end has itself
    return seen
