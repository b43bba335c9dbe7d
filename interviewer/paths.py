"""Every directory we touch. `INTERVIEWER_HOME` moves all of them (tests, portable installs)."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

APP = "interviewer"


def data_dir() -> Path:
    """Sessions and answers: what must not be lost."""
    home = os.environ.get("INTERVIEWER_HOME")
    return Path(home).expanduser() if home else Path(platformdirs.user_data_dir(APP, appauthor=False))


def cache_dir() -> Path:
    """What can be computed again."""
    home = os.environ.get("INTERVIEWER_HOME")
    if home:
        return Path(home).expanduser() / "cache"
    return Path(platformdirs.user_cache_dir(APP, appauthor=False))


def map_cache() -> Path:
    """What was parsed of the knowledge map, for the next start."""
    return cache_dir() / "map.json"


def rules_cache() -> Path:
    """The same of the grading rules."""
    return cache_dir() / "rules.json"


def config_file() -> Path:
    home = os.environ.get("INTERVIEWER_HOME")
    base = Path(home).expanduser() if home else Path(platformdirs.user_config_dir(APP, appauthor=False))
    return base / "config.toml"


def default_db() -> Path:
    return data_dir() / "interviews.db"
