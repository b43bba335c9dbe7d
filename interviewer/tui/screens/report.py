"""The report on the screen, and saving it as HTML and Markdown."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from interviewer.errors import InterviewerError
from interviewer.models import QuestionResult, Report
from interviewer.text import cell_width, one_line, pad, truncate, visible
from interviewer.tui.paint import bar, line, marks, safe, score_tone
from interviewer.tui.screens.base import FullScreen
from interviewer.tui.when import when
from interviewer.tui.widgets.ability_bars import AbilityBars
from interviewer.tui.widgets.key_bar import Key
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.widgets.status_line import StatusLine
from interviewer.tui.words import Words

POINTS_PER_SKILL = 3
ASK_CELLS = 70


class ReportScreen(FullScreen):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "save", show=False),
        Binding("enter", "new", show=False),
        Binding("escape", "back", show=False),
        Binding("h", "history", show=False),
    ]

    def __init__(self, words: Words, report: Report, *, past: bool = False) -> None:
        super().__init__(words)
        self.report = report
        self.past = past
        """Opened from the history."""

    def keys(self) -> list[Key]:
        t = self.words
        keys = [Key("S", t("key.save"), "save"), Key("↑↓", t("key.scroll"), "scroll(5)", 2)]
        if self.past:
            keys.append(Key("Esc", t("key.back"), "back"))
        else:
            keys += [Key("⏎", t("key.new"), "new"), Key("H", t("key.history"), "history", 1)]
        return [*keys, Key("F1", t("key.help"), "app.help", 3), Key("^Q", t("key.quit"), "app.leave")]

    def body(self) -> Iterable[Widget]:
        t, r = self.words, self.report
        with VerticalScroll(id="report"):
            yield ProseView(self._score(), id="score")
            yield ProseView(self._apart(), id="apart")
            for notice in self._notices():
                yield ProseView(notice)
            if r.skills:
                yield self._head("skills")
                bars = AbilityBars(self.owner.the_map, t)
                bars.put(t, tuple(sorted(r.skills, key=lambda s: s.level)))
                yield bars
            yield self._head("study")
            yield from self._study()
            yield self._head("questions")
            yield from self._questions()
        yield StatusLine(id="status")

    def on_mount(self) -> None:
        t, r = self.words, self.report
        role = next((x.text(t.lang) for x in self.owner.the_map.roles if x.id == r.role), r.role)
        about = f" · {role} · {t.named('level', r.level)}"
        self.top.put(
            line((f" {t('report')}", "bold"), safe(about, "$quiet")),
            line(safe(f"{when(r.started_at)} · {r.session}", "$quiet")),
        )
        self.query_one("#report").focus()

    def _head(self, key: str) -> ProseView:
        return ProseView(line((self.words(key), "bold $accent")), classes="head")

    def _score(self) -> Content:
        t, r = self.words, self.report
        if r.score is None:
            return line((t("no_score"), "bold $quiet"))
        return line(
            (f"{t('overall')}  ", "$quiet"),
            (marks(r.score), f"bold {score_tone(r.score)}"),
            (f" {t('of_ten')}  ", "$quiet"),
            bar(r.score / 10, 24, score_tone(r.score)),
            (f"  {self.owner.grade_name(r.grade, t.lang)}", "bold"),
        )

    def _apart(self) -> Content:
        """The three kinds of score, side by side, never mixed."""
        t, r = self.words, self.report
        parts: list[Content | str | tuple[str, str]] = []
        for name, value in (
            (t("first_attempt"), marks(r.first_attempt)),
            (t("after_probe"), marks(r.after_probe)),
            (t("hints"), t("hints_n", n=r.hints)),
        ):
            parts += [(f"{name} ", "$quiet"), (value, "bold"), "    "]
        return line(*parts)

    def _notices(self) -> list[Content]:
        t, r = self.words, self.report
        found = []
        if not r.finished:
            found.append(line((f"! {t('unfinished')}", "$warning")))
        elif r.why_ended:
            found.append(safe(t("ended", why=r.why_ended), "$quiet"))
        if r.judge is not None:
            by = {"offline": t("by_offline"), "llm": t("by_llm", name=r.judge.model or "?")}
            found.append(safe(by.get(r.judge.kind) or t("by_other", name=r.judge.kind), "$quiet"))
        if r.judge_card:
            found.append(safe(r.judge_card, "$quiet"))
        return found

    def _study(self) -> Iterable[Widget]:
        t, r = self.words, self.report
        if not r.study_next:
            yield ProseView(line((t("study_none"), "$quiet")))
        for n, item in enumerate(r.study_next, 1):
            skill = self.owner.the_map.skills.get(item.skill)
            name = skill.text(t.lang) if skill else item.name
            rows: list[Content | str | tuple[str, str]] = [
                (f"{n}. ", "bold $accent"),
                safe(name, "bold"),
                safe(f"  {item.why}", "$quiet"),
            ]
            for point in item.points[:POINTS_PER_SKILL]:
                rows += ["\n", ("   ○ ", "$quiet"), safe(one_line(point))]
            if len(item.points) > POINTS_PER_SKILL:
                rows += ["\n", (f"   +{len(item.points) - POINTS_PER_SKILL}", "$quiet")]
            yield ProseView(line(*rows), hang=5, classes="study")

    def _questions(self) -> Iterable[Widget]:
        t, r = self.words, self.report
        if not r.questions:
            yield ProseView(line((t("nothing_answered"), "$quiet")))
            return
        heads = [t("col.first"), t("col.probe"), t("col.final")]
        cells = [max(cell_width(h), 4) + 2 for h in heads]
        yield ProseView(
            line(("    " + "".join(pad(h, c, right=True) for h, c in zip(heads, cells, strict=True)), "$quiet"))
        )
        for n, q in enumerate(r.questions, 1):
            yield ProseView(self._question(n, q, cells), hang=4)

    def _question(self, n: int, q: QuestionResult, cells: list[int]) -> Content:
        t = self.words
        values = [marks(v) for v in (q.first_attempt, q.after_probe, q.final)]
        shown = [pad(v, c, right=True) for v, c in zip(values, cells, strict=True)]
        skill = self.owner.the_map.skills.get(q.skill)
        ask = next((x.text for x in self.report.turns if x.question_id == q.question_id and x.kind == "question"), "")
        tags = [] if q.status == "answered" else [t.named("status", q.status)]
        tags += [f"{t('hints')} {q.hints}"] if q.hints else []
        return line(
            (f"{n:>2}. ", "bold $accent"),
            ("".join(shown[:2]), "$quiet"),
            (shown[2], f"bold {score_tone(q.final)}"),
            "  ",
            safe(skill.text(t.lang) if skill else q.skill, "bold"),
            (f"  {' · '.join(tags)}" if tags else "", "$warning"),
            "\n",
            safe("    " + truncate(ask, ASK_CELLS), "$quiet"),
        )

    # keys

    def action_scroll(self, by: int) -> None:
        self.query_one("#report").scroll_relative(y=by, animate=False)

    def action_save(self) -> None:
        self.run_worker(self._save(), group="save", exclusive=True, exit_on_error=False)

    async def _save(self) -> None:
        """HTML and Markdown into the current folder; into the data folder where that may not be."""
        import asyncio

        from interviewer import paths

        status, t = self.query_one("#status", StatusLine), self.words
        folder = Path.cwd()
        if not os.access(folder, os.W_OK):
            folder = paths.data_dir() / "reports"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            written = await asyncio.to_thread(self._write, folder)
        except (InterviewerError, OSError) as e:
            why = e.message if isinstance(e, InterviewerError) else str(e)
            status.say(t("save_failed", why=visible(why)), getattr(e, "hint", None) or "", error=True)
            return
        status.say(t("saved_at", path=t.comma.join(visible(str(p)) for p in written)))

    def _write(self, folder: Path) -> list[Path]:
        from interviewer.report import write_report

        base = folder / f"interview-{self.report.session}"
        return [
            write_report(self.report, base.with_suffix(suffix), lang=self.words.lang, the_map=self.owner.the_map)
            for suffix in (".html", ".md")
        ]

    def action_new(self) -> None:
        if not self.past:
            self.owner.open_setup()

    def action_back(self) -> None:
        if self.past:
            self.owner.open_history()
        else:
            self.owner.open_setup()

    def action_history(self) -> None:
        self.owner.open_history()
