"""Questions of one's own through the command line: held, resumed, reported, and what is said when the pack is gone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from knowledge.packs import example
from tests.cli.run import interviewer

SAID = "条件写在 WHERE 里会把没匹配的 NULL 行过滤掉，外连接就退化成内连接。"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    source = example("sql")
    assert source is not None
    return Path(shutil.copytree(source, tmp_path / "mine"))


def held(pack: Path, db: Path, stdin: str) -> str:
    options = ["--pack", str(pack), "--plain", "--only", "sql-joins.on-or-where", "--follow-ups", "0"]
    return interviewer(*options, "--lang", "zh", "--db", str(db), stdin=stdin, code=None).stdout


def test_an_interview_on_a_pack_and_its_report(pack: Path, tmp_path: Path) -> None:
    db = tmp_path / "i.db"
    assert "LEFT JOIN" in held(pack, db, f"{SAID}\n\n")
    told = interviewer("report", "--db", str(db)).stdout
    assert SAID in told and "参考答案" in told
    shutil.rmtree(pack)
    bare = interviewer("report", "--db", str(db))
    assert SAID in bare.stdout and str(pack) in bare.stderr and "cannot be read" in bare.stderr
    assert json.loads(interviewer("report", "--db", str(db), "--format", "json").stdout)["finished"]


def test_it_goes_on_only_with_its_pack(pack: Path, tmp_path: Path) -> None:
    db = tmp_path / "i.db"
    held(pack, db, "")  # left at its first question
    lost = interviewer("--plain", "--resume", "last", "--db", str(db), code=None)
    assert lost.returncode in (2, 3) and f"add --pack {pack}" in lost.stderr
    again = interviewer("--plain", "--resume", "last", "--pack", str(pack), "--db", str(db), stdin=f"{SAID}\n\n")
    assert "10" in again.stdout


def test_doctor_and_map_speak_of_the_pack(pack: Path) -> None:
    assert "7 questions on 3 skills" in interviewer("doctor", INTERVIEWER_PACK=str(pack)).stdout.replace("\n", " ")
    done = interviewer("map", "sql-joins", "-o", "x.svg", "--pack", str(pack), code=2)
    assert "shown as text" in done.stderr
