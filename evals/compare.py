"""Two judges on the same answers: differences with intervals. Pure.

The bootstrap is paired: both judges see the same redrawn questions, so what makes a question hard for both cancels
(Efron & Tibshirani 1993, An Introduction to the Bootstrap, §16).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evals import metrics as m
from evals.rounding import estimate_json
from evals.table import LEVELS, RESAMPLES, covered, joined


@dataclass(frozen=True)
class Graded:
    """One judge's reading of one answer, beside the reference. Scores and credits as in `assess`."""

    id: str
    question: str
    reference: float
    """Mean grade of the raters, 0-5."""
    score: float
    """Half the judge's 0-10 score."""
    points: tuple[tuple[float, float], ...] = ()
    """Reference and judged credit of each point, where the judge gives any."""
    slices: tuple[tuple[str, str], ...] = ()

    @property
    def grade(self) -> int:
        return min(int(self.score + 0.5), LEVELS - 1)


def statistics(items: Sequence[Graded]) -> dict[str, m.Statistic]:
    """QWK, MAE, and point F1 where every item has points."""
    reference = np.array([int(i.reference + 0.5) for i in items], dtype=np.int64)
    mean = np.array([i.reference for i in items])
    grade = np.array([i.grade for i in items], dtype=np.int64)
    score = np.array([i.score for i in items])
    out: dict[str, m.Statistic] = {
        "qwk": lambda at: m.qwk(reference[at], grade[at], LEVELS),
        "mae": lambda at: m.mae(mean[at], score[at]),
    }
    if items and all(i.points for i in items):
        held, found = ([covered(np.array([p[side] for p in i.points])) for i in items] for side in (0, 1))
        out["point_f1"] = lambda at: m.precision_recall_f1(joined(held, at), joined(found, at)).f1
    return out


def compare(a: Sequence[Graded], b: Sequence[Graded], *, resamples: int = RESAMPLES) -> dict[str, Any]:
    """Both judges' numbers on the answers that both scored, and A less B with 95 % intervals; per slice too."""
    by_id = {i.id: i for i in b}
    pairs = [(i, by_id[i.id]) for i in a if i.id in by_id]
    out = _differences(pairs, resamples) | {
        "n": len(pairs),
        "questions": len({x.question for x, _ in pairs}),
        "only_a": len(a) - len(pairs),
        "only_b": len(b) - len(pairs),
    }
    slices: dict[str, dict[str, Any]] = {}
    for name, value in sorted({s for x, _ in pairs for s in x.slices}):
        some = [p for p in pairs if (name, value) in p[0].slices]
        slices.setdefault(name, {})[value] = {"n": len(some)} | _differences(some, resamples // 4)
    return out | {"slices": slices}


def _differences(pairs: Sequence[tuple[Graded, Graded]], resamples: int) -> dict[str, Any]:
    first, second = (statistics([p[side] for p in pairs]) for side in (0, 1))
    wanted: dict[str, m.Statistic] = {}
    shared = [n for n in first if n in second]
    for name in shared:
        x, y = first[name], second[name]
        wanted |= {f"a {name}": x, f"b {name}": y, f"- {name}": _less(x, y)}
    found = m.bootstrap(wanted, [x.question for x, _ in pairs], resamples=resamples) if pairs else {}
    if not pairs:
        return {"metrics": {}}
    sides = {"a": "a", "b": "b", "difference": "-"}
    return {
        "metrics": {n: {k: estimate_json(found[f"{side} {n}"]) for k, side in sides.items()} for n in shared},
    }


def _less(x: m.Statistic, y: m.Statistic) -> m.Statistic:
    return lambda at: x(at) - y(at)


def read_items(lines: Sequence[Mapping[str, Any]]) -> list[Graded]:
    """The scored answers of an `items.jsonl` that `evals run --output` wrote."""
    out = []
    for line in lines:
        judgement, reference = line["judgement"], line["reference"]
        if judgement is None or judgement["score"] is None:
            continue
        credit = {p["id"]: p["credit"] for p in judgement["points"]}
        out.append(
            Graded(
                line["id"],
                line["question_id"],
                reference["mean_grade"],
                judgement["score"] / 2,
                tuple((r, credit.get(i, 0.0)) for i, r in reference["points"].items()),
                (("lang", line["lang"]), ("mode", line["mode"])),
            )
        )
    return out
