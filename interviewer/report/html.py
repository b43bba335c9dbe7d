"""The report as one HTML page that needs nothing but itself: no script, no font, no request.

Jinja2 escapes every value, and every string passes through `visible` on its way into the page, so
that a template cannot forget either. What is already markup comes from this file and chart.py only.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from interviewer.report.chart import marks_line, skill_bar
from interviewer.report.highlight import Stretch
from interviewer.report.parts import PROVENANCE, Exchange, View, marks
from interviewer.report.words import Words
from interviewer.text import visible

LONG_ANSWER = 3000
"""Characters from which an answer is folded."""
COLOURS = 9


def render_html(view: View) -> str:
    """The whole page."""
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            v=view,
            t=view.t,
            css=_ours(_style()),
            provenance_heads=[view.t(key) for key in PROVENANCE],
            has_evidence=any(s.keys for q in view.questions for x in [q.main, *q.steps] for s in x.stretches),
        )
    )


@cache
def environment() -> Environment:
    env = Environment(
        loader=PackageLoader("interviewer.report"),
        autoescape=True,
        finalize=_safe,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(
        marks=marks,
        skill_bar=lambda row: _ours(skill_bar(row)),
        marks_line=lambda part: _ours(marks_line(part)),
        answer_html=answer_html,
        colour=colour,
        LONG=LONG_ANSWER,
    )
    return env


@cache
def _style() -> str:
    return (files("interviewer.report") / "templates" / "report.css").read_text("utf-8")


def _ours(markup: str) -> Markup:
    """Markup made in this package from numbers and constants only."""
    return Markup(markup)  # noqa: S704


def _safe(value: object) -> object:
    return visible(value) if type(value) is str else value


def colour(key: str) -> str:
    """The colour class of a point's number; letters are misconceptions and share one."""
    return f"c{(int(key) - 1) % COLOURS + 1}" if key.isdigit() else "cm"


def answer_html(exchange: Exchange, t: Words) -> Markup:
    """The answer with its evidence marked.

    Numbers and letters are drawn by the style sheet from empty links, so what a reader copies out
    of the page is what the candidate said and nothing else.
    """
    return Markup("").join(_stretch(s, exchange.anchor, t) for s in exchange.stretches)


def _stretch(s: Stretch, anchor: str, t: Words) -> Markup:
    text = escape(visible(s.text))
    if not s.keys:
        return text
    classes = " ".join(["h", colour(s.keys[0]), *(["also", f"u{colour(s.keys[1])}"] if s.keys[1:] else [])])
    links = Markup("").join(
        Markup('<a class="ref {}" href="#{}" data-n="{}" aria-label="{}"></a>').format(
            colour(key),
            f"{anchor}-p{key}",
            key,
            t("evidence_for" if key.isdigit() else "misconception_at", n=key),
        )
        for key in s.ends
    )
    return Markup('<mark class="{}">{}</mark>{}').format(classes, text, links)
