"""One answer through the judge with a model: verdicts, evidence, second looks, fusion, provenance."""

from __future__ import annotations

from typing import Any

import pytest

from interviewer.errors import (
    ConfigError,
    ProviderDown,
)
from interviewer.judge import OfflineJudge, question_rubric
from interviewer.judge.llm import LLMJudge
from interviewer.llm import Request, ScriptedGateway, Tokens
from interviewer.models import Rubric
from knowledge import load_map
from knowledge.models import Kind
from tests.judge_llm.judged import judged, sound
from tests.judge_llm.talking import (
    FEEDBACK,
    GOOD,
    HONEST,
    JUNK,
    RUBRIC,
    SAYS,
    credits,
    duped,
    judge_with,
    offline,
    point,
    verdicts,
)


async def test_a_good_answer() -> None:
    j = await judged([HONEST])
    assert j.score == 10 and j.grade == 5 and not j.needs_review
    assert [p.verdict for p in j.points] == ["covered", "covered", "covered", "missing"]
    assert [p.evidence[0].text for p in j.points[:3]] == list(SAYS)
    assert j.feedback == FEEDBACK


async def test_provenance() -> None:
    gateway = ScriptedGateway([HONEST], model="test/one", tokens=Tokens(900, 80, 700), cost=0.001)
    j = await LLMJudge(gateway, offline()).judge(RUBRIC, GOOD, "zh")
    assert (j.judge.kind, j.judge.model, j.judge.fallback) == ("llm", "test/one", False)
    assert j.judge.calibration == "fusion-llm-v1+fusion-v3" and j.judge.embedder == offline().embedder.name
    assert len(j.judge.prompt_hash or "") == len(j.judge.rubric_hash) == 16
    assert (j.usage.calls, j.usage.input_tokens, j.usage.output_tokens, j.usage.cost) == (1, 900, 80, 0.001)
    assert j.usage.seconds > 0
    unknown = await judged([HONEST])
    assert unknown.usage.cost is None and unknown.usage.input_tokens is None


async def test_an_answer_without_content_costs_no_call() -> None:
    for answer in ("", "  \n", "不知道", RUBRIC.ask, "：", "\u200b\u200b"):
        judge, gateway = judge_with([])
        j = sound(await judge.judge(RUBRIC, answer, "zh"), answer)
        assert j.score == 0 and j.judge.kind == "llm" and gateway.calls == 0 and j.usage.calls == 0


async def test_the_model_alone_the_signals_alone_and_both() -> None:
    said = verdicts(point(1, "covered", SAYS[0]), point(2, "missing", confidence=0.9))
    alone = await judged([said], signals="llm", reasks=0)
    both = await judged([said], reasks=0)
    judge = LLMJudge(None, offline(), signals="similarity")
    without = await judge.judge(RUBRIC, GOOD, "zh")
    assert without.judge.kind == "offline" and without.usage.calls == 0
    assert credits(alone.points) == {
        "optimizer-state": 1, "base-weights-stay": 0, "activations-stay": 0, "merge-no-latency": 0,
    }  # fmt: skip
    assert 0 < credits(both.points)["base-weights-stay"] < 0.35 < credits(without.points)["base-weights-stay"]
    assert "llm alone" in alone.judge.calibration
    with pytest.raises(ConfigError):
        LLMJudge(None, offline())


async def test_a_right_answer_in_other_words_keeps_credit_and_is_reviewed() -> None:
    """What signals cannot see is what the model is for."""
    answer = "那两份动量连同求导的结果几乎没了。"
    assert offline().examine(RUBRIC, answer, "zh").points[0].credit == 0

    def say(request: Request) -> dict[str, Any]:
        alone = point(1, "covered", answer)
        return verdicts(alone) if request.purpose == "judge" else {k: v for k, v in alone.items() if k != "id"}

    j = await judged(say, answer)
    assert j.points[0].credit == 0.6 and j.needs_review
    assert (await judged(say, answer, reasks=0)).points[0].credit == 0.35
    assert (await judged(say, answer, signals="llm")).points[0].credit == 1


async def test_no_credit_for_the_models_word_alone() -> None:
    said = verdicts(*(point(n, "covered") for n in range(1, 5)))
    j = await judged([said], JUNK, reasks=0)
    assert j.score == 0 and j.needs_review
    j = await judged([verdicts(*(point(n, "covered", "梯度和优化器状态") for n in range(1, 5)))], JUNK, reasks=0)
    assert j.score == 0 and not any(p.evidence for p in j.points)


async def test_an_unlocated_verdict_is_carried_by_the_signals_alone_and_less() -> None:
    said = verdicts(point(1, "covered", "这句话不在回答里出现过"))
    j = await judged([said], reasks=0)
    own = await offline().judge(RUBRIC, GOOD, "zh")
    assert 0 < credits(j.points)["optimizer-state"] < credits(own.points)["optimizer-state"]
    assert credits((await judged([said], reasks=0, signals="llm")).points)["optimizer-state"] == 0


