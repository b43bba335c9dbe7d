"""The line at the top: where one is on the left, how far on the right."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from interviewer.tui.paint import columns


class TopBar(Widget):
    """One line; what does not fit is cut on the left side, since numbers stand on the right."""

    def __init__(self, left: Content | str = "", right: Content | str = "") -> None:
        super().__init__()
        self._left, self._right = _content(left), _content(right)

    def put(self, left: Content | str | None = None, right: Content | str | None = None) -> None:
        if left is not None:
            self._left = _content(left)
        if right is not None:
            self._right = _content(right)
        self.refresh()

    def render(self) -> Content:
        return columns(self._left, self._right, self.content_size.width)


def _content(value: Content | str) -> Content:
    return Content(value) if isinstance(value, str) else value
