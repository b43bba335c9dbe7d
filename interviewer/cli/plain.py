"""The interview without a screen: for pipes, screen readers and scripts. The same machine as the TUI.

What is said to the candidate goes to stdout, or to stderr when stdout is to hold the JSON report.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from interviewer.cli.answers import Script, as_action
from interviewer.cli.guard import hush, out, say
from interviewer.cli.interview import session_to_resume
from interviewer.cli.plain_words import Words
from interviewer.config import Settings
from interviewer.errors import Exit, StaleTurnError
from interviewer.examiners import Examiners
from interviewer.graph.policy import covered_points
from interviewer.interview import Engine, Interview, View, open_engine
from interviewer.models import Action, Judgement, Report, Setup, Turn
from interviewer.text import visible
from knowledge import KnowledgeMap

MOST_EMPTY = 3
"""Empty answers in a row after which a question is skipped, so that no script loops for ever."""


def run_plain(
    settings: Settings,
    the_map: KnowledgeMap,
    setup: Setup,
    *,
    resume: str | None,
    script: Script | None,
    as_json: bool,
    output: Path | None,
) -> Exit:
    """Hold the interview; returns INTERRUPTED when the input ended before the interview did."""
    tell = say if as_json else out
    return asyncio.run(_run(settings, the_map, setup, resume, script, as_json, output, tell))


async def _run(
    settings: Settings,
    the_map: KnowledgeMap,
    setup: Setup,
    resume: str | None,
    script: Script | None,
    as_json: bool,
    output: Path | None,
    tell: Callable[[str], None],
) -> Exit:
    from interviewer.report import render, write_report

    examiners = Examiners(settings, notice=say)
    async with (
        contextlib.aclosing(examiners),
        open_engine(settings.db_path, judge=examiners.judge, the_map=the_map, asker=examiners.asker) as engine,
    ):
        interview = await _begin(engine, setup, resume, script)
        words = Words(interview.setup.lang)
        by = settings.model if examiners.gateway is not None else None
        tell(words.begin(interview.id, engine.the_map.role(interview.setup.role), by))
        try:
            complete = await _Talk(interview, engine, words, script, tell).hold()
        except (KeyboardInterrupt, asyncio.CancelledError, BrokenPipeError) as e:
            if isinstance(e, BrokenPipeError):
                hush()
            say(words("interrupted").format(id=interview.id))
            return Exit.INTERRUPTED
        report = interview.report()
        if as_json:
            out(render(report, "json", lang=report.lang, the_map=the_map))
        elif complete:
            tell("\n" + _summary(report, words))
        if output is not None:
            write_report(report, output, the_map=the_map)
            say(words("written").format(path=output))
        if not complete:
            say(words("kept").format(id=interview.id))
            return Exit.INTERRUPTED
        if not as_json:
            say(words("see").format(id=interview.id))
        return Exit.DONE


async def _begin(engine: Engine, setup: Setup, resume: str | None, script: Script | None) -> Interview:
    if resume is None:
        return await engine.start(setup.model_copy(update={"seen": engine.store.questions_seen()}))
    interview = await engine.resume(session_to_resume(engine.store, resume))
    if script is not None:
        script.skip_done(engine.store.turns(interview.id))
    return interview


class _Talk:
    def __init__(
        self,
        interview: Interview,
        engine: Engine,
        words: Words,
        script: Script | None,
        tell: Callable[[str], None],
    ) -> None:
        self.interview = interview
        self.engine = engine
        self.words = words
        self.script = script
        self.tell = tell
        self.asks = sys.stdin.isatty() and script is None

    async def hold(self) -> bool:
        """Ask until the interview is over (True) or the input is (False)."""
        view = self.interview.view()
        shown = ""
        empty = 0
        while view.turn is not None:
            turn = view.turn
            if turn.turn_id != shown:
                self._show(view, turn)
                shown, empty = turn.turn_id, 0
            given = self.script.take(turn) if self.script else await self._read(turn)
            if given is None:
                return False
            action, text = given
            if action == "answer" and not (text or "").strip():
                empty += 1
                say(self.words("empty"))
                if self.script is None and empty < MOST_EMPTY:
                    continue
                action, text = "skip", None
            try:
                view = await self._do(action, turn.turn_id, text or "")
            except StaleTurnError as e:
                say(e.message)
                view = self.interview.view()
                continue
            if action == "hint":
                self.tell(f"{self.words('hint')} {view.hint or ''}")
            elif view.last is not None:
                self._feedback(view, view.last)
        return True

    async def _do(self, action: Action, turn_id: str, text: str) -> View:
        if action == "answer":
            return await self.interview.answer(turn_id, text)
        act = {
            "skip": self.interview.skip,
            "dont_know": self.interview.dont_know,
            "hint": self.interview.hint,
            "finish": self.interview.finish,
        }[action]
        return await act(turn_id)

    def _show(self, view: View, turn: Turn) -> None:
        words = self.words
        if turn.kind == "question":
            head = words("question").format(n=view.number, total=view.total)
            skill = self.engine.the_map.skills[turn.skill].text(self.interview.setup.lang)
            self.tell(f"\n── {head} · {skill}")
        else:
            kind = words("generated") if turn.generated else words.rung(turn.rung)
            self.tell(f"\n── {words('follow_up')} · {kind}")
        self.tell(turn.text)
        for n, option in enumerate(turn.options):
            self.tell(f"  {chr(65 + n)}. {option}")
        if turn.why:
            self.tell(f"({words('why')} {turn.why})")
        if view.draft:
            self.tell(f"{words('draft')}\n{visible(view.draft)}")
        if self.asks:
            say(words("prompt"))

    async def _read(self, turn: Turn) -> tuple[Action, str | None] | None:
        """One answer from stdin. Ctrl-C leaves at once, and what was typed is kept as the draft."""
        lines: list[str] = []
        # asyncio's own handler would wait for the line to end.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            await asyncio.sleep(0)  # where an interrupt is heard that came before this handler
            return self._read_into(lines)
        except KeyboardInterrupt:
            if lines:  # else the draft of last time stays
                self.interview.save_draft(turn.turn_id, "\n".join(lines))
            raise
        finally:
            signal.signal(signal.SIGINT, before)

    def _read_into(self, lines: list[str]) -> tuple[Action, str | None] | None:
        """Lines up to an empty one, or between lines of three quotes; None at the end of the input."""
        fenced = False
        for line in sys.stdin:
            text = line.rstrip("\r\n")
            if text.rstrip() == '"""':  # an indented one is a docstring of the answer's code
                if fenced:
                    return "answer", "\n".join(lines)
                fenced = True
                continue
            if fenced:
                lines.append(text)
                continue
            if not text.strip():
                if lines:
                    return as_action("\n".join(lines))
                if self.asks:
                    return "answer", ""
                continue
            lines.append(text)
            if len(lines) == 1 and as_action(text)[0] != "answer":
                return as_action(text)
        return as_action("\n".join(lines)) if lines else None

    def _feedback(self, view: View, turn: Turn) -> None:
        words = self.words
        if turn.action == "skip":
            self.tell(words("skipped"))
            return
        if turn.judgement is None:
            return
        thread_goes_on = view.turn is not None and view.turn.question_id == turn.question_id
        # The feedback names what was missed, which the follow-up is about to ask for.
        self.tell(_verdict(turn.judgement, words, with_feedback=not thread_goes_on))
        if not thread_goes_on:
            self._teach(turn)

    def _teach(self, turn: Turn) -> None:
        """What was missed, the reference and the script, once no follow-up can be spoilt by them."""
        words, lang = self.words, self.interview.setup.lang
        question = self.engine.the_map.question(turn.question_id)
        turns = self.engine.store.turns(self.interview.id)
        made = covered_points([t for t in turns if t.question_id == question.id])
        missed = [p.text(lang) for p in question.points if p.core and p.id not in made]
        if missed:
            self.tell(words("missed") + "".join(f"\n  · {m}" for m in missed))
        self.tell(f"{words('reference')} {question.reference.text(lang)}")
        self.tell(f"{words('talk')} {question.talk.text(lang)}")
        self.tell(f"{words('bonus')} {question.bonus_line.text(lang)}")


