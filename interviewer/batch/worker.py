"""The other end of `interviewer.batch.pool`: a process that reads chunks of answers and judges them offline.

Started as `python -P -c "from interviewer.batch.worker import main; main()"`, so that no script of the caller's is
imported again. Speaks pickle over its standard streams, with the process that started it and nobody else.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys

from interviewer.judge.offline import OfflineJudge
from interviewer.models import Rubric

READY = b"ready"
Rows = list[tuple[int, str, str]]
"""Number of the rubric, answer, language."""
Chunk = tuple[dict[int, Rubric], list[int], Rows]
"""Rubrics that are new, numbers of those that are not needed any more, and the rows."""


def main() -> None:
    """Until the other end closes: a chunk in, its judgements out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches everyone; our parent decides
    gc.set_threshold(50_000, 20, 20)
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no reply
    try:
        judge: OfflineJudge = pickle.load(requests)  # noqa: S301 - our own parent wrote it
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
            made = [judge.judge_sync(rubrics[number], answer, lang) for number, answer, lang in rows]
            pickle.dump(made, replies, pickle.HIGHEST_PROTOCOL)
            replies.flush()
    except (EOFError, BrokenPipeError):  # the parent is gone, or has enough
        os._exit(0)
