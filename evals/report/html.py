"""The report as one HTML page that needs nothing but itself: no script, no font, no request.

Jinja2 escapes every value, and every string passes through `visible` on its way into the page, so that a template
cannot forget either. What is already markup comes from this file and svg.py only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from evals.report import svg
from evals.report.numbers import measured, number, signed, span
from evals.report.parts import Chart, ForestRow, Plot, View, WorstPart
from evals.report.shapes import Interval, Slice
from evals.report.words import Words
from interviewer.report.highlight import Stretch
from interviewer.text import visible

COLOURS = 9
OPEN = 1
"""How many of the worst disagreements are unfolded from the start."""


def render_html(view: View) -> str:
    """The whole page."""
    return (
        environment()
        .get_template("report.html.j2")
        .render(v=view, r=view.result, t=view.t, css=_ours(_style()), open=OPEN)
    )


@cache
def environment() -> Environment:
    env = Environment(
        loader=PackageLoader("evals.report"),
        autoescape=True,
        finalize=_safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(
        number=number,
        signed=signed,
        measured=measured,
        span=span,
        forest_axis=lambda scale: _ours(svg.forest_axis(scale)),
        forest_row=_forest_row,
        slice_row=_slice_row,
        heat_map=_heat_map,
        grade_bars=_grade_bars,
        calibration=_calibration,
        bland_altman=_bland_altman,
        answer_html=answer_html,
        colour=colour,
    )
    return env


@cache
def _style() -> str:
    return (files("evals.report") / "templates" / "report.css").read_text("utf-8")


def _ours(markup: str) -> Markup:
    """Markup made in this package, in which every text is escaped."""
    return Markup(markup)  # noqa: S704


def _safe(value: object) -> object:
    return visible(value) if type(value) is str else value


def _forest_row(row: ForestRow, on: svg.Scale) -> Markup:
    return _ours(svg.forest_row(row.estimate, on, row.role))


def _slice_row(row: Slice, plot: Plot) -> Markup:
    e: Interval = getattr(row, plot.measure)
    return _ours(svg.forest_row(e, plot.scale, "slice", plot.zero))


def _heat_map(counts: Sequence[Sequence[int]], labels: Sequence[str], t: Words, title: str) -> Markup:
    return _ours(svg.heat_map(counts, labels, t("axis.judge"), t("axis.reference"), title))


def _grade_bars(counts: Sequence[Sequence[int]], labels: Sequence[str], t: Words) -> Markup:
    reference, judge = [sum(row) for row in counts], [sum(column) for column in zip(*counts, strict=True)]
    return _ours(svg.pairs_of_bars(reference, judge, labels, (t("axis.reference"), t("axis.judge")), t("grades")))


def _calibration(chart: Chart, t: Words, key: str) -> Markup:
    return _ours(svg.calibration(chart.bins, chart.top, t(f"{key}.x"), t(f"{key}.y"), t(key)))


def _bland_altman(view: View) -> Markup:
    found, t = view.result.bland_altman, view.t
    assert found is not None
    x, y, title = (t(f"bland_altman{part}") for part in (".x", ".y", ""))
    return _ours(svg.bland_altman(view.spots, found.bias, found.lower, found.upper, x, y, title))


def colour(key: str) -> str:
    """The colour class of a point's number; letters are misconceptions and share one."""
    return f"c{(int(key) - 1) % COLOURS + 1}" if key.isdigit() else "cm"


def answer_html(part: WorstPart, t: Words) -> Markup:
    """The answer with its evidence marked; the numbers are drawn by the style sheet from empty links."""
    return Markup("").join(_stretch(s, part.anchor, t) for s in part.stretches)


def _stretch(s: Stretch, at: str, t: Words) -> Markup:
    text = escape(visible(s.text))
    if not s.keys:
        return text
    links = Markup("").join(
        Markup('<a class="ref {}" href="#{}" data-n="{}" aria-label="{}"></a>').format(
            colour(key), f"{at}-p{key}", key, t("evidence_for" if key.isdigit() else "misconception_at", n=key)
        )
        for key in s.ends
    )
    return Markup('<mark class="h {}">{}</mark>{}').format(colour(s.keys[0]), text, links)
