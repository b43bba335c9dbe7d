"""interviewer.batch: from rows to rubrics, and many rows at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from interviewer.batch import GradedRow, RawRow, RowBuilder, RowError, grade
from interviewer.errors import JudgeError
from interviewer.models import Judgement, Rubric
from knowledge import Kind, KnowledgeMap, load_map
from tests.fake_judge import FakeJudge

OWN = {"question": "What does dropout do?", "answer": "@5"}
POINTS = [
    {"id": "zeroes", "text": "zeroes random activations", "weight": 2},
    {"id": "fits", "text": "less overfitting"},
]


@pytest.fixture(scope="module")
def the_map() -> KnowledgeMap:
    return load_map()


def row(the_map: KnowledgeMap, data: dict[str, Any]) -> Any:
    return RowBuilder(the_map).build(RawRow(1, data))


def collect(rows: Any, judge: Any, **options: Any) -> list[GradedRow]:
    async def run() -> list[GradedRow]:
        return [r async for r in grade(rows, judge, **options)]

    return asyncio.run(run())


class TestRows:
    def test_a_question_of_the_map(self, the_map: KnowledgeMap) -> None:
        question = next(iter(the_map.questions.values()))
        found = row(the_map, {"question_id": f" {question.id} ", "answer": "中文回答"})
        assert found.rubric.question == question
        assert found.rubric.ask == question.ask.zh
        assert row(the_map, {"question_id": question.id, "answer": "in English"}).rubric.ask == question.ask.en

    def test_a_choice_shown_in_another_order(self, the_map: KnowledgeMap) -> None:
        question = next(q for q in the_map.questions.values() if q.kind is Kind.CHOICE)
        order = list(range(len(question.choices)))[::-1]
        cells = {"question_id": question.id, "answer": "A"}
        assert row(the_map, cells | {"choice_order": json.dumps(order)}).rubric.option_order == tuple(order)
        assert row(the_map, cells | {"choice_order": None}).rubric.option_order == ()
        for bad in ("[0]", "x", "[0, 0, 1, 2]", 5):
            with pytest.raises(RowError, match="choice_order"):
                row(the_map, cells | {"choice_order": bad})

    @pytest.mark.parametrize(
        "points",
        [
            POINTS,
            json.dumps(POINTS),
            {"points": POINTS},
            ["zeroes random activations", "less overfitting"],
            "- zeroes random activations\n- less overfitting\n",
            {"zeroes": "zeroes random activations", "fits": {"text": "less overfitting", "weight": 1}},
        ],
    )
    def test_points_of_ones_own(self, the_map: KnowledgeMap, points: Any) -> None:
        found = row(the_map, OWN | {"points": points}).rubric
        assert [p.en for p in found.points] == ["zeroes random activations", "less overfitting"]
        assert found.ask == OWN["question"]

    def test_a_reference_only(self, the_map: KnowledgeMap) -> None:
        reference = "It zeroes a random share of the activations in every training step. The network overfits less, \
because no unit can rely on the presence of another one."
        assert len(row(the_map, OWN | {"reference": reference}).rubric.points) == 2

    @pytest.mark.parametrize(
        ("cells", "words"),
        [
            ({"question_id": "lora.principle-and-starting", "answer": "x"}, "mean lora.principle-and-starting-point"),
            ({"question_id": "lora.zzz", "answer": "x"}, "of this skill: lora"),
            ({"question_id": "nope", "question": "Q", "answer": "x"}, "unknown question"),
            ({"question_id": "nope"}, "no answer"),
            ({"question_id": "nope", "answer": None}, "null"),
            ({"question_id": "nope", "answer": ["a"]}, "list, not text"),
            ({"question_id": "", "answer": "x"}, "no question"),
            (OWN, "nothing to grade against"),
            (OWN | {"points": "[{"}, "not valid JSON"),
            (OWN | {"points": [{"id": "a"}]}, "no text"),
            (OWN | {"points": [{"text": "a", "weight": "heavy"}]}, "not a number"),
            (OWN | {"points": [3]}, "must be an object"),
            (OWN | {"points": 3}, "must be a list"),
        ],
    )
    def test_what_cannot_be_graded_says_why(self, the_map: KnowledgeMap, cells: dict[str, Any], words: str) -> None:
        with pytest.raises(RowError, match=words):
            row(the_map, cells)

    @pytest.mark.parametrize("field", ["answer", "reference"])
    @pytest.mark.parametrize("cell", ["#N/A", "#REF!", "#DIV/0!", "#NAME?", "#ERROR!", "Err:508"])
    def test_a_formula_that_failed_is_no_answer(self, the_map: KnowledgeMap, field: str, cell: str) -> None:
        data = OWN | {"reference": "It zeroes random activations."} | {field: cell}
        with pytest.raises(RowError, match="a formula that failed"):
            row(the_map, data)
        row(the_map, data | {field: f"{cell} is what Excel shows"})

    def test_an_empty_answer_is_an_answer(self, the_map: KnowledgeMap) -> None:
        assert row(the_map, OWN | {"answer": "", "reference": "x y z."}).answer == ""
        assert row(the_map, OWN | {"answer": 42, "reference": "x y z."}).answer == "42"

    @pytest.mark.parametrize(
        ("cells", "lang"),
        [
            ({}, "en"),
            ({"lang": "中文"}, "zh"),
            ({"language": "ZH-CN"}, "zh"),
            ({"lang": "mixed"}, "en"),
            ({"lang": ""}, "en"),
        ],
    )
    def test_language(self, the_map: KnowledgeMap, cells: dict[str, str], lang: str) -> None:
        assert row(the_map, OWN | {"reference": "x y z.", "answer": "plain words"} | cells).lang == lang

    def test_rubrics_are_compiled_once(self, the_map: KnowledgeMap) -> None:
        builder = RowBuilder(the_map)
        made = [builder.build(RawRow(n, OWN | {"points": POINTS, "answer": str(n)})).rubric for n in range(3)]
        assert made[0] is made[1] is made[2]


class _Counting(FakeJudge):
    """Takes longer for earlier answers, and counts how many it has at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01 if int(answer.split("@")[1]) % 2 else 0)
        self.now -= 1
        return await super().judge(rubric, answer, lang)


