"""What the READMEs say of the map is what the map says, and their Python runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_counts_are_current() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "counts_in_readme.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=100)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_python_runs_as_it_stands_there(name: str, tmp_path: Path) -> None:
    text = (ROOT / name).read_text("utf-8")
    answers = re.search(r"```text\n(.*?)```", text, re.S)
    code = re.search(r"```python\n(.*?)```", text, re.S)
    assert answers and code
    (tmp_path / "answers.csv").write_text(answers[1], "utf-8")
    done = subprocess.run([sys.executable, "-c", code[1]], capture_output=True, text=True, cwd=tmp_path, timeout=100)
    assert done.returncode == 0, done.stderr
    one, row, counts = done.stdout.splitlines()
    assert float(one.split()[0]) > 5 and float(row.split()[-1]) >= 0
    assert counts == "4 1"
    assert (tmp_path / "graded.csv").exists()
