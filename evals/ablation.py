"""What each signal is worth, alone and left out, and what the phrasings are worth.

Every variant is fitted on dev anew and measured on test.

A signal that can be left out without loss is one that others replace, not one that says nothing: read both columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evals.compare import Graded, compare
from evals.datasets import Dataset
from evals.fitting import MakeJudge, Row, Seen, observe, rows, weighted, with_ceiling
from evals.splits import SPLITS, for_fitting
from interviewer.judge.fusion import Fusion

WORDS = ("cover", "facet", "model", "phrase", "mass", "term", "apart", "number")
VECTORS = ("similar", "lead", "topic")
ALL = WORDS + VECTORS


@dataclass(frozen=True)
class Variant:
    name: str
    what: str
    signals: tuple[str, ...]


BARE = Variant("without phrasings", "points and beliefs in the map's own words alone", ALL)
"""What is left of the judge where nobody has written `rubrics/data/phrasings`: a map of your own."""


def variants(start: Fusion) -> Iterator[Variant]:
    """One signal alone and one left out, for those that have a weight; then words alone and vectors alone."""
    used = [n for n in ALL if start.weights.get(n)]
    yield Variant("words alone", "no embedding", WORDS)
    yield Variant("vectors alone", "no words shared", VECTORS)
    for name in used:
        yield Variant(f"{name} alone", "the other signals left out", (name,))
    for name in used:
        yield Variant(f"without {name}", "the other signals kept", tuple(n for n in ALL if n != name))


def ablate(
    dataset: Dataset, make: MakeJudge, start: Fusion, told: Callable[[str], None] = lambda _: None
) -> list[dict[str, Any]]:
    """Per variant {"name", "what", "qwk", "mae", "point_f1", "difference"}: the judge in use less the variant, paired.

    The judge in use is measured with its own weights, the variants with weights and ceiling of their own.
    """
    dev = observe(dataset.only(for_fitting("dev")).items, make(start))
    test = observe(dataset.only("test").items, make(start))
    fitted = list(rows(dev))
    whole = graded(test, make, start)
    out = []
    for v in variants(start):
        told(v.name)
        out.append(_beside(v, whole, graded(test, make, _fitted(dev, fitted, make, start, v.signals))))
    told(BARE.name)
    dev, test = (observe(dataset.only(s).items, make(start), phrasings=False) for s in SPLITS)
    return [*out, _beside(BARE, whole, graded(test, make, _fitted(dev, list(rows(dev)), make, start, BARE.signals)))]


def _fitted(dev: Sequence[Seen], found: Sequence[Row], make: MakeJudge, start: Fusion, names: Sequence[str]) -> Fusion:
    return with_ceiling(dev, make, weighted(start, found, names))[0]


def graded(seen: Sequence[Seen], make: MakeJudge, fusion: Fusion) -> list[Graded]:
    judge = make(fusion)
    out = []
    for s in seen:
        judgement = s.judged(judge)
        credit = {p.id: p.credit for p in judgement.points}
        if judgement.score is not None:
            points = tuple((r, credit.get(i, 0.0)) for i, r in s.item.points.items())
            out.append(Graded(s.item.answer.id, s.item.question.id, s.item.mean_grade, judgement.score / 2, points))
    return out


def _beside(variant: Variant, ours: Sequence[Graded], other: Sequence[Graded]) -> dict[str, Any]:
    found = compare(ours, other, resamples=1000)["metrics"]
    return {
        "name": variant.name,
        "what": variant.what,
        **{n: found[n]["b"] for n in ("qwk", "mae", "point_f1") if n in found},
        "difference": found["qwk"]["difference"],
    }
