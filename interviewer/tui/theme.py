"""The two themes, and which of them a terminal gets. Colour never carries a meaning alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

from textual.theme import Theme

DARK = Theme(
    name="interviewer-dark",
    primary="#7dabf8",
    secondary="#8fb8de",
    accent="#e3b568",
    success="#8fca75",
    warning="#e3b568",
    error="#f08a8a",
    foreground="#dfe2e8",
    background="#15171c",
    surface="#1b1e25",
    panel="#262a33",
    dark=True,
    variables={
        "quiet": "#9199a8",
        "line": "#3a404c",
        "mark-good": "#23402a",
        "mark-part": "#44391c",
        "mark-bad": "#4c2529",
        "footer-key-foreground": "#e3b568",
        "input-selection-background": "#7dabf8 35%",
    },
)
LIGHT = Theme(
    name="interviewer-light",
    primary="#2257a8",
    secondary="#3d6b96",
    accent="#8a5200",
    success="#2c6a24",
    warning="#8a5200",
    error="#b02a2a",
    foreground="#22262e",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e7e4dc",
    dark=False,
    variables={
        "quiet": "#5d6470",
        "line": "#c9c4b8",
        "mark-good": "#d5ebcf",
        "mark-part": "#f5e5bd",
        "mark-bad": "#f7d6d2",
        "footer-key-foreground": "#8a5200",
        "input-selection-background": "#2257a8 25%",
    },
)


def theme_name(wanted: Literal["auto", "dark", "light"], environ: Mapping[str, str] = os.environ) -> str:
    """The theme to use; `auto` is dark unless COLORFGBG says that the background is light."""
    if wanted == "auto":
        wanted = "light" if _light_background(environ.get("COLORFGBG", "")) else "dark"
    return LIGHT.name if wanted == "light" else DARK.name


def _light_background(colorfgbg: str) -> bool:
    """COLORFGBG is "foreground;background" (rxvt, Konsole, iTerm2): 7 and 9-15 are light."""
    background = colorfgbg.rpartition(";")[2]
    return background.isdigit() and (int(background) == 7 or 9 <= int(background) <= 15)
