"""Questions as Markdown, to read, print or keep in a repository."""

from __future__ import annotations

from collections.abc import Iterator

from interviewer.export.chosen import Chosen
from interviewer.report.md_text import plain
from knowledge import Question


def render_markdown(chosen: Chosen) -> str:
    lines = [f"# {plain(chosen.title)}", "", chosen.counted, ""]
    category = ""
    by_list = chosen.role is not None and any(chosen.why(q) for q in chosen.questions)
    for n, q in enumerate(chosen.questions, 1):
        if not by_list and chosen.category(q) != category:
            category = chosen.category(q)
            lines += [f"## {plain(category)}", ""]
        lines += [*_question(chosen, q, n), ""]
    lines += ["---", "", chosen.t("made")]
    return "\n".join(lines) + "\n"


def _question(chosen: Chosen, q: Question, number: int) -> Iterator[str]:
    lang = chosen.lang
    yield f"### {number}. {plain(q.ask.text(lang))}"
    yield ""
    about = [
        chosen.standing(q),
        chosen.expected(q),
        chosen.kind(q),
        chosen.t("difficulty", n=q.difficulty),
        chosen.skill(q).text(lang),
    ]
    yield f"{' · '.join(plain(a) for a in about if a)} · `{q.id}`"
    if why := chosen.why(q):
        yield ""
        yield f"_{chosen.t('why')}: {plain(why)}_"
    if q.choices:
        yield ""
        yield from (f"- {chr(65 + n)}. {plain(c.text(lang))}" for n, c in enumerate(q.choices))
    if chosen.answers:
        yield from _answer(chosen, q)
    if chosen.scripts:
        yield from _part(chosen.t("talk"), [f"> {plain(q.talk.text(lang))}"])
        yield from _part(chosen.t("bonus_line"), [plain(q.bonus_line.text(lang))])
    if chosen.follow_ups:
        yield from _part(chosen.t("follow_ups"), list(_probes(chosen, q)))
    if chosen.answers and q.sources:
        yield from _part(chosen.t("sources"), [f"- {plain(s.line)}" for s in q.sources])


def _answer(chosen: Chosen, q: Question) -> Iterator[str]:
    lang = chosen.lang
    if q.key:
        yield from _part(chosen.t("key"), [q.key])
    bonus = f" *({chosen.t('bonus')})*"
    yield from _part(chosen.t("points"), [f"- {plain(p.text(lang))}{'' if p.core else bonus}" for p in q.points])
    if q.misconceptions:
        yield from _part(chosen.t("misconceptions"), [f"- {plain(m.text(lang))}" for m in q.misconceptions])
    yield from _part(chosen.t("reference"), [plain(q.reference.text(lang))])
    if q.solution:
        yield from _part(chosen.t("solution"), ["```python", q.solution.rstrip(), "```"])


def _probes(chosen: Chosen, q: Question) -> Iterator[str]:
    for when, text, said in chosen.probes(q):
        yield f"- {plain(text)}" + (f" _({plain(when)})_" if chosen.answers else "")
        if chosen.answers:
            yield from (f"  - {plain(s)}" for s in said)


def _part(head: str, lines: list[str]) -> Iterator[str]:
    yield ""
    yield f"**{plain(head)}**"
    yield ""
    yield from lines
