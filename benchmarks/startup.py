"""How long until there is something to see and to do, beside a bare Textual app on the same machine, in one run.

    python benchmarks/startup.py [--rounds 7] [--from-source]

Each program runs in a pseudo-terminal of 100×30. A clock stops when a text has arrived there:

    first paint       the opening, with its title and what is being prepared          bar 1.5 × bare
    set-up screen     its last row; and what a key pressed at that moment changes
    first question    its words; and two letters typed at that moment, in the editor  bar 2.5 × bare

The bars are for medians; exit 1 when one is missed. Every round begins with an empty database. Byte code
is kept as it is for an installed program, also where PYTHONDONTWRITEBYTECODE is set; with --from-source
everything of ours is compiled anew each time.
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
from pathlib import Path

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
RIGHT = "\x1b[C"
Step = tuple[str, str, float | None]
"""What is waited for, the keys that are pressed when it is there, and the bar in multiples of bare."""


def seconds_until(command: list[str], steps: list[Step], env: dict[str, str]) -> list[float]:
    """Start `command` in a terminal; when each step was reached, counted from the start. Raises TimeoutError."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(command[0], command, env)
    reached: list[float] = []
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
            wanted, keys, _ = steps[len(reached)]
            if wanted.encode() not in ESCAPES.sub(b"", seen):
                continue
            reached.append(time.perf_counter() - began)
            if len(reached) == len(steps):
                return reached
            seen = b""
            os.write(terminal, keys.encode())
        raise TimeoutError(f"{wanted!r} never came; the end of the screen was {seen[-400:]!r}")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def programs() -> dict[tuple[str, ...], tuple[list[str], list[Step]]]:
    """What is run, by the names of its steps."""
    from interviewer.interview import preview
    from interviewer.models import Setup
    from interviewer.tui.words import Words
    from knowledge import load_map

    words, the_map = Words("zh"), load_map()
    first = preview(the_map, Setup(role="eng", seed=1))
    assert first is not None
    ours = [sys.executable, "-m", "interviewer"]
    asked: list[Step] = [(first.text[:6], "zq", 2.5), ("zq", "", None)]
    return {
        ("bare Textual app",): ([sys.executable, "-c", BARE], [("READY-TO-READ", "", None)]),
        ("first paint", "set-up screen", "  answers a key"): (
            ours,
            [
                (words("opening.setup")[:6], "", 1.5),
                (words("setup.start"), RIGHT, None),
                (the_map.role("eng").about.zh[:6], "", None),
            ],
        ),
        ("first question", "  typed into"): ([*ours, "--role", "eng", "--seed", "1"], asked),
    }


def environment(home: str, from_source: bool) -> dict[str, str]:
    env = os.environ | {
        "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "zh_CN.UTF-8", "PYTHONUTF8": "1",
        "INTERVIEWER_HOME": home,
    }  # fmt: skip
    for name in ("LC_ALL", "LC_MESSAGES", "COLORFGBG"):
        env.pop(name, None)
    if from_source:
        env["PYTHONDONTWRITEBYTECODE"] = "1"
    else:
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        env["PYTHONPYCACHEPREFIX"] = f"{home}/bytecode"
    return env


def measure(rounds: int, from_source: bool) -> dict[str, tuple[list[float], float | None]]:
    """By name: the seconds of all rounds but the first, which fills the caches; and the bar."""
    from interviewer.store import SessionStore

    times: dict[str, tuple[list[float], float | None]] = {}
    with tempfile.TemporaryDirectory() as home:
        database = Path(home, "interviews.db")
        SessionStore(database).close()
        empty = database.read_bytes()
        env, run = environment(home, from_source), programs()
        for _ in range(rounds + 1):
            for names, (command, steps) in run.items():
                for file in Path(home).glob("interviews.db*"):
                    file.unlink()
                database.write_bytes(empty)
                found = seconds_until(command, steps, env)
                for name, seconds, (_, _, bar) in zip(names, found, steps, strict=True):
                    times.setdefault(name, ([], bar))[0].append(seconds)
    return {name: (values[1:], bar) for name, (values, bar) in times.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--from-source", action="store_true", help="keep no byte code")
    args = parser.parse_args()
    times = measure(args.rounds, args.from_source)
    bare = statistics.median(times["bare Textual app"][0])
    missed = False
    for name, (values, bar) in times.items():
        median = statistics.median(values)
        line = (
            f"{name:18} median {median * 1000:5.0f} ms   (min {min(values) * 1000:.0f}, max {max(values) * 1000:.0f})"
        )
        if name != "bare Textual app":
            line += f"   {median / bare:.2f} × bare"
        if bar is not None:
            ok = median <= bar * bare
            missed |= not ok
            line += f", bar {bar} {'ok' if ok else 'MISSED'}"
        print(line)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
