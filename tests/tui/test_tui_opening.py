"""The opening: there at once, replaced when all is loaded, left at once when something is wrong."""

from __future__ import annotations

import os
import pty
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from interviewer import paths
from interviewer.config import load_settings
from interviewer.errors import ConfigError, UsageError
from interviewer.glimpse import glimpse
from interviewer.models import Setup
from interviewer.store import SessionStore
from interviewer.tui.app import InterviewerApp, opening_app
from interviewer.tui.prepared import Prepared
from interviewer.tui.screens.interview import InterviewScreen
from interviewer.tui.screens.opening import Opening
from interviewer.tui.screens.setup import SetupScreen
from interviewer.tui.theme import DARK, LIGHT
from knowledge import KnowledgeMap, MapError, UnknownNameError
from rubrics import RubricError, load_rules
from tests.cli.run import COMMAND, ROOT, interviewer
from tests.tui.driving import on_screen, ready, until, words_of


class Slow:
    """Prepares when `go` is set; or fails then."""

    def __init__(self, the_map: KnowledgeMap) -> None:
        self.the_map = the_map
        self.go = threading.Event()
        self.fault: Exception | None = None
        self.called = threading.Event()

    def __call__(self) -> Prepared:
        self.called.set()
        assert self.go.wait(20)
        if self.fault is not None:
            raise self.fault
        setup = Setup(role="algo", lang="zh", questions=2, seed=1)  # type: ignore[arg-type]
        return Prepared(load_settings(lang="zh", theme="dark"), self.the_map, setup, load_rules())


@pytest.fixture
def slow(the_map: KnowledgeMap) -> Iterator[Slow]:
    prepare = Slow(the_map)
    yield prepare
    prepare.go.set()


def opening(prepare: Callable[[], Prepared], **options: Any) -> InterviewerApp:
    given = {"lang": "zh", "theme": "dark", "resume": None, "start_now": False, **options}
    return opening_app(prepare, **given)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "正在读取设置"),
        ({"start_now": True}, "正在准备第一道题"),
        ({"resume": "last"}, "正在回到上次的面试"),
        ({"lang": "en"}, "reading the settings"),
        ({"lang": "en", "start_now": True}, "preparing the first question"),
    ],
)
@pytest.mark.parametrize("size", [(20, 6), (80, 24)])
async def test_it_says_what_is_being_prepared(
    slow: Slow, options: dict[str, Any], says: str, size: tuple[int, int]
) -> None:
    app = opening(slow, **options)
    async with app.run_test(size=size) as pilot:
        await until(pilot, slow.called.is_set)
        assert isinstance(app.screen, Opening)
        shown = " ".join(words_of(app).split())
        assert says.split()[0] in shown
        if size[0] == 80:
            assert says in shown and app.words("app") in shown
        await pilot.press("ctrl+q")


async def test_keys_that_come_too_early_do_no_harm(slow: Slow) -> None:
    app = opening(slow)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, slow.called.is_set)
        await pilot.press("enter", "a", "f1", "question_mark", "escape", "r", "h", "f10", "ctrl+s", "ctrl+z", "tab")
        await pilot.resize_terminal(100, 30)
        assert isinstance(app.screen, Opening) and app.failure is None
        slow.go.set()
        screen = await on_screen(pilot, SetupScreen)
        assert len(app.screen_stack) == 2
        await pilot.press("right")
        await until(pilot, lambda: screen.chosen().role == "eng")


async def test_the_first_question_comes_after_it_and_can_be_answered(slow: Slow) -> None:
    app = opening(slow, start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, slow.called.is_set)
        await pilot.press("x", "enter")
        slow.go.set()
        screen = await on_screen(pilot, InterviewScreen)
        await pilot.press("o", "k")
        assert screen.editor.text == "ok"
        await ready(pilot, app)
        assert screen.editor.text == "ok" and screen.turn.text[:6] in words_of(app)


