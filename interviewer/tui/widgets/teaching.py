"""What a question teaches once it is over: the reference, the script to say aloud, the sources."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from interviewer.models import Turn
from interviewer.tui.paint import line, safe
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.words import Words
from knowledge import Question


def reference(t: Words, question: Question, turn: Turn) -> list[Widget]:
    """The reference answer; the options with their reasons; the solution of a code question."""
    blocks: list[Widget] = [
        ProseView(safe(turn.text, "$quiet"), classes="asked"),
        ProseView(safe(question.reference.text(t.lang))),
    ]
    if question.choices:
        blocks.append(_head(t("options")))
        order = turn.option_order or list(range(len(question.choices)))
        chosen = (turn.judgement.chosen or "").upper() if turn.judgement else ""
        for n, index in enumerate(order):
            if not 0 <= index < len(question.choices):
                continue
            letter, option = chr(ord("A") + n), question.choices[index]
            right = index == question.key_index
            tags = [t("right")] if right else []
            tags += [t("chosen")] if letter == chosen else []
            style = "bold $success" if right else "bold $quiet"
            blocks.append(
                ProseView(
                    line(
                        (f"{'✓' if right else ' '} {letter}  ", style),
                        safe(option.text(t.lang), "bold" if right else ""),
                        (f"  ({t.comma.join(tags)})" if tags else "", style),
                        "\n     ",
                        safe(option.why.text(t.lang), "$quiet"),
                    ),
                    hang=5,
                )
            )
    if question.solution:
        blocks += [_head(t("solution")), ProseView(safe(question.solution), classes="code")]
    return blocks


def talk(t: Words, question: Question) -> list[Widget]:
    return [
        _head(t("talk")),
        ProseView(safe(question.talk.text(t.lang)), classes="speech"),
        _head(t("bonus_line")),
        ProseView(line(("★ ", "bold $accent"), safe(question.bonus_line.text(t.lang))), hang=2),
    ]


def sources(t: Words, question: Question) -> list[Widget]:
    """Each source on its own; addresses stand apart, so that a terminal can make them clickable."""
    rows: list[Widget] = []
    for s in question.sources:
        place = s.url or s.id or ""
        year = f" ({s.year or s.version})" if s.year or s.version else ""
        parts: list[Content | str | tuple[str, str]] = [
            ("· ", "$accent"),
            safe((s.paper or s.doc or "") + year),
        ]
        if place:
            parts += ["\n  ", safe(place, "$primary")]
        if s.for_:
            parts += ["\n  ", safe(s.for_, "$quiet")]
        rows.append(ProseView(line(*parts), hang=2, classes="source"))
    return rows or [ProseView(line((t("sources_none"), "$quiet")))]


def _head(text: str) -> ProseView:
    return ProseView(line((text, "bold $accent")), classes="head")
