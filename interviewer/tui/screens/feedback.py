"""After an answer: the verdict with its evidence, and, once its thread is over, what to learn from it.

While a follow-up is still to come it shows only what the candidate did say: nothing that would answer
the follow-up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import TabbedContent, TabPane, Tabs

from interviewer.models import JudgeInfo, Turn
from interviewer.tui.paint import bar, line, marks, safe, score_tone
from interviewer.tui.screens.base import FullScreen
from interviewer.tui.shown import Shown
from interviewer.tui.widgets.key_bar import Key
from interviewer.tui.widgets.marked_answer import marked_answer
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.widgets.teaching import reference, sources, talk
from interviewer.tui.widgets.verdict_list import GIVEN_AWAY, VerdictList
from interviewer.tui.words import Words


class FeedbackScreen(FullScreen):
    """Enter leaves it; `owner` decides what comes next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", show=False, priority=True),
        Binding("escape", "go_on", show=False),
        Binding("left", "tab(-1)", show=False, priority=True),
        Binding("right", "tab(1)", show=False, priority=True),
        Binding("up", "scroll(-1)", show=False, priority=True),
        Binding("down", "scroll(1)", show=False, priority=True),
        Binding("pageup", "scroll(-10)", show=False, priority=True),
        Binding("pagedown,space", "scroll(10)", show=False, priority=True),
        Binding("home", "scroll(-9999)", show=False, priority=True),
        Binding("end", "scroll(9999)", show=False, priority=True),
    ]

    AUTO_FOCUS = None

    def __init__(self, words: Words, shown: Shown) -> None:
        super().__init__(words)
        self.shown = shown
        self.held_back = shown.thread_open
        """A follow-up to this question comes next."""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The last turn while the thread goes on, all of the thread afterwards."""
        answered = self.shown.answered
        return answered[-1:] if self.held_back else answered

    def keys(self) -> list[Key]:
        t = self.words
        if self.held_back:
            on = t("key.to_follow_up")
        else:
            on = t("key.to_report") if self.shown.view.finished else t("key.next")
        keys = [Key("⏎", on, "go_on"), Key("↑↓", t("key.scroll"), "scroll(5)", 2)]
        if not self.held_back:
            keys.insert(1, Key("←→", t("key.tabs"), "tab(1)", 1))
        return [*keys, Key("F1", t("key.help"), "app.help", 3), Key("^Q", t("key.quit"), "app.leave", 3)]

    def body(self) -> Iterable[Widget]:
        yield self._score()
        yield self._ability()
        if self.held_back:
            with Container(id="only-verdict"):
                yield self._verdict()
            return
        t, the_map = self.words, self.owner.the_map
        question = the_map.question(self.turns[0].question_id)
        first = self.turns[0]
        with TabbedContent():
            with TabPane(Content(t("tab.verdict")), id="verdict"):
                yield self._verdict()
            with TabPane(Content(t("tab.reference")), id="reference"):
                yield VerticalScroll(*reference(t, question, first), can_focus=False)
            with TabPane(Content(t("tab.talk")), id="talk"):
                yield VerticalScroll(*talk(t, question), can_focus=False)
            with TabPane(Content(t("tab.sources")), id="sources"):
                yield VerticalScroll(*sources(t, question), can_focus=False)

    def on_mount(self) -> None:
        t, first = self.words, self.turns[0]
        skill = self.owner.the_map.skills.get(first.skill)
        self.top.put(
            line(
                (f" {t('tab.verdict')}", "bold"),
                (" · ", "$line"),
                safe(skill.text(t.lang) if skill else first.skill, "bold $accent"),
            ),
            line((self._judge(), "$quiet")),
        )
        for tabs in self.query(Tabs):
            tabs.can_focus = False

    def _judge(self) -> str:
        t = self.words
        info: JudgeInfo | None = next((x.judgement.judge for x in reversed(self.turns) if x.judgement), None)
        if info is None:
            return ""
        if info.kind == "offline":
            text = t("by_offline")
        elif info.kind == "llm":
            text = t("by_llm", name=info.model or "?")
        else:
            text = t("by_other", name=info.kind)
        return f"{text}{t.comma}{t('by_fallback')}" if info.fallback else text

    # the score on top

    def _score(self) -> ProseView:
        t, result = self.words, self.shown.result
        last = self.turns[-1]
        j = last.judgement
        if result is not None and len(self.turns) + result.hints > 1:
            return ProseView(self._thread_score(), id="score")
        if j is None or j.score is None:
            word = t.named("status", last.action) if last.action == "skip" else t("unscored")
            return ProseView(line((f"–  {word}", "bold $quiet")), id="score")
        parts: list[Content | str | tuple[str, str]] = [
            (f"{marks(j.score)}", f"bold {score_tone(j.score)}"),
            (" / 10  ", "$quiet"),
            bar(j.score / 10, 20, score_tone(j.score)),
            (f"  {self.owner.grade_name(j.grade, t.lang)}", "bold"),
        ]
        if j.interval is not None:
            low, high = j.interval
            parts.append((f"  {t('interval', low=marks(low), high=marks(high))}", "$quiet"))
        if j.needs_review:
            parts.append((f" · {t('needs_review')}", "$warning"))
        return ProseView(line(*parts), id="score")

    def _thread_score(self) -> Content:
        """First attempt, after follow-ups and what counts, apart."""
        t, r = self.words, self.shown.result
        assert r is not None
        pairs = [(t("first_attempt"), r.first_attempt), (t("after_probe"), r.after_probe)]
        parts: list[Content | str | tuple[str, str]] = []
        for name, value in pairs:
            if value is not None:
                parts += [(f"{name} ", "$quiet"), (marks(value), "bold"), ("  →  ", "$line")]
        parts += [(f"{t('final')} ", "$quiet"), (marks(r.final), f"bold {score_tone(r.final)}")]
        if r.final is not None:
            parts += ["  ", bar(r.final / 10, 10, score_tone(r.final))]
        if r.hints:
            parts.append((f"  {t('hint_cost', n=f'{self.owner.hint_cost * r.hints:g}')}", "$warning"))
        return line(*parts)

    def _ability(self) -> ProseView:
        """What the answers so far say of the skill that was asked about."""
        t, skill = self.words, self.turns[0].skill
        standing = next((s for s in self.shown.standings if s.skill == skill), None)
        view = ProseView(id="ability")
        if standing is None:
            view.display = False
        else:
            view.put(
                line(
                    (f"{t('ability')}  ", "$quiet"),
                    bar(standing.level / 100, 20),
                    (f"  {standing.level:.0f}", "bold"),
                    (f"  {t('abilities_note')}", "$quiet"),
                )
            )
        return view

    # the verdict

    def _verdict(self) -> VerticalScroll:
        blocks: list[Widget] = []
        if self.held_back:
            blocks.append(
                ProseView(line(("↳ ", "bold $accent"), (self.words("held_back"), "$accent")), hang=2, classes="note")
            )
        number = 0
        several = len(self.turns) > 1
        for turn in self.turns:
            number += turn.kind == "follow_up"
            blocks.append(self._attempt(turn, number, several))
        return VerticalScroll(*blocks, can_focus=False)

    def _attempt(self, turn: Turn, number: int, several: bool) -> Widget:
        t, j = self.words, turn.judgement
        parts: list[Widget] = []
        if several or turn.kind == "follow_up":
            name = t("first_attempt") if turn.kind == "question" else t("follow_up_n", n=number)
            kind = t("generated") if turn.generated else t.named("rung", turn.rung) if turn.rung else ""
            rung = f" · {kind}" if kind else ""
            score = j.score if j else None
            word = "" if j else f"  {t.named('status', {'skip': 'skipped'}.get(turn.action or '', 'unscored'))}"
            parts.append(
                ProseView(
                    line(
                        (f"{name}{rung}  ", "bold $accent"),
                        (marks(score) if j else "", f"bold {score_tone(score)}"),
                        (word, "$quiet"),
                    ),
                    classes="attempt",
                )
            )
            if turn.kind == "follow_up":
                parts.append(ProseView(safe(turn.text, "$quiet"), classes="asked"))
        if j is not None:
            chose = self._choice(turn)
            if chose is not None:
                parts.append(chose)
            answer = [ProseView(line((t("your_answer"), "bold")), classes="head")]
            answer.append(
                ProseView(marked_answer(t, turn, only=GIVEN_AWAY if self.held_back else None), classes="answer")
            )
            if any(p.evidence for p in j.points) or j.misconceptions:
                answer.append(ProseView(line((t("legend"), "$quiet")), classes="gap"))
            parts.append(
                Horizontal(
                    Vertical(VerdictList(t, j, held_back=self.held_back), classes="points"),
                    Vertical(*answer, classes="words"),
                    classes="both",
                )
            )
        return Vertical(*parts, classes="turn")

    def _choice(self, turn: Turn) -> ProseView | None:
        """Which option was chosen, and whether it was the right one."""
        question = self.owner.the_map.question(turn.question_id)
        chosen = (turn.judgement.chosen or "").upper() if turn.judgement else ""
        if self.held_back or turn.kind != "question" or not chosen or question.key_index is None:
            return None
        t, order = self.words, turn.option_order or list(range(len(question.choices)))
        key = chr(ord("A") + order.index(question.key_index))
        right = chosen == key
        said = t("chose_right") if right else t("chose_wrong", letter=key)
        style = "bold $success" if right else "bold $error"
        return ProseView(
            line((f"{'✓' if right else '✗'} {t('chose', letter=chosen)}{t.colon}{said}", style)),
            classes="chose",
        )

    # keys

    def _scroll_now(self) -> VerticalScroll:
        panes = self.query(TabbedContent)
        root: Widget = panes.first().active_pane or self if panes else self.query_one("#only-verdict")
        return root.query(VerticalScroll).first()

    def action_scroll(self, by: int) -> None:
        self._scroll_now().scroll_relative(y=by, animate=False)

    def action_tab(self, by: int) -> None:
        for tabs in self.query(Tabs):
            if by > 0:
                tabs.action_next_tab()
            else:
                tabs.action_previous_tab()

    def action_go_on(self) -> None:
        self.dismiss(None)
