"""How long until there is something to see, beside a bare Textual app on the same machine, in one run.

    python benchmarks/startup.py [--rounds 7]

Each program runs in a pseudo-terminal of 100×30; the clock stops when its text has arrived there. The
bars: first paint at most 1.5 × bare, first question at most 2.5 × bare (medians). Exit 1 when missed.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time

BARE = """
from textual.app import App
from textual.widgets import Footer, Static
class Bare(App):
    def compose(self):
        yield Static("READY-TO-READ", markup=False)
        yield Footer()
Bare().run()
"""
ESCAPES = re.compile(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>]")
LIMIT = 30.0


def seconds_until(command: list[str], wanted: str, home: str) -> float:
    """Start `command` in a terminal and wait for `wanted` on it. Raises TimeoutError."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(
            TERM="xterm-256color", COLORTERM="truecolor", INTERVIEWER_HOME=home, LANG="zh_CN.UTF-8", PYTHONUTF8="1"
        )
        os.environ.pop("LC_ALL", None)
        os.execv(command[0], command)
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        seen = b""
        while time.perf_counter() - began < LIMIT:
            ready, _, _ = select.select([terminal], [], [], 0.05)
            if not ready:
                continue
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                break
            if wanted.encode() in ESCAPES.sub(b"", seen):
                return time.perf_counter() - began
        raise TimeoutError(f"{wanted!r} never came; the end of the screen was {seen[-400:]!r}")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    python = sys.executable
    from interviewer.interview import preview
    from interviewer.models import Setup
    from knowledge import Role, load_map

    first = preview(load_map(), Setup(role=Role.ENG, seed=1))
    assert first is not None
    programs = {
        "bare Textual app": ([python, "-c", BARE], "READY-TO-READ", None),
        "first paint": ([python, "-m", "interviewer"], "开始面试", 1.5),
        "first question": (
            [python, "-m", "interviewer", "--role", "eng", "--seed", "1"],
            first.text[:6],
            2.5,
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as home:
        for _ in range(rounds + 1):
            for name, (command, wanted, _) in programs.items():
                times[name].append(seconds_until(command, wanted, home))
    bare = statistics.median(times["bare Textual app"][1:])
    missed = False
    for name, (_, _, bar) in programs.items():
        values = times[name][1:]
        median = statistics.median(values)
        line = f"{name:18} median {median * 1000:6.0f} ms   (min {min(values) * 1000:.0f}, max {max(values) * 1000:.0f})"
        if bar is not None:
            ok = median <= bar * bare
            missed |= not ok
            line += f"   {median / bare:.2f} × bare, bar {bar} {'ok' if ok else 'MISSED'}"
        print(line)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
