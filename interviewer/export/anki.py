"""Questions as a text file that Anki imports as it is (docs.ankiweb.net, Importing, Text Files).

The headers name separator, deck and columns; a note's id follows from the question and the language, so a
second import brings a changed note up to date and keeps its history.
"""

from __future__ import annotations

import csv
import io
from html import escape

from interviewer.export.chosen import Chosen
from interviewer.text import visible
from knowledge import Question

COLUMNS = ("GUID", "Front", "Back", "Tags")


def render_anki(chosen: Chosen) -> str:
    out = io.StringIO()
    deck = _plain(chosen.title).replace("::", " ")
    for name, value in (
        ("separator", "tab"),
        ("html", "true"),
        ("guid column", "1"),
        ("tags column", "4"),
        ("notetype", "Basic"),
        ("deck", f"Interviewer::{deck}"),
        ("columns", "\t".join(COLUMNS)),
    ):
        out.write(f"#{name}:{value}\n")
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    for q in chosen.questions:
        writer.writerow([f"interviewer-{q.id}-{chosen.lang}", _front(chosen, q), _back(chosen, q), _tags(chosen, q)])
    return out.getvalue()


def _front(chosen: Chosen, q: Question) -> str:
    options = "".join(f"<li>{_html(c.text(chosen.lang))}</li>" for c in q.choices)
    listed = f'<ol type="A" style="text-align:left">{options}</ol>' if options else ""
    return f"<b>{_html(q.ask.text(chosen.lang))}</b>{listed}"


def _back(chosen: Chosen, q: Question) -> str:
    lang, parts = chosen.lang, []
    if chosen.answers:
        if q.key:
            parts.append(_part(chosen.t("key"), f"<b>{q.key}</b>"))
        parts.append(_part(chosen.t("reference"), _html(q.reference.text(lang))))
        if q.solution:
            parts.append(_part(chosen.t("solution"), f"<pre>{_html(q.solution)}</pre>"))
        bonus = f" <i>({chosen.t('bonus')})</i>"
        parts.append(_listed(chosen.t("points"), [_html(p.text(lang)) + ("" if p.core else bonus) for p in q.points]))
        wrong = [_html(m.text(lang)) for m in q.misconceptions]
        parts.append(_listed(chosen.t("misconceptions"), wrong) if wrong else "")
    if chosen.scripts:
        parts.append(_part(chosen.t("talk"), _html(q.talk.text(lang))))
        parts.append(_part(chosen.t("bonus_line"), _html(q.bonus_line.text(lang))))
    if chosen.follow_ups:
        parts.append(_listed(chosen.t("follow_ups"), [_html(text) for _, text, _ in chosen.probes(q)]))
    if chosen.answers:
        parts.append(_listed(chosen.t("sources"), [_html(s.line) for s in q.sources]))
    body = "".join(parts) or _html(chosen.skill(q).text(lang))
    return f'<div style="text-align:left">{body}</div>'


def _part(head: str, html: str) -> str:
    return f"<p><b>{_html(head)}</b><br>{html}</p>"


def _listed(head: str, items: list[str]) -> str:
    return f"<p><b>{_html(head)}</b></p><ul>{''.join(f'<li>{i}</li>' for i in items)}</ul>"


def _tags(chosen: Chosen, q: Question) -> str:
    skill = chosen.skill(q)
    roles = [f"role::{r}::{s}" for r, s in q.roles.items()]
    return " ".join([f"interviewer::{skill.category}::{skill.id}", f"kind::{q.kind.value}", *roles])


def _html(text: str) -> str:
    """One line of HTML: a line break in a field would be one in the table."""
    return escape(visible(text)).replace("\t", " ").replace("\n", "<br>")


def _plain(text: str) -> str:
    return " ".join(visible(text).split())
