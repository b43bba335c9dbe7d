"""The drawings of the evaluation report, and how it writes numbers."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.report.numbers import measured, number, signed, span
from evals.report.shapes import Interval
from evals.report.svg import Spot, bland_altman, calibration, forest_axis, forest_row, heat_map, pairs_of_bars, scale


class TestDrawings:
    @given(st.lists(st.floats(-1e6, 1e6), max_size=8))
    def test_a_scale_holds_every_value_between_round_ticks(self, values: list[float]) -> None:
        on = scale(values, 0, 1)
        assert all(on.low - 1e-6 <= v <= on.high + 1e-6 for v in values)
        assert on.ticks[0] == pytest.approx(on.low) and on.ticks[-1] == pytest.approx(on.high)
        assert 2 <= len(on.ticks) <= 9
        assert scale([*values, 1e300], 0, 1) == on
        assert all(0 <= on.share(v) <= 1 for v in values)

    def test_forest_row(self) -> None:
        on = scale((), 0, 1)
        row = forest_row(Interval(value=0.5, low=0.4, high=0.6), on, "judge")
        assert '<circle class="dot" cx="50.00%"' in row
        assert '<line class="ci" x1="40.60%"' in row and 'x2="59.40%"' in row
        assert 'class="dot"' not in forest_row(Interval(), on, "judge")
        assert "<path" in forest_row(Interval(value=1), on, "annotators")
        assert 'class="zero"' in forest_row(Interval(), on, "slice", 0.0)
        assert forest_axis(on).count("<text") == len(on.ticks)

    def test_heat_map(self) -> None:
        picture = heat_map([[3, 1], [0, 0]], ["<a>", "b"], "across", "down", 'ti"tle')
        ET.fromstring(picture)
        assert "75%" in picture and 'fill-opacity="0.750"' in picture and "&lt;a&gt;" in picture
        assert picture.count('class="same"') == 2 and picture.count("·") == 2

    def test_calibration(self) -> None:
        picture = calibration([(5.0, Interval(value=5, low=4, high=6), 7), (9, Interval(), 1)], 10, "x", "y", "t")
        root = ET.fromstring(picture)
        (dot,) = list(root.iter("circle"))
        (ideal,) = [c for c in root.iter("line") if c.get("class") == "ideal"]
        middle = (float(ideal.get("x1", 0)) + float(ideal.get("x2", 0))) / 2
        assert float(dot.get("cx", 0)) == pytest.approx(middle, abs=0.1)

    def test_bland_altman(self) -> None:
        spots = [Spot(2, 1, "<t>", "a", "w1"), Spot(2, 1, "u", "b"), Spot(5, -6.2, "far", "c")]
        picture = bland_altman(
            spots, Interval(value=0.1, low=0, high=0.2), Interval(value=-2), Interval(), "x", "y", "t"
        )
        root = ET.fromstring(picture)
        assert len(list(root.iter("circle"))) == 3 and [a.get("href") for a in root.iter("a")] == ["#w1"]
        assert len([r for r in root.iter("rect") if "band" in (r.get("class") or "")]) == 1
        first, second = list(root.iter("circle"))[:2]
        moved = abs(float(first.get("cx", 0)) - float(second.get("cx", 0)))
        assert 0 < moved <= 4.1
        assert all(10 <= float(c.get("cy", 0)) <= 293 for c in root.iter("circle"))

    def test_bars(self) -> None:
        root = ET.fromstring(pairs_of_bars([0, 4], [2, 2], ["0", "1"], ("a", "b"), "t"))
        heights = [float(r.get("height", 0)) for r in root.iter("rect")][2:]
        assert heights == pytest.approx([0, 123, 246, 123])


def test_numbers() -> None:
    assert [number(x) for x in (None, -0.001, -1.5, 1234.5)] == ["–", "0.00", "−1.50", "1,234.50"]
    assert [signed(x) for x in (0.001, 0.5, -0.5, None)] == ["0.00", "+0.50", "−0.50", "–"]
    assert measured("exact", 0.4754) == "47.5%" and measured("smd", 0.1) == "+0.100"
    assert span("qwk", Interval(value=1, low=0.5, high=1)) == "[0.500, 1.000]" and span("qwk", Interval(value=1)) == ""
