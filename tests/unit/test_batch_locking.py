"""interviewer.batch.locking: one run at a time for a file, whatever became of the run before."""

from __future__ import annotations

import asyncio
import csv
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from interviewer.batch import grade_file
from interviewer.batch.exchange import BatchExchange
from interviewer.batch.locking import FileLock, clear
from interviewer.batch.runner import GradedRow
from interviewer.errors import ConfigError, StoreError
from tests.batch_samples import QUESTION
from tests.fake_judge import FakeJudge

HOLD = """
import sys, time
from pathlib import Path
from interviewer.batch.locking import FileLock
FileLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(300)
"""


def test_held_by_one_process_until_it_ends_however_that_is(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
            with pytest.raises(StoreError, match="being written by another run") as refused, FileLock(path):
                pass
            assert refused.value.hint and "wait" in refused.value.hint
        finally:
            holder.kill()
    with FileLock(path), pytest.raises(StoreError), FileLock(path):
        pass
    assert list(tmp_path.iterdir()) == [], "the lock of the killed one is gone as well"


def test_many_at_once_are_never_two(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom interviewer.batch.locking import FileLock\n"
        "from interviewer.errors import StoreError\nfolder = Path(sys.argv[1])\nheld = 0\n"
        "while held < 200:\n"
        "    try:\n"
        "        with FileLock(folder / 'out.csv'):\n"
        "            (folder / 'inside').touch(exist_ok=False)\n"
        "            (folder / 'inside').unlink()\n"
        "            held += 1\n"
        "    except StoreError:\n"
        "        pass\n"
    )
    all_ = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE) for _ in range(3)]
    told = [p.communicate(timeout=100)[1] for p in all_]
    assert [p.returncode for p in all_] == [0, 0, 0], told
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"out\.csv cannot be written"):
        FileLock(tmp_path / "nowhere" / "out.csv").acquire()


def test_what_a_killed_run_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    left = [".out.csv.ab_12xyz.tmp", ".out.csv.errors.jsonl.abcdefgh.tmp"]
    others = [".out.csv.gz.abcdefgh.tmp", ".my.out.csv.abcdefgh.tmp", ".out.csv.tmp", "out.csv.part"]
    others += [".out2csv.abcdefgh.tmp"]
    for name in left + others:
        (tmp_path / name).touch()
    clear(tmp_path / "out.csv", "out.csv.errors.jsonl")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(others)


def test_a_second_run_is_refused_before_it_judges_and_the_first_is_not_disturbed(tmp_path: Path) -> None:
    with (tmp_path / "a.csv").open("w", newline="") as f:
        csv.writer(f).writerows([["id", "question_id", "answer"], *([n, QUESTION, f"@{n}"] for n in range(5))])
    (tmp_path / ".out.csv.abcdefgh.tmp").touch()
    second, refused = FakeJudge(), []

    def again() -> None:
        with pytest.raises(StoreError, match="another run") as e:
            asyncio.run(grade_file(tmp_path / "a.csv", tmp_path / "out.csv", second, overwrite=True))
        refused.append(e.value)

    def meanwhile(row: GradedRow) -> None:
        thread = threading.Thread(target=again)
        thread.start()
        thread.join()

    asyncio.run(grade_file(tmp_path / "a.csv", tmp_path / "out.csv", FakeJudge(), on_row=meanwhile))
    assert len(refused) == 5 and not second.judged
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "out.csv"]


def test_requests_of_one_name_are_written_by_one_run(tmp_path: Path) -> None:
    (tmp_path / ".requests.jsonl.abcdefgh.tmp").touch()
    with BatchExchange("m", submit=tmp_path / "requests.jsonl"):
        for name in ("requests.jsonl", "requests-2.jsonl"):
            with pytest.raises(StoreError, match="another run"):
                BatchExchange("m", submit=tmp_path / name)
    assert list(tmp_path.iterdir()) == []
