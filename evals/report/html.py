"""The report as one HTML page that needs nothing but itself: no script, no font, no request.

`interviewer.page` escapes every value; what is already markup comes from svg.py, in which every text is escaped, and
from `interviewer.report.marked`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from evals.report import svg
from evals.report.numbers import measured, number, signed, span
from evals.report.parts import Chart, ForestRow, Plot, View, WorstPart
from evals.report.shapes import Interval, Slice
from evals.report.words import Words
from interviewer.page import ours, page_environment, style
from interviewer.report.marked import colour, marked

OPEN = 1
"""How many of the worst disagreements are unfolded from the start."""


def render_html(view: View) -> str:
    """The whole page."""
    return environment().get_template("report.html.j2").render(v=view, r=view.result, t=view.t, css=_style(), open=OPEN)


@cache
def environment() -> Environment:
    return page_environment(
        "evals.report",
        number=number,
        signed=signed,
        measured=measured,
        span=span,
        forest_axis=lambda scale: ours(svg.forest_axis(scale)),
        forest_row=_forest_row,
        slice_row=_slice_row,
        heat_map=_heat_map,
        grade_bars=_grade_bars,
        calibration=_calibration,
        bland_altman=_bland_altman,
        answer_html=answer_html,
        colour=colour,
    )


@cache
def _style() -> Markup:
    return style("evals.report", "report.css")


def _forest_row(row: ForestRow, on: svg.Scale) -> Markup:
    return ours(svg.forest_row(row.estimate, on, row.role))


def _slice_row(row: Slice, plot: Plot) -> Markup:
    e: Interval = getattr(row, plot.measure)
    return ours(svg.forest_row(e, plot.scale, "slice", plot.zero))


def _heat_map(counts: Sequence[Sequence[int]], labels: Sequence[str], t: Words, title: str) -> Markup:
    return ours(svg.heat_map(counts, labels, t("axis.judge"), t("axis.reference"), title))


def _grade_bars(counts: Sequence[Sequence[int]], labels: Sequence[str], t: Words) -> Markup:
    reference, judge = [sum(row) for row in counts], [sum(column) for column in zip(*counts, strict=True)]
    return ours(svg.pairs_of_bars(reference, judge, labels, (t("axis.reference"), t("axis.judge")), t("grades")))


def _calibration(chart: Chart, t: Words, key: str) -> Markup:
    return ours(svg.calibration(chart.bins, chart.top, t(f"{key}.x"), t(f"{key}.y"), t(key)))


def _bland_altman(view: View) -> Markup:
    found, t = view.result.bland_altman, view.t
    assert found is not None
    x, y, title = (t(f"bland_altman{part}") for part in (".x", ".y", ""))
    return ours(svg.bland_altman(view.spots, found.bias, found.lower, found.upper, x, y, title))


def answer_html(part: WorstPart, t: Words) -> Markup:
    """The answer with its evidence marked."""
    return marked(part.stretches, part.anchor, t)
