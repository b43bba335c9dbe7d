"""Choosing the skill to practise: type to filter, Enter takes it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from interviewer.tui.paint import line, safe
from interviewer.tui.screens.base import Dialog
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.words import Words
from knowledge import KnowledgeMap, Role, Skill


class PickSkill(Dialog):
    """Dismissed with a skill's id, "" for no skill, None when left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(8)", show=False, priority=True),
        Binding("pageup", "move(-8)", show=False, priority=True),
    ]

    def __init__(self, words: Words, the_map: KnowledgeMap, role: Role) -> None:
        super().__init__(words)
        self.the_map = the_map
        self.skills = sorted((s for s in the_map.skills.values() if s.questions), key=lambda s: -s.weights[role])

    def compose(self) -> ComposeResult:
        with Vertical(classes="box tall"):
            yield ProseView(line((self.words("pick.title"), "bold")))
            yield Input(placeholder=self.words("pick.filter"), compact=True)
            yield OptionList(compact=True, markup=False)

    def on_mount(self) -> None:
        self._fill("")
        self.query_one(Input).focus()

    def _fill(self, wanted: str) -> None:
        low = wanted.strip().casefold()
        found = [s for s in self.skills if not low or any(low in n.casefold() for n in (s.id, s.zh, s.en))]
        options = [Option(self._prompt(s), id=s.id) for s in found]
        if not low:
            options.insert(0, Option(line((self.words("setup.any_skill"), "$quiet")), id="-any"))
        menu = self.query_one(OptionList)
        menu.clear_options()
        menu.add_options(options)
        menu.highlighted = 0 if options else None

    def _prompt(self, s: Skill) -> Content:
        category = next((c for c in self.the_map.categories if c.id == s.category), None)
        name = category.text(self.words.lang) if category else s.category
        return line(safe(s.text(self.words.lang)), "  ", safe(f"{name} · {len(s.questions)}", "$quiet"))

    @on(Input.Changed)
    def filter(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def action_move(self, by: int) -> None:
        menu = self.query_one(OptionList)
        if menu.option_count:
            menu.highlighted = min(max((menu.highlighted or 0) + by, 0), menu.option_count - 1)

    @on(Input.Submitted)
    def take(self) -> None:
        menu = self.query_one(OptionList)
        if menu.highlighted is not None:
            self._take(menu.get_option_at_index(menu.highlighted))

    @on(OptionList.OptionSelected)
    def clicked(self, event: OptionList.OptionSelected) -> None:
        self._take(event.option)

    def _take(self, option: Option) -> None:
        self.dismiss("" if option.id == "-any" else option.id)
