"""A whole interview for each role in each language, through the command line, on real questions.

The answers in `tests/scripted` were written without sight of the judge; each says how good it is meant to
be. The scores must follow that order, in every interview and over all of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import yaml

SCRIPTS = sorted((Path(__file__).parents[1] / "scripted").glob("*.yaml"))


def hold(script: Path, tmp_path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The report of the interview, and the quality that each question's answer was written to have."""
    entries = yaml.safe_load(script.read_text("utf-8"))
    quality = {e["question_id"]: e.pop("quality") for e in entries}
    answers = tmp_path / "answers.jsonl"
    answers.write_text("\n".join(json.dumps(e, ensure_ascii=False) for e in entries), "utf-8")
    role, lang, _ = script.name.split(".")
    command = [sys.executable, "-m", "interviewer", "--role", role, "--lang", lang, "--plain", "--json"]
    command += ["--no-shuffle", "--answers", str(answers), "--db", str(tmp_path / "i.db")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout), quality


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name.removesuffix(".yaml"))
def test_scores_follow_quality(script: Path, tmp_path: Path) -> None:
    report, quality = hold(script, tmp_path)
    assert report["finished"] and len(report["questions"]) == len(quality) == 5
    scores: dict[str, list[float]] = {"good": [], "fair": [], "poor": []}
    for q in report["questions"]:
        scores[quality[q["question_id"]]].append(q["first_attempt"])
    assert min(scores["good"]) > max(scores["poor"])
    assert fmean(scores["good"]) > fmean(scores["fair"]) > fmean(scores["poor"])
    answers = {t["turn_id"]: t["answer"] for t in report["turns"]}
    for turn in report["turns"]:
        for point in turn["judgement"]["points"] if turn["judgement"] else []:
            for e in point["evidence"]:
                assert answers[turn["turn_id"]][e["start"] : e["end"]] == e["text"]


def test_there_is_one_for_each_role_and_language() -> None:
    assert len(SCRIPTS) == 8
