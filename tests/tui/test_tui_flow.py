"""A whole interview by keyboard: set-up, hint, answer, follow-up, skip, don't know, report, history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interviewer.store import SessionStore
from interviewer.tui.screens.confirm import Confirm
from interviewer.tui.screens.feedback import FeedbackScreen
from interviewer.tui.screens.history import HistoryScreen
from interviewer.tui.screens.interview import InterviewScreen
from interviewer.tui.screens.menu import Menu
from interviewer.tui.screens.pause import PauseScreen
from interviewer.tui.screens.report import ReportScreen
from interviewer.tui.screens.setup import SetupScreen
from tests.tui.driving import ANSWER, OPEN_QUESTION, AppFor, on_screen, ready, until, words_of
from tests.tui.fake_judge import FakeJudge


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_from_set_up_to_report_by_keyboard_alone(
    app_for: AppFor,
    judge: FakeJudge,
    size: tuple[int, int],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_for(only=[OPEN_QUESTION, "lora.core-advantage", "lora.principle-and-starting-point"], questions=3)
    async with app.run_test(size=size) as pilot:
        await on_screen(pilot, SetupScreen)
        await pilot.press("enter")
        screen = await on_screen(pilot, InterviewScreen)
        assert screen.turn.question_id == OPEN_QUESTION
        await ready(pilot, app)

        await pilot.press("f2")
        await until(pilot, lambda: screen.shown.view.hint and not screen.busy)
        assert "提示" in words_of(app)

        screen.editor.put(ANSWER)
        await pilot.press("ctrl+s")
        verdict = await on_screen(pilot, FeedbackScreen)
        assert judge.calls == [ANSWER]
        shown = words_of(app)
        assert "✓ 讲到" in shown and "还有追问" in shown
        assert verdict.held_back

        await pilot.press("enter")
        await on_screen(pilot, InterviewScreen)
        assert screen.turn.kind == "follow_up" and "追问" in words_of(app)
        await pilot.press("f2")
        assert "追问没有提示" in words_of(app)
        judge.score = 1.0
        screen.editor.put("我不太确定")
        await pilot.press("ctrl+s")
        verdict = await on_screen(pilot, FeedbackScreen)
        assert not verdict.held_back
        assert "含提示扣分" in words_of(app)
        await pilot.press("right")
        await until(pilot, lambda: "先查数据和实现" in words_of(app))

        await pilot.press("enter")
        await on_screen(pilot, InterviewScreen)
        assert screen.turn.turn_id == "q02"
        await pilot.press("f3")
        await until(pilot, lambda: screen.turn.turn_id == "q03" and not screen.busy)
        await pilot.press("f4")
        await on_screen(pilot, FeedbackScreen)
        await pilot.press("enter")
        await on_screen(pilot, ReportScreen)
        report = words_of(app)
        assert "总分" in report and "首次回答" in report
        await pilot.press("s")
        await until(pilot, lambda: list(tmp_path.glob("interview-*.html")) and "已保存" in words_of(app))
        assert list(tmp_path.glob("interview-*.md"))

        await pilot.press("h")
        await on_screen(pilot, HistoryScreen)
        await until(pilot, lambda: "已完成" in words_of(app))
        await pilot.press("enter")
        past = await on_screen(pilot, ReportScreen)
        assert past.past
        await pilot.press("escape")
        await on_screen(pilot, HistoryScreen)
        await pilot.press("ctrl+q")
    assert app.failure is None
    assert app.report is not None and app.report.finished
    statuses = [q.status for q in app.report.questions]
    assert statuses == ["answered", "skipped", "dont_know"]
    assert app.report.hints == 1


async def test_start_now_shows_the_first_question_at_once(app_for: AppFor, judge: FakeJudge) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await on_screen(pilot, InterviewScreen)
        asked = screen.turn
        assert asked is not None and screen.focused is screen.editor
        await pilot.press("a", "b")
        await pilot.press("ctrl+s")
        await on_screen(pilot, FeedbackScreen)
    assert judge.calls == ["ab"]
    assert app.report is not None
    assert app.report.turns[0].question_id == asked.question_id


async def test_nothing_is_given_away_before_the_follow_up(app_for: AppFor, judge: FakeJudge, the_map: Any) -> None:
    judge.misconception = True
    app = app_for(only=[OPEN_QUESTION], questions=1, start_now=True)
    question = the_map.question(OPEN_QUESTION)
    async with app.run_test(size=(120, 60)) as pilot:
        await ready(pilot, app)
        app.screen.editor.put(ANSWER)
        await pilot.press("ctrl+s")
        await on_screen(pilot, FeedbackScreen)
        shown = words_of(app).replace(" ", "").replace("\n", "")
        assert "FEEDBACK" not in shown
        assert question.reference.zh[:8] not in shown
        assert question.misconceptions[0].zh[:8] not in shown
        assert question.points[2].zh[:8] not in shown
        assert question.points[0].zh[:6] in shown


async def test_a_skipped_follow_up_still_reveals_the_thread(app_for: AppFor) -> None:
    app = app_for(only=[OPEN_QUESTION], questions=1, start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        app.screen.editor.put(ANSWER)
        await pilot.press("ctrl+s")
        await on_screen(pilot, FeedbackScreen)
        await pilot.press("enter")
        await on_screen(pilot, InterviewScreen)
        await pilot.press("f3")
        verdict = await on_screen(pilot, FeedbackScreen)
        assert not verdict.held_back
        await pilot.press("enter")
        await on_screen(pilot, ReportScreen)


async def test_an_empty_answer_is_not_submitted(app_for: AppFor, judge: FakeJudge) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        app.screen.editor.put("  \n ")
        await pilot.press("ctrl+s")
        assert "还没有写答案" in words_of(app)
    assert judge.calls == []


async def test_a_double_submit_is_one_answer(app_for: AppFor, judge: FakeJudge) -> None:
    judge.delay = 1.2
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        screen = app.screen
        screen.editor.put(ANSWER)
        await pilot.press("ctrl+s", "ctrl+s", "f3", "f4", "ctrl+s")
        assert screen.busy and screen.status.working
        assert "正在评分" in words_of(app)
        await on_screen(pilot, FeedbackScreen)
    assert judge.calls == [ANSWER]


async def test_skip_with_text_asks_first(app_for: AppFor, judge: FakeJudge) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        screen = app.screen
        screen.editor.put("写了一半")
        await pilot.press("f3")
        await on_screen(pilot, Confirm)
        await pilot.press("n")
        await on_screen(pilot, InterviewScreen)
        assert screen.editor.text == "写了一半" and screen.turn.turn_id == "q01"


async def test_finish_early_asks_and_ends_in_the_report(app_for: AppFor) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("f10")
        await on_screen(pilot, Confirm)
        await pilot.press("escape")
        await on_screen(pilot, InterviewScreen)
        await pilot.press("f10", "y")
        await on_screen(pilot, ReportScreen)
    assert app.report is not None and app.report.finished and app.report.score is None


async def test_pause_hides_the_question_and_stops_the_clock(app_for: AppFor) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        text = app.screen.turn.text[:6]
        assert text in words_of(app)
        await pilot.press("f5")
        await on_screen(pilot, PauseScreen)
        assert text not in words_of(app)
        before = app.room.seconds()
        await pilot.pause(0.2)
        assert app.room.seconds() == before
        await pilot.press("f5")
        await on_screen(pilot, InterviewScreen)
        await until(pilot, lambda: app.room.seconds() > before)


async def test_the_menu_does_what_the_keys_do(app_for: AppFor) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("escape")
        await on_screen(pilot, Menu)
        await pilot.press("down", "enter")
        screen = await on_screen(pilot, InterviewScreen)
        await until(pilot, lambda: screen.shown.view.hint)


async def test_an_unscored_answer_says_why_and_is_never_zero(app_for: AppFor, judge: FakeJudge) -> None:
    judge.unscored = "the judge could not be reached"
    app = app_for(start_now=True, questions=1)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        app.screen.editor.put(ANSWER)
        await pilot.press("ctrl+s")
        await on_screen(pilot, FeedbackScreen)
        shown = words_of(app)
        assert "未评分" in shown and "the judge could not be reached" in shown
        assert "0.0" not in shown


async def test_the_store_knows_how_often_a_question_was_seen(app_for: AppFor, settings: Any) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
    with SessionStore(settings.db_path) as store:
        row = store.sessions()[0]
        seen = store.questions_seen()
    assert row.setup["seen"] == {} and sum(seen.values()) == 1
    again = app_for(start_now=True)
    async with again.run_test(size=(80, 24)) as pilot:
        await ready(pilot, again)
        assert again.setup.seen == seen
