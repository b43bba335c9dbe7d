"""Questions as one HTML page that needs nothing but itself: answers fold open, no script, no request."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from interviewer.export.chosen import Chosen
from interviewer.text import visible


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
    return Environment(
        loader=PackageLoader("interviewer.export"),
        autoescape=True,
        finalize=lambda v: visible(v) if type(v) is str else v,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> Markup:
    return Markup((files("interviewer.export") / "templates" / "questions.css").read_text("utf-8"))  # noqa: S704
