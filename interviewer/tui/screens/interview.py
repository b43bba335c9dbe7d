"""The interview itself: the question, the editor, the clock, and what can be done with them.

What is typed goes to disk half a second after the last key. An action runs in a worker while the
screen stays alive; one at a time, whatever is pressed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import TextArea

from interviewer.errors import InterviewerError
from interviewer.models import Setup, Turn
from interviewer.text import visible
from interviewer.tui.paint import line
from interviewer.tui.screens.base import FullScreen
from interviewer.tui.screens.confirm import Confirm
from interviewer.tui.screens.menu import Menu
from interviewer.tui.screens.pause import PauseScreen
from interviewer.tui.shown import Shown
from interviewer.tui.widgets.ability_bars import AbilityBars
from interviewer.tui.widgets.answer_editor import LONG, AnswerEditor
from interviewer.tui.widgets.interview_clock import InterviewClock
from interviewer.tui.widgets.key_bar import Key
from interviewer.tui.widgets.map_progress import MapColumn, MapLine
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.widgets.question_panel import QuestionPanel
from interviewer.tui.widgets.status_line import StatusLine
from interviewer.tui.words import Words

DRAFT_SECONDS = 0.5


class InterviewScreen(FullScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", show=False, priority=True),
        Binding("f2", "hint", show=False, priority=True),
        Binding("f3", "skip", show=False, priority=True),
        Binding("f4", "dont_know", show=False, priority=True),
        Binding("f5", "pause", show=False, priority=True),
        Binding("f6", "last", show=False, priority=True),
        Binding("f10", "finish", show=False, priority=True),
        Binding("escape", "menu", show=False, priority=True),
        Binding("ctrl+up", "scroll_question(-2)", show=False, priority=True),
        Binding("ctrl+down", "scroll_question(2)", show=False, priority=True),
    ]

    def __init__(self, words: Words, setup: Setup, preview: Turn | None = None) -> None:
        super().__init__(words)
        self.setup = setup
        self.turn = preview
        """What is on the screen; before the machine is there, what it is known to ask."""
        self.shown: Shown | None = None
        self.busy = False
        self._saved = ""
        """The text as it lies on disk, or as it was given."""
        self._said_for = ""
        """The text that the last notice was about: it stays until that text changes."""
        self._draft_timer: Timer | None = None

    # what there is

    def body(self) -> Iterable[Widget]:
        the_map = self.owner.the_map
        with Horizontal(id="table"):
            with Vertical(id="desk"):
                yield MapLine(the_map, self.words)
                yield QuestionPanel()
                yield AnswerEditor(id="answer")
                yield StatusLine(id="status")
            with VerticalScroll(id="side", can_focus=False):
                yield ProseView(line((self.words("map"), "bold $accent")))
                yield MapColumn(the_map, self.words)
                yield ProseView(line((self.words("abilities"), "bold $accent")), classes="gap")
                yield AbilityBars(the_map, self.words, limit=8)
                yield ProseView(line((self.words("abilities_note"), "$quiet")), classes="gap")

    def beside(self) -> Iterable[Widget]:
        yield InterviewClock(self.owner.room.seconds, self.setup.minutes)

    def keys(self) -> list[Key]:
        t = self.words
        return [
            Key("^S", t("key.submit"), "submit"),
            Key("F2", t("key.hint", cost=f"{self.owner.hint_cost:g}"), "hint", 1),
            Key("F3", t("key.skip"), "skip", 1),
            Key("F4", t("key.dont_know"), "dont_know", 1),
            Key("F5", t("key.pause"), "pause", 2),
            Key("F10", t("key.finish"), "finish", 3),
            Key("Esc", t("key.menu"), "menu"),
            Key("F1", t("key.help"), "app.help", 4),
            Key("^Q", t("key.quit"), "app.leave", 3),
        ]

    @property
    def editor(self) -> AnswerEditor:
        return self.query_one("#answer", AnswerEditor)

    @property
    def status(self) -> StatusLine:
        return self.query_one("#status", StatusLine)

    def on_mount(self) -> None:
        if self.turn is not None:
            self._show_turn(self.turn, number=1, hint=None)
        self._show_progress()
        self.editor.focus()

    # showing

    def show(self, shown: Shown) -> None:
        """Go to the turn of `shown`. What was typed under a preview of the very same turn stays."""
        view = shown.view
        self.shown = shown
        if view.turn is None:
            return
        same = self.turn is not None and _same(self.turn, view.turn)
        self.turn = view.turn
        self._show_turn(view.turn, number=view.number, hint=view.hint)
        if not same or (view.draft and not self.editor.text):
            self.editor.put(view.draft)
            self._saved = self.editor.text
            if view.draft:
                self._say(self.words("draft_restored"))
            else:
                self.status.clear()
        elif self.editor.text != self._saved:
            self._keep_soon()
        self.editor.read_only = False
        self._show_progress()
        self._label_editor()

    def _show_turn(self, turn: Turn, *, number: int, hint: str | None) -> None:
        t, the_map = self.words, self.owner.the_map
        question = the_map.question(turn.question_id)
        self.query_one(QuestionPanel).put(t, the_map, turn, question, hint)
        kind = question.kind.value if turn.kind == "question" else "open"
        self.editor.for_code(kind == "code")
        name = kind if kind in ("choice", "code") else "open"
        self.editor.placeholder = Content(t(f"placeholder.{name}"))
        role = the_map.role(self.setup.role.value).text(t.lang)
        place = t("question_n", n=number, total=self.setup.questions)
        self.top.put(
            line(
                (f" {role}", "bold"),
                (f" · {t.named('level', self.setup.level)}", "$quiet"),
                (f"   {place}", "bold $accent"),
            )
        )
        self._label_editor()

    def _show_progress(self) -> None:
        asked = self.shown.asked if self.shown else {}
        current = self.owner.the_map.skills[self.turn.skill].category if self.turn else None
        for widget in (self.query_one(MapColumn), self.query_one(MapLine)):
            widget.put(self.words, asked, current)
        self.query_one(AbilityBars).put(self.words, self.shown.standings if self.shown else ())

    def _label_editor(self, draft: str = "") -> None:
        t, n = self.words, len(self.editor.text)
        parts = [t("chars", n=f"{n:,}")] if n else []
        limit = self.owner.max_chars
        if n > min(limit, LONG):
            parts.append(t("too_long", n=f"{limit:,}"))
        if draft:
            parts.append(draft)
        self.editor.border_title = Content(t("your_answer"))
        self.editor.border_subtitle = Content(" · ".join(parts))

    def _say(self, text: str, hint: str = "", *, error: bool = False) -> None:
        self._said_for = self.editor.text
        self.status.say(text, hint, error=error)

    # drafts

    @on(TextArea.Changed)
    def typed(self) -> None:
        if self.editor.text == self._saved:
            return
        if not self.status.working and self.editor.text != self._said_for:
            self.status.clear()
        self._label_editor(self.words("draft_pending"))
        self._keep_soon()

    def _keep_soon(self) -> None:
        if self._draft_timer is not None:
            self._draft_timer.stop()
        self._draft_timer = self.set_timer(DRAFT_SECONDS, self.keep_draft)

    def unsaved(self) -> tuple[str, str] | None:
        """The turn and the text that are not on disk yet."""
        if self.turn is None or self.busy or self.editor.read_only or self.editor.text == self._saved:
            return None
        return self.turn.turn_id, self.editor.text

    async def keep_draft(self) -> None:
        """Put what is typed on disk. A failure is said, and tried again at the next key."""
        todo = self.unsaved()
        if todo is None or self.shown is None:
            return
        try:
            await self.owner.room.save_draft(*todo)
        except InterviewerError as e:
            self._say(self.words("draft_failed", why=e.message), e.hint or "", error=True)
            return
        self._saved = todo[1]
        if self.editor.text == self._saved:
            self._label_editor(self.words("draft_saved"))

    # what the candidate does

    def action_submit(self) -> None:
        if self.busy or self.turn is None:
            return
        if not self.editor.text.strip():
            self._say(self.words("empty_answer"))
            return
        self._act("answer", self.words("judging"))

    def action_hint(self) -> None:
        if self.busy or self.turn is None:
            return
        if self.turn.kind != "question":
            self._say(self.words("hint_not_here"))
        elif self.shown is not None and self.shown.view.hint:
            self._say(self.words("hint_taken"))
        else:
            self._act("hint", self.words("moving_on"))

    def action_skip(self) -> None:
        self._unless_written("skip")

    def action_dont_know(self) -> None:
        self._unless_written("dont_know")

    def _unless_written(self, action: str) -> None:
        """Ask first when there is text that would be lost."""
        if self.busy or self.turn is None:
            return
        if not self.editor.text.strip():
            self._act(action, self.words("moving_on"))
            return
        t = self.words
        self.app.push_screen(
            Confirm(t, t(f"confirm.{action}"), t("confirm.lose_text")),
            lambda yes: self._act(action, t("moving_on")) if yes else None,
        )

    def action_finish(self) -> None:
        if self.busy or self.turn is None:
            return
        t = self.words
        self.app.push_screen(
            Confirm(t, t("confirm.finish"), t("confirm.finish_why")),
            lambda yes: self._act("finish", t("moving_on")) if yes else None,
        )

    def _act(self, action: str, saying: str) -> None:
        if self.busy or self.turn is None:
            return
        self.busy = True
        self.editor.read_only = True
        self.status.work(saying if self.shown is not None and self.owner.ready else self.words("waiting"))
        self.run_worker(
            self._carry_out(action, self.turn.turn_id, self.editor.text),
            group="act",
            exclusive=True,
            exit_on_error=False,
        )

    async def _carry_out(self, action: str, turn_id: str, text: str) -> None:
        try:
            if not await self.owner.started():
                return
            shown = await self.owner.room.act(action, turn_id, text)
        except InterviewerError as e:
            await self._failed(turn_id, action, e.message, e.hint)
            return
        except Exception as e:  # whatever it is, the text must stay and the screen must live
            await self._failed(turn_id, action, f"{type(e).__name__}: {e}", None)
            return
        self.busy = False
        if action == "hint":
            self.editor.read_only = False
            self.shown = shown
            self.status.clear()
            if shown.view.turn is not None:
                self._show_turn(shown.view.turn, number=shown.view.number, hint=shown.view.hint)
            return
        self._saved = self.editor.text
        self.owner.after(action, shown)

    async def _failed(self, turn_id: str, action: str, message: str, hint: str | None) -> None:
        committed = False
        try:
            committed = await self.owner.room.is_committed(turn_id)
        except Exception as e:  # the store itself is what failed: then nothing was committed
            self.log.warning(f"cannot look up turn {turn_id}: {type(e).__name__}")
        self.busy = False
        self.editor.read_only = committed
        say = "saved_not_judged" if committed else "not_saved" if action == "answer" else "not_done"
        self._say(visible(message), f"{self.words(say)} {visible(hint or '')}".rstrip(), error=True)
        self.editor.focus()
        if not committed:
            self._keep_soon()

    def action_pause(self) -> None:
        if not self.busy and self.turn is not None:
            self.run_worker(self._pause(), group="pause", exclusive=True)

    async def _pause(self) -> None:
        await self.keep_draft()
        await self.owner.room.pause()
        await self.app.push_screen_wait(PauseScreen(self.words, self.owner.room.seconds()))
        await self.owner.room.read_on()

    def action_last(self) -> None:
        if self.shown is not None and self.shown.answered and not self.busy:
            self.owner.show_feedback(self.shown, again=True)

    def action_menu(self) -> None:
        keys = [k for k in self.keys() if k.action != "menu"]
        if self.shown is not None and self.shown.answered:
            keys.insert(5, Key("F6", self.words("key.last"), "last"))
        self.app.push_screen(Menu(self.words, keys), self._from_menu)

    async def _from_menu(self, action: str | None) -> None:
        if action is not None:
            await self.run_action(action)

    def action_scroll_question(self, by: int) -> None:
        self.query_one(QuestionPanel).scroll_relative(y=by, animate=False)

    def on_screen_resume(self) -> None:
        if self.is_mounted and self.query(AnswerEditor):
            self.editor.focus()


def _same(a: Turn, b: Turn) -> bool:
    return (a.turn_id, a.question_id, a.option_order) == (b.turn_id, b.question_id, b.option_order)
