"""What the live tests need, said when it is missing; and what they saw, printed at the end."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MODEL = os.environ.get("INTERVIEWER_TEST_GGUF", "")
"""Read here: every test starts without the variables of the product."""

_seen: list[str] = []

Say = Callable[[str], None]


def missing() -> str:
    lacks = []
    if importlib.util.find_spec("xllamacpp") is None:
        lacks.append('the package xllamacpp (pip install "interviewer[local]")')
    if not MODEL:
        lacks.append("a model (python scripts/fetch_test_model.py, then INTERVIEWER_TEST_GGUF=PATH)")
    elif not Path(MODEL).is_file():
        lacks.append(f"the model of INTERVIEWER_TEST_GGUF: {MODEL} is no file")
    return " and ".join(lacks)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = [i for i in items if Path(__file__).parent in i.path.parents]
    lacks = missing()
    for item in here:
        item.add_marker(pytest.mark.live)
        if lacks:
            item.add_marker(pytest.mark.skip(reason=f"it needs {lacks}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "tests/live" in r.nodeid]
    if skipped and (lacks := missing()):
        terminalreporter.write_line(f"live tests were skipped: they need {lacks}")
    if _seen:
        terminalreporter.section("live")
        for line in _seen:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def model() -> str:
    return MODEL


@pytest.fixture(scope="session")
def say() -> Say:
    return _seen.append


@pytest.fixture(scope="session")
def timed() -> Callable[[str], object]:
    @contextmanager
    def time_it(what: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            _seen.append(f"{time.perf_counter() - began:7.2f} s  {what}")

    return time_it
