"""One setting with a few values side by side: ←/→ change it, a click picks one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from interviewer.text import pad, visible
from interviewer.tui.paint import line

V = TypeVar("V")
LABEL_CELLS = 13


class ChoiceRow(Widget, Generic[V], can_focus=True):
    """`values` with the index of the chosen one; `compact` shows only the chosen one, between arrows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", show=False),
        Binding("right", "step(1)", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    @dataclass
    class Changed(Message):
        row: ChoiceRow[object]

        @property
        def control(self) -> ChoiceRow[object]:
            return self.row

    def __init__(self, values: list[V], chosen: V, *, compact: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self.values = values
        self.index = values.index(chosen)
        self.compact = compact
        self._label = ""
        self._names: list[str] = [str(v) for v in values]
        self._note = ""

    @property
    def value(self) -> V:
        return self.values[self.index]

    def put(self, label: str, names: list[str], note: str = "") -> None:
        """The words of the row, in the order of its values."""
        self._label, self._names, self._note = label, [visible(n) for n in names], note
        self.refresh()

    def choose(self, value: V) -> None:
        """Choose it, adding it where it is not among the values."""
        if value not in self.values:
            self.values.append(value)
            self._names.append(str(value))
        self._set(self.values.index(value))

    def action_step(self, by: int) -> None:
        self._set((self.index + by) % len(self.values) if self.compact else self.index + by)

    def _set(self, index: int) -> None:
        if 0 <= index < len(self.values) and index != self.index:
            self.index = index
            self.refresh()
            self.post_message(self.Changed(self))  # type: ignore[arg-type]

    def _pieces(self) -> list[tuple[str, int | None]]:
        """Texts with the index that a click on each chooses; None where a click does nothing."""
        if self.compact:
            previous, following = (self.index - 1) % len(self.values), (self.index + 1) % len(self.values)
            return [("◂ ", previous), (f" {self._names[self.index]} ", None), (" ▸", following)]
        return [(f" {'●' if n == self.index else '○'} {name} ", n) for n, name in enumerate(self._names)]

    def render(self) -> Content:
        focused = self.has_focus
        parts: list[Content | str | tuple[str, str]] = [
            ("▌" if focused else " ", "$accent"),
            (pad(self._label, LABEL_CELLS - 1), "bold" if focused else "$quiet"),
        ]
        for text, n in self._pieces():
            if n is None or (n == self.index and not self.compact):
                style = "bold $background on $primary" if focused else "bold $foreground on $line"
                parts.append((text, style))
            else:
                parts.append((text, "$quiet"))
            parts.append(" ")
        if self._note:
            parts.append((f" {self._note}", "$quiet"))
        return line(*parts).truncate(self.content_size.width, ellipsis=True)

    def on_click(self, event: events.Click) -> None:
        at = LABEL_CELLS
        for text, n in self._pieces():
            if at <= event.x < at + cell_len(text) and n is not None:
                self._set(n)
            at += cell_len(text) + 1
