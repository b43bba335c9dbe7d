"""The knowledge map to browse: type to search, read what a skill is and builds on, start practice on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from interviewer.errors import InterviewerError
from interviewer.models import Setup
from interviewer.text import truncate
from interviewer.tui.paint import bar, line, safe
from interviewer.tui.screens.base import FullScreen
from interviewer.tui.widgets.key_bar import Key
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.widgets.status_line import StatusLine
from interviewer.tui.words import Words
from knowledge import Question, Skill

BAR_CELLS = 6
NAME_CELLS = 30
STANDINGS = ("must", "deep", "nice")


class AtlasScreen(FullScreen):
    """`setup` says for which role and language practice would start."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "read(1)", show=False, priority=True),
        Binding("pageup", "read(-1)", show=False, priority=True),
    ]

    def __init__(self, words: Words, setup: Setup) -> None:
        super().__init__(words)
        self.setup = setup
        self.standing: dict[str, float] = {}

    def keys(self) -> list[Key]:
        t = self.words
        return [
            Key("⏎", t("key.practise"), "practise"),
            Key("↑↓", t("key.move"), "move(1)", 2),
            Key("PgDn", t("key.scroll"), "read(1)", 2),
            Key("Esc", t("key.back"), "back"),
            Key("F1", t("key.help"), "app.help", 1),
            Key("^Q", t("key.quit"), "app.leave"),
        ]

    def body(self) -> Iterable[Widget]:
        with Horizontal(id="atlas"):
            with Vertical(id="atlas-list"):
                yield Input(placeholder=self.words("atlas.filter"), compact=True)
                yield OptionList(compact=True, markup=False)
            with VerticalScroll(id="atlas-skill", can_focus=False):
                yield ProseView(id="atlas-name")
                yield ProseView(id="atlas-about")
                yield ProseView(id="atlas-links")
                yield ProseView(id="atlas-questions", hang=2)
        yield StatusLine(id="status")

    async def on_mount(self) -> None:
        t, the_map = self.words, self.owner.the_map
        counted = t("atlas.counted", skills=len(the_map.skills), questions=len(the_map.questions))
        role = the_map.role(self.setup.role).brief(t.lang)
        self.top.put(line((f" {t('atlas')}", "bold"), (f" · {role} · {counted}", "$quiet")))
        self._fill("")
        self.query_one(Input).focus()
        try:
            self.standing = await self.owner.room.standing()
        except InterviewerError as e:
            self.query_one("#status", StatusLine).say(e.message, e.hint or "", error=True)
        if self.standing:
            self._fill(self.query_one(Input).value)

    # the list

    def _fill(self, wanted: str) -> None:
        the_map, words = self.owner.the_map, wanted.casefold().split()
        menu = self.query_one(OptionList)
        kept = self._skill()
        options: list[Option] = []
        for c in the_map.categories:
            inside = [s for s in the_map.skills.values() if s.category == c.id and self._fits(s, words)]
            if inside:
                heading = line((c.text(self.words.lang), "bold $accent"))
                options.append(Option(heading, disabled=True))
                options += [Option(self._prompt(s), id=s.id) for s in inside]
        menu.clear_options()
        menu.add_options(options)
        ids = [o.id for o in options]
        first = next((n for n, i in enumerate(ids) if i), None)
        menu.highlighted = ids.index(kept.id) if kept is not None and kept.id in ids else first
        self._show(self._skill())

    def _fits(self, s: Skill, words: list[str]) -> bool:
        """Every word stands in the skill's names, its scope, or one of its questions."""
        texts = (
            s.id,
            s.zh,
            s.en,
            s.scope.zh,
            s.scope.en,
            *(x for q in s.questions for x in (q.id, q.ask.zh, q.ask.en)),
        )
        whole = "\n".join(texts).casefold()
        return all(w in whole for w in words)

    def _prompt(self, s: Skill) -> Content:
        name = truncate(s.text(self.words.lang), NAME_CELLS)
        level = self.standing.get(s.id)
        own = bar(level / 100, BAR_CELLS) if level is not None else Content(" " * BAR_CELLS)
        room = line(own, " ") if self.standing else Content("")
        stars = "★" * s.weights[self.setup.role]
        return line(" ", room, safe(name), (f"  {len(s.questions)}", "$quiet"), (f" {stars}", "$accent"))

    def _skill(self) -> Skill | None:
        menu = self.query_one(OptionList)
        if menu.highlighted is None:
            return None
        chosen = menu.get_option_at_index(menu.highlighted).id
        return self.owner.the_map.skills.get(chosen or "")

    # the skill

    def _show(self, s: Skill | None) -> None:
        t, the_map = self.words, self.owner.the_map
        views = {n: self.query_one(f"#atlas-{n}", ProseView) for n in ("name", "about", "links", "questions")}
        if s is None:
            views["name"].put(line((t("atlas.none"), "$quiet")))
            for name in ("about", "links", "questions"):
                views[name].put("")
            return
        level = self.standing.get(s.id)
        own = line("   ", bar(level / 100, 10), f" {level:.0f}%") if level is not None else Content("")
        views["name"].put(line(safe(s.text(t.lang), "bold"), (f"  {t('difficulty', n=s.difficulty)}", "$quiet"), own))
        views["about"].put(safe(s.scope.text(t.lang)))
        before = [the_map.skills[p].text(t.lang) for p in s.prerequisites]
        after = [o.text(t.lang) for o in the_map.skills.values() if s.id in o.prerequisites]
        links = [
            line((f"{t(key)}{t.colon}", "$quiet"), safe("、".join(names) if t.lang == "zh" else ", ".join(names)))
            for key, names in (("atlas.before", before), ("atlas.after", after))
            if names
        ]
        views["links"].put(Content("\n").join(links) if links else "")
        rows = [self._row(q) for q in sorted(s.questions, key=self._rank)]
        views["questions"].put(Content("\n").join(rows) if rows else line((t("atlas.no_questions"), "$quiet")))
        self.query_one("#atlas-skill", VerticalScroll).scroll_home(animate=False)

    def _rank(self, q: Question) -> tuple[int, int]:
        standing = q.roles.get(self.setup.role)
        return (STANDINGS.index(standing) if standing else len(STANDINGS), q.difficulty)

    def _row(self, q: Question) -> Content:
        t, standing = self.words, q.roles.get(self.setup.role)
        about = [t(f"atlas.{standing}") if standing else "", t.named("kind", q.kind.value), str(q.difficulty)]
        tone = "$accent" if standing == "must" else "$quiet"
        return line(("· ", tone), safe(q.ask.text(t.lang)), (f"  {' · '.join(a for a in about if a)}", tone))

    # what one does

    @on(Input.Changed)
    def search(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(OptionList.OptionHighlighted)
    def moved(self) -> None:
        self._show(self._skill())

    @on(Input.Submitted)
    def entered(self) -> None:
        self.action_practise()

    @on(OptionList.OptionSelected)
    def clicked(self) -> None:
        self.query_one(Input).focus()

    def action_move(self, by: int) -> None:
        menu = self.query_one(OptionList)
        if by > 0:
            menu.action_cursor_down()
        else:
            menu.action_cursor_up()

    def action_read(self, by: int) -> None:
        pane = self.query_one("#atlas-skill", VerticalScroll)
        pane.scroll_relative(y=by * max(1, pane.size.height - 2), animate=False)

    def action_practise(self) -> None:
        s = self._skill()
        if s is None:
            return
        if not s.questions:
            self.query_one("#status", StatusLine).say(self.words("atlas.no_questions"), error=True)
            return
        self.owner.start_interview(self.setup.model_copy(update={"skill": s.id, "only": []}))

    def action_back(self) -> None:
        self.owner.setup = self.setup
        self.owner.open_setup()
