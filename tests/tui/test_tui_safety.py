"""Nothing is lost and nothing breaks: drafts, errors, hostile text, quitting, tiny terminals."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events

from interviewer.errors import ConfigError, Exit, JudgeError, SessionError, StoreError
from interviewer.store import SessionStore
from interviewer.tui.screens.feedback import FeedbackScreen
from interviewer.tui.screens.help import HelpScreen
from interviewer.tui.screens.interview import InterviewScreen
from interviewer.tui.screens.report import ReportScreen
from interviewer.tui.screens.setup import SetupScreen
from tests.tui.driving import ANSWER, OPEN_QUESTION, AppFor, on_screen, ready, until, words_of
from tests.tui.fake_judge import FakeJudge

HOSTILE = (
    "[/red] [bold]x[/] <script>alert(1)</script> \x1b[31mred\x1b]0;t\x07 "
    "NUL\x00 \ud800 \u202eabc [@click=app.quit]q[/] 中文"
)


async def test_a_draft_is_kept_while_typing_and_is_there_again(app_for: AppFor, settings: Any) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("h", "a", "l", "f")
        with SessionStore(settings.db_path) as store:
            row = store.sessions()[0]
            await until(pilot, lambda: store.draft(row.id, "q01") == "half")
        assert "草稿已保存" in words_of(app)
    again = app_for(resume="last")
    async with again.run_test(size=(80, 24)) as pilot:
        await ready(pilot, again)
        assert again.screen.editor.text == "half"
        assert "已恢复草稿" in words_of(again)
        assert again.session_id == row.id


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c"])
async def test_quitting_at_once_saves_what_was_typed(app_for: AppFor, settings: Any, key: str) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_screen(pilot, InterviewScreen)
        await pilot.press("x", "y", key)
        await pilot.pause(0.1)
    assert app.session_id is not None and app.failure is None
    assert app.report is not None and not app.report.finished
    with SessionStore(settings.db_path) as store:
        assert store.draft(app.session_id, "q01") == "xy"


async def test_an_answer_killed_in_judging_is_judged_on_resume_and_shown(
    app_for: AppFor, judge: FakeJudge, settings: Any
) -> None:
    judge.delay = 60
    app = app_for(start_now=True, only=[OPEN_QUESTION], questions=1)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        app.screen.editor.put(ANSWER)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: judge.calls)
        await pilot.press("ctrl+q")
        await pilot.pause(0.1)
    judge.delay = 0
    again = app_for(resume=app.session_id)
    async with again.run_test(size=(80, 24)) as pilot:
        await on_screen(pilot, FeedbackScreen)
        await pilot.press("enter")
        screen = await on_screen(pilot, InterviewScreen)
        assert screen.turn.turn_id == "q01.f1" and screen.editor.text == ""
    assert judge.calls == [ANSWER, ANSWER]


async def test_a_full_disk_keeps_the_text_and_says_what_to_do(
    app_for: AppFor, judge: FakeJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        screen = app.screen
        screen.editor.put(ANSWER)

        def full(*_: object) -> None:
            raise StoreError("the disk is full", hint="free some space and try again")

        with monkeypatch.context() as broken:
            broken.setattr(SessionStore, "record_answer", full)
            await pilot.press("ctrl+s")
            await until(pilot, lambda: not screen.busy)
            shown = words_of(app)
            assert "the disk is full" in shown and "free some space" in shown and "答案还在编辑框里" in shown
            assert screen.editor.text == ANSWER and not screen.editor.read_only
        await pilot.press("ctrl+s")
        await on_screen(pilot, FeedbackScreen)
    assert judge.calls == [ANSWER]


async def test_a_judge_that_fails_after_the_answer_was_kept_can_be_asked_again(
    app_for: AppFor, judge: FakeJudge
) -> None:
    judge.fail = JudgeError("model [/red] gone", hint="try again")
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        screen = app.screen
        screen.editor.put(ANSWER)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not screen.busy)
        assert "答案已保存" in words_of(app) and "model [/red] gone" in words_of(app)
        assert screen.editor.text == ANSWER and screen.editor.read_only
        await pilot.press("ctrl+s")
        await on_screen(pilot, FeedbackScreen)
    assert judge.calls == [ANSWER, ANSWER]


async def test_an_unexpected_fault_leaves_the_screen_alive(app_for: AppFor, judge: FakeJudge) -> None:
    judge.fail = ZeroDivisionError("oops")
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        screen = app.screen
        screen.editor.put(ANSWER)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: not screen.busy)
        assert "ZeroDivisionError" in words_of(app) and screen.editor.text == ANSWER


async def test_a_draft_that_cannot_be_saved_is_said(app_for: AppFor, monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)

        def locked(*_: object) -> None:
            raise StoreError("the database is locked", hint="close the other one")

        with monkeypatch.context() as broken:
            broken.setattr(SessionStore, "save_draft", locked)
            await pilot.press("z")
            await until(pilot, lambda: "草稿没能保存" in words_of(app))
        assert app.screen.editor.text == "z"


async def test_hostile_text_is_only_text(app_for: AppFor, judge: FakeJudge) -> None:
    judge.covered = 2
    app = app_for(start_now=True, only=[OPEN_QUESTION], questions=1)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        screen = app.screen
        screen.editor.post_message(events.Paste(HOSTILE + "\n第二行"))
        await until(pilot, lambda: screen.editor.text)
        assert "\x1b" not in screen.editor.text and "\x00" not in screen.editor.text and "[/red]" in screen.editor.text
        await until(pilot, lambda: "草稿已保存" in words_of(app))
        await pilot.press("ctrl+s")
        await on_screen(pilot, FeedbackScreen)
        assert "[/red]" in words_of(app)
        await pilot.press("enter")
        await on_screen(pilot, InterviewScreen)
        screen.editor.put(HOSTILE)
        judge.score = 0
        await pilot.press("ctrl+s")
        await on_screen(pilot, FeedbackScreen)
        for _ in range(3):
            await pilot.press("right")
        await pilot.press("enter")
        await on_screen(pilot, ReportScreen)
        assert "\x1b" not in words_of(app)
    assert app.return_value is None and app.failure is None


async def test_hostile_text_from_an_older_store_is_only_text(app_for: AppFor, settings: Any) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
    assert app.session_id
    with SessionStore(settings.db_path) as store:
        store.save_draft(app.session_id, "q01", HOSTILE)
    again = app_for(resume=app.session_id)
    async with again.run_test(size=(80, 24)) as pilot:
        await ready(pilot, again)
        assert "[/red]" in again.screen.editor.text
        assert "\x1b" not in words_of(again)


async def test_a_very_long_answer_is_taken_whole(app_for: AppFor, judge: FakeJudge) -> None:
    text = "梯度累积。\n" * 34_000
    app = app_for(start_now=True, questions=1)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        app.screen.editor.put(text)
        await until(pilot, lambda: "只评前 20,000 字" in words_of(app))
        await pilot.press("ctrl+s")
        await on_screen(pilot, FeedbackScreen, 20)
    assert judge.calls == [text]


@pytest.mark.parametrize("size", [(20, 24), (20, 5), (1, 1), (80, 6)])
async def test_a_tiny_terminal_says_so_and_recovers(app_for: AppFor, size: tuple[int, int]) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("a")
        await pilot.resize_terminal(*size)
        await pilot.pause()
        if size[0] >= 20 and size[1] >= 5:
            assert "终端太小" in words_of(app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        await pilot.press("b")
        assert app.screen.editor.text == "ab"
        assert "终端太小" not in words_of(app)


@pytest.mark.parametrize("screen", [SetupScreen, FeedbackScreen, ReportScreen, HelpScreen])
async def test_every_screen_survives_twenty_columns(app_for: AppFor, screen: type) -> None:
    app = app_for(start_now=screen is not SetupScreen, questions=1)
    async with app.run_test(size=(20, 10)) as pilot:
        if screen is SetupScreen:
            await on_screen(pilot, SetupScreen)
        else:
            await ready(pilot, app)
            if screen is HelpScreen:
                await pilot.press("f1")
            elif screen is ReportScreen:
                await pilot.press("f10", "y")
            else:
                app.screen.editor.put(ANSWER)
                await pilot.press("ctrl+s")
            await on_screen(pilot, screen)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "终端太小" not in words_of(app)


async def test_a_broken_database_ends_with_a_message(app_for: AppFor, settings: Any) -> None:
    settings.db_path.parent.mkdir(parents=True)
    settings.db_path.write_bytes(b"not a database at all, certainly not" * 100)
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.failure is not None)
    assert isinstance(app.failure, StoreError) and app.failure.hint


async def test_resuming_what_is_not_there_ends_with_a_message(app_for: AppFor) -> None:
    for wanted in ("last", "nothing-like-it"):
        app = app_for(resume=wanted)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda app=app: app.failure is not None)  # type: ignore[misc]
        assert isinstance(app.failure, SessionError)


async def test_a_judge_that_cannot_be_made_ends_with_a_message(settings: Any, the_map: Any) -> None:
    from interviewer.models import Setup
    from interviewer.tui.app import make_app

    def none() -> Any:
        raise ConfigError("the extra is missing", hint="pip install it")

    app = make_app(settings, the_map, Setup(role="algo"), start_now=True, judge=none)
    async with app.run_test(size=(80, 24)) as pilot:
        await on_screen(pilot, InterviewScreen)
        await until(pilot, lambda: app.failure is not None)
    assert isinstance(app.failure, ConfigError) and app.failure.exit_code is Exit.CONFIG


async def test_question_mark_types_in_the_editor_and_helps_elsewhere(app_for: AppFor) -> None:
    app = app_for()
    async with app.run_test(size=(80, 24)) as pilot:
        await on_screen(pilot, SetupScreen)
        await pilot.press("question_mark")
        await on_screen(pilot, HelpScreen)
        await pilot.press("escape")
        await on_screen(pilot, SetupScreen)
        await pilot.press("enter")
        await ready(pilot, app)
        await pilot.press("question_mark")
        assert app.screen.editor.text == "?"
        await pilot.press("f1")
        await on_screen(pilot, HelpScreen)
