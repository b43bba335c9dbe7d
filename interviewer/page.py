"""What every page that is written has in common: its templates cannot forget to escape. A leaf.

Jinja2 escapes every value, and every string passes through `visible` on its way into the page. Loaded by the rooms
that render only, since jinja2 is slow to import.
"""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from interviewer.text import visible


def page_environment(package: str, **names: object) -> Environment:
    """The templates of `package`, with `names` known to all of them. A name that is not known is an error."""
    env = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        finalize=lambda v: visible(v) if type(v) is str else v,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(names)
    return env


def ours(markup: str) -> Markup:
    """Markup made in this project, of numbers, constants and texts that are escaped."""
    return Markup(markup)  # noqa: S704


def style(package: str, name: str) -> Markup:
    """The style sheet `name` beside the templates of `package`."""
    return ours((files(package) / "templates" / name).read_text("utf-8"))
