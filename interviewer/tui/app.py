"""The app: which screen comes after which, and how everything ends. One factory for all who start it.

First paint waits for nothing. LangGraph, the embedder and the judge load behind it, in the machine's
thread; the first question is worked out without them and can be answered meanwhile.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen

from interviewer import __version__
from interviewer.errors import InterviewerError
from interviewer.models import Report, Setup
from interviewer.tui.machine_room import MachineRoom, Opening
from interviewer.tui.screens.base import FullScreen
from interviewer.tui.screens.setup import SetupScreen
from interviewer.tui.shown import Shown
from interviewer.tui.theme import DARK, LIGHT, theme_name
from interviewer.tui.words import Words
from rubrics import load_rules

if TYPE_CHECKING:
    from interviewer.config import Settings
    from interviewer.interview import JudgeFactory
    from interviewer.tui.screens.interview import InterviewScreen
    from knowledge import KnowledgeMap


class Notice(Message):
    """Something from the machine's thread: a key of the catalogue, or a sentence of a library."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class InterviewerApp(App[None]):
    CSS_PATH = "app.tcss"
    TITLE = "interviewer"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (40, "-narrow"), (100, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (12, "-low"), (20, "-middle"), (30, "-high")]
    BINDINGS = [
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+c", "copy_or_leave", show=False, priority=True),
        Binding("ctrl+z", "suspend", show=False, priority=True),
        Binding("f1", "help", show=False, priority=True),
        Binding("question_mark", "help", show=False),
    ]

    def __init__(
        self,
        settings: Settings,
        the_map: KnowledgeMap,
        setup: Setup,
        *,
        resume: str | None = None,
        start_now: bool = False,
        judge: JudgeFactory | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.the_map = the_map
        self.setup = setup
        self.words = Words(setup.lang)
        self.failure: InterviewerError | None = None
        """Why it ended, when it could not go on."""
        self.session_id: str | None = None
        """The interview that was held, if any."""
        self.report: Report | None = None
        """Its report, so far or final."""
        self.version = f"v{__version__}"
        self.ready = False
        """The machine and the judge are loaded."""
        self.room = MachineRoom(settings, the_map, judge or self._default_judge)
        self._resume = resume
        self._start_now = start_now
        self._own_judge = judge is None
        self._starting: asyncio.Task[bool] | None = None
        self._leaving = False
        self._warming: asyncio.Task[None] | None = None
        rules = load_rules()
        self.hint_cost = rules.policy.hint_cost
        self.max_chars = rules.policy.max_answer_chars
        self._grades = {g.grade: g.name for g in rules.grades}
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme_name(settings.theme)

    # names

    def grade_name(self, grade: int | None, lang: str) -> str:
        """"3 合格"; empty without a grade."""
        name = self._grades.get(grade) if grade is not None else None
        return f"{grade} {name.text(lang)}" if name else ""

    def judge_name(self, t: Words) -> str:
        return t("setup.judge_offline")

    def _default_judge(self) -> Any:
        from interviewer import paths
        from interviewer.embeddings import load_embedder
        from interviewer.judge import OfflineJudge

        embedder, flags = load_embedder(
            self.settings.embedder, cache_dir=paths.cache_dir(), notice=lambda text: self._told(text)
        )
        return OfflineJudge(embedder, rules=load_rules(), flags=flags)  # type: ignore[arg-type]

    # beginning

    async def on_mount(self) -> None:
        self.app_suspend_signal.subscribe(self, self._suspended)
        self.app_resume_signal.subscribe(self, self._resumed)
        self.room.begin()
        if self._resume is not None:
            self.resume_interview(self._resume)
        elif self._start_now:
            self.start_interview(self.setup)
        else:
            await self.push_screen(SetupScreen(self.words, self.setup))
            self.call_after_refresh(self._look)

    def get_default_screen(self) -> Screen[Any]:
        """Nothing but the background, until the first screen is on it."""
        return Screen(id="_default")

    async def _look(self) -> None:
        """After the first paint: is there something to go on with? Then load what is slow."""
        opening = await self._open()
        if opening is not None and isinstance(self.screen, SetupScreen):
            self.screen.offer(opening.open_session)
            self._warm()

    async def _open(self) -> Opening | None:
        try:
            return await self.room.open()
        except InterviewerError as e:
            self.fail(e)
            return None

    def _warm(self) -> None:
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
        from interviewer.tui.words import keys

        known = notice.text in keys()
        text = self.words(notice.text) if known else visible(notice.text)
        if isinstance(self.screen, SetupScreen):
            self.screen.tell(text, done=notice.text == "load.ready")
        elif not known:
            self.notify(text, markup=False, timeout=8)

    # from screen to screen

    async def _to(self, screen: Screen[Any]) -> None:
        """Put `screen` in place of all screens that are up."""
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if len(self.screen_stack) == 1:
            await self.push_screen(screen)
        else:
            await self.switch_screen(screen)

    def start_interview(self, setup: Setup) -> None:
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start(setup))

    async def _start(self, setup: Setup) -> bool:
        from interviewer.tui.screens.interview import InterviewScreen

        opening = await self._open()
        if opening is None:
            return False
        from interviewer.interview import preview

        setup = setup.model_copy(update={"seen": opening.seen})
        turn = preview(self.the_map, setup)
        if turn is None:
            return self._cannot_start(setup)
        self.setup = setup
        screen = InterviewScreen(self.words, setup, turn)
        await self._to(screen)
        self.call_after_refresh(self._warm)
        try:
            shown = await self.room.start(setup)
        except InterviewerError as e:
            self.fail(e)
            return False
        self.session_id = shown.view.session
        self.report = None
        screen.show(shown)
        return True

    def _cannot_start(self, setup: Setup) -> bool:
        from interviewer.errors import UsageError

        fault = UsageError(
            f"no question fits role {setup.role.value}" + (f" and skill {setup.skill}" if setup.skill else ""),
            hint="`interviewer questions` lists what there is",
        )
        if isinstance(self.screen, SetupScreen):
            self.screen.say_error(fault.message, fault.hint)
        else:
            self.fail(fault)
        return False

    def resume_interview(self, session_id: str) -> None:
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._go_on(session_id))

    async def _go_on(self, session_id: str) -> bool:
        from interviewer.tui.screens.interview import InterviewScreen

        if await self._open() is None:
            return False
        if isinstance(self.screen, SetupScreen):
            self.screen.tell(self.words("moving_on"))
        try:
            shown, just_graded = await self.room.resume(session_id)
        except InterviewerError as e:
            self.fail(e)
            return False
        view = shown.view
        self.session_id, self.setup, self.report = view.session, view.setup, None
        self.words = Words(view.setup.lang)
        if view.finished and not just_graded:
            await self._finish()
            return True
        screen = InterviewScreen(self.words, view.setup, None)
        await self._to(screen)
        screen.show(shown)
        self._warm()
        if just_graded:
            self.show_feedback(shown)
        else:
            await self.room.read_on()
        return True

    async def started(self) -> bool:
        """Whether the interview is there; waits for the machine where it is still loading."""
        return await asyncio.shield(self._starting) if self._starting is not None else True

    def after(self, action: str, shown: Shown) -> None:
        """What the candidate did has been carried out: show what came of it."""
        skipped = len(shown.answered) == 1 and shown.answered[0].action == "skip"
        if action == "finish" or skipped:
            if skipped and action == "skip":
                self.notify(self.words("skipped"), markup=False, timeout=2)
            self._proceed(shown)
        else:
            self.show_feedback(shown)

    def show_feedback(self, shown: Shown, *, again: bool = False) -> None:
        """The verdict on the last answer; then the next turn, or back where one was."""
        from interviewer.tui.screens.feedback import FeedbackScreen

        interview = self._interview_screen()
        if interview is not None and not again:
            interview.show(shown)
        self.push_screen(FeedbackScreen(self.words, shown), lambda _: None if again else self._proceed(shown))

    def _interview_screen(self) -> InterviewScreen | None:
        from interviewer.tui.screens.interview import InterviewScreen

        return next((s for s in self.screen_stack if isinstance(s, InterviewScreen)), None)

    def _proceed(self, shown: Shown) -> None:
        interview = self._interview_screen()
        if shown.view.finished or interview is None:
            self.run_worker(self._finish(), group="finish", exclusive=True)
            return
        if interview.shown is not shown:
            interview.show(shown)
        self.run_worker(self.room.read_on(), group="clock")

    async def _finish(self) -> None:
        from interviewer.tui.screens.report import ReportScreen

        try:
            self.report = await self.room.report()
        except InterviewerError as e:
            self.fail(e)
            return
        await self._to(ReportScreen(self.words, self.report))

    def open_setup(self) -> None:
        self.run_worker(self._open_setup(), group="open", exclusive=True)

    async def _open_setup(self) -> None:
        await self._to(SetupScreen(self.words, self.setup))
        await self._look()

    def open_history(self) -> None:
        from interviewer.tui.screens.history import HistoryScreen

        self.run_worker(self._to(HistoryScreen(self.words)), group="open", exclusive=True)

    def open_report(self, session_id: str) -> None:
        self.run_worker(self._open_report(session_id), group="open", exclusive=True)

    async def _open_report(self, session_id: str) -> None:
        from interviewer.tui.screens.report import ReportScreen

        try:
            report = await self.room.report(session_id)
        except InterviewerError as e:
            self.notify(e.message, severity="error", markup=False)
            return
        await self._to(ReportScreen(self.words, report, past=True))

    def action_help(self) -> None:
        from interviewer.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.words))

    # ending

    def fail(self, error: InterviewerError) -> None:
        """Nothing more can be done here: leave, and let the command line say why."""
        if self.failure is None:
            self.failure = error
        self.run_worker(self._leave(), group="leave", exclusive=True)

    def action_leave(self) -> None:
        self.run_worker(self._leave(), group="leave", exclusive=True)

    def action_copy_or_leave(self) -> None:
        """Ctrl+C copies what is selected, and otherwise leaves, as people expect of it."""
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
        interview = self._interview_screen()
        draft = interview.unsaved() if interview is not None else None
        if draft is not None and self._starting is not None and not self._starting.done():
            await asyncio.wait([self._starting], timeout=5)
        if self._warming is not None:
            self._warming.cancel()
        await self._close_room(draft)
        self.exit(return_code=int(self.failure.exit_code) if self.failure else 0)

    async def _close_room(self, draft: tuple[str, str] | None) -> None:
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


def make_app(
    settings: Settings,
    the_map: KnowledgeMap,
    setup: Setup,
    *,
    resume: str | None = None,
    start_now: bool = False,
    judge: JudgeFactory | None = None,
) -> InterviewerApp:
    """The app, for the command line and for tests (which bring a `judge` of their own)."""
    return InterviewerApp(settings, the_map, setup, resume=resume, start_now=start_now, judge=judge)


__all__ = ["FullScreen", "InterviewerApp", "make_app"]
