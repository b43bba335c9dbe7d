"""The offline judge in worker processes: the same results to the digit, whatever happens to a worker."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from interviewer.batch import GradedRow, Interrupted, grade, pool
from interviewer.batch.pool import WorkerPool
from interviewer.embeddings import StaticTable
from interviewer.embeddings.base import Vectors
from interviewer.errors import ConfigError
from interviewer.judge import OfflineJudge
from knowledge import load_map

JUDGE = OfflineJudge(StaticTable())


def rows(n: int, seed: int = 0) -> list[dict[str, Any]]:
    """Answers put together of what the map says, in both languages, to its questions and to own ones."""
    chance, questions = random.Random(seed), list(load_map().questions.values())[:4]
    out = []
    for k in range(n):
        q, lang = chance.choice(questions), chance.choice(("zh", "en"))
        said = [getattr(t, lang) for t in (q.talk, q.reference, *q.misconceptions, *q.points)]
        clauses = [c for c in re.split("[。；，,.;]", "".join(said)) if len(c) > 4]
        answer = "，".join(chance.choice(clauses) for _ in range(chance.randint(0, 7)))
        own = {"question": q.ask.text(lang), "reference": q.reference.text(lang)}
        out.append({"id": k, "answer": answer} | (own if chance.random() < 0.1 else {"question_id": q.id}))
    return out


async def collect(given: Any, **options: Any) -> list[GradedRow]:
    return [r async for r in grade(given, JUDGE, **options)]


def judged(found: list[GradedRow]) -> list[Any]:
    return [r.judgement.model_dump(exclude={"usage"}) if r.judgement else r.error for r in found]


async def test_the_results_are_those_of_one_process() -> None:
    given = rows(160)
    alone, shared = await collect(given, workers=1), await collect(given, workers=2)
    assert judged(shared) == judged(alone)
    assert [r.id for r in shared] == [str(n) for n in range(160)]
    assert {type(r.judgement) for r in shared} == {type(alone[0].judgement)}


async def test_rows_that_come_late_go_to_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[WorkerPool] = []
    monkeypatch.setattr("interviewer.batch.runner.ALONE", 20)
    monkeypatch.setattr(pool, "cores", lambda: 2)
    plain = pool.make
    monkeypatch.setattr(pool, "make", lambda *a, **k: made.append(plain(*a, **k)) or made[0])
    given = rows(60, 1)
    assert judged(await collect(given[:19])) == judged(await collect(given[:19], workers=1)) and not made
    assert judged(await collect(given)) == judged(await collect(given, workers=1)) and len(made) == 1


async def test_a_killed_worker_loses_nothing() -> None:
    given, killed = rows(200, 2), 0
    workers = pool.make(JUDGE, 2)
    try:
        builder = _builder()

        async def one(cells: dict[str, Any]) -> Any:
            row = builder(cells)
            return (await workers.judge(row.rubric, row.answer, row.lang)).model_dump(exclude={"usage"})

        tasks = [asyncio.create_task(one(cells)) for cells in given]
        while not all(t.done() for t in tasks):
            await asyncio.sleep(0.01)
            if killed < 4 and sum(t.done() for t in tasks) > 40 * killed:
                process = random.Random(killed).choice(list(workers._crew.alive))
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
        found = await asyncio.gather(*tasks)
    finally:
        workers.close()
    assert killed == 4
    assert found == judged(await collect(given, workers=1))
    assert not workers._crew.alive


class Poisonous(StaticTable):
    """Some texts kill the process that encodes them, or keep it for ever."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Poisonous, ()

    def encode(self, texts: Any) -> Vectors:
        if any("毒药" in t for t in texts):
            os.kill(os.getpid(), signal.SIGKILL)
        if any("永远" in t for t in texts):
            signal.pause()
        return super().encode(texts)


async def test_a_row_that_kills_its_worker_fails_alone() -> None:
    judge = OfflineJudge(Poisonous())
    answers = [f"交叉熵只在回答上算，第 {n} 个。" for n in range(20)]
    answers[7] = "这是毒药，大家小心。"
    given = [{"question_id": "sft-fundamentals.loss", "answer": a} for a in answers]
    found = [r async for r in grade(given, judge, workers=2)]
    assert [n for n, r in enumerate(found) if r.failed] == [7]
    assert found[7].error == "the worker process died on this row, twice"


async def test_a_row_beyond_its_deadline_fails_alone() -> None:
    judge = OfflineJudge(Poisonous())
    answers = [f"交叉熵只在回答上算，第 {n} 个。" for n in range(6)]
    answers[2] = "这会花上永远那么久。"
    given = [{"question_id": "sft-fundamentals.loss", "answer": a} for a in answers]
    found = [r async for r in grade(given, judge, workers=2, deadline=2)]
    assert [r.error for r in found if r.failed] == ["not judged within 2 s (the deadline)"] and found[2].failed


class Unloadable(StaticTable):
    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (3,)


class Unsendable(StaticTable):
    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a socket cannot be sent")


async def test_workers_that_cannot_start_end_the_run() -> None:
    with pytest.raises(ConfigError, match=r"no worker process can be started.*exit code 3") as e:
        [r async for r in grade(rows(50), OfflineJudge(Unloadable()), workers=2)]
    assert "--workers 1" in str(e.value.hint)
    with pytest.raises(ConfigError, match="cannot be sent to worker processes"):
        [r async for r in grade(rows(5), OfflineJudge(Unsendable()), workers=2)]


async def test_a_stop_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[WorkerPool] = []
    plain = pool.make
    monkeypatch.setattr(pool, "make", lambda *a, **k: made.append(plain(*a, **k)) or made[-1])
    stop = asyncio.Event()
    given = rows(2000, 3)
    done = 0
    with pytest.raises(Interrupted):
        async for r in grade(given, JUDGE, workers=2, stop=stop):
            assert not r.failed
            done += 1
            stop.set()
    assert 0 < done < 400 and not made[0]._crew.alive
    async for _ in (rows_ := grade(given, JUDGE, workers=2)):
        processes = list(made[-1]._crew.alive)
        break
    await rows_.aclose()  # type: ignore[attr-defined]
    assert processes and all(p.poll() is not None for p in processes)


def test_a_script_without_a_guard_can_grade_with_workers(tmp_path: Path) -> None:
    """No worker imports the caller's script again, and a file beside it shadows no module."""
    script = tmp_path / "script.py"
    (tmp_path / "random.py").write_text("raise SystemExit('shadowed')")
    script.write_text(
        "import asyncio, sys; sys.path.pop(0)\n"
        "from interviewer.batch import grade\nfrom interviewer.examiners import offline_judge\n"
        "async def main():\n"
        "    rows = [{'question_id': 'sft-fundamentals.loss', 'answer': str(n)} for n in range(30)]\n"
        "    print(len([r async for r in grade(rows, offline_judge(), workers=2) if not r.failed]))\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=100, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    assert done.stdout == "30\n", done.stderr


def _builder() -> Any:
    from interviewer.batch.readers import RawRow
    from interviewer.batch.rows import RowBuilder

    builder = RowBuilder(load_map())
    return lambda cells: builder.build(RawRow(1, cells))
