"""What the screens cannot do without, and how it is loaded while the opening stands on the screen."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interviewer.config import Settings
    from interviewer.models import Setup
    from knowledge import KnowledgeMap
    from rubrics import Rules


@dataclass(frozen=True)
class Prepared:
    """Settings that hold, the map they were checked against, the rules, and the interview asked for."""

    settings: Settings
    the_map: KnowledgeMap
    setup: Setup
    rules: Rules


Prepare = Callable[[], Prepared]
"""Raises whatever is wrong with the options, the settings or the files."""


def prepared_behind(prepare: Prepare, modules: Iterable[str]) -> asyncio.Future[Prepared]:
    """What `prepare` gives, with `modules` imported, both in a thread that no one waits for at the end."""
    coming: Future[Prepared] = Future()

    def work() -> None:
        coming.set_running_or_notify_cancel()
        try:
            found = prepare()
            for name in modules:
                importlib.import_module(name)
        except BaseException as e:
            coming.set_exception(e)
        else:
            coming.set_result(found)

    threading.Thread(target=work, name="prepare", daemon=True).start()
    return asyncio.wrap_future(coming)
