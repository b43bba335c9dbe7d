"""What a probe stands on: a judge with texts to try on it, and the mean over its cases with an interval.

A case that the judge leaves unscored is no evidence for anything: it is counted, told, and the probe does not pass.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from evals.datasets import Dataset, Item
from evals.metrics import bootstrap
from interviewer.judge import question_rubric
from interviewer.judge.protocol import Judge
from interviewer.models import Judgement, Rubric
from knowledge import KnowledgeMap, Question
from knowledge.models import Kind

SAMPLE = 60
"""Questions (or answers) that a probe looks at, drawn with a seed."""
GOOD, POOR = 4, 1
"""Reference grades from which an answer is good, and up to which it is poor."""
RESAMPLES = 1000
LANGS = ("zh", "en")


@dataclass(frozen=True)
class Outcome:
    """What a probe measured; `value` in the unit of its pass line."""

    name: str
    value: float
    low: float | None
    high: float | None
    line: str
    passed: bool
    n: int
    worst: tuple[str, ...] = ()
    """A few of the cases behind a failure."""

    def as_json(self) -> dict[str, Any]:
        """JSON values: what is undefined is null."""
        numbers = {k: None if v is None or math.isnan(v) else v for k, v in self._numbers().items()}
        return {**self.__dict__, **numbers, "worst": list(self.worst)}

    def _numbers(self) -> dict[str, float | None]:
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass
class Bench:
    """A judge with the texts it is probed with."""

    judge: Judge
    dataset: Dataset
    the_map: KnowledgeMap
    seed: int = 0
    concurrency: int = 8
    calls: int = 0
    """Judgements asked for since the probe began."""
    unscored: int = 0
    """How many of them have no score."""
    _gate: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._gate = asyncio.Semaphore(self.concurrency)

    async def score(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        """The judgement; one without a score is counted in `unscored`, and `run_probes` tells of it."""
        async with self._gate:
            self.calls += 1
            judgement = await self.judge.judge(rubric, answer, lang)
            self.unscored += judgement.score is None
            return judgement

    async def credit(self, rubric: Rubric, answer: str, lang: str, point: str) -> float:
        """What the point earns, 0-1; NaN where the answer is unscored or the point is not judged."""
        judgement = await self.score(rubric, answer, lang)
        return next((p.credit for p in judgement.points if p.id == point), float("nan"))

    async def marks(self, cases: Sequence[tuple[Rubric, str, str]]) -> list[float]:
        """Score of each case as a share of the scale, 0-1; NaN where unscored."""
        judged = await asyncio.gather(*(self.score(*c) for c in cases))
        return [float("nan") if j.score is None else j.score / 10 for j in judged]

    @cached_property
    def questions(self) -> list[Question]:
        """Open questions and scenarios: in the others an option or a program carries the marks."""
        found = [q for q in self.the_map.questions.values() if q.kind in (Kind.OPEN, Kind.SCENARIO)]
        return random.Random(self.seed).sample(found, min(SAMPLE, len(found)))

    def items(self, fits: Callable[[Item], bool]) -> list[Item]:
        found = [i for i in self.dataset.items if fits(i) and i.question.kind in (Kind.OPEN, Kind.SCENARIO)]
        return random.Random(self.seed).sample(found, min(SAMPLE, len(found)))


def lang_of(item: Item) -> str:
    return "en" if item.answer.lang == "en" else "zh"


def rubric_of(item: Item) -> Rubric:
    return question_rubric(item.question, lang_of(item))


def mean(
    name: str,
    line: str,
    values: Mapping[str, Sequence[float]],
    passes: Callable[[float], bool],
    badness: Callable[[float], float] = abs,
) -> Outcome:
    """The mean over cases with a bootstrap clustered on questions; values by question id, NaN where none was found.

    `badness` says which cases are behind a failure: the largest.
    """
    pairs = [(k, v) for k, vs in values.items() for v in vs if v == v]
    if not pairs:
        return Outcome(name, float("nan"), None, None, line, False, 0, ("nothing to run it on",))
    data, clusters = np.array([v for _, v in pairs]), [k for k, _ in pairs]
    estimate = bootstrap({"mean": lambda at: float(data[at].mean())}, clusters, resamples=RESAMPLES)["mean"]
    extreme = sorted(pairs, key=lambda p: -badness(p[1]))[:5]
    worst = tuple(f"{k}: {v:+.2f}" for k, v in extreme)
    return Outcome(
        name, round(estimate.value, 4), round(estimate.low, 4), round(estimate.high, 4), line,
        passes(estimate.value), len(pairs), worst,
    )  # fmt: skip


def by_question(items: Sequence[Item], values: Sequence[float]) -> dict[str, list[float]]:
    out: dict[str, list[float]] = {}
    for item, value in zip(items, values, strict=True):
        out.setdefault(item.question.id, []).append(value)
    return out


async def shift(bench: Bench, items: Sequence[Item], change: Callable[[Item], str]) -> dict[str, list[float]]:
    """Marks of the changed answer less those of the answer, by question."""
    before = await bench.marks([(rubric_of(i), i.answer.answer, lang_of(i)) for i in items])
    after = await bench.marks([(rubric_of(i), change(i), lang_of(i)) for i in items])
    return by_question(items, [a - b for a, b in zip(after, before, strict=True)])
