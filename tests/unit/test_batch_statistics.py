"""interviewer.batch.statistics: exact numbers, bounded memory, and parts that add up to the whole."""

from __future__ import annotations

import math
import statistics as plain
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interviewer.batch import GradedRow
from interviewer.batch import statistics as room
from interviewer.batch.class_report import figures, render
from interviewer.batch.class_report.count import discrimination
from interviewer.batch.facts import FactReader, mark
from interviewer.batch.samples import PairSample, People
from interviewer.batch.statistics import ClassStatistics
from interviewer.batch.tallies import Marks, reason_of
from interviewer.models import JudgeInfo
from tests.unit.graded_fixture import failed, graded

SCORES = st.integers(0, 1000).map(lambda n: n / 100)
VERDICTS = st.sampled_from(["covered", "partial", "missing", "contradicted"])
CELLS = st.sampled_from([None, True, 10**400, -3, [1], {"a": "b"}, float("inf")]) | st.floats() | st.text(max_size=9)
CALM = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
FLAGS = st.lists(st.sampled_from(["injection", "stuffing", "empty", "too_long", "off_topic"]), unique=True, max_size=2)


@st.composite
def rows(draw: st.DrawFn, most: int = 40) -> list[GradedRow]:
    """Rows of all kinds, numbered as in a file."""
    made = []
    for number in range(2, 2 + draw(st.integers(0, most))):
        kind = draw(st.integers(0, 9))
        question = draw(st.sampled_from(["q1", "q2", "q3"]))
        person = draw(st.sampled_from(["", "ann", "bo", "cy"]))
        if kind == 0:
            reason = draw(st.sampled_from(["unknown question 'a'", "unknown question 'b'", "no answer"]))
            made.append(failed(number, reason, question_id=question))
            continue
        made.append(
            graded(
                number,
                None if kind == 1 else draw(SCORES),
                question=question,
                person=person,
                human=draw(st.sampled_from([None, 3, "4.5", "8/10", "absent", 10])),
                verdicts={p: draw(VERDICTS) for p in ("a", "b")},
                wrong={"m": draw(st.sampled_from(["", "this", "that", "those", "these"]))} if kind < 5 else {},
                flags=draw(FLAGS),
                review=draw(st.booleans()),
                width=draw(st.sampled_from([1.0, 2.0, 5.0])),
                cost=draw(st.sampled_from([0.0, 0.001, None])),
                judge=JudgeInfo(kind=draw(st.sampled_from(["offline", "llm"])), rubric_hash=str(number)),
            )
        )
    return made


def counted(found: list[GradedRow], **options: Any) -> ClassStatistics:
    made, read = ClassStatistics(), FactReader(**options)
    for row in found:
        made.add(row, read(row))
    return made


def said(s: ClassStatistics) -> str:
    return render(figures(s, source="f", lang="en"), "json")


