"""What covers a screen that has no room. Everything below stays as it is, focus and text included."""

from __future__ import annotations

from textual.widgets import Static

from interviewer.tui.words import Words

MIN_WIDTH, MIN_HEIGHT = 40, 12


class TooSmall(Static):
    """Shown by the style sheet when the screen is narrower or lower than the interview needs."""

    def __init__(self, words: Words) -> None:
        super().__init__(words("too_small", w=MIN_WIDTH, h=MIN_HEIGHT), markup=False)
