"""The question: what kind, how hard, of which skill, why it is asked, its options and its hint."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from interviewer.models import Turn
from interviewer.text import one_line
from interviewer.tui.paint import line, safe
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.words import Words
from knowledge import KnowledgeMap, Question


class QuestionPanel(VerticalScroll):
    def __init__(self) -> None:
        super().__init__()
        self._shown: str | None = None

    def compose(self) -> ComposeResult:
        yield ProseView(id="ask-meta")
        yield ProseView(id="ask-text")
        yield ProseView(id="ask-options")
        yield ProseView(id="ask-hint")
        yield ProseView(id="ask-why")

    def put(self, t: Words, the_map: KnowledgeMap, turn: Turn, question: Question, hint: str | None) -> None:
        """Show the turn; the same turn again (with its hint, say) keeps the place scrolled to."""
        self.query_one("#ask-meta", ProseView).put(_meta(t, the_map, turn, question))
        self.query_one("#ask-text", ProseView).put(safe(turn.text, "bold"))
        self.query_one("#ask-options", ProseView).put(options(turn.options), hang=4)
        self.set_class(bool(turn.options), "-options")
        why = t("why_follow_up" if turn.kind == "follow_up" else "why")
        self.query_one("#ask-why", ProseView).put(
            line((f"{why}{t.colon}", "$quiet"), safe(one_line(turn.why), "$quiet")) if turn.why else ""
        )
        self.query_one("#ask-hint", ProseView).put(
            line(("✱ ", "bold $accent"), (f"{t('hint')}{t.colon}", "bold $accent"), safe(hint)) if hint else "",
            hang=2,
        )
        if self._shown != turn.turn_id + turn.question_id:
            self._shown = turn.turn_id + turn.question_id
            self.scroll_home(animate=False)
        elif hint:
            self.call_after_refresh(self.query_one("#ask-hint").scroll_visible, animate=False)

    @property
    def text(self) -> str:
        return "\n".join(p.text for p in self.query(ProseView) if p.display)


def _meta(t: Words, the_map: KnowledgeMap, turn: Turn, question: Question) -> Content:
    skill = the_map.skills.get(turn.skill)
    parts: list[Content | str | tuple[str, str]] = []
    if turn.kind == "follow_up":
        kind = t("generated") if turn.generated else t.named("rung", turn.rung) if turn.rung else ""
        parts += [(f" ↳ {t('follow_up')}{f' · {kind}' if kind else ''} ", "bold $background on $accent"), " "]
    else:
        parts += [(f" {t.named('kind', question.kind.value)} ", "bold $background on $primary"), " "]
    parts += [(t("difficulty", n=question.difficulty), "$quiet"), (" · ", "$line")]
    parts.append(safe(skill.text(t.lang) if skill else turn.skill, "$quiet"))
    return line(*parts)


def options(texts: list[str]) -> Content:
    """The options of a choice question, lettered, one to a line."""
    rows = [line((f" {chr(ord('A') + n)}  ", "bold $accent"), safe(one_line(o))) for n, o in enumerate(texts)]
    return Content("\n").join(rows) if rows else Content("")
