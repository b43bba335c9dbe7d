"""Running the command as a person would: a process of its own, in the home of the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "interviewer"]
ONE = ["--plain", "--only", "sft-fundamentals.loss", "--follow-ups", "0"]
"""An interview of one open question without follow-ups."""


def interviewer(
    *args: str, stdin: str | bytes = "", code: int | None = 0, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run it; whatever happens there is no traceback, and `code` is the exit code expected."""
    done = subprocess.run(
        [*COMMAND, *args],
        input=stdin.encode("utf-8", "surrogateescape") if isinstance(stdin, str) else stdin,
        capture_output=True,
        timeout=100,
        cwd=ROOT,
        env={**os.environ, **env},
        check=False,
    )
    result = subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8", "replace")
    )
    assert "Traceback" not in result.stderr, result.stderr
    assert "unexpected" not in result.stderr, result.stderr
    if code is not None:
        assert result.returncode == code, (result.returncode, result.stdout[-500:], result.stderr)
    return result


def report_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The one JSON object on stdout, with the keys of the contract."""
    report: dict[str, Any] = json.loads(done.stdout)
    assert {"session", "role", "level", "lang", "score", "skills", "turns"} <= set(report)
    for turn in report["turns"]:
        assert {"turn_id", "question_id", "kind", "answer", "judgement", "why"} <= set(turn)
        judged = turn["judgement"]
        if judged is not None:
            assert {
                "score", "grade", "interval", "needs_review", "points", "misconceptions", "flags",
                "feedback", "judge", "usage", "error",
            } <= set(judged)  # fmt: skip
            assert judged["score"] is None or 0 <= judged["score"] <= 10
            for point in judged["points"]:
                for e in point["evidence"]:
                    assert turn["answer"][e["start"] : e["end"]] == e["text"]
    return report
