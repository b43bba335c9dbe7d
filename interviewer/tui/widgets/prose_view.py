"""A block of text with proper Chinese and English line breaks."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from interviewer.tui.prose import Prose


class ProseView(Static):
    """Shows content, never markup; `hang` indents the lines after the first."""

    def __init__(self, content: Content | str = "", *, hang: int = 0, id: str | None = None, classes: str = "") -> None:
        super().__init__(Prose(content, hang=hang), markup=False, id=id, classes=classes)
        self.hang = hang

    def put(self, content: Content | str, *, hang: int | None = None) -> None:
        """Show something else; empty content takes no room."""
        if hang is not None:
            self.hang = hang
        prose = Prose(content, hang=self.hang)
        self.display = bool(prose.plain)
        self.update(prose)

    @property
    def text(self) -> str:
        """What is shown, without its styles."""
        content = self.content
        return content.plain if isinstance(content, Prose) else ""
