"""From a result to what the report shows. Pure: the same in, the same out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evals.report.numbers import measured, number, share, short, signed, span
from evals.report.parts import Chart, Criterion, Figure, ForestRow, MeasureRow, Plot, SliceGroup, View
from evals.report.shapes import UNKNOWN, Interval, Line, Reliability, Result, Slice
from evals.report.svg import Scale, Spot, scale
from evals.report.words import Words
from evals.report.worst import anchor, worst_parts

RESTRICTED = ("mode", "band")
"""Groups whose parts are made by what the reference says, or nearly so."""
QWK, GAP, SMD = 0.70, 0.10, 0.15
"""Williamson, Xi & Breyer 2012, Educ. Meas.: Issues and Practice 31, 2-13."""
MEASURES = (
    "qwk", "pearson", "spearman", "kendall", "alpha", "mae", "rmse", "mean_signed_error", "smd", "exact", "adjacent",
    "point_f1", "point_kappa", "point_qwk", "misconception_f1", "residual_length", "unscored", "needs_review",
    "interval_coverage", "quote_validity",
)  # fmt: skip
JUDGE = ("kind", "model", "embedder", "calibration", "prompt_hash", "note")


def view_of(result: Result, items: Sequence[Line], lang: str) -> View:
    """`items` are the lines of items.jsonl; they say more about the dots of the scatter, and may be none."""
    t = Words(lang)
    forest = tuple(_forest(result, t))
    ends = [v for row in forest for v in (row.estimate.value, row.estimate.low, row.estimate.high)]
    return View(
        t=t,
        result=result,
        name=" ".join(str(result.judge[k]) for k in JUDGE[:4] if result.judge.get(k)) or t("judge"),
        meta=(t("about", n=result.n, questions=result.questions), t.named("split", result.split)),
        who=_who(result, t),
        figures=tuple(_figures(result, t)),
        forest=forest,
        forest_scale=scale(ends, 0, 1),
        criteria=tuple(_criteria(result, t)) if result.n else (),
        measures=tuple(_measures(result, t)),
        slices=tuple(_slices(result, t)),
        calibration=_chart(result.calibration),
        point_calibration=_chart(result.point_calibration),
        spots=tuple(_spots(result, items, t)),
        worst=worst_parts(result, t),
        timing=tuple(_timing(result, t)),
        provenance=tuple(_provenance(result, t)),
    )


def _who(result: Result, t: Words) -> str:
    raters = result.annotators.raters
    if not raters:
        return t("who.nobody")
    known = "who.models" if result.annotators.kind == "language models" else "who.unknown"
    return t(known, n=len(raters), raters=t.comma.join(raters))


def _figures(result: Result, t: Words) -> Iterator[Figure]:
    m = result.metrics
    if result.n:
        for key, e in (("qwk", m.get("qwk")), ("ceiling", result.annotators.metrics.get("qwk"))):
            if e is not None and e.value is not None:
                yield Figure(t(f"card.{key}"), number(e.value), _ci(e, t))
        for key in ("mae", "adjacent"):
            if (e := m.get(key)) is not None and e.value is not None:
                yield Figure(t(f"card.{key}"), measured(key, e.value, 2), _ci(e, t, key))
    unscored = len(result.failures)
    yield Figure(t("card.unscored"), str(unscored), share(unscored / (result.n + unscored)) if unscored else "")


def _ci(e: Interval, t: Words, key: str = "") -> str:
    if e.low is None or e.high is None:
        return ""
    return t("ci", low=measured(key, e.low, 2), high=measured(key, e.high, 2))


def _forest(result: Result, t: Words) -> Iterator[ForestRow]:
    if "qwk" in result.annotators.metrics:
        yield ForestRow(t("annotators"), result.annotators.metrics["qwk"], "annotators")
    yield ForestRow(t("this_judge"), result.metrics.get("qwk", UNKNOWN), "judge")
    for b in result.beside:
        yield ForestRow(b.name, b.qwk, "beside")
    for o in result.others:
        yield ForestRow(o.name, o.metrics.get("qwk", UNKNOWN), "other", t("sample", n=o.n))


def _criteria(result: Result, t: Words) -> Iterator[Criterion]:
    qwk = result.metrics.get("qwk", UNKNOWN).value
    ceiling = result.annotators.metrics.get("qwk", UNKNOWN).value
    smd = result.metrics.get("smd", UNKNOWN).value
    gap = None if qwk is None or ceiling is None else ceiling - qwk
    yield Criterion(t("criteria.qwk"), number(qwk), None if qwk is None else qwk >= QWK)
    yield Criterion(t("criteria.gap"), number(gap), None if gap is None else gap <= GAP)
    yield Criterion(t("criteria.smd"), signed(smd), None if smd is None else abs(smd) <= SMD)


def _measures(result: Result, t: Words) -> Iterator[MeasureRow]:
    between = result.annotators.metrics
    for name in [*MEASURES, *sorted({*result.metrics, *between} - {*MEASURES})]:
        if name in result.metrics or name in between:
            e, b = result.metrics.get(name, UNKNOWN), between.get(name, UNKNOWN)
            yield MeasureRow(
                t(f"m.{name}") if name in MEASURES else name,
                measured(name, e.value) if name in result.metrics else "",
                span(name, e),
                measured(name, b.value) if name in between else "",
                span(name, b),
            )


def _slices(result: Result, t: Words) -> Iterator[SliceGroup]:
    for name, parts in result.slices.items():
        if not parts:
            continue
        restricted = name in RESTRICTED
        measures = ("mean_signed_error", "mae") if restricted else ("qwk", "mean_signed_error")
        rows = tuple((_part(name, value, result, t), s) for value, s in parts.items())
        plots = tuple(Plot(m, t(f"h.{m}"), _axis(m, [s for _, s in rows]), 0.0) for m in measures)
        yield SliceGroup(t.named("slice", name), restricted, plots, rows)


def _part(group: str, value: str, result: Result, t: Words) -> str:
    known = result.names.get(group, {}).get(value)
    if known is not None and known.text(t.lang):
        return known.text(t.lang)
    if group in ("length", "difficulty", "band"):
        return value.replace("-", "–")
    return t.named(group, value) or "–"


def _axis(measure: str, rows: Sequence[Slice]) -> Scale:
    values = [v for s in rows for e in [getattr(s, measure)] for v in (e.value, e.low, e.high)]
    low, high = (0.0, 1.0) if measure in ("qwk", "mae") else (-0.5, 0.5)
    return scale(values, low, high, steps=3)


def _chart(found: Reliability | None) -> Chart | None:
    if found is None or not found.bins:
        return None
    return Chart(
        tuple((b.given, b.reference, b.n) for b in found.bins),
        tuple((short(b.low), short(b.high)) for b in found.bins),
        found.top,
        number(found.error),
    )


def _spots(result: Result, items: Sequence[Line], t: Words) -> Iterator[Spot]:
    if result.bland_altman is None:
        return
    lines = {line.id: line for line in items}
    listed = {w.answer_id: anchor(n) for n, w in enumerate(result.worst, 1)}
    for d in result.bland_altman.items:
        line = lines.get(d.answer)
        title = d.answer
        if line is not None and line.judgement is not None and line.judgement.score is not None:
            title = t(
                "dot",
                id=d.answer,
                mode=t.named("mode", line.mode),
                reference=number(line.reference.mean_grade, 1),
                score=number(line.judgement.score / 2, 1),
            )
        yield Spot(d.mean, d.difference, title, d.answer, listed.get(d.answer, ""))


def _timing(result: Result, t: Words) -> Iterator[tuple[str, str]]:
    took = result.timing
    if took is None or not took.answers:
        return
    for key, value in (("median", took.seconds_median), ("p95", took.seconds_p95)):
        if value is not None:
            yield t(f"timing.{key}"), number(value, 3)
    if not took.calls:
        yield t("timing.calls"), t("timing.no_model")
        return
    yield t("timing.calls"), f"{took.calls:,}"
    tokens = [f"{n:,}" if n is not None else "–" for n in (took.input_tokens, took.output_tokens)]
    yield t("timing.tokens"), " / ".join(tokens)
    yield t("timing.cost"), number(took.cost, 4)


def _provenance(result: Result, t: Words) -> Iterator[tuple[str, str]]:
    for key in JUDGE:
        if result.judge.get(key):
            yield t(f"prov.{key}"), str(result.judge[key])
    if result.judge.get("fallback"):
        yield t("prov.fallback"), t("yes")
    if result.data:
        yield t("prov.data"), result.data
    yield t("prov.split"), result.split
    if result.annotators.raters:
        yield t("prov.raters"), t.comma.join(result.annotators.raters)
    yield from result.versions.items()