class TestNumbers:
    @given(rows())
    @CALM
    def test_as_counted_naively(self, found: list[GradedRow]) -> None:
        s = counted(found)
        judged = [r.judgement for r in found if r.judgement is not None]
        scores = [j.score for j in judged if j.score is not None]
        assert (s.rows, s.graded, s.failed) == (len(found), len(scores), len(found) - len(scores))
        assert s.needs_review == sum(j.needs_review for j in judged if j.score is not None)
        if scores:
            assert s.mean == pytest.approx(plain.fmean(scores))
            for q in (0, 0.1, 0.25, 0.5, 0.75, 1):
                assert s.quantile(q) == pytest.approx(float(np.quantile(scores, q)))
        if len(scores) > 1:
            assert s.sd == pytest.approx(plain.stdev(scores), abs=1e-9)
        for id, tally in s.questions.items():
            own = [r for r in found if r.data["question_id"] == id]
            marks = [r.judgement.score for r in own if r.judgement is not None and r.judgement.score is not None]
            assert tally.marks.n == len(marks)
            assert tally.failed == len(own) - len(marks)
            if marks:
                assert tally.marks.mean == pytest.approx(plain.fmean(marks))
                assert tally.marks.bins == np.histogram(marks, bins=np.arange(11))[0].tolist()
            for point in ("a", "b") if marks else ():
                verdicts = [
                    next(p for p in r.judgement.points if p.id == point)
                    for r in own
                    if r.judgement is not None and r.judgement.score is not None
                ]
                assert tally.points[point].n == len(verdicts)
                assert tally.points[point].verdicts.get("covered", 0) == sum(v.verdict == "covered" for v in verdicts)
                assert tally.points[point].mean_credit == pytest.approx(plain.fmean(v.credit for v in verdicts))
        assert sum(t.n for t in s.failures.values()) == s.failed
        assert s.spent.calls == len(judged)
        assert s.spent.billionths == pytest.approx(1e9 * sum(j.usage.cost or 0 for j in judged))
        assert s.spent.cost_unknown == sum(j.usage.cost is None for j in judged)

    @given(st.lists(SCORES, max_size=50))
    @CALM
    def test_marks(self, scores: list[float]) -> None:
        marks = Marks()
        for score in scores:
            marks.add(score)
        assert marks.mean == (pytest.approx(plain.fmean(scores)) if scores else None)
        assert marks.sd == (pytest.approx(plain.stdev(scores), abs=1e-9) if len(scores) > 1 else None)

    def test_scores_that_are_all_alike_have_no_spread(self) -> None:
        s = counted([graded(n, 3.33) for n in range(1000)])
        assert (s.mean, s.sd, s.quantile(0.25)) == (3.33, 0.0, 3.33)


class TestMerging:
    @given(rows(), st.integers(0, 40))
    @CALM
    def test_two_parts_are_the_whole(self, found: list[GradedRow], at: int) -> None:
        first, second = counted(found[:at]), counted(found[at:])
        first.merge(second)
        assert said(first) == said(counted(found))

    @given(rows(most=25), st.integers(0, 25))
    @CALM
    def test_through_json(self, found: list[GradedRow], at: int) -> None:
        first = ClassStatistics.model_validate_json(counted(found[:at]).model_dump_json())
        read = FactReader()
        for row in found[at:]:
            first.add(row, read(row))
        assert said(first) == said(counted(found))

    def test_into_nothing_and_nothing_into_it(self) -> None:
        found = [graded(n, n % 11, person=f"p{n % 3}", human=n % 5) for n in range(20)]
        empty = ClassStatistics()
        empty.merge(counted(found))
        empty.merge(ClassStatistics())
        assert said(empty) == said(counted(found))


class TestSamples:
    @given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 10)), max_size=60), st.integers(0, 60))
    @CALM
    def test_pairs_do_not_depend_on_the_way_they_came(self, found: list[tuple[int, int]], at: int) -> None:
        def sample(some: list[tuple[int, int]]) -> PairSample:
            made = PairSample(most=7)
            for number, human in some:
                made.add(number, "", "q", human, 0, 5.0)
            return made

        whole, first, second = sample(found), sample(found[:at]), sample(found[at:])
        first.merge(second)
        backwards = sample(found[::-1])
        assert whole.pairs() == first.pairs() == backwards.pairs()
        assert len(whole.kept) == min(7, len(found))
        assert (first.seen, first.highest) == (len(found), max([h for _, h in found], default=0))

    def test_pairs_are_drawn_evenly(self) -> None:
        sample = PairSample(most=1000)
        for number in range(20_000):
            sample.add(number, "", "q", 1, 10, 5)
        assert np.mean([p.number for p in sample.pairs()]) == pytest.approx(10_000, rel=0.06)
        other = PairSample(most=1000, seed=1)
        for number in range(20_000):
            other.add(number, "", "q", 1, 10, 5)
        assert {p.number for p in sample.kept} != {p.number for p in other.kept}

    @given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3), SCORES), max_size=80), st.integers(0, 80))
    @CALM
    def test_whole_persons_are_kept_or_none_of_them(self, found: list[tuple[int, int, float]], at: int) -> None:
        def people(some: list[tuple[int, int, float]]) -> People:
            made = People(most=12)
            for person, question, score in some:
                made.add(f"p{person}", f"q{question}", score, review=False)
            return made

        whole, first = people(found), people(found[:at])
        first.merge(people(found[at:]))
        assert dict(whole.cells) == dict(first.cells) == dict(people(found[::-1]).cells)
        assert whole.size == sum(1 + len(c) for c in whole.cells.values()) <= 12
        for person, cells in whole.cells.items():
            assert sum(c.answers for c in cells.values()) == sum(f"p{p}" == person for p, _, _ in found)
        everyone = {f"p{p}" for p, _, _ in found}
        assert whole.sampled == (set(whole.cells) != everyone)


