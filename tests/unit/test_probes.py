"""The probes: each can fail, none is passed by a judge that gives no score, and the report has words for all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from evals.datasets import load_dataset
from evals.probes import PROBES, Outcome, run_probes
from evals.probes.bench import Bench, mean
from evals.report.names import PROBES_ZH
from interviewer.models import Evidence, JudgeInfo, Judgement, PointVerdict, Rubric
from knowledge import load_map

Credits = Callable[[Rubric, str, str], list[float] | None]


class Stub:
    """A judge that gives each point what a function says; None: no score at all."""

    kind = "stub"

    def __init__(self, credits: Credits) -> None:
        self.credits = credits

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        info = JudgeInfo(kind=self.kind)
        given = self.credits(rubric, answer, lang)
        if given is None:
            return Judgement(score=None, grade=None, judge=info, error="told to fail")
        points = [
            PointVerdict(
                id=p.id, verdict="covered" if c >= 0.7 else "missing", credit=c, text=p.text(lang), weight=p.weight,
                core=p.core, evidence=[Evidence(start=0, end=1, text=answer[:1])] if answer else [],
            )
            for p, c in zip(rubric.points, given, strict=True)
        ]  # fmt: skip
        score = 10 * sum(given) / len(given)
        return Judgement(score=score, grade=int(score / 2 + 0.5), interval=(score, score), points=points, judge=info)


def outcomes(credits: Credits, *names: str) -> list[Outcome]:
    return asyncio.run(run_probes(Bench(Stub(credits), load_dataset(), load_map()), names))


def generous(rubric: Rubric, answer: str, lang: str) -> list[float]:
    return [1.0] * len(rubric.points)


def harsh(rubric: Rubric, answer: str, lang: str) -> list[float]:
    return [0.0] * len(rubric.points)


def by_length(rubric: Rubric, answer: str, lang: str) -> list[float]:
    return [min(len(answer) / 700, 1.0)] * len(rubric.points)


def by_place(rubric: Rubric, answer: str, lang: str) -> list[float]:
    return [float(n % 3 == 0) for n, _ in enumerate(rubric.points)]


def by_language(rubric: Rubric, answer: str, lang: str) -> list[float]:
    return [0.9 if lang == "zh" else 0.7] * len(rubric.points)


def moody() -> Credits:
    turn = 0

    def credits(rubric: Rubric, answer: str, lang: str) -> list[float]:
        nonlocal turn
        turn += 1
        return [float(turn % 2)] * len(rubric.points)

    return credits


@pytest.mark.parametrize(
    ("credits", "names"),
    [
        (
            generous,
            ("master-keys", "keyword-salad", "question-echo", "off-topic", "deletion", "negation", "denial"),
        ),
        (harsh, ("other-words",)),
        (by_length, ("injection-poor", "injection-good", "stuffing", "padding")),
        (by_place, ("criterion-order",)),
        (by_language, ("languages",)),
        (moody(), ("test-retest",)),
    ],
    ids=["generous", "harsh", "by-length", "by-place", "by-language", "moody"],
)
def test_each_probe_is_failed_by_the_judge_that_it_is_there_for(credits: Credits, names: tuple[str, ...]) -> None:
    found = outcomes(credits, *names)
    assert len(found) == len(names)
    assert [o.name for o in found if o.passed] == []


def test_there_is_such_a_judge_for_every_probe() -> None:
    marks = test_each_probe_is_failed_by_the_judge_that_it_is_there_for.pytestmark  # type: ignore[attr-defined]
    assert {n for _, names in marks[0].args[1] for n in names} == {p.name for p in PROBES}


def test_a_judge_that_gives_no_score_passes_none() -> None:
    for o in outcomes(lambda rubric, answer, lang: None):
        assert not o.passed and "have no score" in o.worst[0], o
        assert json.loads(json.dumps(o.as_json(), allow_nan=False))["value"] is None


def test_answers_without_a_score_are_told_beside_what_was_measured() -> None:
    found = outcomes(lambda r, answer, lang: None if answer == "解：" else harsh(r, answer, lang), "master-keys")[0]
    assert found.value == 0 and found.n == 560 and not found.passed
    assert found.worst[0] == "40 of 600 judgements have no score"


def test_a_claim_that_earned_nothing_loses_nothing_by_denial() -> None:
    (found,) = outcomes(harsh, "negation")
    assert found.n == 0 and not found.passed


def test_the_cases_behind_a_failure_come_first() -> None:
    values = {"a": [1.0, 0.0], "b": [1.0]}
    assert mean("x", "", values, lambda v: v >= 0.9, lambda v: -v).worst[0] == "a: +0.00"
    assert mean("x", "", values, lambda v: v <= 0.1).worst[0] == "a: +1.00"


def test_the_chinese_report_has_words_for_every_probe() -> None:
    for o in outcomes(harsh):
        assert o.name in PROBES_ZH and o.line in PROBES_ZH
