"""A question with two answers, for what cannot be taken back."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from interviewer.tui.paint import line
from interviewer.tui.screens.base import Dialog
from interviewer.tui.widgets.key_bar import Key, KeyBar
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.words import Words


class Confirm(Dialog):
    """Dismissed with "yes", or with None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "dismiss('yes')", show=False),
        Binding("n", "dismiss(None)", show=False),
    ]

    def __init__(self, words: Words, ask: str, why: str) -> None:
        super().__init__(words)
        self.ask, self.why = ask, why

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield ProseView(line((self.ask, "bold")))
            yield ProseView(line((self.why, "$quiet")), classes="gap")
            yield KeyBar(
                [
                    Key("⏎/Y", self.words("key.yes"), "dismiss('yes')"),
                    Key("Esc/N", self.words("key.no"), "dismiss(None)"),
                ]
            )
