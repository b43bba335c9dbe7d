"""An answer as HTML with its evidence marked.

Numbers and letters are drawn by the style sheet from empty links, so what a reader copies out of the page is what the
candidate said and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from markupsafe import Markup, escape

from interviewer.report.highlight import Stretch
from interviewer.text import visible

COLOURS = 9


def colour(key: str) -> str:
    """The colour class of a point's number; letters are misconceptions and share one."""
    return f"c{(int(key) - 1) % COLOURS + 1}" if key.isdigit() else "cm"


def marked(stretches: Iterable[Stretch], anchor: str, t: Callable[..., str]) -> Markup:
    """The stretches in order; `t` has the words `evidence_for` and `misconception_at`, links go to `anchor`-p1, …"""
    return Markup("").join(_stretch(s, anchor, t) for s in stretches)


def _stretch(s: Stretch, anchor: str, t: Callable[..., str]) -> Markup:
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