async def test_quotes_are_found_whatever_their_signs() -> None:
    answer = GOOD.replace("，", ",").replace("。", " . ") + "\nGradients  shrink."
    said = verdicts(
        point(1, "covered", "梯度和优化器状态 随可训练参数，变得很小", "ＧＲＡＤＩＥＮＴＳ shrink"),
        point(2, "covered", "基座权重…留在显存里"),
    )
    j = await judged([said], answer, reasks=0)
    assert [e.text for e in j.points[0].evidence] == ["梯度和优化器状态随可训练参数变得很小", "Gradients  shrink"]
    assert j.points[1].credit > 0.7


@pytest.mark.parametrize("quote", ["的", "a", "综上所述", "首先", "因此", "，", "LoRA"])
async def test_a_quote_that_says_nothing_is_no_evidence(quote: str) -> None:
    answer = f"a 首先，{JUNK}的，因此 LoRA 综上所述。"
    j = await judged(duped(quote), answer)
    assert j.score == 0 or all(p.signals["offline"] > 0 for p in j.points if p.credit)
    assert (j.score or 0) <= 1


async def test_contradicted_needs_a_passage() -> None:
    answer = "LoRA 连激活值也一起省掉了，基座权重也不用放进显存。"
    said = verdicts(point(3, "contradicted", "连激活值也一起省掉了"), point(2, "contradicted", "不存在的话不存在的话"))
    j = await judged([said], answer, reasks=0)
    assert [p.verdict for p in j.points][1:3] == ["missing", "contradicted"]
    assert j.points[2].evidence and j.points[2].credit == 0


async def test_doubtful_points_are_asked_again_one_by_one_within_the_budget() -> None:
    said = verdicts(*(point(n, "covered", "回答里没有这样的一句话") for n in (1, 2, 3, 4)))
    asked: list[Request] = []

    def say(request: Request) -> dict[str, Any]:
        asked.append(request)
        if request.purpose == "judge":
            return said
        n = next(n for n, p in enumerate(RUBRIC.points) if p.zh in request.messages[0].content)
        return {"quotes": [SAYS[n]], "verdict": "covered", "confidence": 0.9}

    j = await judged(say)
    assert [r.purpose for r in asked] == ["judge", "reask", "reask"]
    assert credits(j.points)["optimizer-state"] == credits(j.points)["base-weights-stay"] == 1, "core and heavy first"
    assert j.points[2].credit < 0.7 and j.needs_review and j.usage.calls == 3
    assert all(sum(p.zh in r.messages[0].content for p in RUBRIC.points) == 1 for r in asked[1:])
    j = await judged(say, reasks=3)
    assert j.score == 10 and j.usage.calls == 4


async def test_missing_against_strong_signals_is_asked_again() -> None:
    look = {"quotes": [SAYS[0]], "verdict": "covered", "confidence": 0.9}
    j = await judged([verdicts(*HONEST["points"][1:]), look])
    assert j.points[0].verdict == "covered" and j.points[0].signals["asked"] == 2
    assert j.needs_review, "the two looks disagree"


async def test_low_confidence_is_asked_again_and_a_failed_look_leaves_the_first() -> None:
    said = verdicts(point(1, "covered", SAYS[0], confidence=0.3), *HONEST["points"][1:])
    j = await judged([said, ProviderDown("gone")])
    assert j.score is not None and j.score > 9 and j.needs_review and j.error is None
    j = await judged([said, "no json", "nor this"])
    assert j.score is not None and j.needs_review
    j = await judged([said, {"quotes": [], "verdict": "missing", "confidence": 0.9}])
    assert j.points[0].credit < 0.35


async def test_off_the_topic_nothing_counts_whatever_the_model_insists() -> None:
    j = await judged(duped("我们下午去公园散步，顺便买了三斤苹果"), JUNK)
    assert j.usage.calls == 3 and j.needs_review and j.score == 0


async def test_misconceptions_need_a_passage_that_proves_nothing_else() -> None:
    wrong = "LoRA 把权重量化成 4bit 所以省显存"
    answer = f"{GOOD}{wrong}。"
    said = HONEST | {"misconceptions": [{"id": "M1", "quotes": [wrong]}]}
    j = await judged([said], answer)
    assert [(m.id, m.penalty, m.evidence[0].text) for m in j.misconceptions] == [("lora-quantises", 2, wrong)]
    assert j.score == pytest.approx(8, abs=0.1) and j.dimensions["correctness"] <= 3
    for quotes in ([], ["没有说过的一句话没有说过"], [SAYS[1]]):
        j = await judged([HONEST | {"misconceptions": [{"id": "M1", "quotes": quotes}]}])
        assert not j.misconceptions and j.score == 10
    j = await judged([HONEST | {"misconceptions": [{"id": "M9", "quotes": [SAYS[0]]}]}])
    assert not j.misconceptions


