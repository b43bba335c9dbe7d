"""What a run says beyond agreement: slices, calibration, limits of agreement, the worst, what it took."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import metrics as m
from evals.assess import assess
from evals.datasets import Dataset, EvalAnswer, Item, Rating
from evals.reliability import bland_altman, calibration, point_calibration, reliability
from evals.slices import slices, terciles
from evals.table import Judged, Table
from evals.timing import timing
from evals.worst import worst
from interviewer.models import Evidence, JudgeInfo, Judgement, MisconceptionFound, PointVerdict, Usage
from knowledge import load_map
from knowledge.models import Category, Question

# Bland & Altman 1986, table 1: peak flow of 17 people by a large and by a mini meter, first readings, l/min.
LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
QUESTIONS: list[Question] = [q for q in load_map().questions.values() if q.misconceptions][:4]
CATEGORY = Category(id="cat", zh="类", en="Sort")
INFO = JudgeInfo(kind="made")
numbers = st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)), min_size=1, max_size=40)


def judged(
    n: int,
    grade: int,
    score: float | None,
    *,
    credit: float = 0,
    given: float = 0,
    text: str = "an answer",
    **more: Any,
) -> Judged:
    """Answer n: rated `grade` with `credit` for each point, judged `score` with `given` for each point."""
    question = QUESTIONS[n % len(QUESTIONS)]
    answer = EvalAnswer(id=f"a{n}", question_id=question.id, lang="en", mode="vague", answer=text)
    rating = Rating(
        answer_id=f"a{n}", rater="r1", points={p.id: credit for p in question.points}, grade=grade, note=f"note {n}"
    )
    verdicts = [
        PointVerdict(id=p.id, verdict="covered", credit=given, evidence=[Evidence(start=0, end=2, text=text[:2])])
        for p in question.points
    ]
    grade_given = None if score is None else math.floor(score / 2 + 0.5)
    judgement = Judgement(score=score, grade=grade_given, points=verdicts, judge=INFO, **more)
    return Judged(Item(answer, question, (rating,), CATEGORY), judgement, None if score is not None else "no reason")


class TestFormulas:
    def test_limits_of_agreement_of_the_paper(self) -> None:
        found = m.limits_of_agreement(MINI, LARGE)
        assert found.bias == pytest.approx(-2.1, abs=0.05)
        assert found.sd == pytest.approx(38.8, abs=0.05)
        # The paper takes two standard deviations, -79.7 and 75.5; 1.96 of them are a little less.
        assert found.bias - 2 * found.sd == pytest.approx(-79.7, abs=0.1)
        assert found.bias + 2 * found.sd == pytest.approx(75.5, abs=0.1)
        assert (found.low, found.high) == pytest.approx((found.bias - 1.96 * found.sd, found.bias + 1.96 * found.sd))

    def test_standardised_mean_difference(self) -> None:
        # Means 3 and 4; sample variances 1 and 4; 1 / √2.5.
        assert m.standardised_mean_difference([2, 3, 4], [2, 4, 6]) == pytest.approx(1 / math.sqrt(2.5))
        assert m.standardised_mean_difference([2, 4, 6], [2, 3, 4]) == pytest.approx(-1 / math.sqrt(2.5))

    def test_calibration_error(self) -> None:
        # Bins of 2: two at 1 (reference 0 and 4: mean 2), one at 9 (reference 7): 2/3 · 1 + 1/3 · 2.
        assert m.calibration_error([0, 4, 7], [1, 1, 9], 10, 5) == pytest.approx(2 / 3 + 2 / 3)

    def test_bins(self) -> None:
        assert m.bin_of([0, 0.0999, 0.1, 0.3, 0.7, 0.9, 1], 1).tolist() == [0, 0, 1, 3, 7, 9, 9]
        assert m.bin_of([0, 5, 9.99, 10], 10).tolist() == [0, 5, 9, 9]

    def test_nothing_to_measure_is_nan(self) -> None:
        assert math.isnan(m.standardised_mean_difference([1], [2]))
        assert math.isnan(m.standardised_mean_difference([1, 1], [2, 2]))
        assert math.isnan(m.calibration_error([], [], 1))
        assert m.limits_of_agreement([1], [3])[0] == 2
        assert all(math.isnan(x) for x in m.limits_of_agreement([1], [3])[1:])

    @given(numbers)
    def test_calibration_error_lies_between_bias_and_mae(self, pairs: list[tuple[float, float]]) -> None:
        r, g = [p[0] for p in pairs], [p[1] for p in pairs]
        error = m.calibration_error(r, g, 10)
        assert abs(m.mean_signed_error(r, g)) - 1e-9 <= error <= m.mae(r, g) + 1e-9


class TestReliability:
    def test_bins_by_hand(self) -> None:
        rows = [judged(0, 0, 0.4), judged(1, 1, 0.8), judged(2, 5, 10), judged(3, 4, 9)]
        found = calibration(Table(rows))
        first, last = found["bins"]
        assert (first["low"], first["high"], first["n"], first["given"]) == (0, 1, 2, 0.6)
        assert first["reference"]["value"] == 1 and first["reference"]["low"] == 0 and first["reference"]["high"] == 2
        assert (last["low"], last["high"], last["n"], last["given"]) == (9, 10, 2, 9.5)
        assert last["reference"]["value"] == 9
        assert found["error"] == pytest.approx((0.8 + 1.0) / 4, abs=1e-4)

    def test_one_question_alone_has_no_interval(self) -> None:
        (only,) = calibration(Table([judged(0, 3, 5), judged(4, 1, 5)]))["bins"]
        assert only["reference"] == {"value": 4, "low": None, "high": None}

    def test_points(self) -> None:
        found = point_calibration(Table([judged(0, 3, 5, credit=0.5, given=0.75), judged(1, 3, 5, credit=1, given=1)]))
        assert [(b["low"], b["reference"]["value"]) for b in found["bins"]] == [(0.7, 0.5), (0.9, 1)]
        assert sum(b["n"] for b in found["bins"]) == len(QUESTIONS[0].points) + len(QUESTIONS[1].points)

    @given(numbers)
    def test_every_item_is_in_one_bin(self, pairs: list[tuple[float, float]]) -> None:
        r, g = np.array(pairs).T
        found = reliability(r, g, list(range(len(r))), top=10)
        assert sum(b["n"] for b in found["bins"]) == len(r)
        assert all(b["low"] - 1e-6 <= b["given"] <= b["high"] + 1e-6 for b in found["bins"])
        weighted = sum(b["n"] * b["reference"]["value"] for b in found["bins"]) / len(r)
        assert weighted == pytest.approx(float(r.mean()), abs=1e-3)

    def test_bland_altman(self) -> None:
        found = bland_altman(Table([judged(0, 2, 6), judged(1, 4, 6)]))
        assert found["bias"]["value"] == 0 and found["sd"] == pytest.approx(math.sqrt(2), abs=1e-4)
        assert found["upper"]["value"] == pytest.approx(1.96 * math.sqrt(2), abs=1e-3)
        assert found["items"] == [
            {"answer": "a0", "mean": 2.5, "difference": 1},
            {"answer": "a1", "mean": 3.5, "difference": -1},
        ]


class TestSlices:
    def test_terciles(self) -> None:
        assert terciles(np.array([30.0, 10, 20, 60, 50, 40])) == ["30-40", "10-20", "10-20", "50-60", "50-60", "30-40"]
        assert terciles(np.array([7.0, 7, 7])) == ["7-7"] * 3
        assert terciles(np.empty(0)) == []

    @given(st.lists(st.integers(0, 500), min_size=1, max_size=60))
    def test_thirds_are_apart_and_hold_their_lengths(self, lengths: list[int]) -> None:
        labels = terciles(np.array(lengths, dtype=float))
        ends = {label: tuple(map(int, label.split("-"))) for label in labels}
        assert all(ends[label][0] <= n <= ends[label][1] for label, n in zip(labels, lengths, strict=True))
        ordered = sorted(ends.values())
        assert len(ordered) <= 3 and all(a[1] < b[0] for a, b in pairwise(ordered))

    def test_order_names_and_standardised_difference(self) -> None:
        rows = [judged(n, n % 6, float(n % 10), text="x" * length) for n, length in enumerate([5, 9, 100, 101, 20, 21])]
        table = Table(rows)
        found = slices(table)
        assert list(found["length"]) == ["5-9", "20-21", "100-101"]
        assert list(found["category"]) == ["cat"] and found["category"]["cat"]["n"] == 6
        assert set(found["difficulty"]) <= {"1-3", "4-6", "7-10"}
        assert found["category"]["cat"]["smd"]["value"] == pytest.approx(
            m.standardised_mean_difference(table.mean, table.half_score), abs=1e-4
        )

    def test_an_item_without_category(self) -> None:
        row = judged(0, 3, 5)
        assert list(slices(Table([Judged(Item(row.item.answer, row.item.question, row.item.ratings), row.judgement)]))[
            "category"
        ]) == [""]  # fmt: skip


class TestWorst:
    def test_furthest_first_with_all_that_explains_it(self) -> None:
        held = QUESTIONS[1].misconceptions[0]
        found = MisconceptionFound(id=held.id, evidence=[Evidence(start=0, end=2, text="an")])
        rows = [judged(0, 3, 6), judged(1, 5, 1, credit=1, misconceptions=[found]), judged(2, 0, 8), judged(3, 4, None)]
        shown = worst(Table(rows))
        assert [(w["answer_id"], w["difference"]) for w in shown] == [("a1", -4.5), ("a2", 4), ("a0", 0)]
        first = shown[0]
        assert first["question"] == {"zh": QUESTIONS[1].ask.zh, "en": QUESTIONS[1].ask.en}
        assert (first["answer"], first["mode"], first["reference"], first["score"]) == ("an answer", "vague", 5, 1)
        assert [p["id"] for p in first["points"]] == [p.id for p in QUESTIONS[1].points]
        assert first["points"][0]["reference"] == 1 and first["points"][0]["credit"] == 0
        assert first["points"][0]["evidence"] == [{"start": 0, "end": 2, "text": "an"}]
        assert [(b["id"], b["reference"], b["judge"]) for b in first["misconceptions"]] == [(held.id, False, True)]
        assert first["raters"] == [{"rater": "r1", "grade": 5, "note": "note 1"}]

    def test_at_most_twenty_and_equal_ones_by_id(self) -> None:
        rows = [judged(n, 3, 5) for n in reversed(range(30))]
        assert [w["answer_id"] for w in worst(Table(rows))] == sorted(f"a{n}" for n in range(30))[:20]


class TestTiming:
    def test_offline(self) -> None:
        rows = [judged(n, 3, 5, usage=Usage(seconds=s)) for n, s in enumerate([1.0, 3.0, 2.0])]
        took = timing([*rows, Judged(rows[0].item, None, "gone")])
        assert took["answers"] == 3 and took["seconds_median"] == 2 and took["seconds_p95"] == 2.9
        assert took["calls"] is took["cost"] is took["input_tokens"] is None

    def test_a_model(self) -> None:
        rows = [
            judged(0, 3, 5, usage=Usage(calls=1, input_tokens=100, output_tokens=10, cost=0.25, seconds=1)),
            judged(1, 3, 5, usage=Usage(calls=2, input_tokens=200, output_tokens=20, cost=0.5, seconds=1)),
        ]
        assert timing(rows) | {"seconds_median": 0, "seconds_p95": 0} == {
            "answers": 2, "seconds_median": 0, "seconds_p95": 0, "calls": 3, "input_tokens": 300, "output_tokens": 30,
            "cost": 0.75,
        }  # fmt: skip
        rows.append(judged(2, 3, 5, usage=Usage(calls=1, cost=None)))
        assert timing(rows)["cost"] is None and timing(rows)["calls"] == 4

    def test_nothing(self) -> None:
        assert timing([])["seconds_median"] is None


def test_the_result_is_json_and_apart_from_timing_the_same_twice() -> None:
    def result(seconds: float) -> dict[str, Any]:
        rows = [judged(n, n % 6, float(n % 11), usage=Usage(seconds=seconds)) for n in range(24)]
        dataset = Dataset(tuple(r.item for r in rows), (), "hash")
        return json.loads(json.dumps(assess(dataset, rows), allow_nan=False))  # type: ignore[no-any-return]

    first, second = result(1), result(2)
    assert first.pop("timing") != second.pop("timing")
    assert first == second
    assert first["names"]["category"] == {"cat": {"zh": "类", "en": "Sort"}}
    assert first["annotators"]["kind"] is None
