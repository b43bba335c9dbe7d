"""What the app stands on, whatever screen is up: names, warming up, notices, leaving, suspending.

Knows no order of screens; `app.py` does. The first picture waits for nothing but Textual, so whatever
else is needed is imported where it is used.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message

from interviewer import __version__
from interviewer.errors import Exit, InterviewerError
from interviewer.tui.theme import DARK, LIGHT, theme_name
from interviewer.tui.words import Words

if TYPE_CHECKING:
    from interviewer.config import Settings
    from interviewer.examiners import Examiners
    from interviewer.interview import JudgeFactory
    from interviewer.models import Report, Setup
    from interviewer.tui.machine_room import MachineRoom, Opening
    from interviewer.tui.prepared import Prepared
    from interviewer.tui.screens.interview import InterviewScreen
    from knowledge import KnowledgeMap
    from knowledge.models import Lang
    from rubrics import Rules

OPENING_LOOKS = """
Screen { background: $background; color: $foreground; }
#opening-title { height: 1; background: $panel; text-style: bold; }
#opening-saying { height: 1fr; content-align: center middle; color: $quiet; }
"""
"""What the first picture needs. The whole of app.tcss takes longer to read than that picture may."""
LOOKS = Path(__file__).with_name("app.tcss")
SAVING_SECONDS = 30.0
"""How long quitting waits for an interview that is still being prepared, when something was typed for it."""


class Notice(Message):
    """Something from the machine's thread: a key of the catalogue, or a sentence of a library."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Backstage(App[None]):
    """`equip` gives it what the screens need; before that there is only the opening, and the way out."""

    CSS = OPENING_LOOKS
    TITLE = "interviewer"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (40, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (12, "-low"), (20, "-middle"), (30, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+c", "copy_or_leave", show=False, priority=True),
        Binding("ctrl+z", "suspend", show=False, priority=True),
        Binding("f1", "help", show=False, priority=True),
        Binding("question_mark", "help", show=False),
    ]

    settings: Settings
    the_map: KnowledgeMap
    rules: Rules
    setup: Setup
    room: MachineRoom
    examiners: Examiners

    def __init__(self, lang: Lang, theme: str, judge: JudgeFactory | None = None) -> None:
        super().__init__()
        self.words = Words(lang)
        self.failure: Exception | None = None
        """Why it ended, when it could not go on."""
        self.session_id: str | None = None
        """The interview that was held, if any."""
        self.report: Report | None = None
        """Its report, so far or final."""
        self.version = f"v{__version__}"
        self.equipped = False
        self.ready = False
        """The machine and the judge are loaded."""
        self._judge = judge
        self._preparing: asyncio.Task[None] | None = None
        self._starting: asyncio.Task[bool] | None = None
        self._leaving = False
        self._at_once = asyncio.Event()
        """Quitting was asked for twice."""
        self._warming: asyncio.Task[None] | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme

    def equip(self, found: Prepared) -> None:
        """From here on there can be other screens than the opening."""
        from interviewer.examiners import Examiners
        from interviewer.tui.machine_room import MachineRoom

        self.settings, self.the_map, self.setup = found.settings, found.the_map, found.setup
        self.rules = found.rules
        self.words = Words(found.setup.lang)
        self.theme = theme_name(found.settings.theme)
        self.examiners = Examiners(found.settings, notice=lambda text: self._told(text), rules=found.rules)
        self.room = MachineRoom(found.settings, found.the_map, self.examiners, self._judge)
        self.room.begin()
        self.stylesheet.add_source(LOOKS.read_text("utf-8"), read_from=(str(LOOKS), ""))
        self.equipped = True

    # names

    def grade_name(self, grade: int | None, lang: str) -> str:
        """The grade with its name, as in `3 合格`; empty without a grade."""
        name = next((g.name for g in self.rules.grades if g.grade == grade), None)
        return f"{grade} {name.text(lang)}" if name else ""

    @property
    def hint_cost(self) -> float:
        return self.rules.policy.hint_cost

    @property
    def max_chars(self) -> int:
        return self.rules.policy.max_answer_chars

    def judge_name(self, t: Words) -> str:
        if self.examiners.gateway is not None:
            return t("by_llm", name=self.settings.model)
        return t("setup.judge_offline")

    # warming up

    async def _open(self) -> Opening | None:
        try:
            return await self.room.open()
        except InterviewerError as e:
            self.fail(e)
            return None

    def _warm(self) -> None:
        """The first screen stands: load the rest beside it."""
        if not gc.isenabled():
            gc.freeze()
            gc.enable()
        if self._warming is None:
            self._warming = asyncio.create_task(self._warm_up())

    async def _warm_up(self) -> None:
        try:
            await self.room.warm_up(self._told)
            self.ready = True
        except InterviewerError as e:
            self.fail(e)
        except Exception as e:
            if not self._leaving:
                self.fail(InterviewerError(f"cannot prepare the interview: {type(e).__name__}: {e}"))

    def _told(self, text: str) -> None:
        self.post_message(Notice(text))

    def on_notice(self, notice: Notice) -> None:
        """Progress is shown where there is nothing better to look at; a library's sentence everywhere."""
        from interviewer.text import visible
        from interviewer.tui.screens.setup import SetupScreen
        from interviewer.tui.words import all_keys

        known = notice.text in all_keys()
        text = self.words(notice.text) if known else visible(notice.text)
        if isinstance(self.screen, SetupScreen):
            self.screen.tell(text, done=notice.text == "load.ready")
        elif not known:
            self.notify(text, markup=False, timeout=8)

    def action_help(self) -> None:
        if not self.equipped:
            return
        from interviewer.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.words))

    def _interview_screen(self) -> InterviewScreen | None:
        if not self.equipped:
            return None
        from interviewer.tui.screens.interview import InterviewScreen

        return next((s for s in self.screen_stack if isinstance(s, InterviewScreen)), None)

    def _begin(self, starting: Coroutine[Any, Any, bool]) -> None:
        """Start or go on with an interview; what cannot be foreseen ends the app instead of leaving it waiting."""
        self._starting = asyncio.create_task(starting)
        self._starting.add_done_callback(self._begun)

    def _begun(self, starting: asyncio.Task[bool]) -> None:
        if starting.cancelled() or self._leaving or (fault := starting.exception()) is None:
            return
        self.fail(InterviewerError(f"cannot start the interview: {type(fault).__name__}: {fault}"[:300]))

    # ending

    def fail(self, error: Exception) -> None:
        """Nothing more can be done here: leave, and let the command line say why."""
        if self.failure is None:
            self.failure = error
        self._go()

    def action_leave(self) -> None:
        if self._leaving:
            self._at_once.set()
        else:
            self._go()

    def _go(self) -> None:
        # Not exclusive: that would cancel the one that is saving.
        self.run_worker(self._leave(), group="leave")

    def action_copy_or_leave(self) -> None:
        """Ctrl+C copies what is selected, and otherwise leaves, as people expect of it."""
        if not self.equipped:
            self.action_leave()
            return
        from textual.widgets import Input, TextArea

        selected = self.screen.get_selected_text()
        if isinstance(self.focused, TextArea | Input):
            selected = self.focused.selected_text or selected
        if selected:
            self.copy_to_clipboard(selected)
            if isinstance(self.focused, TextArea):
                self.focused.move_cursor(self.focused.cursor_location)
            self.screen.clear_selection()
            self.notify(self.words("copied"), markup=False, timeout=2)
        else:
            self.action_leave()

    async def _leave(self) -> None:
        """Save what is not saved, close the machine, go."""
        if self._leaving:
            return
        self._leaving = True
        if self._preparing is not None:
            self._preparing.cancel()
        interview = self._interview_screen()
        draft = interview.unsaved() if interview is not None else None
        if draft is not None and self._starting is not None and not self._starting.done():
            await self._started()
        if self._warming is not None:
            self._warming.cancel()
        await self._close_room(draft)
        code = getattr(self.failure, "exit_code", Exit.FAILED_ROWS) if self.failure else Exit.DONE
        self.exit(return_code=int(code))

    async def _started(self) -> None:
        """Wait until there is an interview to save the draft in, unless quitting is asked for again."""
        assert self._starting is not None
        self.notify(self.words("saving"), markup=False, timeout=SAVING_SECONDS)
        hurry = asyncio.create_task(self._at_once.wait())
        await asyncio.wait([self._starting, hurry], timeout=SAVING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()

    async def _close_room(self, draft: tuple[str, str] | None) -> None:
        if not self.equipped:
            return
        try:
            report = await self.room.close(draft)
        except InterviewerError as e:
            self.failure = self.failure or e
        else:
            if report is not None and self.session_id is not None:
                self.report = report

    async def on_unmount(self) -> None:
        """However it ended: the database is closed, and a draft that can be saved is."""
        await self._close_room(None)

    # suspending

    async def action_suspend(self) -> None:
        """Ctrl+Z: the draft is saved and the clock stands until `fg`."""
        interview = self._interview_screen()
        if interview is not None:
            await interview.keep_draft()
            await self.room.pause()
        self.action_suspend_process()

    def _suspended(self, _: object) -> None:
        self.log("suspended")

    def _resumed(self, _: object) -> None:
        interview = self._interview_screen()
        if interview is not None and self.screen is interview:
            self.run_worker(self.room.read_on(), group="clock")