async def test_dimensions_stay_within_the_verdicts() -> None:
    levels = [{"id": "depth", "level": 4}, {"id": "correctness", "level": 5}, {"id": "charm", "level": 5}]
    j = await judged([HONEST | {"dimensions": levels}])
    assert j.dimensions == {"depth": 4, "correctness": 5, "completeness": 5}
    j = await judged([verdicts(dimensions=levels)], JUNK)
    assert j.dimensions["depth"] == j.dimensions["completeness"] == 1


def of_kind(kind: Kind) -> Rubric:
    question = next(q for q in load_map().questions.values() if q.kind is kind)
    return question_rubric(question, "zh")


def blank(rubric: Rubric, **more: Any) -> dict[str, Any]:
    return {"points": [point(n, "missing") for n in range(1, len(rubric.points) + 1)], "feedback": ""} | more


async def test_the_key_of_a_choice_stays_with_code() -> None:
    rubric = of_kind(Kind.CHOICE)
    assert rubric.question is not None and rubric.question.key is not None
    key = rubric.question.key
    wrong = "A" if key != "A" else "B"
    right = await judged([blank(rubric)], f"选 {key}", rubric, reasks=0)
    assert right.chosen == key and right.score is not None and right.score >= 8
    all_covered = {"points": [point(n, "covered", f"选 {wrong}") for n in range(1, len(rubric.points) + 1)]}
    fooled = await judged([all_covered], f"选 {wrong}", rubric, reasks=0)
    assert fooled.chosen == wrong and fooled.score is not None and fooled.score <= 2
    tied = rubric.question.choices[ord(wrong) - ord("A")].misconception
    assert not tied or [m.id for m in fooled.misconceptions] == [tied]


async def test_the_checks_of_code_stay_with_code() -> None:
    rubric = of_kind(Kind.CODE)
    question = rubric.question
    assert question is not None and question.solution
    answer = f"```python\n{question.solution}\n```"
    checked = {c.point for c in question.checks if c.point}
    j = await judged([blank(rubric)], answer, rubric, reasks=0)
    assert all(p.credit >= 0.7 for p in j.points if p.id in checked and p.signals["checks"] == 1)
    empty = "```python\nimport torch\nx = torch.zeros(3)\nprint(x)\n```"
    every = {"points": [point(n, "covered", "x = torch.zeros(3)") for n in range(1, len(rubric.points) + 1)]}
    j = await judged([every], empty, rubric, signals="llm", reasks=0)
    assert all(p.credit <= 0.5 for p in j.points if p.id in checked and p.signals.get("checks", 0) == 0)


async def test_english() -> None:
    answer = "LoRA shrinks gradients and optimizer state. The frozen base weights still sit in memory in full."
    said = verdicts(
        point(1, "covered", "shrinks gradients and optimizer state"),
        point(2, "covered", "The frozen base weights still sit in memory in full"),
        feedback="You explain the optimizer state clearly. Activations are missing.",
    )
    j = await judged([said], answer, lang="en")
    assert j.feedback == said["feedback"] and j.points[0].text.startswith("It saves")
    j = await judged([said | {"feedback": "激活值没有讲到。"}], answer, lang="en")
    assert j.feedback.startswith("2 of 3 core points")


async def test_an_embedder_that_breaks_loses_no_answer() -> None:
    class Broken:
        name, dim = "broken", 4

        def encode(self, texts: Any) -> Any:
            raise RuntimeError("no vectors today")

    j = await LLMJudge(ScriptedGateway([HONEST]), OfflineJudge(Broken())).judge(RUBRIC, GOOD, "zh")
    assert j.score is None and "no vectors today" in (j.error or "")


async def test_a_quote_of_the_whole_answer_proves_no_more_than_the_signals_do() -> None:
    """Weak models quote everything for every point."""
    answer = GOOD + "另外我们线上还用过量化和蒸馏，数据侧做过去重、脱敏和人工抽检，流程上有灰度发布和回滚预案。"
    look = {"quotes": [answer], "verdict": "covered", "confidence": 1}
    said = verdicts(*(point(n, "covered", answer, confidence=1) for n in range(1, 5)))
    j = await judged(lambda r: said if r.purpose == "judge" else look, answer, reasks=4)
    by_id = credits(j.points)
    assert by_id["optimizer-state"] >= 0.7, "the signals find it themselves"
    assert by_id["merge-no-latency"] <= 0.6 and j.points[3].verdict != "covered"
    assert credits((await judged([said], answer, reasks=0)).points)["merge-no-latency"] <= 0.35
