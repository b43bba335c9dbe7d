"""Paused: nothing of the question to be seen, and the clock stands."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from interviewer.tui.paint import clock, line
from interviewer.tui.screens.base import Dialog
from interviewer.tui.widgets.key_bar import Key, KeyBar
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.words import Words


class PauseScreen(Dialog):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f5,enter,space,escape", "dismiss(None)", show=False)]

    def __init__(self, words: Words, seconds: float) -> None:
        super().__init__(words)
        self.seconds = seconds

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield ProseView(
                line(
                    ("Ⅱ  ", "bold $accent"),
                    (self.words("paused"), "bold"),
                    (f"   {clock(self.seconds)}", "$quiet"),
                )
            )
            yield ProseView(line((self.words("paused_why"), "$quiet")), classes="gap")
            yield KeyBar(
                [
                    Key("F5 ⏎", self.words("key.go_on"), "dismiss(None)"),
                    Key("^Q", self.words("key.quit"), "app.leave"),
                ]
            )