class TestBounds:
    def test_more_questions_than_are_told_apart(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(room, "MOST_QUESTIONS", 3)
        s = counted([graded(n, 5, question=f"q{n}") for n in range(10)])
        assert (len(s.questions), s.others.marks.n, s.graded) == (3, 7, 10)
        assert figures(s, source="f", lang="en").other_questions == 7

    def test_failures_of_all_sorts(self) -> None:
        s = counted([failed(n, f"strange thing {chr(97 + n % 26)}{chr(97 + n // 26)}") for n in range(200)])
        assert len(s.failures) == room.MOST_FAILURES
        assert s.other_failures.n == 200 - room.MOST_FAILURES

    def test_memory_does_not_grow_with_rows(self) -> None:
        s, read = ClassStatistics(), FactReader()
        s.people.most, s.pairs.most = 300, 100
        sizes = []
        for n in range(6000):
            row = graded(
                n, n % 11, person=f"p{n}", human=n % 10, wrong={"m": f"quote {n}"}, review=True, width=n % 7,
                flags=["injection"] if n % 2 else [],
            )  # fmt: skip
            s.add(row, read(row))
            if n in (2999, 5999):
                sizes.append(len(s.model_dump_json()))
        assert sizes[1] < 1.1 * sizes[0]
        assert len(s.review) == room.MOST_REVIEW


class TestReview:
    def test_the_most_urgent_first(self) -> None:
        s = counted(
            [
                graded(2, 5, review=True, width=2),
                graded(3, 5, review=True, width=6),
                graded(4, 9),
                graded(5, 5, flags=["too_long"]),
                graded(6, 5, review=True, width=1, flags=["too_long"]),
                graded(7, 0, review=True, width=1, flags=["injection"]),
                graded(8, 0, flags=["empty"]),
            ]
        )
        assert [r.number for r in s.review] == [7, 6, 3, 2, 5]

    def test_undecided_points_are_counted(self) -> None:
        s = counted([graded(2, 5, review=True, verdicts={"a": "partial", "b": "covered", "bonus": "partial"})])
        assert (s.review[0].doubtful, s.review[0].points) == (1, 2)


class TestQuotes:
    def test_the_first_three_different_ones_cut(self) -> None:
        words = ["same words", "same words", "b" * 500, "  c\n\n d  ", "e"]
        s = counted([graded(n, 5, wrong={"m": w}) for n, w in enumerate(words, 2)])
        quotes = s.questions["q1"].misconceptions["m"].quotes
        assert [q.number for q in quotes] == [2, 4, 5]
        assert (quotes[1].text[-1], len(quotes[1].text)) == ("…", 240)
        assert quotes[2].text == "c d"

    def test_a_belief_without_a_quote_counts(self) -> None:
        tally = counted([graded(2, 5, wrong={"m": ""})]).questions["q1"].misconceptions["m"]
        assert (tally.n, tally.quotes) == (1, [])


class TestDiscrimination:
    def test_is_the_corrected_item_rest_correlation(self) -> None:
        rng = np.random.default_rng(0)
        table = np.clip(rng.normal(5, 2, (30, 1)) + rng.normal(0, 1, (30, 4)), 0, 10).round(2)
        s = counted(
            [
                graded(1 + i * 4 + q, float(table[i, q]), question=f"q{q}", person=f"p{i}")
                for i in range(30)
                for q in range(4)
            ]
        )
        found = discrimination(s.people)
        for q in range(4):
            rest = np.delete(table, q, axis=1).sum(axis=1)
            expected = float(np.corrcoef(table[:, q], rest)[0, 1])
            assert found[f"q{q}"] == (pytest.approx(expected, abs=1e-4), 30)

    def test_needs_persons_with_several_questions(self) -> None:
        alone = counted([graded(n, n % 11, person=f"p{n}") for n in range(50)])
        assert discrimination(alone.people) == {}
        few = counted([graded(n, n, question=f"q{n % 2}", person=f"p{n // 2}") for n in range(8)])
        assert discrimination(few.people) == {"q0": (None, 4), "q1": (None, 4)}


class TestFacts:
    def test_columns_by_their_names(self) -> None:
        read = FactReader()
        row = GradedRow(2, "", {"学号": "007", "题目": "什么是 LoRA？", "学生答案": "低秩", "教师评分": "８.5 分"})
        row.judgement = graded(2, 5).judgement
        facts = read(row)
        assert (facts.person, facts.ask, facts.answer, facts.human) == ("007", "什么是 LoRA？", "低秩", 8.5)
        assert facts.question.startswith("own-")
        assert read.columns == {"human": "教师评分", "person": "学号"}

    def test_a_score_of_an_earlier_judge_is_not_a_persons(self) -> None:
        row = GradedRow(2, "", {"score": 7, "answer": "a", "question_id": "q"}, graded(2, 5).judgement)
        assert FactReader()(row).human is None
        assert FactReader(human="score")(row).human == 7

    def test_fields_that_are_the_same_for_all_rows(self) -> None:
        row = GradedRow(2, "", {"answer": "a"}, graded(2, 5).judgement)
        assert FactReader(constants={"question_id": "lora"})(row).question == "lora"
        assert FactReader()(row).question == "r" * 12

    def test_the_most_marks(self) -> None:
        row = graded(2, 5, human="8/12")
        assert FactReader(max_score=20)(row).top == 12
        assert FactReader(max_score=20)(graded(2, 5, human=8)).top == 20
        above = FactReader(max_score=5)(graded(2, 5, human=8))
        assert (above.human, above.unusable) == (None, "8")

    @pytest.mark.parametrize(
        ("cell", "value", "top"),
        [
            (8, 8, 0), ("8.5", 8.5, 0), ("8,5", 8.5, 0), (" 17 / 20 ", 17, 20), ("85%", 85, 100), ("9 分", 9, 0),
            ("4 out of 5", 4, 5), ("'-3", -3, 0), ("缺考", None, 0), ("A+", None, 0), (None, None, 0), (True, None, 0),
            (math.nan, None, 0), (math.inf, None, 0), ([8], None, 0), ("1e400", None, 0), ("9" * 50, None, 0),
        ],
    )  # fmt: skip
    def test_a_score_as_people_write_it(self, cell: Any, value: float | None, top: float) -> None:
        assert mark(cell) == (value, top)

    @given(st.dictionaries(st.sampled_from(["answer", "question", "id", "human score", "学号"]), CELLS, max_size=5))
    @CALM
    def test_nothing_is_raised_for_a_cell(self, data: dict[str, Any]) -> None:
        row = GradedRow(2, "", data, graded(2, 5).judgement)
        s = ClassStatistics()
        s.add(row, FactReader()(row))
        assert "source" in said(s)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("unknown question 'a.b'; did you mean c?", "unknown question 'x'"),
        ("row has 4 cells but 3", "row has 17 cells but 2"),
        ('the model said "no"', 'the model said "never"'),
    ],
)
def test_reasons_that_differ_in_names_and_numbers_are_one(one: str, other: str) -> None:
    assert reason_of(one) == reason_of(other)
    assert reason_of(one) != reason_of("something else")
