"""Something to do, as a line: Enter or a click does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from interviewer.tui.paint import line, safe


class ActionRow(Widget, can_focus=True):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "choose", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    @dataclass
    class Chosen(Message):
        action: str

    def __init__(self, action: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.action = action
        self._key = self._label = self._detail = ""

    def put(self, key: str, label: str, detail: str = "") -> None:
        self._key, self._label, self._detail = key, label, detail
        self.refresh()

    def render(self) -> Content:
        style = "bold $background on $accent" if self.has_focus else "bold $foreground on $panel"
        parts: list[Content | str | tuple[str, str]] = [
            ("▌" if self.has_focus else " ", "$accent"),
            (f" {self._key}  {self._label} ", style),
        ]
        if self._detail:
            parts += ["  ", safe(self._detail)]
        return line(*parts).truncate(self.content_size.width, ellipsis=True)

    def action_choose(self) -> None:
        self.post_message(self.Chosen(self.action))

    def on_click(self) -> None:
        self.action_choose()
