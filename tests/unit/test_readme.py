"""What the READMEs say of the map is what the map says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_counts_are_current() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "counts_in_readme.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=100)
    assert done.returncode == 0, done.stderr
