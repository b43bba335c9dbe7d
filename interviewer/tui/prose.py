"""Text that breaks lines as Chinese and English typesetting do. Knows nothing of interviews.

Textual breaks at spaces only, so a Chinese sentence with Latin words in it leaves ragged holes. Here a
line may break beside every wide character, except before closing and after opening punctuation.
"""

from __future__ import annotations

from rich.cells import cell_len, get_character_cell_size
from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

NOT_FIRST = frozenset("，。、；：！？）】》」』”’…·,.;:!?)]}%～—")
"""Never begins a line."""
NOT_LAST = frozenset("（【《「『“‘([{")
"""Never ends a line."""


def breaks(text: str, width: int, hang: int = 0, *, keep_spaces: bool = False) -> list[int]:
    """Offsets at which a new line begins, for text without newlines; `hang` narrows all but the first.

    Spaces at the end of a line may hang over, unless `keep_spaces`: a caret can stand on each of them.
    """
    found: list[int] = []
    room, used, start, chance = max(width, 2), 0, 0, -1
    previous, previous_wide = "", False
    at = 0
    while at < len(text):
        char = text[at]
        size = get_character_cell_size(char)
        wide = size == 2
        allowed = at > start and size and char not in NOT_FIRST and previous not in NOT_LAST
        if allowed and ((previous == " " and char != " ") or wide or previous_wide):
            chance = at
        if used + size > room and (keep_spaces or char != " ") and at > start:
            cut = chance if chance > start else at
            found.append(cut)
            room = max(width - hang, 2)
            start, used, chance = cut, cell_len(text[cut:at]), -1
            # A chance between the cut and here counts for the next line.
            for n in range(cut + 1, at + 1):
                if _may_break(text, n):
                    chance = n
        used += size
        if size:
            previous, previous_wide = char, wide
        at += 1
    return found


def _may_break(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if after in NOT_FIRST or before in NOT_LAST or after == " ":
        return False
    return before == " " or get_character_cell_size(before) == 2 or get_character_cell_size(after) == 2


class Prose(Visual):
    """`content` laid out with those line breaks; lines after the first of a paragraph hang by `hang`."""

    def __init__(self, content: Content | str, *, hang: int = 0) -> None:
        self.content = Content(content) if isinstance(content, str) else content
        self.hang = hang
        self._laid: tuple[int, Content] | None = None

    @property
    def plain(self) -> str:
        return self.content.plain

    def laid_out(self, width: int) -> Content:
        """The content with its line breaks for `width`."""
        if self._laid is None or self._laid[0] != width:
            hang = self.hang if 2 * width > 5 * self.hang else 0
            lines = []
            for paragraph in self.content.expand_tabs(4).split("\n", allow_blank=True):
                cuts = breaks(paragraph.plain, width, hang)
                parts = paragraph.divide(cuts) if cuts else [paragraph]
                for n, part in enumerate(parts):
                    line = part.rstrip(" ") if n < len(parts) - 1 else part
                    lines.append(line.pad_left(hang) if n and hang else line)
            self._laid = (width, Content("\n").join(lines))
        return self._laid[1]

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        return self.laid_out(width).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return self.content.get_optimal_width(rules, container_width)

    def get_minimal_width(self, rules: RulesMap) -> int:
        return 2

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self.laid_out(width).get_height(rules, width)
