"""Folders of answers, an executor that is watched, and what both engines make of them, for the tests of parts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from interviewer.batch import grade_file
from interviewer.batch.partitioned import Job, Outcome, PartedSummary, Task, files_in, grade_partitioned
from interviewer.batch.partitioned.part import InProcess, settings_for
from interviewer.config import load_settings
from interviewer.examiners import offline_judge
from tests.batch_samples import OTHER, QUESTION

ANSWER = "冻结预训练权重，只训练两个低秩矩阵 A 和 B，B 初始化为零，所以起点与原模型一致"


def table(rows: int, *, start: int = 0, html: int | None = None) -> pa.Table:
    """Answers with columns of several types, null at first; that of row `html` is HTML."""
    numbers = range(start, start + rows)
    return pa.table(
        {
            "id": pa.array([f"s{n}" for n in numbers]),
            "question_id": pa.array([OTHER if n % 5 == 0 else QUESTION for n in numbers]),
            "answer": pa.array([f"<p>{ANSWER}</p>" if n == html else f"{ANSWER} {n}" for n in numbers]),
            "group": pa.array([None if n < start + rows // 2 else n for n in numbers], type=pa.int64()),
            "late": pa.array([None if n < start + rows // 2 else bool(n % 2) for n in numbers], type=pa.bool_()),
            "score": pa.array([None if n % 3 else n / 2 for n in numbers], type=pa.float64()),
        }
    )


def put(path: Path, rows: pa.Table, group: int = 7) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, row_group_size=group)
    return path


class Watched:
    """The executor of this process, and which parts it was asked for. `leave` are not made, as if workers had died."""

    def __init__(self, *, leave: Sequence[int] = (), stop_after: int | None = None) -> None:
        self.asked: list[int] = []
        self.leave, self.stop_after = leave, stop_after

    def __call__(self, job: Job, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
        self.asked = [t.number for t in tasks]
        # as over a wire
        job = Job.model_validate_json(job.model_dump_json())
        tasks = [Task.model_validate_json(t.model_dump_json()) for t in tasks]
        for n, outcome in enumerate(InProcess()(job, [t for t in tasks if t.number not in self.leave])):
            if n == self.stop_after:
                raise KeyboardInterrupt
            yield Outcome.model_validate_json(outcome.model_dump_json())


def run(folder: Path, executor: Watched | None = None, *, rows: int = 10, **options: Any) -> PartedSummary:
    """From `folder`/in to `folder`/out."""
    control = {name: options.pop(name) for name in ("replace", "fresh", "notice") if name in options}
    configured = options.pop("settings", None) or load_settings()
    job = Job(settings=settings_for(configured), **options)
    return grade_partitioned(folder / "in", folder / "out", job, executor or Watched(), rows=rows, **control)


def rows_in(*files: Path) -> list[dict[str, Any]]:
    """Every row, less the time it took."""
    out = []
    for path in files:
        for row in pq.read_table(path).to_pylist():
            usage = json.loads(row["usage"]) if row["usage"] else {}
            out.append(row | {"usage": {k: v for k, v in usage.items() if k != "seconds"}})
    return out


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "out").glob("part-*.parquet"))


def local(folder: Path) -> list[Path]:
    """What the local engine makes of each file."""
    made = []
    (folder / "local").mkdir()
    judge = offline_judge()
    for n, path in enumerate(files_in(folder / "in")):
        made.append(folder / "local" / f"{n}.parquet")
        asyncio.run(grade_file(path, made[-1], judge, journal=False, workers=1))
    return made
