"""The result of a run as text for people: agreement first, the annotators beside it, then where it fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NAMES = {
    "qwk": "QWK (0-5)",
    "pearson": "Pearson r",
    "spearman": "Spearman ρ",
    "kendall": "Kendall τ-b",
    "mae": "MAE (grades)",
    "rmse": "RMSE (grades)",
    "mean_signed_error": "mean signed error",
    "smd": "std. mean difference",
    "exact": "exact agreement",
    "adjacent": "within one grade",
    "point_f1": "point F1 (covered)",
    "point_kappa": "point κ (covered)",
    "point_qwk": "point QWK (0, ½, 1)",
    "misconception_f1": "misconception F1",
    "residual_length": "error vs length ρ",
    "unscored": "unscored",
    "needs_review": "needs review",
    "interval_coverage": "interval coverage",
    "quote_validity": "quote validity",
}
SLICES = {
    "lang": "language",
    "kind": "kind",
    "category": "category of the skill",
    "difficulty": "difficulty",
    "length": "characters (thirds)",
    "mode": "failure mode",
    "band": "reference grade",
}


def as_text(result: Mapping[str, Any], judge: str, *, raters: str = "") -> str:
    """`raters` says who gave the reference grades."""
    return "\n".join(_lines(result, judge, raters)) + "\n"


def _lines(result: Mapping[str, Any], judge: str, who: str) -> Iterator[str]:
    yield f"{judge}: {result['n']} answers to {result['questions']} questions (data {result['data']})"
    annotators = result["annotators"]
    raters = ", ".join(annotators["raters"]) or "adjudicated only"
    yield f"reference: {raters}" + (f"; {who}" if who else "")
    yield ""
    yield f"{'':20}  {'judge':>7}  {'95% CI':>16}    {'annotators':>10}  {'95% CI':>16}"
    between = annotators["metrics"]
    for name, label in NAMES.items():
        if (found := result["metrics"].get(name)) is not None:
            beside = _estimate(between[name], 10) if name in between else ""
            yield f"{label:20}  {_estimate(found, 7)}    {beside}".rstrip()
    if "alpha" in between:
        yield f"{'Krippendorff α':20}  {'':7}  {'':16}    {_estimate(between['alpha'], 10)}"
    for slice_name, values in result["slices"].items():
        yield ""
        title = SLICES.get(slice_name, slice_name)
        heads = f"{'QWK':>6} {'95% CI':>16}   {'MAE':>5}  {'bias':>6}  {'±1':>5}  point F1"
        yield f"by {title:24} {'n':>4}  {heads}"
        for value, row in values.items():
            bias = _number(row["mean_signed_error"], 6, "+")
            others = "  ".join([_number(row["mae"], 6), bias, *(_number(row[k], 5) for k in ("adjacent", "point_f1"))])
            yield f"   {value:24} {row['n']:>4}  {_estimate(row['qwk'], 6, 1)}  {others}"
    yield ""
    yield "grades: reference down, judge across"
    yield "     " + "".join(f"{g:>5}" for g in range(6))
    for grade, counts in enumerate(result["confusion"]):
        yield f"  {grade}  " + "".join(f"{c or '.':>5}" for c in counts)
    yield "points: reference nothing, part, all down; judge across"
    for label, counts in zip(("0", "½", "1"), result["point_confusion"], strict=True):
        yield f"  {label}  " + "".join(f"{c or '.':>5}" for c in counts)
    for failure in result["failures"][:10]:
        yield f"unscored {failure['answer']}: {failure['error']}"


def _estimate(e: Mapping[str, float | None], width: int, gap: int = 2) -> str:
    low, high = e["low"], e["high"]
    span = f"[{low:.3f}, {high:.3f}]" if low is not None and high is not None else ""
    return f"{_number(e, width)}{' ' * gap}{span:>16}"


def _number(e: Mapping[str, float | None], width: int, sign: str = "") -> str:
    value = e["value"]
    return f"{value:>{sign}{width}.3f}" if value is not None else f"{'-':>{width}}"
