"""What lies on the desk: the question, the editor, the clock, the map; and the draft that is kept.

What is typed goes to disk half a second after the last key. What can be done with it is in `interview.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import TextArea

from interviewer.errors import InterviewerError
from interviewer.models import Setup, Turn
from interviewer.tui.paint import line
from interviewer.tui.screens.base import FullScreen
from interviewer.tui.shown import Shown
from interviewer.tui.widgets.ability_bars import AbilityBars
from interviewer.tui.widgets.answer_editor import LONG, AnswerEditor
from interviewer.tui.widgets.interview_clock import InterviewClock
from interviewer.tui.widgets.map_progress import MapColumn, MapLine
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.widgets.question_panel import QuestionPanel
from interviewer.tui.widgets.status_line import StatusLine
from interviewer.tui.words import Words

DRAFT_SECONDS = 0.5


class Desk(FullScreen):
    """Shows a turn and keeps what is written to it. Subclasses give `keys` and act."""

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
        role = the_map.role(self.setup.role).text(t.lang)
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

    def on_screen_resume(self) -> None:
        if self.is_mounted and self.query(AnswerEditor):
            self.editor.focus()


def _same(a: Turn, b: Turn) -> bool:
    return (a.turn_id, a.question_id, a.option_order) == (b.turn_id, b.question_id, b.option_order)