class _Broken(FakeJudge):
    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        if answer == "raise":
            raise ZeroDivisionError("oops")
        if answer == "refuse":
            raise JudgeError("no model answers")
        return await super().judge(rubric, answer, lang)


class TestGrade:
    def test_in_order_and_bounded(self) -> None:
        rows = [OWN | {"reference": "x y z.", "id": n, "answer": f"@{n % 10}"} for n in range(40)]
        judge = _Counting()
        found = collect(rows, judge, concurrency=4)
        assert [r.number for r in found] == list(range(1, 41))
        assert [r.judgement.score for r in found if r.judgement] == [n % 10 for n in range(40)]
        assert 2 <= judge.most <= 4

    def test_rows_are_taken_as_they_are_needed(self) -> None:
        taken = []

        def endless() -> Any:
            n = 0
            while True:
                taken.append(n := n + 1)
                yield OWN | {"reference": "x y z."}

        async def run() -> None:
            async for r in grade(endless(), FakeJudge(), concurrency=5):
                if r.number == 10:
                    break

        asyncio.run(run())
        assert len(taken) <= 16

    def test_no_row_stops_the_rest(self) -> None:
        given = ["@5", "raise", "refuse", "@boom", "@7"]
        rows = [OWN | {"reference": "x y z.", "answer": a} for a in given]
        found = collect([*rows, {"question_id": "nope", "answer": "x"}], _Broken())
        assert [r.failed for r in found] == [False, True, True, True, False, True]
        assert [r.error for r in found][1:4] == [
            "unexpected ZeroDivisionError: oops", "no model answers", "the fake judge was told to fail",
        ]  # fmt: skip

    def test_an_async_source(self) -> None:
        async def rows() -> Any:
            for n in range(3):
                yield OWN | {"reference": "x y z.", "answer": f"@{n}"}

        assert [r.judgement.grade for r in collect(rows(), FakeJudge()) if r.judgement] == [0, 1, 1]