async def test_an_interview_is_taken_up_after_it(slow: Slow) -> None:
    slow.go.set()
    app = opening(slow, start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
    again = opening(slow, resume="last")
    async with again.run_test(size=(80, 24)) as pilot:
        await ready(pilot, again)
    assert again.session_id == app.session_id


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (UsageError("no such thing", hint="try another"), 2),
        (ConfigError("bad setting"), 3),
        (UnknownNameError("role", "alog", ["algo"]), 1),
        (MapError("a.yaml:3: not valid YAML"), 1),
        (RubricError("scale.yaml:1: no"), 1),
        (ZeroDivisionError("oops"), 1),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, Exception) else "",
)
async def test_what_is_wrong_ends_it_and_is_handed_on(slow: Slow, fault: Exception, code: int) -> None:
    app = opening(slow, start_now=True)
    slow.fault = fault
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, slow.called.is_set)
        slow.go.set()
        await until(pilot, lambda: app.failure is not None)
    assert app.failure is fault and app.return_code == code and app.session_id is None


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_it_can_be_left_at_once(slow: Slow, key: str) -> None:
    app = opening(slow, start_now=True)
    began = time.perf_counter()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, slow.called.is_set)
        await pilot.press(key)
        await until(pilot, lambda: not app.is_running)
    assert time.perf_counter() - began < 5
    assert app.failure is None and app.session_id is None and app.return_code == 0
    slow.go.set()
    with SessionStore(load_settings().db_path) as store:
        assert not store.sessions()


@pytest.mark.parametrize(
    ("theme", "environ", "file", "is_light"),
    [
        (None, {}, "", False),
        ("light", {"COLORFGBG": "15;0"}, "", True),
        (None, {"COLORFGBG": "0;15"}, "", True),
        (None, {"INTERVIEWER_THEME": "light"}, "theme = 'dark'", True),
        (None, {}, "theme = 'light'", True),
        ("dark", {"COLORFGBG": "0;15"}, "theme = 'light'", False),
    ],
)
async def test_the_theme_is_right_from_the_beginning(
    the_map: KnowledgeMap,
    monkeypatch: pytest.MonkeyPatch,
    theme: str | None,
    environ: dict[str, str],
    file: str,
    is_light: bool,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text(file)

    def prepare() -> Prepared:
        return Prepared(load_settings(lang="zh", theme=theme), the_map, Setup(role="algo"), load_rules())  # type: ignore[arg-type]

    app = opening(prepare, theme=theme)
    wanted = (LIGHT if is_light else DARK).name
    changes: list[str] = []
    assert app.theme == wanted
    async with app.run_test(size=(80, 24)) as pilot:
        app.theme_changed_signal.subscribe(app, lambda t: changes.append(t.name))
        await on_screen(pilot, SetupScreen)
        assert app.theme == wanted and set(changes) <= {wanted}


@pytest.mark.parametrize("text", ["= broken", "lang = 3\ntheme = 'pink'", ""])
def test_a_glimpse_never_complains(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.config_file().parent.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text(text)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert glimpse(lang=None, theme=None) == ("en", "auto")
    assert glimpse(lang="fr", theme="pink") == ("en", "auto")
    monkeypatch.setenv("INTERVIEWER_LANG", "zh")
    assert glimpse(lang=None, theme="light") == ("zh", "light")


def in_a_terminal(*args: str) -> tuple[int, str]:
    """Exit code and all that a terminal is sent."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [*COMMAND, *args], {**os.environ, "TERM": "xterm-256color"})
    sent = b""
    while True:
        try:
            some = os.read(terminal, 65536)
        except OSError:
            break
        if not some:
            break
        sent += some
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), sent.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("args", "file"),
    [
        (["--role", "alog"], ""),
        (["--role", "algo", "--skill", "lroa"], ""),
        (["--questions", "0"], ""),
        (["-o", "no/such/folder/report.md"], ""),
        ([], "questions = = 3"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_in_a_terminal_the_message_and_the_code_are_those_of_plain(args: list[str], file: str, home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    paths.config_file().write_text(file)
    plain = interviewer(*args, "--plain", code=None)
    code, sent = in_a_terminal(*args)
    assert code == plain.returncode in (2, 3)
    after = re.split(r"\x1b\[\?1049l", sent)[-1]
    shown = re.sub(r"\x1b\[[0-9;?<>=]*[a-zA-Z]", "", after).replace("\r\n", "\n")
    assert shown == plain.stderr and "Traceback" not in sent
