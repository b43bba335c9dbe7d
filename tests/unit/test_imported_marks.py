"""evals.imported, the pure parts: cells, scales, columns, agreement."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.imported.agreement import Reading, agreement, bands
from evals.imported.cells import Cell, NoMarkError, read_cell, word_values
from evals.imported.columns import find_layout
from evals.imported.scales import Scale, band, by_rater, find_scale, parse_scale, parse_scales
from interviewer.errors import InputError, UsageError

ends = st.tuples(st.integers(-50, 50), st.integers(1, 200)).map(lambda x: Scale(float(x[0]), float(x[0] + x[1])))


class TestCells:
    @pytest.mark.parametrize(
        ("raw", "value", "out_of"),
        [
            ("8", 8, None), (7.5, 7.5, None), ("8分", 8, None), (" ７．５ ", 7.5, None), ("7,5", 7.5, None),
            ("'9", 9, None), ("7.5/10", 7.5, 10), ("８／１０", 8, 10), ("8分/10分", 8, 10), ("8分（满分10分）", 8, 10),
            ("8 out of 10", 8, 10), ("85%", 85, 100), ("3 pts", 3, None), ("-1", -1, None), (".5", 0.5, None),
        ],
    )  # fmt: skip
    def test_a_mark(self, raw: Any, value: float, out_of: float | None) -> None:
        assert read_cell(raw) == Cell(value, out_of)

    @pytest.mark.parametrize("raw", [None, "", " ", "-", "—", "N/A", "#N/A", "缺考", "未评", float("nan"), "无"])
    def test_no_mark(self, raw: Any) -> None:
        assert read_cell(raw) is None

    @pytest.mark.parametrize("raw", ["7-8", "good", "8.5.1", True, [8], float("inf"), "7月10日", "5/0", "八", "=A1"])
    def test_something_else(self, raw: Any) -> None:
        with pytest.raises(NoMarkError):
            read_cell(raw)

    def test_a_date_is_explained(self) -> None:
        with pytest.raises(NoMarkError, match="spreadsheet makes dates"):
            read_cell("10-Jul")

    def test_words(self) -> None:
        assert word_values({"A", "B", "F"}) == ({"A": 4, "B": 3, "F": 0}, (0, 4))
        assert word_values({"A", "E"}) == ({"A": 5, "E": 1}, (0, 5))
        values, _ = word_values({"A+", "A", "B+", "B", "B-", "F"})
        assert values["A+"] == values["A"] > values["B+"] > values["B"] > values["B-"] > values["F"]
        assert word_values({"优", "良", "中", "差"}) == ({"优": 3, "良": 2, "中": 1, "差": 0}, (0, 3))
        assert word_values({"优秀", "及格", "不及格"}) == ({"优秀": 4, "及格": 1, "不及格": 0}, (0, 4))
        with pytest.raises(NoMarkError):
            word_values({"A", "优"})


class TestScales:
    @given(ends, st.floats(0, 1), st.floats(0, 1))
    def test_to_a_share_and_back(self, scale: Scale, a: float, b: float) -> None:
        low, high = sorted((scale.value(a), scale.value(b)))
        assert scale.unit(low) <= scale.unit(high)
        assert scale.value(scale.unit(low)) == pytest.approx(low, abs=1e-9)
        assert band(scale.unit(low)) <= band(scale.unit(high))

    @given(ends)
    def test_ends(self, scale: Scale) -> None:
        assert (scale.unit(scale.low), scale.unit(scale.high)) == (0, 1)
        assert (band(0), band(1)) == (0, 5)
        assert parse_scale(str(scale)) == scale

    @given(ends, ends, st.lists(st.floats(0, 1), min_size=2, max_size=20))
    def test_order_is_the_same_on_every_scale(self, one: Scale, other: Scale, shares: list[float]) -> None:
        moved = [other.value(one.unit(one.value(s))) for s in shares]
        assert (
            np.argsort(np.round(moved, 6), kind="stable").tolist()
            == np.argsort(np.round([other.value(s) for s in shares], 6), kind="stable").tolist()
        )

    @given(st.lists(st.floats(0, 1), max_size=30))
    def test_grades_of_many(self, units: list[float]) -> None:
        assert bands(np.array(units)).tolist() == [band(u) for u in units]

    def test_halves_go_up(self) -> None:
        assert [band(Scale(0, 10).unit(v)) for v in range(11)] == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
        assert [band(Scale(0, 5).unit(v)) for v in range(6)] == list(range(6))

    @pytest.mark.parametrize(
        ("values", "scale"),
        [
            (range(1, 11), "1-10"), (range(11), "0-10"), ([0, 5, 9.5, 7, 8], "0-10"), ([1, 2, 5], "1-5"),
            ([0.5, 3, 5], "0-5"), ([0.2, 0.9], "0-1"), ([0, 1, 1], "0-1"), ([35, 60, 98], "0-100"),
            ([1, 5, 10] * 20 + [85], "1-10"),
        ],
    )  # fmt: skip
    def test_found(self, values: Any, scale: str) -> None:
        assert str(find_scale(list(map(float, values)))) == scale

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ([3, 7, 10], "0-10 or 1-10"), ([0, 1, 2, 3], "on what scale"), ([0, 6, 7], "on what scale"),
            ([5, 5, 5], "on what scale"), ([-1, 5], "on what scale"), ([0, 15], "on what scale"),
            ([0, 500], "on what scale"), ([0, 3, 5] * 20 + [8], "on what scale"),
        ],
    )  # fmt: skip
    def test_ambiguous(self, values: list[float], words: str) -> None:
        with pytest.raises(UsageError, match=words) as e:
            find_scale(values)
        assert "--scale" in str(e.value.hint)

    @given(st.lists(st.integers(0, 10), min_size=3, max_size=40), st.randoms())
    def test_order_changes_nothing(self, values: list[int], chance: random.Random) -> None:
        def found(of: list[float]) -> str:
            try:
                return str(find_scale(of))
            except UsageError as e:
                return e.message

        marks = list(map(float, values))
        once = found(marks)
        chance.shuffle(marks)
        assert found(marks) == once

    def test_raters_on_different_scales_are_not_thrown_together(self) -> None:
        values = {"A": [1.0, 5.0, 10.0] * 10, "B": [60.0, 80.0, 95.0] * 10}
        with pytest.raises(UsageError, match="'A' run from 1 to 10, all together would be 0-100"):
            by_rater(values, {})
        assert by_rater(values, {"A": Scale(1, 10)})["B"] == Scale(0, 100)

    def test_options(self) -> None:
        assert parse_scales(["1-10", "老师 2=0-100"]) == {"": Scale(1, 10), "老师 2": Scale(0, 100)}
        for wrong in (["ten"], ["10-1"], ["1-10", "0-5"]):
            with pytest.raises(UsageError):
                parse_scales(wrong)


class TestColumns:
    def layout(self, header: str, *rows: str, **options: Any) -> Any:
        columns = header.split(",")
        return find_layout(columns, [dict(zip(columns, r.split(","), strict=True)) for r in rows], **options)

    @pytest.mark.parametrize(
        "names",
        [
            "score", "Grade", "评分", "得分", "分数", "人工评分", "老师1,老师2,老师3", "评分人A,评分人B",
            "rater_1,rater_2", "Rater 1 Score,Rater 2 Score", "score_alice,score_bob", "王老师,李老师",
            "张三评分,李四评分", "评分1,评分2", "Score (TA),Score (Prof)", "human_score", "教师评分",
            "阅卷老师一,阅卷老师二", "input_score", "总分",
        ],
    )  # fmt: skip
    def test_by_name(self, names: str) -> None:
        n = names.count(",") + 1
        found = self.layout(f"题目,参考答案,回答,{names}", "q,r,a" + ",7" * n, "q,r,a" + ",3" * n)
        assert list(found.ratings) == names.split(",")
        assert found.rater is None

    def test_what_is_called_so_and_is_none(self) -> None:
        found = self.layout("题目,回答,满分,评分标准,评分理由,平均分,老师1,老师2,老师3", "q,a,10,x,好,7.5,8,7,")
        assert found.ratings == ("老师1", "老师2")
        assert found.most == "满分"
        assert dict(found.left) == {"平均分": "seems made of the others; --rating takes it in", "老师3": "is empty"}

    def test_one_rating_a_row(self) -> None:
        for header in ("评分人,题目,回答,得分", "Rater,question,answer,Score"):
            for who in ("王", "2"):
                found = self.layout(header, f"{who},q,a,8")
                assert found.rater == header.split(",")[0]
                assert found.ratings == (header.split(",")[3],)

    def test_a_judges_own_columns_are_left(self) -> None:
        found = self.layout("question,answer,老师评分,score,grade,interval,needs_review", "q,a,8,7,4,x,false")
        assert found.ratings == ("老师评分",)
        assert [c for c, _ in found.left] == ["score", "grade"]

    def test_options(self) -> None:
        found = self.layout("question,answer,X,Y", "q,a,8,7", ratings=["y", "X"])
        assert found.ratings == ("Y", "X")
        with pytest.raises(UsageError, match="no such column; did you mean Skore"):
            self.layout("question,answer,Skore", "q,a,8", ratings=["Score"])

    def test_ambiguous_and_none(self) -> None:
        with pytest.raises(UsageError, match="several columns may hold the ratings: score, grade"):
            self.layout("question,answer,score,grade", "q,a,8,4")
        with pytest.raises(InputError, match="no column with ratings"):
            self.layout("question,answer,score", "q,a,good")


def by_hand() -> list[Reading]:
    """A 0 5 0 5 and B 0 5 5 5 on 0-5, a judge of 0 .4 1 1, two questions."""
    rows = zip("aabb", (0.0, 1.0, 0.0, 1.0), (0.0, 1.0, 1.0, 1.0), (0.0, 0.4, 1.0, 1.0), strict=True)
    return [Reading(q, {"A": a, "B": b}, judge=j, length=n + 1) for n, (q, a, b, j) in enumerate(rows)]


readings = st.lists(
    st.builds(
        Reading,
        question=st.sampled_from("abc"),
        marks=st.dictionaries(st.sampled_from(["r", "s", "t"]), st.integers(0, 10).map(lambda v: v / 10), min_size=1),
        judge=st.none() | st.integers(0, 20).map(lambda v: v / 20),
        length=st.integers(0, 500),
    ),
    min_size=2,
    max_size=8,
)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evals.imported.agreement.RESAMPLES", 12)
    monkeypatch.setattr("evals.imported.agreement.BETWEEN_RESAMPLES", 12)


class TestAgreement:
    def test_worked_by_hand(self) -> None:
        found = agreement(by_hand())
        (pair,) = found["pairs"]
        # One 0 against 5 of weight 25; by chance 2·3/4 + 2·1/4 = 2 of them: 1 - 25/50.
        assert pair["qwk"]["value"] == 0.5
        # cov .5 - .5·.75 over √.25·√.1875.
        assert pair["pearson"]["value"] == 0.5774
        # Coincidences off the diagonal 2, by chance 2·3·5/(8 - 1): 1 - 14/30.
        assert pair["alpha"]["value"] == found["alpha"]["value"] == 0.5333
        mean, a, b = found["judge"]
        assert (mean["rater"], a["rater"], b["rater"]) == (None, "A", "B")
        assert (a["mae"]["value"], a["bias"]["value"]) == (0.4, 0.1)
        # The mean is 0 1 .5 1: |0| + |-.6| + |.5| + |0| over 4.
        assert (mean["mae"]["value"], mean["bias"]["value"]) == (0.275, -0.025)
        assert [r["mean"] for r in found["raters"]] == [0.5, 0.75]
        assert found["length"][0]["n"] == found["n"] == 4

    def test_what_lies_within_questions(self) -> None:
        """Knowing which question is easy is not knowing which answer is good."""
        marks = [("a", 0.1), ("a", 0.2), ("b", 0.8), ("b", 0.9)]
        found = agreement([Reading(q, {"r": v}, judge=0.0 if q == "a" else 1.0) for q, v in marks])["judge"][0]
        assert found["pearson"]["value"] > 0.95
        assert found["within_questions"]["value"] is None

    @pytest.mark.usefixtures("quick")
    @given(readings, st.randoms())
    @settings(max_examples=25, deadline=None)
    def test_no_order_counts(self, rows: list[Reading], chance: random.Random) -> None:
        once = agreement(rows)
        shuffled = [
            Reading(r.question, dict(chance.sample(list(r.marks.items()), len(r.marks))), {}, r.judge, r.length)
            for r in chance.sample(rows, len(rows))
        ]
        assert agreement(shuffled) == once

    @pytest.mark.usefixtures("quick")
    @given(st.lists(st.integers(0, 5), min_size=2, max_size=20).filter(lambda v: len(set(v)) > 1))
    @settings(max_examples=25, deadline=None)
    def test_a_rater_equal_to_another(self, grades: list[int]) -> None:
        rows = [Reading(str(n % 3), {"r": g / 5, "s": g / 5}, judge=g / 5) for n, g in enumerate(grades)]
        found = agreement(rows)
        for compared in (*found["pairs"], *found["against_others"], *found["judge"]):
            assert compared["qwk"]["value"] == 1
            assert compared["pearson"]["value"] == pytest.approx(1)
        assert found["alpha"]["value"] == 1

    @pytest.mark.usefixtures("quick")
    def test_the_sets_own_raters_are_compared_but_are_no_part_of_the_mean(self) -> None:
        rows = [Reading(q, {"p": v}, {"p": 1 - v, "r1": v}, judge=v) for q, v in (("a", 0.0), ("b", 1.0), ("c", 0.4))]
        found = agreement(rows)
        assert [(r["rater"], r["of_the_set"]) for r in found["raters"]] == [
            ("p", False), ("p (eval set)", True), ("r1", True),
        ]  # fmt: skip
        assert found["judge"][0]["mae"]["value"] == 0
        assert {r["rater"]: r["qwk"]["value"] for r in found["against_others"]}["r1"] == 1

    @pytest.mark.usefixtures("quick")
    def test_nobody_in_common_and_no_judge(self) -> None:
        found = agreement([Reading("a", {"r": 0.1}), Reading("b", {"s": 0.2})])
        assert found["pairs"][0]["n"] == found["alpha"]["n"] == 0
        assert found["pairs"][0]["qwk"] == {"value": None, "low": None, "high": None}
        assert found["judge"] == found["length"] == []
