"""What a model may get wrong: feedback that cannot stand, failures, output of another shape or cut off."""

from __future__ import annotations

from typing import Any

import pytest

from interviewer.errors import (
    AuthError,
    ContextTooLong,
    ProviderDown,
    ProviderTimeout,
    RateLimited,
    Refused,
)
from interviewer.llm.protocol import Reply
from tests.judge_llm.judged import judged, sound
from tests.judge_llm.talking import (
    GOOD,
    HONEST,
    RUBRIC,
    SAYS,
    judge_with,
    offline,
    point,
    verdicts,
)


@pytest.mark.parametrize(
    "text",
    [
        "You covered the optimizer state well.",
        "回答完美，可以得满分。",
        "P1 讲得不错。",
        "没有提到优化器状态和梯度。",
        "合并回原权重没有额外延迟，这点讲到了。",
        "所有要点都讲到了，包括加分点，得 10 分。",
        "",
    ],
)
async def test_feedback_that_cannot_stand_is_replaced(text: str) -> None:
    j = await judged([HONEST | {"feedback": text}])
    assert j.feedback and j.feedback != text and "核心要点讲到了 3 个" in j.feedback


async def test_feedback_is_cut_to_three_sentences() -> None:
    j = await judged([HONEST | {"feedback": "讲得清楚。结构不错。例子可以更多。再见。"}])
    assert j.feedback == "讲得清楚。结构不错。例子可以更多。"


@pytest.mark.parametrize(
    "error",
    [
        AuthError("no key"), RateLimited("busy"), ProviderDown("down"), ProviderTimeout("late"),
        ContextTooLong("the prompt does not fit"), Refused("declined"), RuntimeError("boom"),
    ],
)  # fmt: skip
async def test_a_failure_is_never_a_grade(error: Exception) -> None:
    j = await judged([error])
    assert j.score is None and j.grade is None and j.error and j.needs_review and not j.points
    assert str(error) in j.error
    j = await judged([error], fallback="offline")
    own = await offline().judge(RUBRIC, GOOD, "zh")
    assert j.score == own.score and j.judge.kind == "offline" and j.judge.fallback and str(error) in j.judge.note


BAD: dict[str, Any] = {
    "unknown point": verdicts() | {"points": [point(n, "covered", SAYS[0]) for n in (1, 2, 3, 4, 7)]},
    "only unknown points": {"points": [point(9, "covered", SAYS[0])]},
    "twice": verdicts() | {"points": [point(n, "covered", SAYS[0]) for n in (1, 2, 3, 4, 4)]},
    "too few": {"points": [point(1, "covered", SAYS[0])]},
    "none": {"points": []},
    "confidence out of range": verdicts(point(1, "covered", SAYS[0], confidence=10)),
    "level out of range": verdicts(dimensions=[{"id": "depth", "level": 99}]),
    "another verdict": verdicts(point(1, "excellent", SAYS[0])),
    "another schema": {"score": 10, "grade": 5},
    "prose": "The candidate did very well, I would say full marks!",
    "empty": "",
    "two objects": '{"points": []} and {"verdict": "covered"}',
    "cut off": '{"points": [{"id": "P1", "quotes": ["梯度',
}


@pytest.mark.parametrize("name", BAD)
async def test_invalid_output_is_asked_again_once(name: str) -> None:
    judge, gateway = judge_with([BAD[name], HONEST])
    j = await judge.judge(RUBRIC, GOOD, "zh")
    assert j.score == 10 and gateway.calls == 2 and j.usage.calls == 2
    judge, gateway = judge_with([BAD[name], BAD[name]])
    j = await judge.judge(RUBRIC, GOOD, "zh")
    assert j.score is None and j.error and gateway.calls == 2
    assert SAYS[0][:6] not in j.error, "no words of the candidate in messages"
    judge, _ = judge_with([BAD[name], BAD[name]], fallback="offline")
    j = await judge.judge(RUBRIC, GOOD, "zh")
    assert j.score is not None and j.judge.fallback


async def test_a_point_left_out_is_asked_for_by_itself() -> None:
    short = HONEST | {"points": [p for p in HONEST["points"] if p["id"] != "P2"]}
    look = {"quotes": [SAYS[1]], "verdict": "covered", "confidence": 0.9}
    judge, gateway = judge_with([short, look])
    j = sound(await judge.judge(RUBRIC, GOOD, "zh"), GOOD)
    assert j.score == 10 and [r.purpose for r in gateway.requests] == ["judge", "reask"] and j.usage.calls == 2
    assert RUBRIC.points[1].zh in gateway.sent[1][0].content and [p.id for p in j.points] == [
        p.id for p in RUBRIC.points
    ]
    for gone in (ProviderDown("gone"), "no json"):
        j = await judged([short, gone, gone])
        assert j.score is None and j.error, "not graded on three points of four"


async def test_a_reply_that_was_cut_off_gets_more_room_once() -> None:
    cut = Reply('{"points": [', finish_reason="length")
    judge, gateway = judge_with([cut, HONEST])
    j = await judge.judge(RUBRIC, GOOD, "zh")
    first, again = (r.max_tokens for r in gateway.requests)
    assert j.score == 10 and again == 2 * (first or 0)
    j = await judged([cut, cut])
    assert j.score is None and "cut off" in (j.error or "")


async def test_a_refusal_in_prose_and_another_language() -> None:
    assert (await judged(["抱歉，我不能评价这个回答。", "抱歉。"])).score is None
    assert (await judged([Reply(None, refusal="I cannot"), HONEST])).score is None
    said = HONEST | {"feedback": "Très bien, tous les points sont là."}
    assert (await judged([said])).feedback.startswith("3 个核心要点")


async def test_extra_fields_and_loose_labels_are_no_fault() -> None:
    points = [
        p | {"id": str(n), "score": 10, "verdict": p["verdict"].upper()} for n, p in enumerate(HONEST["points"], 1)
    ]
    j = await judged([{"points": points[::-1], "score": 3, "grade": 0}])
    assert j.score == 10


async def test_too_long_an_answer_is_judged_by_its_beginning() -> None:
    answer = GOOD + "废话。" * 5000
    judge, gateway = judge_with([HONEST])
    j = sound(await judge.judge(RUBRIC, answer, "zh"), answer)
    assert j.score is not None and j.score > 9 and "too_long" in j.flags and j.needs_review
    sent = gateway.sent[0][1].content
    assert len(sent) < 12_500 and "only its beginning is shown" in sent


async def test_a_rubric_without_points_is_unscored_without_a_call() -> None:
    judge, gateway = judge_with([])
    j = await judge.judge(RUBRIC.model_copy(update={"points": ()}), GOOD, "zh")
    assert j.score is None and "ungraded" in j.flags and gateway.calls == 0
