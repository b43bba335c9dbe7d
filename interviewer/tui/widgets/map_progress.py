"""Which parts of the map have been asked about: a column beside the interview, or one line."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from interviewer.text import pad
from interviewer.tui.paint import line
from interviewer.tui.words import Words
from knowledge import KnowledgeMap

DOTS = 4


class _MapWidget(Widget):
    def __init__(self, the_map: KnowledgeMap, words: Words) -> None:
        super().__init__()
        self.the_map = the_map
        self.words = words
        self.asked: dict[str, int] = {}
        self.current: str | None = None

    def put(self, words: Words, asked: dict[str, int], current: str | None) -> None:
        """`current` is the category of the question being asked."""
        self.words, self.asked, self.current = words, asked, current
        self.refresh(layout=True)


class MapColumn(_MapWidget):
    """One row per category: ▸ where one is, a dot per question asked."""

    def render(self) -> Content:
        rows = []
        width = max(self.content_size.width, 12)
        for c in self.the_map.categories:
            n, here = self.asked.get(c.id, 0), c.id == self.current
            name = pad(c.text(self.words.lang), width - DOTS - 3)
            style = "bold" if here else "" if n else "$quiet"
            dots = "●" * min(n, DOTS - 1) + ("+" if n >= DOTS else "")
            rows.append(
                line(
                    ("▸ " if here else "  ", "$accent"),
                    (name, style),
                    " ",
                    (pad(dots or "·", DOTS), "$primary" if n else "$line"),
                )
            )
        return Content("\n").join(rows)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return len(self.the_map.categories)


class MapLine(_MapWidget):
    """The same on one line, for narrow terminals."""

    def render(self) -> Content:
        parts: list[Content | str | tuple[str, str]] = []
        for c in self.the_map.categories:
            n, here = self.asked.get(c.id, 0), c.id == self.current
            name = self.words.named("cat", c.id)
            style = "bold $accent" if here else "" if n else "$quiet"
            parts.append((f"{'▸' if here else ' '}{name}", style))
            parts.append((str(n) if n else "·", "bold $primary" if n else "$quiet"))
        return line(*parts).truncate(self.content_size.width, ellipsis=True)
