"""The report as Markdown: tables, and the forest plot in letters. Every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from evals.report.numbers import measured, number, span
from evals.report.parts import Chart, View, WorstPart
from evals.report.shapes import Interval
from evals.report.svg import Scale
from interviewer.report.md_text import block, fence, plain
from interviewer.text import cell_width, one_line, pad

WIDTH = 41
"""Cells of the forest plot in letters."""
LABEL = 34


def render_markdown(view: View) -> str:
    """The whole report."""
    return "\n".join(_lines(view)).rstrip("\n") + "\n"


def _lines(v: View) -> Iterator[str]:
    t, r = v.t, v.result
    yield f"# {t('title')}{t.colon}{plain(v.name)}"
    yield ""
    yield plain(" · ".join(v.meta))
    yield ""
    yield f"> {plain(v.who)}"
    yield ""
    yield from _table([t("card"), ""], [[f.label, f"{f.value} {f'({f.note})' if f.note else ''}"] for f in v.figures])
    if r.n:
        yield from _agreement(v)
    else:
        yield from block(t("nothing_scored"))
    yield from _probes(v)
    yield from _beside(v)
    yield from _others(v)
    yield from _slices(v)
    if r.n:
        yield from _head(t("measures"))
        rows = [[m.label, f"{m.value} {m.interval}", f"{m.annotators} {m.annotators_interval}"] for m in v.measures]
        yield from _table([t("measure"), t("judge"), t("annotators")], rows, numbers=2)
        yield from block(t("measures.note"))
    yield from _worst(v)
    yield from _tail(v)


def _agreement(v: View) -> Iterator[str]:
    t, r = v.t, v.result
    yield from _head(t("forest"))
    yield from fence("\n".join(forest_text([(x.label, x.estimate, x.role) for x in v.forest], v.forest_scale)))
    yield ""
    yield from block(t("forest.note"))
    yield from _head(t("criteria"))
    met = {True: t("met"), False: t("not_met"), None: t("unknown_met")}
    yield from _table(["", "", t("value")], [[met[c.met], c.text, c.value] for c in v.criteria], numbers=1)
    yield from block(t("criteria.note"))
    if r.confusion:
        yield from _counts(v, "confusion", [str(k) for k in range(len(r.confusion))], r.confusion)
    if len(r.point_confusion) == 3:
        labels = [t("none"), t("part"), t("full")]
        yield from _counts(v, "point_confusion", labels, r.point_confusion)
    for key, chart in (("calibration", v.calibration), ("point_calibration", v.point_calibration)):
        if chart is not None:
            yield from _calibration(v, key, chart)
    if (b := r.bland_altman) is not None:
        yield from _head(t("bland_altman"))
        limits = (("bias", b.bias), ("lower", b.lower), ("upper", b.upper))
        rows = [[t(f"bland_altman.{key}"), _est("difference", e)] for key, e in limits]
        rows.append([t("bland_altman.sd"), number(b.sd)])
        yield from _table([t("bland_altman.y"), t("value")], rows, numbers=1)
        yield from block(t("bland_altman.table"))


def forest_text(rows: Sequence[tuple[str, Interval, str]], on: Scale) -> Iterator[str]:
    """Each estimate as a dot on its interval; `◆` for the annotators, `○` for other judges."""
    name = min(max((cell_width(one_line(label)) for label, *_ in rows), default=0), LABEL)

    def place(value: float) -> int:
        return round(on.share(value) * (WIDTH - 1))

    axis = [" "] * (WIDTH + 6)
    for tick in on.ticks:
        text = f"{tick:g}".replace("-", "\N{MINUS SIGN}")
        axis[place(tick) : place(tick) + len(text)] = text
    yield f"{pad('', name)}  {''.join(axis).rstrip()}"
    for label, e, role in rows:
        cells = ["│" if n in (0, WIDTH - 1) else "·" if n in map(place, on.ticks) else " " for n in range(WIDTH)]
        if e.low is not None and e.high is not None:
            low, high = place(e.low), place(e.high)
            cells[low : high + 1] = "─" * (high - low + 1)
            cells[low], cells[high] = "├", "┤"
        if e.value is not None:
            cells[place(e.value)] = {"annotators": "◆", "other": "○"}.get(role, "●")
        yield f"{pad(label, name)}  {''.join(cells)}  {number(e.value)} {span('qwk', e, 2)}".rstrip()


def _counts(v: View, key: str, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> Iterator[str]:
    t = v.t
    yield from _head(t(key))
    rows = []
    for label, row in zip(labels, counts, strict=False):
        whole = sum(row)
        rows.append([label, *(f"{c} ({c / whole:.0%})" if c else "·" for c in row)])
    yield from _table([f"{t('axis.reference')} ↓ {t('axis.judge')} →", *labels], rows, numbers=len(labels))
    yield from block(t("confusion.table" if key == "confusion" else f"{key}.note"))


def _calibration(v: View, key: str, chart: Chart) -> Iterator[str]:
    t = v.t
    yield from _head(t(key))
    rows = [
        [f"{low}–{high}", number(given), f"{number(e.value)} {span('', e, 2)}", str(n)]
        for (low, high), (given, e, n) in zip(chart.ends, chart.bins, strict=True)
    ]
    yield from _table(["", t(f"{key}.x"), t(f"{key}.y"), t("h.n")], rows, numbers=3)
    yield from block(t(f"{key}.table", error=chart.error))


def _probes(v: View) -> Iterator[str]:
    t, probes = v.t, v.result.probes
    if not probes:
        return
    yield from _head(t("probes"))
    passed = sum(p.passed for p in probes)
    yield from block(t("probes.note", passed=passed, failed=len(probes) - passed))
    rows = [
        [t("ok") if p.passed else t("fail"), t.probe(p.name),
         f"{number(p.value, 3)} {span('', Interval(value=p.value, low=p.low, high=p.high))}",
         t.probe(p.line), str(p.n)]
        for p in probes
    ]  # fmt: skip
    yield from _table([t("outcome"), t("probe"), t("value"), t("line"), t("h.n")], rows)
    for p in probes:
        if p.worst and not p.passed:
            yield f"- {plain(t.probe(p.name))}{t.colon}{plain('; '.join(p.worst))}"
    yield ""


def _beside(v: View) -> Iterator[str]:
    t, beside = v.t, v.result.beside
    if not beside:
        return
    yield from _head(t("beside"))
    rows = [
        [b.name, b.what, *(_est(m, getattr(b, m)) for m in ("qwk", "mae", "point_f1")),
         _est("difference", b.difference) if b.difference else "–"]
        for b in beside
    ]  # fmt: skip
    heads = [t("name"), t("what"), "QWK", t("h.mae"), t("h.point_f1"), t("difference")]
    yield from _table(heads, rows, numbers=4)
    yield from block(t("beside.note"))


def _others(v: View) -> Iterator[str]:
    t, others = v.t, v.result.others
    if not others:
        return
    yield from _head(t("others"))
    rows = [
        [o.name, str(o.n), *(_est(m, o.metrics[m]) if m in o.metrics else "–" for m in ("qwk", "mae", "point_f1")),
         number(o.seconds_per_answer), number(o.cost, 4)]
        for o in others
    ]  # fmt: skip
    heads = [t("judge"), t("h.n"), "QWK", t("h.mae"), t("h.point_f1"), t("seconds"), t("cost")]
    yield from _table(heads, rows, numbers=6)
    yield from block(t("others.note"))


def _slices(v: View) -> Iterator[str]:
    t = v.t
    if not v.slices:
        return
    yield from _head(t("slices"))
    yield from block(t("slices.note"))
    shown = ("qwk", "mean_signed_error", "mae", "smd", "adjacent", "point_f1")
    for group in v.slices:
        yield f"### {plain(group.title)}"
        yield ""
        rows = []
        for label, s in group.rows:
            cells = [_est(m, getattr(s, m), m in ("qwk", "mean_signed_error")) for m in shown]
            rows.append([label, str(s.n), *cells])
        yield from _table(["", t("h.n"), *(t(f"h.{m}") for m in shown)], rows, numbers=7)
        if group.restricted:
            yield from block(t("slices.restricted"))


def _worst(v: View) -> Iterator[str]:
    if v.worst:
        yield from _head(v.t("worst"))
        yield from block(v.t("worst.note", n=len(v.worst)))
    for part in v.worst:
        yield from _one_of_the_worst(v, part)


def _one_of_the_worst(v: View, p: WorstPart) -> Iterator[str]:
    t = v.t
    yield f"### {p.number}. {plain(p.difference)}{t.colon}{plain(p.head)}"
    yield ""
    yield plain(" · ".join([p.worst.answer_id, *p.tags]))
    yield ""
    yield from block(p.question, bold=True)
    yield from fence(p.worst.answer)
    yield ""
    if p.points:
        heads = [
            "",
            t("worst.points"),
            t("worst.reference"),
            t("worst.credit"),
            t("worst.verdict"),
            t("worst.evidence"),
        ]
        rows = [
            [q.number, q.text + (f" ({t('bonus')})" if q.bonus else ""), q.reference, q.credit, q.word,
             " … ".join(q.quotes)]
            for q in p.points
        ]  # fmt: skip
        yield from _table(heads, rows)
    for b in p.beliefs:
        said = f"{t.colon}{plain(' … '.join(b.quotes))}" if b.quotes else ""
        yield f"- {t('worst.beliefs')} {b.letter}{t.colon}{plain(b.text)} ({b.found_by}){said}"
    for n in p.worst.raters:
        yield f"- {plain(t('worst.rater', rater=n.rater, grade=n.grade))}{f' — {plain(n.note)}' if n.note else ''}"
    yield ""


def _tail(v: View) -> Iterator[str]:
    t, r = v.t, v.result
    if r.failures:
        yield from _head(t("failures"))
        yield from block(t("failures.note"))
        yield from _table(["", ""], [[f.answer, f.error or "–"] for f in r.failures[:20]])
        if len(r.failures) > 20:
            yield from block(t("more", n=len(r.failures) - 20))
    if v.timing:
        yield from _head(t("timing"))
        yield from _table(["", ""], v.timing)
        yield from block(t("timing.note"))
    yield from _head(t("provenance"))
    yield from _table(["", ""], v.provenance)
    yield from block(t("again"))


def _est(name: str, e: Interval, interval: bool = True) -> str:
    return f"{measured(name, e.value, 2)} {span(name, e, 2) if interval else ''}".rstrip()


def _head(text: str) -> Iterator[str]:
    yield f"## {plain(text)}"
    yield ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> Iterator[str]:
    """The last `numbers` columns are aligned to the right. Cells are escaped here."""
    yield _row(heads)
    yield "|" + "|".join(" --: " if k >= len(heads) - numbers else " --- " for k in range(len(heads))) + "|"
    for row in rows:
        yield _row(row)
    yield ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(plain(c) for c in cells) + " |"
