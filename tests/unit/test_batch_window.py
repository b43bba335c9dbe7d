"""Many rows under way: in order whatever each takes, bounded, each content judged once, and a stop that ends well."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.batch import GradedRow, Interrupted, Journal, grade, grade_file
from interviewer.batch.runner import AHEAD
from interviewer.errors import ConfigError, StoreError
from interviewer.llm.cost import Spent
from interviewer.models import Judgement, Rubric, Usage
from tests.fake_judge import FakeJudge

OWN = {"question": "What is dropout?", "reference": "It zeroes random activations."}


class Paced(FakeJudge):
    """Takes what `pace` says, in turns of the event loop; counts what is asked, and how much at once."""

    fingerprint = "paced"

    def __init__(self, pace: dict[str, int] | None = None) -> None:
        super().__init__()
        self.pace = pace or {}
        self.now = self.most = 0
        self.asked: Counter[str] = Counter()

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        self.asked[answer] += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            for _ in range(self.pace.get(answer, 1)):
                await asyncio.sleep(0)
            made = await super().judge(rubric, answer, lang)
            return made.model_copy(update={"usage": Usage(calls=1, input_tokens=100, output_tokens=10, cost=0.5)})
        finally:
            self.now -= 1


def row(answer: str) -> dict[str, Any]:
    return OWN | {"answer": answer}


async def collect(rows: Any, judge: Any, **options: Any) -> list[GradedRow]:
    return [r async for r in grade(rows, judge, **options)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=60), st.integers(1, 9))
def test_in_order_whatever_each_row_takes(paces: list[int], concurrency: int) -> None:
    answers = [f"row {n} @{n % 10}" for n in range(len(paces))]
    judge = Paced(dict(zip(answers, paces, strict=True)))
    found = asyncio.run(collect(map(row, answers), judge, concurrency=concurrency))
    assert [r.data["answer"] for r in found] == answers
    assert [r.number for r in found] == list(range(1, len(answers) + 1))
    assert all(r.asked and r.judgement and r.judgement.score == n % 10 for n, r in enumerate(found))
    assert judge.most <= concurrency and set(judge.asked.values()) <= {1}


async def test_a_slow_first_row_does_not_hold_up_the_others() -> None:
    begun, go = [], asyncio.Event()

    class Waits(FakeJudge):
        async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
            begun.append(answer)
            if answer == "slow":
                await go.wait()
            return await super().judge(rubric, answer, lang)

    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield row("slow" if taken == 1 else f"@{taken % 10}")

    rows = grade(endless(), Waits(), concurrency=4)
    first = asyncio.ensure_future(anext(rows))
    for _ in range(500):
        await asyncio.sleep(0)
    assert not first.done()
    assert len(begun) == taken == AHEAD * 4, "so many are taken, and no more: memory is bounded"
    go.set()
    assert (await first).data["answer"] == "slow"
    await rows.aclose()  # type: ignore[attr-defined]


async def test_done_rows_come_out_while_a_live_source_is_waited_for() -> None:
    more = asyncio.Event()

    async def source() -> Any:
        yield row("@1")
        await more.wait()
        yield row("@2")

    rows = grade(source(), FakeJudge(), concurrency=4)
    assert (await asyncio.wait_for(anext(rows), 20)).number == 1
    more.set()
    assert (await anext(rows)).number == 2
    with pytest.raises(StopAsyncIteration):
        await anext(rows)


class TestStop:
    async def test_rows_under_way_are_finished_and_no_others_begun(self) -> None:
        stop, judge = asyncio.Event(), Paced()
        found = []
        with pytest.raises(Interrupted):
            async for r in grade((row(f"@{n}") for n in range(100)), judge, concurrency=4, stop=stop):
                found.append(r.number)
                stop.set()
        assert found == list(range(1, len(judge.asked) + 1)) and 4 <= len(found) <= 8

    async def test_when_nothing_is_left_it_is_not_interrupted(self) -> None:
        stop = asyncio.Event()
        async for r in grade([row("@1"), row("@2")], Paced(), stop=stop):
            stop.set()
            assert not r.failed

    async def test_a_source_that_never_answers(self) -> None:
        async def silent() -> Any:
            yield row("@1")
            await asyncio.Event().wait()

        stop = asyncio.Event()
        rows = grade(silent(), Paced(), stop=stop)
        assert (await anext(rows)).number == 1
        asyncio.get_running_loop().call_later(0.05, stop.set)
        with pytest.raises(Interrupted):
            await asyncio.wait_for(anext(rows), 20)


class TestDeadline:
    async def test_a_row_that_exceeds_it_fails_alone(self) -> None:
        class Hangs(FakeJudge):
            async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
                if answer == "hang":
                    await asyncio.Event().wait()
                return await super().judge(rubric, answer, lang)

        found = await collect(map(row, ["@1", "hang", "@3"]), Hangs(), deadline=0.2)
        assert [r.error for r in found] == [None, "not judged within 0.2 s (the deadline)", None]

    async def test_a_timeout_of_the_judges_own_is_not_ours(self) -> None:
        class Late(FakeJudge):
            async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
                raise TimeoutError("mine")

        (found,) = await collect([row("@1")], Late(), deadline=5)
        assert found.error == "unexpected TimeoutError: mine"


class TestJournal:
    async def test_what_was_judged_is_not_judged_again(self, tmp_path: Path) -> None:
        answers = [f"row {n} @{n % 10}" for n in range(30)]
        first, second = Paced(), Paced()
        with Journal(tmp_path / "j") as journal:
            before = await collect(map(row, answers), first, journal=journal)
        with Journal(tmp_path / "j") as journal:
            after = await collect(map(row, ["new @9", *reversed(answers)]), second, journal=journal)
        assert second.asked == {"new @9": 1}
        assert [r.judgement for r in after[1:]] == [r.judgement for r in reversed(before)]
        assert [r.from_journal for r in after] == [False] + [True] * 30

    async def test_identical_rows_under_way_are_judged_once(self, tmp_path: Path) -> None:
        judge = Paced({"same @5": 50})
        with Journal(tmp_path / "j") as journal:
            found = await collect(map(row, ["same @5"] * 20), judge, journal=journal, concurrency=8)
        assert judge.asked == {"same @5": 1}
        assert [r.asked for r in found] == [True] + [False] * 19
        assert {r.judgement.score for r in found if r.judgement} == {5}

    async def test_what_could_not_be_judged_is_tried_again(self, tmp_path: Path) -> None:
        for n in (1, 2):
            judge = Paced()
            with Journal(tmp_path / "j") as journal:
                found = await collect(map(row, ["@boom", "@boom", "@3"]), judge, journal=journal)
            assert [r.failed for r in found] == [True, True, False]
            assert judge.asked == ({"@boom": 1, "@3": 1} if n == 1 else {"@boom": 1})

    async def test_another_judge_judges_anew(self, tmp_path: Path) -> None:
        other = Paced()
        other.fingerprint = "other"
        for judge in (Paced(), other):
            with Journal(tmp_path / "j") as journal:
                await collect([row("@3")], judge, journal=journal)
            assert judge.asked == {"@3": 1}

    async def test_a_journal_that_fails_ends_the_run(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        async def full(*_: object) -> None:
            raise StoreError("the disk is full")

        monkeypatch.setattr(Journal, "put", full)
        judge = Paced()
        with Journal(tmp_path / "j") as journal, pytest.raises(StoreError, match="disk is full"):
            await collect((row(f"@{n}") for n in range(1000)), judge, journal=journal, concurrency=4)
        assert len(judge.asked) <= 8, "nothing more is paid for that cannot be kept"


class TestFiles:
    def run(self, tmp_path: Path, judge: Any, answers: list[str], **options: Any) -> Any:
        source = tmp_path / "in.csv"
        lines = [f"{n},What is dropout?,It zeroes.,{a}" for n, a in enumerate(answers)]
        source.write_text("\n".join(["id,question,reference,answer", *lines]))
        return asyncio.run(grade_file(source, tmp_path / "out.csv", judge, overwrite=True, **options))

    def test_the_second_run_costs_nothing(self, tmp_path: Path) -> None:
        answers = ["@1", "@2", "@2", "@boom"]
        first = self.run(tmp_path, Paced(), answers)
        assert (first.from_journal, first.graded, first.failed) == (1, 3, 1)
        assert (first.this_run.calls, first.this_run.cost, first.this_run.input_tokens) == (3, 1.5, 300)
        whole = (tmp_path / "out.csv").read_bytes()
        second = self.run(tmp_path, Paced(), answers)
        assert (second.from_journal, second.this_run.calls, second.this_run.cost) == (3, 1, 0.5), "the failed one again"
        assert (tmp_path / "out.csv").read_bytes() == whole
        assert second.journal == str(tmp_path / "out.csv.journal")

    def test_fresh_and_another_place_and_none(self, tmp_path: Path) -> None:
        self.run(tmp_path, Paced(), ["@1"])
        assert self.run(tmp_path, Paced(), ["@1"], fresh=True).this_run.calls == 1
        assert self.run(tmp_path, Paced(), ["@1"], journal=tmp_path / "other").this_run.calls == 1
        assert self.run(tmp_path, Paced(), ["@1"], journal=tmp_path / "other").this_run.calls == 0
        assert self.run(tmp_path, Paced(), ["@1"], journal=False).journal is None
        assert {p.name for p in tmp_path.iterdir()} == {"in.csv", "out.csv", "out.csv.journal", "other"}

    def test_a_row_given_up_has_an_unknown_cost(self, tmp_path: Path) -> None:
        class Hangs(Paced):
            async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
                if answer == "@2":
                    await asyncio.Event().wait()
                return await super().judge(rubric, answer, lang)

        summary = self.run(tmp_path, Hangs(), ["@1", "@2"], deadline=0.2)
        assert (summary.graded, summary.failed, summary.this_run.cost) == (1, 1, None)
        assert summary.known_cost == Spent(known_cost=0.5).known_cost

    def test_interrupted_and_run_again(self, tmp_path: Path) -> None:
        answers, stop, judges = [f"row {n} @{n % 10}" for n in range(40)], asyncio.Event(), [Paced(), Paced()]

        def at_ten(r: GradedRow) -> None:
            if r.number == 10:
                stop.set()

        with pytest.raises(Interrupted):
            self.run(tmp_path, judges[0], answers, stop=stop, on_row=at_ten)
        assert not (tmp_path / "out.csv").exists() and (tmp_path / "out.csv.part").exists()
        summary = self.run(tmp_path, judges[1], answers)
        assert summary.from_journal == len(judges[0].asked) < 30
        assert sum((j.asked for j in judges), Counter()) == Counter(answers), "each once, in both runs together"
        assert not (tmp_path / "out.csv.part").exists()

    def test_a_damaged_journal_is_told_and_left(self, tmp_path: Path) -> None:
        (tmp_path / "out.csv.journal").write_text("not a journal\n" * 100)
        with pytest.raises(StoreError, match="damaged or is no journal"):
            self.run(tmp_path, Paced(), ["@1"])
        assert (tmp_path / "out.csv.journal").read_text() == "not a journal\n" * 100
        assert not (tmp_path / "out.csv").exists()

    def test_workers_are_for_the_offline_judge(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="for the offline judge"):
            self.run(tmp_path, Paced(), ["@1"], workers=2)
