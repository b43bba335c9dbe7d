"""The report as Markdown that reads well raw and rendered, and that no answer can break out of.

What the candidate typed stands in code fences longer than any run of backticks inside, or in code
spans; everything else is escaped. No raw HTML, image or link comes from anywhere but this file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from interviewer.report.md_text import block, code, fence, plain
from interviewer.report.parts import ICONS, PROVENANCE, Exchange, Judged, QuestionPart, View, marks
from interviewer.report.words import Words
from interviewer.text import truncate, visible

QUOTE_CELLS = 160
"""Terminal cells of evidence quoted beside a point; the whole answer stands above it."""


def render_markdown(view: View) -> str:
    """The whole document, ending in a newline."""
    t = view.t
    lines = [*_top(view), *_skills(view), *_overview(view), *_study(view)]
    if view.questions:
        lines += [f"## {t('questions')}", ""]
    for q in view.questions:
        lines += _question(q, t)
    lines += _footer(view)
    return _joined(lines)


def _joined(lines: list[str]) -> str:
    """Lines with at most one empty line between blocks; fences are left as they are."""
    result: list[str] = []
    closing = ""
    for line in lines:
        opening = re.match(r"\s*(`{3,})", line)
        if closing:
            closing = "" if line.strip() == closing else closing
        elif opening:
            closing = opening[1]
        elif not line and result and not result[-1]:
            continue
        result.append(line)
    return "\n".join(result).rstrip("\n") + "\n"


def _top(v: View) -> Iterator[str]:
    t = v.t
    yield f"# {t('title')}{t.colon}{plain(v.role)}"
    yield ""
    yield " · ".join(plain(bit) for bit in (v.level, v.date, v.duration, v.counts, v.ended) if bit)
    yield ""
    for notice in v.notices:
        yield f"> **{plain(notice)}**"
        yield ""
    if v.score is None:
        yield f"**{t('no_score')}** · {t('no_score_why')}"
    else:
        grade = f" · {plain(v.grade_name)} ({v.grade}/5)" if v.grade_name else ""
        yield f"**{t('overall')} {marks(v.score)} / 10**{grade}"
    yield ""
    yield from (f"{plain(line)}" for line in v.judge_lines)
    if v.judge_card:
        yield ""
        yield f"**{t('judge_card')}**{t.colon}{plain(v.judge_card)}"
    yield ""
    yield from _table(
        [t("first_attempt"), t("after_probe"), t("hints")], [[marks(v.first), marks(v.probe), str(v.hints)]]
    )


def _table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _skills(v: View) -> Iterator[str]:
    t = v.t
    yield f"## {t('skills')}"
    yield ""
    if not v.skills:
        yield t("skills_none")
        yield ""
        return
    rows = []
    for category, skills in v.skills:
        for s in skills:
            full = round(min(max(s.level, 0), 100) / 10)
            bar = "█" * full + "░" * (10 - full)
            rows.append(
                [
                    plain(category),
                    plain(s.name),
                    f"{bar} {s.level:.0f}",
                    f"{s.low:.0f}–{s.high:.0f}",
                    str(s.answers),
                ]
            )
    heads = [t(k) for k in ("category", "skill", "standing", "range", "answers_head")]
    yield from _table(heads, rows)
    yield t("skills_note") + (f" {t('skills_unasked', n=v.unasked)}" if v.unasked else "")
    yield ""


def _overview(v: View) -> Iterator[str]:
    if not v.questions:
        return
    t = v.t
    yield f"## {t('overview')}"
    yield ""
    rows = [
        [
            str(q.number),
            plain(truncate(q.main.text, 70)),
            marks(q.first),
            marks(q.probe),
            str(q.hints or "–"),
            f"**{marks(q.final)}**" if q.final is not None else q.status,
        ]
        for q in v.questions
    ]
    yield from _table(["#", *(t(k) for k in ("question", "first_attempt", "after_probe", "hints", "final"))], rows)


def _study(v: View) -> Iterator[str]:
    t = v.t
    yield f"## {t('study')}"
    yield ""
    yield t("study_note") if v.study else t("study_none")
    yield ""
    for n, s in enumerate(v.study, 1):
        yield f"{n}. **{plain(s.name)}**{t.colon}{plain(s.why)}"
        for point in s.points:
            yield f"   - {plain(point)}"
        if s.builds_on:
            yield f"   - {plain(t('builds_on', names=t.comma.join(s.builds_on)))}"
        if s.questions:
            yield f"   - {t('practise')}{t.colon}{' '.join(code(q) for q, _ in s.questions)}"
    yield ""


def _question(q: QuestionPart, t: Words) -> Iterator[str]:
    yield f"### {q.main.label}"
    yield ""
    yield " · ".join(plain(tag) for tag in q.tags)
    yield ""
    yield from block(q.main.text, bold=True)
    yield from _exchange(q.main, t)
    for step in q.steps:
        yield f"#### {plain(step.label)}"
        yield ""
        yield from block(step.text, bold=step.kind != "hint")
        yield from _exchange(step, t)
    if q.steps and q.final is not None:
        heads = [t(k) for k in ("first_attempt", "after_probe", "hints", "final")]
        yield from _table(heads, [[marks(q.first), marks(q.probe), str(q.hints), f"**{marks(q.final)}**"]])
    for key, text in (("bonus_line", q.bonus_line), ("talk", q.talk), ("reference", q.reference)):
        if text:
            yield f"**{t(key)}**"
            yield ""
            yield from block(text)
    if q.solution:
        yield f"**{t('solution')}**"
        yield ""
        yield from fence(q.solution.rstrip("\n"), "python")
        yield ""
    if q.sources:
        yield f"**{t('sources')}**"
        yield ""
        for s in q.sources:
            label = plain(s.label)
            note = f" · {plain(s.note)}" if s.note else ""
            yield f"- [{label}](<{_url(s.url)}>){note}" if s.url else f"- {label}{note}"
        yield ""


def _url(url: str) -> str:
    return re.sub(r"[\s<>\\]", "", visible(url))


def _exchange(x: Exchange, t: Words) -> Iterator[str]:
    if x.why:
        yield f"*{t('why_asked')}*{t.colon}{plain(x.why)}"
        yield ""
    for o in x.options:
        said = [f"**{t(k)}**" for k, on in (("chosen", o.chosen), ("right", o.right)) if on]
        yield f"- **{o.letter}** {plain(o.text)}{''.join(f' · {s}' for s in said)}"
        if o.why:
            yield f"  - {plain(o.why)}"
    yield ""
    if x.kind == "hint":
        return
    took = f" · {t('took', time=x.took)}" if x.took else ""
    yield f"**{t('your_answer')}**{took}"
    yield ""
    if x.status:
        yield plain(x.status)
        yield ""
    if x.answer:
        yield from fence(x.answer, "python" if x.is_code else "text")
        yield ""
    if x.judged:
        yield from _judged(x.judged, t)


def _judged(j: Judged, t: Words) -> Iterator[str]:
    if j.unscored:
        yield f"> **{t('unscored')}** · {plain(j.unscored)}"
    else:
        likely = ""
        if j.interval:
            likely = f" · {t('interval', low=marks(j.interval[0]), high=marks(j.interval[1]))}"
        review = f" · **{t('needs_review')}**" if j.needs_review else ""
        yield f"**{marks(j.score)} / 10**{likely}{review}"
    yield ""
    if j.flags:
        yield f"{t('flags')}{t.colon}{t.comma.join(plain(f) for f in j.flags)}"
        yield ""
    if j.feedback:
        yield from block(j.feedback, before="> ")
    for p in j.points:
        size = f"{t('credit', n=p.percent)} · {t('core' if p.core else 'bonus')} · {t('weight', n=p.weight)}"
        yield f"{p.number}. {p.icon} **{p.word}** ({size}) {plain(p.text)}"
        for e in p.evidence:
            yield f"   - {t('evidence')}{t.colon}{code(truncate(e.text, QUOTE_CELLS))}"
    yield ""
    if j.misconceptions:
        yield f"**{t('misconceptions')}**"
        yield ""
        for m in j.misconceptions:
            cost = f" ({t('penalty', n=m.penalty)})" if m.penalty else ""
            yield f"- {ICONS['contradicted']} {plain(m.text)}{cost}"
            for e in m.evidence:
                yield f"  - {t('evidence')}{t.colon}{code(truncate(e.text, QUOTE_CELLS))}"
        yield ""
    if j.dimensions:
        yield " · ".join(f"{plain(name)} {n}/5" for name, n in j.dimensions)
        yield ""


def _footer(v: View) -> Iterator[str]:
    t = v.t
    yield "---"
    yield ""
    yield f"## {t('provenance')}"
    yield ""
    yield f"{t('session')}{t.colon}{code(v.session)}"
    yield ""
    if v.provenance:
        yield from _table([t(k) for k in PROVENANCE], [[plain(cell) for cell in row] for row in v.provenance])
    if v.usage:
        yield plain(v.usage)
        yield ""
    yield t("disclaimer")
