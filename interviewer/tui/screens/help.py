"""Which key does what, and how answers are graded."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content

from interviewer.tui.help_text import HELP
from interviewer.tui.paint import line
from interviewer.tui.screens.base import Dialog
from interviewer.tui.widgets.key_bar import Key, KeyBar
from interviewer.tui.widgets.prose_view import ProseView


class HelpScreen(Dialog):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f1,enter,q,question_mark", "dismiss(None)", show=False)]

    def compose(self) -> ComposeResult:
        t = self.words
        with Vertical(classes="box tall wide"):
            yield ProseView(line((t("help.title"), "bold")))
            with VerticalScroll():
                for text in HELP[t.lang].split("\n"):
                    heading = bool(text) and not text.startswith(" ")
                    yield ProseView(line((text, "bold $accent")) if heading else Content(text or " "), hang=2)
            yield KeyBar([Key("Esc", t("close"), "dismiss(None)"), Key("↑↓", t("key.scroll"), "scroll_down")])

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
