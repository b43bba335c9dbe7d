"""The interview itself: what the candidate can do at the desk.

An action runs in a worker while the screen stays alive; one at a time, whatever is pressed. Dialogs are
imported when they are opened: the first question does not wait for them.
"""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from interviewer.errors import InterviewerError
from interviewer.text import visible
from interviewer.tui.screens.desk import Desk
from interviewer.tui.widgets.key_bar import Key
from interviewer.tui.widgets.question_panel import QuestionPanel


class InterviewScreen(Desk):
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
        from interviewer.tui.screens.confirm import Confirm

        t = self.words
        self.app.push_screen(
            Confirm(t, t(f"confirm.{action}"), t("confirm.lose_text")),
            lambda yes: self._act(action, t("moving_on")) if yes else None,
        )

    def action_finish(self) -> None:
        if self.busy or self.turn is None:
            return
        from interviewer.tui.screens.confirm import Confirm

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
        from interviewer.tui.screens.pause import PauseScreen

        await self.keep_draft()
        await self.owner.room.pause()
        await self.app.push_screen_wait(PauseScreen(self.words, self.owner.room.seconds()))
        await self.owner.room.read_on()

    def action_last(self) -> None:
        if self.shown is not None and self.shown.answered and not self.busy:
            self.owner.show_feedback(self.shown, again=True)

    def action_menu(self) -> None:
        from interviewer.tui.screens.menu import Menu

        keys = [k for k in self.keys() if k.action != "menu"]
        if self.shown is not None and self.shown.answered:
            keys.insert(5, Key("F6", self.words("key.last"), "last"))
        self.app.push_screen(Menu(self.words, keys), self._from_menu)

    async def _from_menu(self, action: str | None) -> None:
        if action is not None:
            await self.run_action(action)

    def action_scroll_question(self, by: int) -> None:
        self.query_one(QuestionPanel).scroll_relative(y=by, animate=False)
