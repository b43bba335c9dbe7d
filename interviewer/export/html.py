"""Questions as one HTML page that needs nothing but itself: answers fold open, no script, no request."""

from __future__ import annotations

from functools import cache
from itertools import groupby

from jinja2 import Environment
from markupsafe import Markup

from interviewer.export.chosen import Chosen
from interviewer.page import page_environment, style


def render_html(chosen: Chosen) -> str:
    """Grouped by category, or in the list's order where a role's list was asked for."""
    numbered = list(enumerate(chosen.questions, 1))
    if any(chosen.why(q) for q in chosen.questions):
        groups = [(heading, list(g)) for heading, g in groupby(numbered, lambda n: chosen.standing(n[1]))]
    else:
        groups = [(heading, list(g)) for heading, g in groupby(numbered, lambda n: chosen.category(n[1]))]
    return _environment().get_template("questions.html.j2").render(c=chosen, groups=groups, css=_style())


@cache
def _environment() -> Environment:
    return page_environment("interviewer.export")


@cache
def _style() -> Markup:
    return style("interviewer.export", "questions.css")
