"""`interviewer grade --engine ray` against the local engine: the same rows, equal one by one; time and memory.

Rows of about 150 characters to a question with six points, in Parquet files. With --kill one of Ray's workers is
killed in the middle, which is to change nothing. Memory is what the processes of a run have for themselves (PSS),
looked at twice a second.

    python benchmarks/batch_ray.py --rows 5000 --kill    # a minute
    python benchmarks/batch_ray.py --kill                # 100,000 rows: about 8 minutes on two quiet cores

Bar: every column of every row is equal, the seconds in `usage` excepted. Needs the extra `ray`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from batch_offline import write

from interviewer.batch.pool import cores

ACTOR = "ray::MapWorker"


def make(folder: Path, rows: int, files: int) -> list[Path]:
    """Parquet files with columns of several types, nulls among them."""
    folder.mkdir()
    plain = folder.parent / "rows.csv"
    write(plain, rows)
    with plain.open(encoding="utf-8", newline="") as f:
        found = list(csv.DictReader(f))
    columns: dict[str, list[Any]] = {name: [row[name] for row in found] for name in found[0]}
    columns["group"] = [None if n % 7 else n for n in range(rows)]
    columns["note"] = [f"第 {n} 行" if n > rows // 2 else None for n in range(rows)]
    table, made = pa.table(columns), []
    for n in range(files):
        start, end = rows * n // files, rows * (n + 1) // files
        made.append(folder / f"answers-{n}.parquet")
        pq.write_table(table.slice(start, end - start), made[-1], row_group_size=4096 + 777 * n)
    return made


def descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(c) for c in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def own_mib(pids: list[int]) -> float:
    kib = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        kib += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return kib / 1024


def actors(pids: list[int]) -> list[int]:
    def name(pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/cmdline").read_text()
        except OSError:
            return ""

    return [p for p in pids if name(p).startswith(ACTOR)]


def run(command: list[str], folder: Path, look: Callable[[list[int]], None]) -> tuple[float, float, dict[str, Any]]:
    """Seconds, peak MiB, and the summary."""
    began = time.monotonic()
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "INTERVIEWER_HOME": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-m", "interviewer", "grade", *command, "--json"], cwd=folder, stdout=subprocess.PIPE, env=env
    ) as process:
        peak = 0.0
        while process.poll() is None:
            pids = descendants(process.pid)
            peak = max(peak, own_mib(pids))
            look(pids)
            time.sleep(0.5)
        assert process.stdout is not None and process.returncode == 0, process.returncode
        return time.monotonic() - began, peak, json.loads(process.stdout.read())


class Killing:
    """Kills one worker once a third of the parts is there."""

    def __init__(self, parts: Path, wanted: int) -> None:
        self.parts, self.wanted = parts, wanted
        self.killed: int | None = None

    def __call__(self, pids: list[int]) -> None:
        if self.killed is not None or len(list(self.parts.glob("part-*.parquet"))) < self.wanted:
            return
        if found := actors(pids):
            self.killed = found[0]
            os.kill(self.killed, signal.SIGKILL)
            print(f"  killed worker {self.killed}", flush=True)


def rows_of(files: list[Path]) -> Iterator[dict[str, Any]]:
    for path in files:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=512):
            for row in batch.to_pylist():
                usage = json.loads(row["usage"]) if row["usage"] else {}
                yield row | {"usage": {k: v for k, v in usage.items() if k != "seconds"}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--partition-rows", type=int, help="default: 5000, or a twelfth of the rows")
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--kill", action="store_true", help="kill a worker in the middle")
    options = parser.parse_args()
    part_rows = options.partition_rows or min(5000, max(1, options.rows // 12))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = make(folder / "in", options.rows, options.files)
        print(f"{options.rows:,} rows in {len(files)} files; {options.workers} workers", flush=True)
        (folder / "local").mkdir()
        local = [folder / "local" / path.name for path in files]
        seconds, peak = 0.0, 0.0
        for source, target in zip(files, local, strict=True):
            command = [str(source), "-o", str(target), "--workers", str(options.workers)]
            took, most, _ = run(command, folder, lambda _: None)
            seconds, peak = seconds + took, max(peak, most)
        print(f"local: {seconds:8.1f} s {options.rows / seconds:7.0f} rows/s {peak:7.0f} MiB", flush=True)
        out = folder / "ray"
        kill = Killing(out, options.rows // part_rows // 3 if options.kill else sys.maxsize)
        command = [str(folder / "in"), "-o", str(out), "--engine", "ray", "--workers", str(options.workers)]
        seconds, peak, summary = run([*command, "--partition-rows", str(part_rows)], folder, kill)
        print(f"ray:   {seconds:8.1f} s {options.rows / seconds:7.0f} rows/s {peak:7.0f} MiB, {summary['parts']} parts")
        parts = sorted(out.glob("part-*.parquet"))
        schemas = {str(pq.read_schema(path)) for path in [*local, *parts]}
        same = different = 0
        for a, b in zip_longest(rows_of(local), rows_of(parts)):
            same, different = same + (a == b), different + (a != b)
    killed = kill.killed is not None or not options.kill
    met = killed and not different and same == options.rows and len(schemas) == 1
    print(f"equal rows: {same:,}; different: {different:,}; schemas: {len(schemas)}")
    print("bar met" if met else "bar missed" + ("" if killed else ": no worker was killed"))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
