"""What the screens say: both languages, both themes, choices, code, the set-up's rows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from rich.cells import cell_len
from textual.content import Content
from textual.widgets import OptionList

from interviewer.config import load_settings
from interviewer.models import Setup
from interviewer.store import SessionStore
from interviewer.tui import words as catalogue
from interviewer.tui.prose import Prose, breaks
from interviewer.tui.screens.atlas import AtlasScreen
from interviewer.tui.screens.feedback import FeedbackScreen
from interviewer.tui.screens.interview import InterviewScreen
from interviewer.tui.screens.pick import PickSkill
from interviewer.tui.screens.setup import SetupScreen
from interviewer.tui.theme import DARK, LIGHT, theme_name
from interviewer.tui.widgets.key_bar import KeyBar
from tests.tui.driving import ANSWER, OPEN_QUESTION, AppFor, on_screen, ready, until, words_of
from tests.tui.fake_judge import FakeJudge


async def test_the_language_row_relabels_the_screen(app_for: AppFor) -> None:
    app = app_for()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await on_screen(pilot, SetupScreen)
        assert "岗位" in words_of(app) and "离线评分器" in words_of(app)
        await pilot.press("tab", "tab", "right")
        await until(pilot, lambda: "Start the interview" in words_of(app))
        assert "offline judge" in words_of(app) and "岗位" not in words_of(app)
        assert screen.chosen().lang == "en"
        await pilot.press("enter")
        await ready(pilot, app)
        assert app.screen.turn.text[0].isascii() and "Question 1/2" in words_of(app)


async def test_rows_change_by_arrows_and_by_mouse(app_for: AppFor) -> None:
    app = app_for()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await on_screen(pilot, SetupScreen)
        await pilot.press("right", "down", "left", "down", "down", "right")
        chosen = screen.chosen()
        assert (chosen.role, chosen.level, chosen.questions) == ("eng", "junior", 3)
        await pilot.click("#role", offset=(15, 0))
        assert screen.chosen().role == "algo"
        await pilot.click("#start")
        await ready(pilot, app)


async def test_a_skill_is_picked_from_a_filtered_list(app_for: AppFor) -> None:
    app = app_for()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await on_screen(pilot, SetupScreen)
        screen.query_one("#skill").focus()
        await pilot.press("space")
        await on_screen(pilot, PickSkill)
        await pilot.press(*"optimi", "enter")
        await on_screen(pilot, SetupScreen)
        assert screen.chosen().skill == "optimizer"
        await pilot.press("enter")
        await ready(pilot, app)
        assert app.screen.turn.skill == "optimizer"


async def test_set_up_offers_the_open_interview(app_for: AppFor) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
    again = app_for()
    async with again.run_test(size=(80, 24)) as pilot:
        await on_screen(pilot, SetupScreen)
        await until(pilot, lambda: "继续上次" in words_of(again) and "已答 0" in words_of(again))
        await pilot.press("r")
        await ready(pilot, again)
    assert again.session_id == app.session_id


@pytest.mark.parametrize(("lang", "size"), [("zh", (80, 24)), ("en", (80, 24)), ("en", (120, 40))])
async def test_the_keys_fit_on_their_line(app_for: AppFor, lang: str, size: tuple[int, int]) -> None:
    app = app_for(start_now=True, lang=lang)
    async with app.run_test(size=size) as pilot:
        await ready(pilot, app)
        text = app.screen.query_one(KeyBar).text
        for key in ("^S", "F2", "F3", "F4", "Esc", "^Q"):
            assert key in text
        assert "−1" in text
        assert cell_len(text) <= size[0]


async def test_options_are_lettered_and_the_choice_is_judged_by_letter(app_for: AppFor, judge: FakeJudge) -> None:
    app = app_for(start_now=True, only=["deepspeed.zero-stages"], questions=1, follow_ups=0)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        shown = words_of(app)
        assert all(f" {letter}  " in shown for letter in "ABCD")
        await pilot.press("b", "ctrl+s")
        await on_screen(pilot, FeedbackScreen)
        await pilot.press("right")
        await until(pilot, lambda: "选项" in words_of(app))


async def test_code_is_indented_as_in_an_editor(app_for: AppFor) -> None:
    app = app_for(start_now=True, only=["hf-frameworks.code-merge-lora"], questions=1)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        editor = app.screen.editor
        assert editor.is_code and editor.show_line_numbers
        await pilot.press(*"for", "space", *"x:", "enter", "a", "enter", "tab", "b")
        assert editor.text == "for x:\n    a\n        b"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_light_and_dark_show_the_same_words(
    app_for: AppFor, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    for theme in ("light", "dark"):
        app = app_for(settings=load_settings(lang="zh", theme=theme), start_now=True, minutes=600, only=[OPEN_QUESTION])
        async with app.run_test(size=size) as pilot:
            await ready(pilot, app)
            assert app.theme == f"interviewer-{theme}"
            app.screen.editor.put(ANSWER)
            await pilot.press("ctrl+s")
            await on_screen(pilot, FeedbackScreen)
            shown.append(words_of(app))
    assert shown[0] == shown[1]


def test_the_theme_follows_the_terminal() -> None:
    assert theme_name("auto", {}) == DARK.name
    assert theme_name("auto", {"COLORFGBG": "0;15"}) == LIGHT.name
    assert theme_name("auto", {"COLORFGBG": "0;default;7"}) == LIGHT.name
    assert theme_name("auto", {"COLORFGBG": "15;0"}) == DARK.name
    assert theme_name("dark", {"COLORFGBG": "0;15"}) == DARK.name


def test_the_side_panel_has_what_the_narrow_line_has(the_map: Any) -> None:
    t = catalogue.Words("zh")
    assert all(t.named("cat", c.id) != c.id for c in the_map.categories)


async def test_side_panel_only_where_there_is_room(app_for: AppFor) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        assert "知识地图" in words_of(app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "知识地图" not in words_of(app) and "▸" in words_of(app)


def test_every_sentence_is_there_in_both_languages() -> None:
    zh, en = catalogue.Words("zh"), catalogue.Words("en")
    for key in catalogue.all_keys():
        assert zh(key).strip() and en(key).strip(), key
        named = [set(re.findall(r"{(\w+)}", w(key))) for w in (zh, en)]
        assert named[0] == named[1], key


@pytest.mark.parametrize("width", [7, 20, 33, 60])
def test_lines_break_beside_wide_characters_and_never_before_punctuation(width: int) -> None:
    text = "先查 LoRA 训练日志：（一）看看 loss 是否平稳，然后再说。https://example.com/a/very/long/address 结束"
    lines = Prose(text).laid_out(width).plain.split("\n")
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(x) <= width for x in lines)
    assert all(x[0] not in "，。：）" for x in lines)
    assert all(x[-1] != "（" for x in lines)


def test_breaking_takes_anything() -> None:
    for text in ("", " ", "\u200b" * 50, "👩‍🚀" * 30, "a" * 500, "，" * 100, "e\u0301" * 99):
        for width in (0, 1, 2, 5):
            assert all(0 < n < len(text) for n in breaks(text, width))
            Prose(Content(text), hang=2).laid_out(width)


async def test_the_editor_breaks_lines_as_prose_does(app_for: AppFor) -> None:
    text = "我会先反问要解决什么。要是风格和格式，几百到几千条精品就够了，"
    text += "LIMA 在 65B 上用一千来条就做出来了。要是通用能力，再说。"
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        editor = app.screen.editor
        editor.put(text)
        await pilot.pause()
        lines = editor.wrapped_document.lines[0]
        assert "".join(lines) == text and len(lines) == 2
        assert cell_len(lines[0]) > editor.wrap_width - 6
        await pilot.press(*"  x  y  ", "up", "end", "z", "home", "delete")
        assert "z" in editor.text and not editor.text.startswith("我")
        for width in (40, 41, 60, 100):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            assert all(cell_len(line) <= editor.wrap_width for line in editor.wrapped_document.lines[0])


async def test_the_opening_needs_nothing_heavy() -> None:
    """What is slow to load is not loaded by importing the app; what is needed comes behind the opening."""
    import asyncio
    import sys

    code = (
        "import sys; import interviewer.tui.app; "
        "heavy = 'langgraph torch litellm rapidfuzz pydantic yaml sqlite3 knowledge interviewer.models'.split(); "
        "print([m for m in heavy if m in sys.modules])"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert out.decode().strip() == "[]"


async def test_interview_screen_is_a_screen_of_its_own(app_for: AppFor) -> None:
    app = app_for(start_now=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        assert isinstance(app.screen, InterviewScreen)
        assert len(app.screen_stack) == 2


async def test_the_map_is_searched_and_practice_starts_from_it(app_for: AppFor) -> None:
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        await on_screen(pilot, SetupScreen)
        await pilot.press("right", "m")
        screen = await on_screen(pilot, AtlasScreen)
        assert "知识地图" in words_of(app) and "工程岗" in words_of(app)
        first = screen._skill()
        await pilot.press("down")
        assert screen._skill() is not first
        await pilot.press(*"lora merge")
        found = screen._skill()
        assert found is not None and found.questions
        menu = screen.query_one(OptionList)
        assert 0 < sum(o.id is not None for o in menu.options) < 20
        await pilot.press(*"zzzz")
        assert "没有匹配" in words_of(app)
        await pilot.press("enter", "backspace", "backspace", "backspace", "backspace", "enter")
        await ready(pilot, app)
        assert app.screen.setup.skill == found.id and app.screen.setup.role == "eng"


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_the_map_goes_back_to_where_one_was(app_for: AppFor, size: tuple[int, int]) -> None:
    app = app_for()
    async with app.run_test(size=size) as pilot:
        await on_screen(pilot, SetupScreen)
        await pilot.press("right", "m")
        await on_screen(pilot, AtlasScreen)
        await pilot.press("pagedown", "up", "escape")
        screen = await on_screen(pilot, SetupScreen)
        assert screen.chosen().role == "eng"


async def test_an_interview_held_on_another_map_is_refused_where_one_stands(app_for: AppFor, settings: Any) -> None:
    with SessionStore(settings.db_path) as store:
        store.create_session("20260101-other", Setup(role="algo", pack="/gone/mine").model_dump(mode="json"))
    app = app_for()
    async with app.run_test(size=(80, 24)) as pilot:
        await on_screen(pilot, SetupScreen)
        await until(pilot, lambda: app.screen.open_session is not None)
        await pilot.press("r")
        await until(pilot, lambda: "--pack /gone/mine" in words_of(app))
        assert isinstance(app.screen, SetupScreen) and app.failure is None
