"""The report as one HTML page that needs nothing but itself: no script, no font, no request.

`interviewer.page` escapes every value; what is already markup comes from chart.py and marked.py only.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from interviewer.page import ours, page_environment, style
from interviewer.report.chart import marks_line, skill_bar
from interviewer.report.marked import colour, marked
from interviewer.report.parts import PROVENANCE, Exchange, View, marks
from interviewer.report.words import Words

LONG_ANSWER = 3000
"""Characters from which an answer is folded."""


def render_html(view: View) -> str:
    """The whole page."""
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            v=view,
            t=view.t,
            css=_style(),
            provenance_heads=[view.t(key) for key in PROVENANCE],
            has_evidence=any(s.keys for q in view.questions for x in [q.main, *q.steps] for s in x.stretches),
        )
    )


@cache
def environment() -> Environment:
    return page_environment(
        "interviewer.report",
        marks=marks,
        skill_bar=lambda row: ours(skill_bar(row)),
        marks_line=lambda part: ours(marks_line(part)),
        answer_html=answer_html,
        colour=colour,
        LONG=LONG_ANSWER,
    )


@cache
def _style() -> Markup:
    return style("interviewer.report", "report.css")


def answer_html(exchange: Exchange, t: Words) -> Markup:
    """The answer with its evidence marked."""
    return marked(exchange.stretches, exchange.anchor, t)
