"""The app: which screen comes after which. Two factories: for what is loaded, and for what is still to load.

In between stands the opening: settings, map and screens load behind it. LangGraph, the embedder and the
judge load behind the first real screen, in the machine's thread; the first question is worked out
without them and can be answered meanwhile.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from interviewer.errors import InterviewerError, SessionError, UsageError
from interviewer.tui.backstage import Backstage
from interviewer.tui.prepared import Prepare, Prepared, prepared_behind
from interviewer.tui.screens.opening import Opening
from interviewer.tui.theme import theme_name
from interviewer.tui.words import Words

if TYPE_CHECKING:
    from interviewer.config import Settings
    from interviewer.interview import JudgeFactory
    from interviewer.models import Setup
    from interviewer.tui.shown import Shown
    from knowledge import KnowledgeMap
    from knowledge.models import Lang


class InterviewerApp(Backstage):
    """Starts at the set-up, at the first question (`start_now`), or where an interview was left."""

    def __init__(
        self,
        wanted: Prepared | Prepare,
        *,
        lang: Lang,
        theme: str,
        resume: str | None = None,
        start_now: bool = False,
        judge: JudgeFactory | None = None,
    ) -> None:
        super().__init__(lang, theme, judge)
        self._wanted = wanted
        self._resume = resume
        self._start_now = start_now

    async def on_mount(self) -> None:
        self.app_suspend_signal.subscribe(self, self._suspended)
        self.app_resume_signal.subscribe(self, self._resumed)
        if isinstance(self._wanted, Prepared):
            self.equip(self._wanted)
            await self._first_screen()

    def on_ready(self) -> None:
        """The first picture is there: now what takes time."""
        if not isinstance(self._wanted, Prepared):
            self._preparing = asyncio.create_task(self._prepare(self._wanted))

    def get_default_screen(self) -> Screen[Any]:
        """What lies below all screens: the opening, or nothing where it is not needed."""
        if isinstance(self._wanted, Prepared):
            return Screen(id="_default")
        kind = "resume" if self._resume is not None else "question" if self._start_now else "setup"
        return Opening(self.words("app"), self.words(f"opening.{kind}"))

    async def _prepare(self, prepare: Prepare) -> None:
        first = ["setup"] if self._resume is None and not self._start_now else ["interview"]
        modules = ["interviewer.tui.machine_room", *(f"interviewer.tui.screens.{name}" for name in first)]
        if self._start_now:
            modules.append("interviewer.interview")
        try:
            self.equip(await prepared_behind(prepare, modules))
        except Exception as e:
            self.fail(e)
        else:
            await self._first_screen()

    async def _first_screen(self) -> None:
        if self._resume is not None:
            self.resume_interview(self._resume)
        elif self._start_now:
            self.start_interview(self.setup)
        else:
            from interviewer.tui.screens.setup import SetupScreen

            await self.push_screen(SetupScreen(self.words, self.setup))
            self.call_after_refresh(self._look)

    async def _look(self) -> None:
        """After the first paint: is there something to go on with? Then load what is slow."""
        from interviewer.tui.screens.setup import SetupScreen

        opening = await self._open()
        if opening is not None and isinstance(self.screen, SetupScreen):
            self.screen.offer(opening.open_session)
            self._warm()

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
            self._begin(self._start(setup))

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
        await self._painted()
        self._warm()
        try:
            shown = await self.room.start(setup)
        except InterviewerError as e:
            self.fail(e)
            return False
        self.session_id = shown.view.session
        self.report = None
        screen.show(shown)
        return True

    async def _painted(self) -> None:
        """What was put on the screen can be read: from here on the machine may load beside it."""
        painted = asyncio.Event()
        self.call_after_refresh(painted.set)
        await painted.wait()

    def _cannot_start(self, setup: Setup) -> bool:
        from interviewer.tui.screens.setup import SetupScreen

        fault = UsageError(
            f"no question fits role {setup.role}" + (f" and skill {setup.skill}" if setup.skill else ""),
            hint="`interviewer questions` lists what there is",
        )
        if isinstance(self.screen, SetupScreen):
            self.screen.say_error(fault.message, fault.hint)
        else:
            self.fail(fault)
        return False

    def resume_interview(self, session_id: str) -> None:
        if self._starting is None or self._starting.done():
            self._begin(self._go_on(session_id))

    async def _go_on(self, session_id: str) -> bool:
        from interviewer.tui.screens.history import HistoryScreen
        from interviewer.tui.screens.interview import InterviewScreen
        from interviewer.tui.screens.setup import SetupScreen

        if await self._open() is None:
            return False
        if isinstance(self.screen, SetupScreen):
            self.screen.tell(self.words("moving_on"))
        try:
            shown, just_graded = await self.room.resume(session_id)
        except SessionError as e:
            # Held on another map, or on questions that are gone: the screen one came from still serves.
            if isinstance(self.screen, SetupScreen):
                self.screen.say_error(e.message, e.hint)
            elif isinstance(self.screen, HistoryScreen):
                self.notify(f"{e.message}: {e.hint}" if e.hint else e.message, severity="error", markup=False)
            else:
                self.fail(e)
            return False
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
        from interviewer.tui.screens.setup import SetupScreen

        await self._to(SetupScreen(self.words, self.setup))
        await self._look()

    def open_history(self) -> None:
        from interviewer.tui.screens.history import HistoryScreen

        self.run_worker(self._to(HistoryScreen(self.words)), group="open", exclusive=True)

    def open_map(self, setup: Setup) -> None:
        """The map; practice from there is held as `setup` says."""
        from interviewer.tui.screens.atlas import AtlasScreen

        self.run_worker(self._to(AtlasScreen(self.words, setup)), group="open", exclusive=True)

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


def make_app(
    settings: Settings,
    the_map: KnowledgeMap,
    setup: Setup,
    *,
    resume: str | None = None,
    start_now: bool = False,
    judge: JudgeFactory | None = None,
) -> InterviewerApp:
    """The app with everything loaded, as tests want it (which bring a `judge` of their own)."""
    from rubrics import load_rules

    return InterviewerApp(
        Prepared(settings, the_map, setup, load_rules()),
        lang=setup.lang,
        theme=theme_name(settings.theme),
        resume=resume,
        start_now=start_now,
        judge=judge,
    )


def opening_app(
    prepare: Prepare, *, lang: str | None, theme: str | None, resume: str | None, start_now: bool
) -> InterviewerApp:
    """The app at once, with `prepare` run behind its first picture; `lang` and `theme` as on the command line.

    What `prepare` raises ends the app and is its `failure`.
    """
    from interviewer.glimpse import glimpse

    seen_lang, seen_theme = glimpse(lang=lang, theme=theme)
    return InterviewerApp(prepare, lang=seen_lang, theme=theme_name(seen_theme), resume=resume, start_now=start_now)
