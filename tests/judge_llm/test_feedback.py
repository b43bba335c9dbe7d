"""Feedback of a model against the verdicts that it gave."""

from __future__ import annotations

import pytest

from interviewer.judge.feedback_check import checked
from interviewer.models import PointVerdict, Verdict
from tests.judge_llm.talking import RUBRIC, offline

INDEX = offline().index(RUBRIC)


def says(text: str, lang: str, *given: Verdict) -> str | None:
    points = [
        PointVerdict(id=p.id, verdict=v, credit=float(v == "covered"), core=p.core, weight=p.weight)
        for p, v in zip(RUBRIC.points, given, strict=True)
    ]
    return checked(text, points, [], INDEX, lang)


HALF: tuple[Verdict, ...] = ("covered", "missing", "contradicted", "missing")


@pytest.mark.parametrize(
    "text",
    [
        "梯度和优化器状态讲得很清楚。没有提到冻结的基座权重仍要整份留在显存里。",
        "你讲到了梯度和优化器状态，但没有说基座权重还留在显存里。",
        "梯度和优化器状态讲对了。激活值基本不省，这一点说反了。",
        "建议补充基座权重的去向。",
        "抓住了主要来源，可以再具体一些。",
    ],
)
def test_feedback_that_agrees_stands(text: str) -> None:
    assert says(text, "zh", *HALF) == text


@pytest.mark.parametrize(
    "text",
    [
        "没有提到梯度和优化器状态。",
        "基座权重仍要整份留在显存里，这一点讲到了。",
        "激活值基本不省讲得很准确。",
        "所有核心要点都讲到了。",
        "回答得很完美！",
        "没有讲到任何要点。",
        "这个回答可以打 8 分。",
        "得分 8/10，不错。",
        "P2 没有讲到。",
        "Good explanation of gradients.",
        "。。。",
        "很好" * 300,
    ],
)
def test_feedback_that_does_not_is_refused(text: str) -> None:
    assert says(text, "zh", *HALF) is None


def test_english() -> None:
    good = "You explain gradients and optimizer state well. You did not mention that the frozen base weights stay."
    assert says(good, "en", *HALF) == good
    for bad in (
        "You missed the gradients and optimizer state.",
        "The frozen base weights sitting in memory are covered well.",
        "All core points are covered.",
        "Perfect answer!",
        "I would score this highly.",
        "梯度讲得好。",
        "You get 7/10 for this.",
    ):
        assert says(bad, "en", *HALF) is None, bad


def test_at_most_three_sentences() -> None:
    text = "讲得清楚。思路顺。例子好。还有一句。"
    assert says(text, "zh", *HALF) == "讲得清楚。思路顺。例子好。"
