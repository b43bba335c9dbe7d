"""`kill -9` at random moments of `interviewer grade`, while a fifth of all calls fails; the same command again.

    KILLS=50 python -m pytest tests/cli/test_grade_killed.py

Every row is in the output once, the output is that of an undisturbed run, and no content is asked again once its
judgement was in the journal. Neither the gateway's cache nor luck may be what saves it: there is no cache.
"""

from __future__ import annotations

import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from interviewer.batch.content import Keys, unpack
from interviewer.batch.runner import rows_for
from interviewer.examiners import offline_judge
from interviewer.judge import question_rubric
from interviewer.judge.llm import LLMJudge
from interviewer.llm import make_gateway
from knowledge import load_map
from tests.llm.server import FaultServer, Received, Say, answer, error
from tests.scripted_verdicts import QUESTION, judged_reply, marked, marker_of

KILLS = int(os.environ.get("KILLS", "4"))
CONCURRENCY = 6
ROWS = 20 * max(4, KILLS)
MOMENTS = ("usage",)
"""What may differ: calls that failed are counted, and time."""


class Provider:
    """Fails the first call for a fifth of the answers, each in one of five ways; then answers, after a moment.

    The fifth is to say nothing, where `hangs`.
    """

    def __init__(self, server: FaultServer, delay: float, *, hangs: bool) -> None:
        self.server, self.delay, self.hangs = server, delay, hangs
        self.lock = threading.Lock()
        self.asked: Counter[int] = Counter()
        self.succeeded: Counter[int] = Counter()
        server.script = self.reply

    def reply(self, r: Received) -> Say:
        n = marker_of(r)
        with self.lock:
            self.asked[n] += 1
            fault = zlib.crc32(b"%d %d" % (n, self.asked[n])) % 25
            if self.asked[n] == 1 and fault < 4 + self.hangs:
                well = judged_reply(r)
                cut, hang = Say(body=well.body, drop=True), Say(body=well.body, delay=300)
                return [error(429), error(500), cut, answer("{not JSON"), hang][fault]
            self.succeeded[n] += 1
        return judged_reply(r, delay=self.delay)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    server = FaultServer()
    yield server
    server.close()


def grading(folder: Path, url: str) -> subprocess.Popen[bytes]:
    args = ["grade", "in.csv", "-o", "out.csv", "--model", "openai/m", "--api-base", url, "--no-cache"]
    args += ["--deadline", "8", "--overwrite"]
    return subprocess.Popen(
        [sys.executable, "-m", "interviewer", *args, "--concurrency", str(CONCURRENCY)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip


def prepared(folder: Path) -> Path:
    folder.mkdir()
    with (folder / "in.csv").open("w", encoding="utf-8", newline="") as f:
        rows = [[f"s{k}", QUESTION, marked(k)] for k in range(ROWS)]
        csv.writer(f).writerows([["id", "question_id", "answer"], *rows])
    return folder


def graded(folder: Path) -> list[dict[str, str]]:
    with (folder / "out.csv").open(encoding="utf-8", newline="") as f:
        return [{k: v for k, v in row.items() if k not in MOMENTS} for row in csv.DictReader(f)]


def keys(url: str) -> list[bytes]:
    """What the journal knows each row by: computed here, in another process than the one that grades."""
    judge = LLMJudge(make_gateway("openai/m", api_base=url, cache=False), offline_judge())
    known, rubric = Keys(judge.fingerprint), question_rubric(load_map().question(QUESTION), "zh")
    return [known.of(rubric, marked(n), "zh") for n in range(ROWS)]


def in_journal(folder: Path, known: list[bytes]) -> set[int]:
    """The rows whose judgement is on disk; each is whole."""
    try:
        with sqlite3.connect(f"file:{folder / 'out.csv.journal'}?mode=ro", uri=True) as db:
            found = dict(db.execute("SELECT key, body FROM judgements"))
    except sqlite3.Error:  # killed before there was one
        return set()
    assert all(unpack(body).score is not None for body in found.values())
    assert set(found) <= set(known)
    return {n for n, key in enumerate(known) if key in found}


def test_killed_at_random_moments(server: FaultServer, tmp_path: Path) -> None:
    whole, folder, known = prepared(tmp_path / "whole"), prepared(tmp_path / "killed"), keys(server.url)
    Provider(server, 0, hangs=False)
    done = grading(whole, server.url)
    _, said = done.communicate(timeout=300)
    assert done.returncode == 0, said.decode()
    expected = graded(whole)
    assert [r["id"] for r in expected] == [f"s{k}" for k in range(ROWS)] and all(r["score"] for r in expected)

    provider, chance, killed = Provider(server, 0.05, hangs=True), random.Random(KILLS), 0
    kept: set[int] = set()
    while True:
        asked = provider.asked.copy()
        process = grading(folder, server.url)
        if killed < KILLS:
            share = (ROWS - len(kept)) // (KILLS - killed)
            _wait(process, provider, asked.total() + chance.randint(0, share))
            time.sleep(chance.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
        _, told = process.communicate(timeout=300)
        assert b"Traceback" not in told, told.decode()
        again = {n for n in kept if provider.asked[n] != asked[n]}
        assert not again, "asked again, though the judgement was in the journal"
        now = in_journal(folder, known)
        assert kept <= now, "a judgement was lost"
        if process.returncode == 0:
            break
        if process.returncode == 1:  # a call hung, and its row was given up: it is all that is asked for next
            assert b"not judged within 8 s" in told and b"to go on" not in told, told.decode()
            kept = now
            continue
        assert process.returncode == -signal.SIGKILL, told.decode()
        assert not (folder / "out.csv").exists()
        kept, killed = now, killed + 1
    assert f"{ROWS - len(kept)} judged now, {len(kept)} judged before" in told.decode() or not kept
    assert graded(folder) == expected
    assert not list(folder.glob(".out.csv.*")), "the killed ones left files that nobody clears away"
    assert now == set(range(ROWS))
    # What was answered but not on disk yet when the process died is all that may have been paid for twice.
    assert provider.succeeded.total() - ROWS <= killed * rows_for(CONCURRENCY)


def _wait(process: subprocess.Popen[bytes], provider: Provider, calls: int) -> None:
    limit = time.monotonic() + 100
    while process.poll() is None and provider.asked.total() < calls:
        assert time.monotonic() < limit
        time.sleep(0.002)
