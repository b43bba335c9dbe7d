"""All actions of the interview in a list, for terminals that keep the function keys to themselves."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from interviewer.text import pad
from interviewer.tui.paint import line
from interviewer.tui.screens.base import Dialog
from interviewer.tui.widgets.key_bar import Key
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.words import Words


class Menu(Dialog):
    """Dismissed with the action that was chosen."""

    def __init__(self, words: Words, keys: list[Key]) -> None:
        super().__init__(words)
        self.keys = keys

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield ProseView(line((self.words("menu.title"), "bold")))
            yield OptionList(
                *(Option(line(pad(k.key, 6), k.label), id=str(n)) for n, k in enumerate(self.keys)),
                compact=True,
                markup=False,
            )

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.keys[int(event.option_id or 0)].action)
