"""Where the answer is written: long mixed-language text, pasted lines, or code. Never markup.

Control characters become visible symbols as they come in, so nothing typed or pasted can drive the
terminal; newlines and tabs stay.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import TextArea

from interviewer.text import visible
from interviewer.tui.editor_wrap import install

LONG = 20_000
"""From here on typing is slow on one line, and nothing beyond is graded."""


class AnswerEditor(TextArea):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+underscore", "undo", "undo", show=False),
        # Undo has moved: Ctrl+Z suspends, as in every other program of a terminal.
        Binding("shift+tab", "app.focus_previous", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        install()
        super().__init__(soft_wrap=True, highlight_cursor_line=False, id=id)
        self.is_code = False

    def for_code(self, code: bool) -> None:
        """Code gets line numbers, Tab as four spaces and the indent of the line above."""
        self.is_code = code
        self.show_line_numbers = code
        self.tab_behavior = "indent" if code else "focus"
        self.indent_type = "spaces"
        self.indent_width = 4
        self.soft_wrap = not code

    def put(self, text: str) -> None:
        """Replace the text, as when a draft is restored; the caret goes to its end."""
        self.load_text(visible(text))
        self.move_cursor(self.document.end)

    def on_paste(self, event: events.Paste) -> None:
        event.text = visible(event.text)

    def on_key(self, event: events.Key) -> None:
        if self.is_code and event.key == "enter" and not self.read_only:
            event.prevent_default()
            event.stop()
            row, column = self.selection.start
            before = self.document.get_line(row)[:column]
            indent = before[: len(before) - len(before.lstrip(" \t"))]
            self._replace_via_keyboard(
                "\n" + indent + ("    " if before.rstrip().endswith(":") else ""), *self.selection
            )
        elif event.character is not None and event.is_printable and visible(event.character) != event.character:
            event.prevent_default()
            event.stop()
