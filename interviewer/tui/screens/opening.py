"""The very first picture: the title, and what is being made ready. Needs Textual and nothing of ours."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static


class Opening(Screen[None]):
    """Lies below all other screens; seen until the first of them is there."""

    def __init__(self, title: str, saying: str) -> None:
        super().__init__(id="_default")
        self._title = title
        self._saying = saying

    def compose(self) -> ComposeResult:
        yield Static(f" {self._title}", id="opening-title", markup=False)
        yield Static(self._saying, id="opening-saying", markup=False)
