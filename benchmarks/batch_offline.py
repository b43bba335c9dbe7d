"""The offline judge over whole files with `interviewer grade`, on every core: rows a second, and memory.

Every row is another answer of about 150 characters to a question with six points. Memory is the sum over all processes
of the run, looked at five times a second.

    python benchmarks/batch_offline.py                       # 10,000, 40,000 and 100,000 rows: about 6 minutes
    python benchmarks/batch_offline.py --sizes 2000 4000     # as many as one likes
    python benchmarks/batch_offline.py --workers 1

Bars: 300 rows/s on two cores; the largest file takes at most 1.1 × the memory of the smallest. Caches of words fill up
within the first 30,000 different answers, so what a further row takes is told from the two largest files.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from interviewer.batch.pool import cores
from knowledge import load_map

QUESTION = "lr-scheduling.how-to-set-lr"
CHARACTERS = 145
BAR, MEMORY = 300.0, 1.1
MANY = 10_000_000


def write(path: Path, rows: int) -> None:
    chance = random.Random(0)
    clauses = [c for c in re.split("[。；，,]", load_map().question(QUESTION).talk.zh) if len(c) > 4]
    with path.open("w", encoding="utf-8") as f:
        f.write("id,question_id,answer\n")
        for n in range(rows):
            said = ""
            while len(said) < CHARACTERS:
                said += chance.choice(clauses) + "，"
            f.write(f"{n},{QUESTION},{said}{n}\n")


def tree_mib(pid: int) -> float:
    """Resident memory of a process and its children."""
    try:
        children = [int(c) for t in Path(f"/proc/{pid}/task").iterdir() for c in (t / "children").read_text().split()]
        pages = sum(int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in (pid, *children))
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def measured(rows: int, workers: int) -> tuple[float, float, float, float]:
    """Rows a second, seconds, peak MiB, and MiB of the journal."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "in.csv", rows)
        command = [sys.executable, "-m", "interviewer", "grade", "in.csv", "-o", "out.jsonl", "--json"]
        with subprocess.Popen(
            [*command, "--workers", str(workers)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "INTERVIEWER_HOME": name},
        ) as process:  # fmt: skip
            peak = 0.0
            while process.poll() is None:
                peak = max(peak, tree_mib(process.pid))
                time.sleep(0.2)
            assert process.stdout is not None
            summary = json.loads(process.stdout.read())
        assert summary["graded"] == rows, summary
        kept = (folder / "out.jsonl.journal").stat().st_size / 2**20
    return rows / summary["seconds"], summary["seconds"], peak, kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 40_000, 100_000], metavar="ROWS")
    parser.add_argument("--workers", type=int, default=cores())
    options = parser.parse_args()
    print(f"{options.workers} worker processes")
    print(f"{'rows':>10}{'seconds':>10}{'rows/s':>9}{'peak MiB':>10}{'journal MiB':>13}")
    found = []
    for rows in sorted(options.sizes):
        speed, seconds, peak, kept = measured(rows, options.workers)
        found.append((rows, seconds, peak, kept))
        print(f"{rows:>10,}{seconds:>10.1f}{speed:>9.0f}{peak:>10.0f}{kept:>13.1f}")
    met = max(r / s for r, s, _, _ in found) >= BAR * options.workers / 2
    if len(found) > 1:
        (few, first, less, _), (many, last, more, kept) = found[-2:]
        slope = (last - first) / (many - few)
        growth = (more - less) / (many - few)
        met &= more <= MEMORY * found[0][2]
        print(f"{slope * 1000:.2f} ms and {growth * 1024:.2f} KiB for each further row")
        print(
            f"{MANY:,} rows would take {slope * MANY / 3600:.1f} hours, {more + growth * (MANY - many):,.0f} MiB of "
            f"memory and {kept / many * MANY / 1024:.1f} GiB for the journal"
        )
    print("bars met" if met else f"bars missed: {BAR:.0f} rows/s on two cores, memory within {MEMORY}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
