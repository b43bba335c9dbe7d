"""`interviewer grade` ended in the middle and run again: what was judged is not judged, or paid for, again."""

from __future__ import annotations

import csv
import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.llm.server import FaultServer, Received, Say
from tests.scripted_verdicts import QUESTION, judged_reply, marked, marker_of

ROWS = 60


@pytest.fixture
def server() -> Any:
    server = FaultServer()
    yield server
    server.close()


def answers(folder: Path, n: int = ROWS, first: int = 0) -> Path:
    path = folder / "answers.csv"
    with path.open("w", encoding="utf-8", newline="") as f:
        rows = [[f"s{k}", QUESTION, marked(k)] for k in range(first, n)]
        csv.writer(f).writerows([["id", "question_id", "answer"], *rows])
    return path


def command(folder: Path, url: str | None, *more: str) -> list[str]:
    model = ["--model", "openai/m", "--api-base", url, "--no-cache"] if url else []
    return [sys.executable, "-m", "interviewer", "grade", str(folder / "answers.csv"), *model, *more]


def started(args: list[str], folder: Path) -> subprocess.Popen[bytes]:
    env = os.environ | {"PYTHONPATH": str(Path.cwd())}
    return subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=env)


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=100)
    finally:
        process.kill()
    assert b"Traceback" not in err, err.decode()
    return process.returncode, out.decode(), err.decode()


