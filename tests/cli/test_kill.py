"""`kill -9` at random moments of scripted interviews; each is resumed until it ends.

    KILLS=30 python -m pytest tests/cli/test_kill.py

No answer is lost, none is graded twice, and the report equals the uninterrupted one but for its times.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

KILLS = int(os.environ.get("KILLS", "6"))
ANSWERS = [
    "先看显存账本：权重、梯度、优化器状态各占多少字节，再看激活。",
    "/hint",
    "大概是这样：冻结基座，只训练低秩矩阵，优化器状态就少了。",
    "不知道",
    "梯度累积省的是激活，裁剪放在反向之后、更新之前。",
    "/skip",
    "先定评测集和基线，再看置信区间，最后上线做 A/B。",
    "数据要去重、清洗，再按主题切分。",
    "用 warmup 加余弦，峰值学习率扫一遍。",
    "说不好，可能和数据有关。",
]
MOMENTS = ("seconds", "started_at", "finished_at", "asked_at", "answered_at", "session")


def start(db: Path, answers: Path) -> subprocess.Popen[str]:
    """Begin, go on, or (killed between the last turn and the printing) print the report."""
    status = _status(db)
    command = [sys.executable, "-m", "interviewer"]
    if status == "finished":
        command += ["report", "last", "--format", "json", "--db", str(db)]
    else:
        command += ["--plain", "--json", "--db", str(db), "--answers", str(answers)]
        command += ["--resume", "last"] if status else ["--role", "eng", "--seed", "11", "--questions", "4"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def timeless(value: Any) -> Any:
    """The report without what is a moment or a measured duration."""
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in MOMENTS}
    return [timeless(v) for v in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "answers.yaml"
    path.write_text("\n".join(f"- {json.dumps(a, ensure_ascii=False)}" for a in ANSWERS), "utf-8")
    return path


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, answers: Path) -> tuple[dict[str, Any], float]:
    began = time.monotonic()
    out, err = start(tmp_path_factory.mktemp("whole") / "i.db", answers).communicate(timeout=120)
    assert out, err
    return timeless(json.loads(out)), time.monotonic() - began


@pytest.mark.parametrize("n", range(KILLS))
def test_killed_and_resumed(n: int, tmp_path: Path, answers: Path, uninterrupted: tuple[dict[str, Any], float]) -> None:
    expected, took = uninterrupted
    db, chance = tmp_path / "i.db", random.Random(n)
    graded: dict[str, str] = {}
    for attempt in range(4):
        process = start(db, answers)
        if attempt < 3:
            # Start-up takes most of a run; the moments are spread over all of it.
            time.sleep(took * chance.uniform(0.2, 1.05))
            process.send_signal(signal.SIGKILL)
        out, err = process.communicate(timeout=120)
        seen = _judgements(db)
        for turn, judgement in graded.items():
            assert seen[turn] == judgement, "a judgement was lost or made again"
        graded = seen
        if process.returncode == 0:
            break
    assert process.returncode == 0, err
    assert timeless(json.loads(out)) == expected
    assert err.count("Traceback") == 0


def _status(db: Path) -> str | None:
    """Of the only interview; None when it was killed before its first row."""
    try:
        with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as c:
            row = c.execute("SELECT status FROM sessions").fetchone()
            return str(row[0]) if row else None
    except sqlite3.Error:
        return None


def _judgements(db: Path) -> dict[str, str]:
    try:
        with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as c:
            return dict(c.execute("SELECT turn_id, judgement FROM turns WHERE judgement IS NOT NULL"))
    except sqlite3.Error:
        return {}
