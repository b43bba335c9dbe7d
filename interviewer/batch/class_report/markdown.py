"""The class report as Markdown that reads well raw and rendered, and that no answer can break out of."""

from __future__ import annotations

from collections.abc import Iterator

from interviewer.batch.class_report import wording
from interviewer.batch.class_report.figures import Agreement, Figures, Misconception, Point
from interviewer.batch.class_report.wording import Wording, count, marks, percent, plain_number, signed
from interviewer.batch.class_report.words import ClassWords
from interviewer.report.md_text import plain
from interviewer.text import truncate

_BAR = 30
_QUOTE = 160
"""Terminal cells of a quote."""


def render_markdown(figures: Figures, t: ClassWords) -> str:
    """The whole document, ending in a newline."""
    w = Wording(figures, t)
    lines = [
        *_top(w), *_distribution(w), *_agreement(w), *_review(w), *_hardest(w), *_common(w), *_questions(w),
        *_people(w), *_failures(w), *_footer(w),
    ]  # fmt: skip
    kept = [line for n, line in enumerate(lines) if line or (n and lines[n - 1])]
    return "\n".join(kept).rstrip("\n") + "\n"


def _top(w: Wording) -> Iterator[str]:
    f, t = w.f, w.t
    yield f"# {t('title')}{t.colon}{plain(f.source)}"
    yield ""
    yield " · ".join(
        plain(bit)
        for bit in (t("graded_of", graded=count(f.graded), rows=count(f.rows)), f.created and t("made", date=f.created))
        if bit
    )
    yield ""
    for notice in w.notices():
        yield f"> **{plain(notice)}**"
        yield ""
    if f.distribution:
        yield f"**{t('mean')} {marks(f.distribution.mean, 2)} / 10**"
    else:
        yield f"**{t('no_score')}** · {t('no_score_why')}"
    yield ""
    yield from (plain(line) for line in w.judge_lines())
    if f.judge_card:
        yield ""
        yield f"**{t('judge_card')}**{t.colon}{plain(f.judge_card)}"
    yield ""
    yield from _table(
        [t("graded"), t("to_review"), t("failed"), t("n_questions")],
        [[count(f.graded), count(f.needs_review), count(f.failed), count(w.asked())]],
    )