def until(true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + 60
    while not true():
        assert process.poll() is None and time.monotonic() < limit, ended(process)
        time.sleep(0.01)


def slowly(seconds: float) -> Callable[[Received], Say]:
    return lambda r: judged_reply(r, delay=seconds)


def judged(server: FaultServer) -> list[int]:
    return [marker_of(r) for r in server.received]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_the_first_signal_ends_it_well_and_the_command_told_goes_on(
    server: FaultServer, tmp_path: Path, number: signal.Signals
) -> None:
    server.script = slowly(0.3)
    answers(tmp_path)
    process = started(command(tmp_path, server.url, "-o", "out.csv", "--concurrency", "4"), tmp_path)
    until(lambda: server.calls >= 10, process)
    process.send_signal(number)
    code, _, said = ended(process)
    assert code == 4, said
    assert server.cut_off == 0, "rows under way are finished"
    assert "stopping: the rows under way are finished" in said
    assert f"interrupted: {server.calls} rows done, 0 of them failed" in said
    assert not (tmp_path / "out.csv").exists()
    before = judged(server)
    assert len(set(before)) == len(before) < ROWS
    (told,) = [line for line in said.splitlines() if line.startswith("to go on: ")]
    again = shlex.split(told.removeprefix("to go on: python -m interviewer "))
    server.script = slowly(0)
    code, _, said = ended(started([sys.executable, "-m", "interviewer", *again], tmp_path))
    assert code == 0, said
    assert f"{ROWS - len(before)} judged now, {len(before)} judged before" in said
    assert sorted(judged(server)) == list(range(ROWS)), "each row was paid for once"
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as f:
        found = list(csv.DictReader(f))
    assert [r["id"] for r in found] == [f"s{k}" for k in range(ROWS)] and all(float(r["score"]) > 0 for r in found)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["answers.csv", "out.csv", "out.csv.journal"]


def test_the_second_signal_stops_at_once(server: FaultServer, tmp_path: Path) -> None:
    server.script = lambda r: judged_reply(r, delay=0 if marker_of(r) < 8 else 60)
    answers(tmp_path)
    process = started(command(tmp_path, server.url, "-o", "out.csv", "--concurrency", "4"), tmp_path)
    until(lambda: server.calls >= 12, process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    code, _, said = ended(process)
    assert code == 4 and "to go on: " in said
    server.script = slowly(0)
    code, _, said = ended(started(command(tmp_path, server.url, "-o", "out.csv"), tmp_path))
    assert code == 0 and "52 judged now, 8 judged before" in said


def test_more_rows_and_an_output_that_exists(server: FaultServer, tmp_path: Path) -> None:
    server.script = slowly(0)
    answers(tmp_path, 10)
    assert ended(started(command(tmp_path, server.url, "-o", "out.csv"), tmp_path))[0] == 0
    answers(tmp_path, 13)
    code, _, said = ended(started(command(tmp_path, server.url, "-o", "out.csv"), tmp_path))
    assert code == 2 and "is there already" in said and "--resume" in said
    code, out, said = ended(started(command(tmp_path, server.url, "-o", "out.csv", "--resume", "--json"), tmp_path))
    assert code == 0 and "going on with out.csv.journal" in said, said
    assert "3 judged now, 10 judged before" in said and server.calls == 13
    summary = json.loads(out)
    assert (summary["from_journal"], summary["this_run"]["calls"], summary["this_run"]["input_tokens"]) == (10, 3, 300)
    args = command(tmp_path, server.url, "-o", "out.csv", "--overwrite", "--fresh")
    assert ended(started(args, tmp_path))[0] == 0 and server.calls == 26
    args = command(tmp_path, server.url, "-o", "elsewhere.jsonl", "--journal", "out.csv.journal")
    assert ended(started(args, tmp_path))[0] == 0 and server.calls == 26


def test_to_stdout_the_journal_lies_in_the_cache(tmp_path: Path, clean_room: Path) -> None:
    answers(tmp_path, 5)
    for from_journal in (0, 5):
        code, out, said = ended(started(command(tmp_path, None, "--format", "csv"), tmp_path))
        assert code == 0 and len(out.splitlines()) == 6
        assert ("0 judged now, 5 judged before" in said) == bool(from_journal)
    assert [p.name for p in tmp_path.iterdir()] == ["answers.csv"]
    (journal,) = (clean_room / "cache" / "journals").iterdir()
    assert journal.name.startswith("answers.csv-")


def test_offline_with_workers_ctrl_c_and_again(tmp_path: Path) -> None:
    answers(tmp_path, 30_000)
    args = command(tmp_path, None, "-o", "out.jsonl", "--workers", "2")
    process = started(args, tmp_path)

    def begun() -> bool:
        try:
            with sqlite3.connect(f"file:{tmp_path / 'out.jsonl.journal'}?mode=ro", uri=True) as db:
                return bool(db.execute("SELECT count(*) > 300 FROM judgements").fetchone()[0])
        except sqlite3.Error:
            return False

    until(begun, process)
    children = _children(process.pid)
    os.kill(process.pid, signal.SIGINT)
    for child in children:  # a terminal sends it to every process
        os.kill(child, signal.SIGINT)
    code, _, said = ended(process)
    assert code == 4 and len(children) == 2, said
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    with sqlite3.connect(tmp_path / "out.jsonl.journal") as db:
        kept = db.execute("SELECT count(*) FROM judgements").fetchone()[0]
    lines = (tmp_path / "out.jsonl.part").read_text("utf-8").splitlines()
    assert len(lines) == kept > 300
    answers(tmp_path, kept + 20)
    code, _, said = ended(started(args, tmp_path))
    assert code == 0 and f"20 judged now, {kept:,} judged before" in said
    after = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert after[:kept] == lines


def _children(pid: int) -> list[int]:
    return [int(c) for t in Path(f"/proc/{pid}/task").iterdir() for c in (t / "children").read_text().split()]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--concurrency", "0"], 2, "concurrency"),
        (["--workers", "2", "--model", "openai/m", "--api-base", "http://127.0.0.1:9/v1"], 2, "for the offline judge"),
        (["--deadline", "0"], 2, "above 0"),
        (["--journal", "answers.csv"], 2, "the journal is the input"),
        (["--journal", "nowhere/j"], 3, "No such file"),
        (["--journal", "notes.txt"], 3, "damaged or is no journal"),
    ],
)
def test_usage(tmp_path: Path, args: list[str], code: int, words: str) -> None:
    answers(tmp_path, 2)
    (tmp_path / "notes.txt").write_text("mine\n" * 1000)
    found, out, said = ended(started(command(tmp_path, None, "-o", "out.csv", *args), tmp_path))
    assert (found, out) == (code, "") and words in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["answers.csv", "notes.txt"]
    assert (tmp_path / "notes.txt").read_text() == "mine\n" * 1000


def test_a_deadline_per_row(server: FaultServer, tmp_path: Path) -> None:
    server.script = lambda r: judged_reply(r, delay=60 if marker_of(r) == 3 else 0)
    answers(tmp_path, 6)
    args = command(tmp_path, server.url, "-o", "out.csv", "--deadline", "3")
    code, _, said = ended(started(args, tmp_path))
    assert code == 1 and "row 5 (s3): not judged within 3 s" in said and "6 rows: 5 graded, 1 failed" in said
    server.script = slowly(0)
    code, _, said = ended(started([*args, "--overwrite"], tmp_path))
    assert code == 0 and "1 judged now, 5 judged before" in said


def test_concurrency_is_that_of_the_calls(server: FaultServer, tmp_path: Path) -> None:
    server.script = slowly(0.4)
    answers(tmp_path, 80)
    args = command(tmp_path, server.url, "-o", "out.csv", "--concurrency", "40")
    assert ended(started(args, tmp_path))[0] == 0
    assert 25 <= server.most_in_flight <= 40
