"""The class report as one HTML page that needs nothing but itself: no script, no font, no request.

Jinja2 escapes every value, and every string passes through `visible` on its way into the page. What is already markup
comes from chart.py only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from interviewer.batch.class_report import chart, wording
from interviewer.batch.class_report.figures import Figures
from interviewer.batch.class_report.words import ClassWords
from interviewer.text import visible


def render_html(figures: Figures, t: ClassWords) -> str:
    """The whole page."""
    return (
        environment()
        .get_template("class.html.j2")
        .render(f=figures, t=t, w=wording.Wording(figures, t), css=_style(), anchors=_anchors(figures))
    )


@cache
def environment() -> Environment:
    env = Environment(
        loader=PackageLoader("interviewer.batch.class_report"),
        autoescape=True,
        finalize=lambda v: visible(v) if type(v) is str else v,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(
        marks=wording.marks,
        percent=wording.percent,
        signed=wording.signed,
        number=wording.plain_number,
        count=wording.count,
        METRICS=wording.METRICS,
        VERDICTS=chart.VERDICTS,
        QUESTIONS=wording.LISTED_QUESTIONS,
        PEOPLE=wording.LISTED_PEOPLE,
        REVIEW=wording.LISTED_REVIEW,
        histogram=_ours(chart.histogram),
        small=_ours(chart.small),
        stacked=_ours(chart.stacked),
        scatter=_ours(chart.scatter),
    )
    return env


def _ours(draw: Callable[..., str]) -> Callable[..., Markup]:
    """Markup of a picture, which escapes what it is given."""

    def drawn(*values: Any) -> Markup:
        return Markup(draw(*values))  # noqa: S704

    return drawn


@cache
def _style() -> Markup:
    """The interview report's style sheet, and what this page has besides."""
    shared = (files("interviewer.report") / "templates" / "report.css").read_text("utf-8")
    own = (files("interviewer.batch.class_report") / "templates" / "class.css").read_text("utf-8")
    return Markup(shared + own)  # noqa: S704


def _anchors(figures: Figures) -> dict[str, str]:
    return {q.id: f"q{n}" for n, q in enumerate(figures.questions[: wording.LISTED_QUESTIONS], 1)}