def _verdict(j: Judgement, words: Words, *, with_feedback: bool) -> str:
    if j.score is None:
        return f"{words('unscored')} {visible(j.error or '')}"
    lines = [f"{words('score')} {j.score:.1f}/10" + (f" · {j.feedback}" if with_feedback else "")]
    for p in j.points:
        if p.verdict == "missing":
            continue
        quote = "; ".join(f"“{visible(e.text)}”" for e in p.evidence[:2])
        lines.append(f"  {words.verdict(p.verdict)} {p.text}" + (f" ← {quote}" if quote else ""))
    for m in j.misconceptions:
        quote = "; ".join(f"“{visible(e.text)}”" for e in m.evidence[:1])
        lines.append(f"  {words('misconception')} {m.text}" + (f" ← {quote}" if quote else ""))
    shown = [f for f in j.flags if f != "dont_know"]
    if shown:
        lines.append(f"  {words('flags')} {', '.join(words.flag(f) for f in shown)}")
    lines.append(f"  ({words('judge')} {visible(words.judge_name(j.judge))})")
    return "\n".join(lines)


def _summary(report: Report, words: Words) -> str:
    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.1f}"

    lines = [
        f"══ {words('over')} {visible(report.why_ended)}",
        words("scores").format(
            score=number(report.score),
            first=number(report.first_attempt),
            after=number(report.after_probe),
            hints=report.hints,
        ),
    ]
    for s in report.skills:
        lines.append(f"  {s.name}: {s.level:.0f}%  (±{s.se:.1f})")
    if report.study_next:
        lines.append(words("study"))
        lines += [f"  {n}. {i.name} — {i.why}" for n, i in enumerate(report.study_next, 1)]
    return "\n".join(lines)