def _distribution(w: Wording) -> Iterator[str]:
    f, t = w.f, w.t
    if not f.distribution:
        return
    yield from _heading(t("distribution"))
    bins = f.distribution.histogram
    pairs = [(a.low, b.high, a.n + b.n) for a, b in zip(bins[::2], bins[1::2], strict=True)]
    most = max(n for _, _, n in pairs)
    rows = [
        [t("from_to", low=f"{low:g}", high=f"{high:g}"), "█" * -(-n * _BAR // most), count(n)] for low, high, n in pairs
    ]
    yield from _table([t("score"), "", t("n")], rows, right=(2,))
    yield plain(w.five())
    yield ""
    if f.flags:
        found = t.comma.join(f"{t.named('flag', flag)} {count(n)}" for flag, n in f.flags.items())
        yield f"{t('flags_seen')}{t.colon}{plain(found)}"
        yield ""


def _agreement(w: Wording) -> Iterator[str]:
    a, t = w.f.agreement, w.t
    if a is None:
        if note := w.unusable():
            yield from _heading(t("agreement"))
            yield plain(note)
            yield ""
        return
    yield from _heading(t("agreement"))
    yield plain(t.gap.join(w.agreement_notes(a)))
    yield ""
    yield from _table(
        [t("metric"), t("value"), t("ci")], [list(w.metric(a, name)) for name in wording.METRICS], right=(1, 2)
    )
    yield plain(t.gap.join(w.interval_notes(a)))
    yield ""
    if a.worst:
        yield from _worst(w, a)


def _worst(w: Wording, a: Agreement) -> Iterator[str]:
    t = w.t
    yield f"### {t('worst', n=len(a.worst))}"
    yield ""
    yield t("worst_note")
    yield ""
    rows = []
    for d in a.worst:
        own = f" ({plain_number(d.human)}/{plain_number(d.max_score)})" if d.max_score != 10 else ""
        rows.append(
            [
                str(d.row), plain(d.id), plain(w.label(d.question)), marks(d.human_of_ten) + own, marks(d.score),
                signed(d.difference, 1),
            ]
        )  # fmt: skip
    yield from _table(
        [t("row"), t("who"), t("question"), t("human"), t("judge"), t("difference")], rows, right=(3, 4, 5)
    )


def _review(w: Wording) -> Iterator[str]:
    f, t = w.f, w.t
    if not f.graded:
        return
    yield from _heading(t("review"))
    if not f.review:
        yield t("review_none")
        yield ""
        return
    shown = f.review[: wording.LISTED_REVIEW]
    yield t("review_note", shown=len(shown), n=count(f.needs_review))
    yield ""
    yield from _table(
        [t("row"), t("who"), t("why"), t("question"), t("score"), t("range")],
        [
            [
                str(r.row), plain(r.id), plain(w.reasons(r)), plain(w.label(r.question)), marks(r.score),
                f"{marks(r.interval[0])}–{marks(r.interval[1])}",
            ]
            for r in shown
        ],
        right=(4, 5),
    )  # fmt: skip


def _hardest(w: Wording) -> Iterator[str]:
    f, t = w.f, w.t
    if not f.hardest_points:
        return
    yield from _heading(t("hardest"))
    yield from _points(w, f.hardest_points, questions=True)


def _points(w: Wording, points: list[Point], *, questions: bool = False) -> Iterator[str]:
    t = w.t
    head = [t("point"), *([t("question")] if questions else []), t("n")]
    head += [t(v) for v in ("covered", "partial", "missing", "contradicted")]
    rows = []
    for p in points:
        text = plain(p.text) + ("" if p.core else f" ({t('bonus')})")
        shares = [percent(n / p.n) if p.n else "–" for n in (p.covered, p.partial, p.missing, p.contradicted)]
        rows.append([text, *([plain(w.label(p.question))] if questions else []), count(p.n), *shares])
    yield from _table(head, rows, right=range(len(head) - 5, len(head)))


def _common(w: Wording) -> Iterator[str]:
    f, t = w.f, w.t
    if not f.graded:
        return
    yield from _heading(t("common"))
    if not f.common_misconceptions:
        yield t("common_none")
        yield ""
        return
    for m in f.common_misconceptions:
        yield from _misconception(w, m, question=True)
    yield ""


def _misconception(w: Wording, m: Misconception, *, question: bool = False) -> Iterator[str]:
    t = w.t
    where = f" · {plain(w.label(m.question))}" if question else ""
    yield f"- **{plain(m.text)}** — {t('found_in', n=m.n, share=percent(m.share))}{where}"
    for q in m.quotes:
        yield f"  - “{plain(truncate(q.text, _QUOTE))}” ({t('row_n', n=q.row)})"


def _questions(w: Wording) -> Iterator[str]:
    f, t = w.f, w.t
    if not f.questions:
        return
    known = any(q.discrimination is not None for q in f.questions)
    yield from _heading(t("by_question"))
    yield t("by_question_note" if known else "by_question_note_short")
    yield ""
    if f.other_questions:
        yield t("other_questions", n=count(f.other_questions))
        yield ""
    listed = f.questions[: wording.LISTED_QUESTIONS]
    head = [t("question"), t("n"), t("failed"), t("mean"), t("sd"), t("to_review")]
    rows = [
        [
            plain(w.label(q.id)), count(q.n), count(q.failed), marks(q.mean, 2), marks(q.sd, 2),
            percent(q.review_share), *([signed(q.discrimination)] if known else []),
        ]
        for q in listed
    ]  # fmt: skip
    yield from _table(head + ([t("discrimination")] if known else []), rows, right=range(1, len(head) + known))
    if len(f.questions) > len(listed):
        yield t("more_questions", n=len(f.questions) - len(listed))
        yield ""
    for q in listed:
        if not q.points and not q.misconceptions:
            continue
        yield f"### {plain(truncate(q.ask or q.id or t('question_none'), 200))}"
        yield ""
        if q.points:
            yield from _points(w, q.points)
        for m in q.misconceptions:
            yield from _misconception(w, m)
        yield ""


def _people(w: Wording) -> Iterator[str]:
    f, t = w.f, w.t
    if not f.people:
        return
    yield from _heading(t("people"))
    yield plain(t("people_note", column=f.columns.get("person", "–")))
    yield ""
    if f.people_sampled:
        yield t("people_sampled")
        yield ""
    listed = f.people[: wording.LISTED_PEOPLE]
    yield from _table(
        [t("person"), t("answers_n"), t("unscored_n"), t("to_review"), t("mean"), t("total")],
        [
            [plain(p.id), count(p.answers), str(p.unscored), str(p.review), marks(p.mean, 2), marks(p.total, 1)]
            for p in listed
        ],
        right=range(1, 6),
    )
    if len(f.people) > len(listed):
        yield t("more_people", n=len(f.people) - len(listed))
        yield ""


def _failures(w: Wording) -> Iterator[str]:
    f, t = w.f, w.t
    if not f.failures and not f.other_failures:
        return
    yield from _heading(t("failures"))
    yield t("failures_note")
    yield ""
    rows = [
        [count(x.n), plain(x.example), ", ".join(map(str, x.rows)) + (f" {t('and_more')}" if x.n > len(x.rows) else "")]
        for x in f.failures
    ]
    if f.other_failures:
        rows.append([count(f.other_failures), t("other_reasons"), ""])
    yield from _table([t("n_failed"), t("reason"), t("example_rows")], rows)


def _footer(w: Wording) -> Iterator[str]:
    t = w.t
    yield from _heading(t("provenance"))
    judges = w.provenance()
    if judges:
        yield from _table([h for h, _ in judges[0]], [[plain(v) for _, v in judge] for judge in judges])
    if w.f.graded:
        yield plain(w.usage())
        yield ""
    yield t("disclaimer")


def _heading(text: str) -> Iterator[str]:
    yield ""
    yield f"## {text}"
    yield ""


def _table(head: list[str], rows: list[list[str]], right: range | tuple[int, ...] = ()) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "".join(" ---: |" if n in right else " --- |" for n in range(len(head)))
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
