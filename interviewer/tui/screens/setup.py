"""The set-up screen: role, level, language, length, what to practise, or going on with the last one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget

from interviewer.models import Setup
from interviewer.store import SessionRow
from interviewer.tui.paint import line, safe
from interviewer.tui.screens.base import FullScreen
from interviewer.tui.when import when
from interviewer.tui.widgets.action_row import ActionRow
from interviewer.tui.widgets.choice_row import LABEL_CELLS, ChoiceRow
from interviewer.tui.widgets.key_bar import Key, KeyBar
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.widgets.status_line import StatusLine
from interviewer.tui.words import Words
from knowledge.models import Lang, Level, Role

QUESTIONS = [2, 3, 4, 5, 6, 8, 10, 12, 15, 20]
MINUTES: list[float] = [10, 15, 20, 30, 45, 60, 90, 120]
LEVELS: list[Level] = ["junior", "mid", "senior"]
LANGS: list[Lang] = ["zh", "en"]


class SetupScreen(FullScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", show=False),
        Binding("r", "resume", show=False),
        Binding("h", "history", show=False),
        Binding("m", "map", show=False),
        Binding("space", "pick", show=False),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, words: Words, setup: Setup) -> None:
        super().__init__(words)
        self.setup = setup
        self.open_session: SessionRow | None = None

    def body(self) -> Iterable[Widget]:
        s = self.setup
        with_questions = [k.id for k in self.owner.the_map.skills.values() if k.questions]
        skills: list[str | None] = [None, *with_questions]
        if s.skill not in skills:
            skills.append(s.skill)
        with VerticalScroll(id="setup", can_focus=False), Vertical(id="form"):
            yield ProseView(id="title")
            yield ActionRow("resume", id="resume")
            yield ChoiceRow([r.id for r in self.owner.the_map.roles], s.role, id="role")
            yield ProseView(id="about")
            yield ChoiceRow(LEVELS, s.level, id="level")
            yield ChoiceRow(LANGS, s.lang, id="lang")
            yield ChoiceRow(sorted({*QUESTIONS, s.questions}), s.questions, compact=True, id="questions")
            yield ChoiceRow(sorted({*MINUTES, s.minutes}), s.minutes, compact=True, id="minutes")
            yield ChoiceRow(skills, s.skill, compact=True, id="skill")
            yield ProseView(id="judge", classes="fact")
            yield ProseView(id="embedder", classes="fact")
            yield ActionRow("start", id="start")
            yield StatusLine(id="progress")

    def keys(self) -> list[Key]:
        t = self.words
        keys = [
            Key("⏎", t("key.start"), "start"),
            Key("↑↓", t("key.move"), "app.focus_next", 2),
            Key("←→", t("key.change"), "change", 2),
            Key("M", t("key.map"), "map", 1),
            Key("H", t("key.history"), "history"),
            Key("F1", t("key.help"), "app.help"),
            Key("^Q", t("key.quit"), "app.leave"),
        ]
        if self.open_session is not None:
            keys.insert(1, Key("R", t("key.resume"), "resume"))
        return keys

    def on_mount(self) -> None:
        self.query_one("#resume").display = False
        self.query_one("#questions").disabled = bool(self.setup.only)
        self.relabel()
        self.query_one("#role").focus()

    def _row(self, name: str) -> ChoiceRow[object]:
        return self.query_one(f"#{name}", ChoiceRow)

    def relabel(self) -> None:
        """Every word of the screen, in the language chosen."""
        t, the_map = self.words, self.owner.the_map
        self.top.put(line((f" {t('app')}", "bold")), line((self.owner.version, "$quiet")))
        self.query_one("#title", ProseView).put("")
        self._row("role").put(t("setup.role"), [r.brief(t.lang) for r in the_map.roles])
        role = the_map.role(self._role())
        self.query_one("#about", ProseView).put(
            line(
                " " * LABEL_CELLS,
                (" ", ""),
                safe(role.text(t.lang), "$foreground"),
                (f"{t.colon}{role.about.text(t.lang)}", "$quiet"),
            ),
            hang=LABEL_CELLS + 1,
        )
        self._row("level").put(t("setup.level"), [t.named("level", v) for v in LEVELS])
        self._row("lang").put(t("setup.lang"), [t.named("lang", v) for v in LANGS])
        probes = t("setup.follow_ups", n=self.setup.follow_ups) if self.setup.follow_ups else t("setup.no_follow_ups")
        asked = t("setup.only", n=len(self.setup.only)) if self.setup.only else probes
        self._row("questions").put(
            t("setup.questions"), [t("setup.n_questions", n=v) for v in self._row("questions").values], asked
        )
        self._row("minutes").put(
            t("setup.minutes"), [t("setup.n_minutes", n=f"{v:g}") for v in self._row("minutes").values]
        )
        skills = [the_map.skills[str(v)].text(t.lang) if v else t("setup.any_skill") for v in self._row("skill").values]
        self._row("skill").put(t("setup.skill"), skills, t("setup.pick_skill"))
        self._fact("judge", t("setup.judge"), self.owner.judge_name(t))
        self._fact("embedder", t("setup.embedder"), self.owner.settings.embedder or t("setup.embedded"))
        self.query_one("#start", ActionRow).put("⏎", t("setup.start"))
        self._show_resume()
        self.query_one(KeyBar).run_worker(self.query_one(KeyBar).put(self.keys()), exclusive=True)

    def _fact(self, name: str, label: str, text: str) -> None:
        from interviewer.text import pad

        self.query_one(f"#{name}", ProseView).put(
            line((" " + pad(label, LABEL_CELLS), "$quiet"), safe(text, "$quiet")), hang=LABEL_CELLS + 1
        )

    def _role(self) -> Role:
        return str(self._row("role").value)

    def offer(self, row: SessionRow | None) -> None:
        """There is an open interview to go on with."""
        self.open_session = row
        self._show_resume()
        self.query_one(KeyBar).run_worker(self.query_one(KeyBar).put(self.keys()), exclusive=True)

    def _show_resume(self) -> None:
        row = self.open_session
        action = self.query_one("#resume", ActionRow)
        action.display = row is not None
        if row is not None:
            t, the_map = self.words, self.owner.the_map
            names = {r.id: r.text(t.lang) for r in the_map.roles}
            what = t(
                "setup.resume_row",
                role=names.get(row.role, row.role),
                when=when(row.updated_at),
                n=row.answered,
            )
            action.put("R", t("setup.resume"), what)

    @on(ChoiceRow.Changed)
    def changed(self, event: ChoiceRow.Changed) -> None:
        if event.row.id == "lang":
            self.words = Words(self._lang())
            self.owner.words = self.words
        self.relabel()

    def _lang(self) -> Lang:
        return "en" if self._row("lang").value == "en" else "zh"

    def chosen(self) -> Setup:
        """The set-up as it stands on the screen."""
        return Setup.model_validate(
            {
                **self.setup.model_dump(),
                "role": self._role(),
                "level": self._row("level").value,
                "lang": self._lang(),
                "questions": len(self.setup.only) or self._row("questions").value,
                "minutes": self._row("minutes").value,
                "skill": self._row("skill").value,
            }
        )

    def tell(self, text: str, *, done: bool = False) -> None:
        """How the loading in the background goes."""
        status = self.query_one("#progress", StatusLine)
        if done:
            status.say(text)
        else:
            status.work(text)

    def say_error(self, message: str, hint: str | None) -> None:
        self.query_one("#progress", StatusLine).say(message, hint or "", error=True)

    @on(ActionRow.Chosen)
    def row_chosen(self, event: ActionRow.Chosen) -> None:
        if event.action == "resume":
            self.action_resume()
        else:
            self.action_start()

    def action_start(self) -> None:
        self.owner.start_interview(self.chosen())

    def action_resume(self) -> None:
        if self.open_session is not None:
            self.owner.resume_interview(self.open_session.id)

    def action_history(self) -> None:
        self.owner.open_history()

    def action_map(self) -> None:
        self.owner.open_map(self.chosen())

    def action_change(self) -> None:
        if isinstance(self.focused, ChoiceRow):
            self.focused.action_step(1)

    def action_pick(self) -> None:
        from interviewer.tui.screens.pick import PickSkill

        if self.focused is self._row("skill"):
            self.app.push_screen(PickSkill(self.words, self.owner.the_map, self._role()), self._picked)

    def _picked(self, skill: str | None) -> None:
        if skill is not None:
            self._row("skill").choose(skill or None)
