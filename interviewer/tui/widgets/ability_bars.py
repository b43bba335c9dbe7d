"""What is believed of each skill that was asked about, as bars with their uncertainty in numbers."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from interviewer.models import SkillStanding
from interviewer.text import pad
from interviewer.tui.paint import bar, line
from interviewer.tui.words import Words
from knowledge import KnowledgeMap

BAR = 10
STACKED = 44


class AbilityBars(Widget):
    """One row per skill, the latest first; `limit` rows at most, None for all."""

    def __init__(self, the_map: KnowledgeMap, words: Words, *, limit: int | None = None) -> None:
        super().__init__()
        self.the_map = the_map
        self.words = words
        self.limit = limit
        self.standings: tuple[SkillStanding, ...] = ()

    def put(self, words: Words, standings: tuple[SkillStanding, ...]) -> None:
        self.words, self.standings = words, standings
        self.refresh(layout=True)

    def _rows(self) -> tuple[SkillStanding, ...]:
        return self.standings if self.limit is None else self.standings[: self.limit]

    def _stacked(self, width: int) -> bool:
        """Too narrow for a name beside its bar."""
        return width < STACKED

    def render(self) -> Content:
        if not self.standings:
            return line((self.words("abilities_none"), "$quiet"))
        width = max(self.content_size.width, 24)
        names = min(width - BAR - 6, 44)
        rows = []
        for s in self._rows():
            skill = self.the_map.skills.get(s.skill)
            name = skill.text(self.words.lang) if skill else s.name
            if self._stacked(width):
                rows += [
                    line(pad(name, width)),
                    line(bar(s.level / 100, width - 5), (f" {s.level:3.0f}", "bold")),
                ]
            else:
                cells = min(width - names - 6, 40)
                rows.append(line(pad(name, names), " ", bar(s.level / 100, cells), (f" {s.level:3.0f}", "bold")))
        left = len(self.standings) - len(self._rows())
        if left > 0:
            rows.append(line((f"+{left}", "$quiet")))
        return Content("\n").join(rows)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        shown = len(self._rows())
        lines = 2 if self._stacked(max(width, 24)) else 1
        return max(1, lines * shown + (len(self.standings) > shown))
