"""The agreement of raters and judge as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from interviewer.text import pad, truncate

HEADS = {
    "qwk": "QWK (0-5)", "pearson": "Pearson r", "alpha": "Krippendorff α", "within_questions": "r within questions",
    "spearman": "ρ", "mae": "MAE", "bias": "bias",
}  # fmt: skip
_BRIEF = {"spearman", "mae", "bias"}
"""Without their intervals, which are in the JSON."""
_WIDEST = 24
_COLUMN = 23


def as_text(result: Mapping[str, Any]) -> str:
    return "\n".join(line.rstrip() for line in _lines(result)) + "\n"


def _lines(result: Mapping[str, Any]) -> Iterator[str]:
    found, about = result["agreement"], result["judge"] or {}
    judge = " ".join(str(about[k]) for k in ("kind", "model", "embedder", "calibration") if about.get(k))
    yield f"{result['source']}: {found['n']} answers to {found['questions']} questions (data {result['data']})"
    yield f"judge {judge}" if about else "no judge"
    yield ""
    yield f"{_name('rater')} {'n':>5}  {'scale':>8}  {'mean':>6}  {'sd':>6}   (mean and sd of the marks as 0-1)"
    for r in found["raters"]:
        scales = ["0-5"] if r["of_the_set"] else result["scales"][r["rater"]]
        scale = scales[0] if len(scales) == 1 else "several"
        of_the_set = "   of the eval set" if r["of_the_set"] else ""
        yield f"{_name(r['rater'])} {r['n']:>5}  {scale:>8}  {r['mean']:>6.3f}  {r['sd']:>6.3f}{of_the_set}"
    if found["pairs"]:
        yield from _table("between raters", found["pairs"], ("qwk", "pearson", "alpha"))
        if found["alpha"]["n"]:
            gap = " " * (2 * _COLUMN + 4)
            yield f"{_name('all raters of the file')} {found['alpha']['n']:>5}  {gap}{_estimate(found['alpha'])}"
    if found["against_others"]:
        rows = [{**r, "label": r["rater"]} for r in found["against_others"]]
        yield from _table("against the others' mean", rows, ("qwk", "pearson", "mae", "bias"))
    if found["judge"]:
        several = sum(not r["of_the_set"] for r in found["raters"]) > 1
        rows = [
            {**r, "label": r["rater"] or "the raters' mean"}
            for r in found["judge"]
            if r["rater"] is not None or several
        ]
        yield from _table("judge against", rows, ("qwk", "pearson", "spearman", "mae", "bias"))
        yield from _table(
            "beside the raters' mean",
            [{**found["judge"][0], "label": "judge"}, {**found["length"][0], "label": "length of the answer"}],
            ("pearson", "spearman", "within_questions"),
        )
    yield ""
    if found["questions"] < 2:
        yield "no intervals: they redraw whole questions, and there is one"
    yield f"{result['rows']} rows; rows or ratings left out: {result['left_out']}; {_unscored(result)}"


def _unscored(result: Mapping[str, Any]) -> str:
    if not result["judge"] and not result["failures"]:
        return "nothing was judged"
    return f"unscored by the judge: {len(result['failures'])}"


def _table(title: str, rows: Sequence[Mapping[str, Any]], measures: Sequence[str]) -> Iterator[str]:
    yield ""
    heads = (f"{HEADS[k]:>6}" if k in _BRIEF else f"{HEADS[k]:<{_COLUMN}}" for k in measures)
    yield f"{_name(title)} {'n':>5}  " + "  ".join(heads)
    for row in rows:
        label = row.get("label") or " · ".join(_half(r) for r in row["raters"])
        cells = (_number(row[k]["value"]) if k in _BRIEF else _estimate(row[k]) for k in measures)
        yield f"{_name(label)} {row['n']:>5}  " + "  ".join(cells)


def _name(text: str) -> str:
    return pad(text, _WIDEST)


def _half(rater: str) -> str:
    return truncate(rater, (_WIDEST - 3) // 2)


def _estimate(e: Mapping[str, float | None]) -> str:
    low, high = e["low"], e["high"]
    span = f" [{low:.3f}, {high:.3f}]" if low is not None and high is not None else ""
    return f"{_number(e['value'])}{span}".ljust(_COLUMN)


def _number(value: float | None) -> str:
    return f"{'-':>6}" if value is None else f"{value:>6.3f}"
