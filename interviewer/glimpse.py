"""What the very first picture needs of the settings, before anything is loaded: language and theme.

A glance in the order of `config.py`: option, environment, file, default. It never complains: what is
wrong is found, and told, when the settings are loaded in earnest.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from knowledge.models import Lang


def system_lang() -> Lang:
    """English where the locale says so, Chinese otherwise."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "en" if value.lower().startswith("en") else "zh"
    return "zh"


def glimpse(*, lang: str | None, theme: str | None) -> tuple[Lang, Literal["auto", "dark", "light"]]:
    """The language and the theme, of the options given or of what lies below them."""
    kept = _file()
    found_lang = _first(("zh", "en"), lang, os.environ.get("INTERVIEWER_LANG"), kept.get("lang"))
    found_theme = _first(("auto", "dark", "light"), theme, os.environ.get("INTERVIEWER_THEME"), kept.get("theme"))
    return found_lang or system_lang(), found_theme or "auto"


def _first(known: tuple[str, ...], *given: object) -> Any:
    """The value that counts, where it is a known one."""
    value = next((v for v in given if v is not None), None)
    return value if value in known else None


def _file() -> dict[str, Any]:
    from interviewer import paths

    file = paths.config_file()
    if not file.is_file():
        return {}
    import tomllib

    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
