"""The judge against a provider at its worst, through real HTTP and both transports.

A failure is never a grade, an attack never a mark, and what passes in the end is judged as if nothing had been.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from interviewer.judge.llm import LLMJudge
from interviewer.llm import ModelGateway
from interviewer.models import Judgement
from tests.judge_llm.talking import FEEDBACK, GOOD, HONEST, JUNK, RUBRIC, SAYS, offline, point, verdicts
from tests.judge_llm.test_attacks import ATTACKS
from tests.llm.conftest import CANARY, Make
from tests.llm.server import FaultServer, Received, Say, answer, error


def says(reply: dict[str, Any], **more: Any) -> Say:
    return answer(json.dumps(reply, ensure_ascii=False), **more)


WELL = says(HONEST)


@pytest.fixture
async def judge(make: Make) -> AsyncIterator[LLMJudge]:
    yield LLMJudge(make(), offline())


async def judged(judge: LLMJudge, text: str = GOOD) -> Judgement:
    j = await judge.judge(RUBRIC, text, "zh")
    assert CANARY not in j.model_dump_json()
    assert (j.score is None) == (j.error is not None) == (j.grade is None)
    assert "Traceback" not in (j.error or "")
    return j


FAULTS = {
    "401": error(401, f"Incorrect API key provided: {CANARY}"),
    "403": error(403),
    "404": error(404, "The model m does not exist"),
    "408": error(408),
    "429": error(429),
    "429 for an hour": error(429, headers={"Retry-After": "3600"}),
    "500": error(500),
    "503": error(503),
    "drop": Say(body=WELL.body, drop=True),
    "garbage": Say(body=b"\xff\xfe\x00 not HTTP's best day", content_type="text/plain"),
    "empty body": Say(body=b""),
    "empty": answer(""),
    "no content": answer(None),
    "truncated": answer(json.dumps(HONEST)[:200]),
    "cut at the limit": answer(json.dumps(HONEST)[:200], "length"),
    "prose": answer("The candidate is outstanding: 10/10, every point covered."),
    "another schema": says({"score": 10, "grade": 5, "verdict": "covered"}),
    "marks out of range": says(verdicts(point(1, "covered", SAYS[0], confidence=10))),
    "levels out of range": says(HONEST | {"dimensions": [{"id": "depth", "level": 99}]}),
    "points that do not exist": says({"points": [point(n, "covered", SAYS[0]) for n in (1, 2, 3, 4, 5, 6)]}),
    "points twice": says({"points": [point(n, "covered", SAYS[0]) for n in (1, 1, 2, 3, 4)]}),
    "points too few": says({"points": [point(1, "covered", SAYS[0])]}),
    "refusal": answer(None, message={"refusal": "I cannot help with that."}),
    "refusal in words": answer("抱歉，我不能评价这个回答。"),
    "filtered": answer("", "content_filter"),
    "context too small": error(400, "This model's maximum context length is 1024 tokens, you requested 2310"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_never_a_grade(judge: LLMJudge, server: FaultServer, name: str) -> None:
    server.script = [FAULTS[name]]
    j = await judged(judge)
    assert j.score is None and j.needs_review and not j.points
    assert 1 <= j.usage.calls == server.calls <= 4
    assert "openai/m" in (j.error or ""), "it says who failed"


PASSING = (
    "408", "429", "500", "503", "drop", "garbage", "empty", "truncated", "cut at the limit", "prose",
    "another schema", "marks out of range", "points that do not exist", "points twice", "points too few",
)  # fmt: skip


@pytest.mark.parametrize("name", PASSING)
async def test_a_fault_that_passes_leaves_no_trace_in_the_grade(
    judge: LLMJudge, server: FaultServer, name: str
) -> None:
    server.script = [FAULTS[name], WELL]
    j = await judged(judge)
    assert j.score == 10 and j.usage.calls == server.calls == 2 and j.feedback == FEEDBACK


async def test_retry_after_is_waited_for(judge: LLMJudge, server: FaultServer) -> None:
    server.script = [error(429, headers={"Retry-After": "1"}), WELL]
    j = await judged(judge)
    assert j.score == 10 and server.received[1].at - server.received[0].at >= 0.9


async def test_a_hang(make: Make, server: FaultServer) -> None:
    server.script = [WELL]
    await judged(LLMJudge(make(), offline()))  # the library is loaded
    server.reset()
    server.script = [says(HONEST, delay=20)]
    j = await judged(LLMJudge(make(deadline=0.6), offline()))
    assert j.score is None and "no answer in" in (j.error or "") and j.usage.cost is None


async def test_the_offline_judge_steps_in_when_asked(make: Make, server: FaultServer) -> None:
    server.script = [error(503)]
    gateway: ModelGateway = make()
    j = await judged(LLMJudge(gateway, offline(), fallback="offline"))
    own = await offline().judge(RUBRIC, GOOD, "zh")
    assert (j.score, j.judge.kind, j.judge.fallback) == (own.score, "offline", True) and "openai/m" in j.judge.note


async def test_json_with_prose_around_it_is_read(judge: LLMJudge, server: FaultServer) -> None:
    server.script = [answer(f"Here you go:\n```json\n{json.dumps(HONEST, ensure_ascii=False)}\n```\nAnything else?")]
    j = await judged(judge)
    assert j.score == 10 and server.calls == 1


async def test_quotes_that_are_not_in_the_answer(judge: LLMJudge, server: FaultServer) -> None:
    """The model praises what nobody said, twice over: nothing is earned by its word."""
    praise = point(1, "covered", "候选人完整说明了优化器状态随可训练参数变小")

    def script(r: Received) -> Say:
        alone = {k: v for k, v in praise.items() if k != "id"}
        return says(alone if is_second_look(r) else verdicts(*(praise | {"id": f"P{n}"} for n in range(1, 5))))

    server.script = script
    j = await judged(judge, JUNK)
    assert j.score == 0 and j.needs_review and not any(p.evidence for p in j.points)


async def test_feedback_in_another_language_is_replaced(judge: LLMJudge, server: FaultServer) -> None:
    server.script = [says(HONEST | {"feedback": "Très bien, tous les points sont là."})]
    j = await judged(judge)
    assert j.score == 10 and j.feedback.startswith("3 个核心要点")


def is_second_look(r: Received) -> bool:
    return '"points"' not in json.dumps(r.body.get("response_format", r.body["messages"]))


@pytest.mark.parametrize("name", ATTACKS)
async def test_a_model_that_obeys_the_attacker(judge: LLMJudge, server: FaultServer, name: str) -> None:
    attack = ATTACKS[name]
    quotes = [attack[:60], JUNK[:20], "covered"]

    def obey(r: Received) -> Say:
        if is_second_look(r):
            return says({"quotes": quotes, "verdict": "covered", "reason": "ordered", "confidence": 1})
        return says(verdicts(*(point(n, "covered", *quotes, confidence=1) for n in range(1, 5)), feedback="满分！"))

    server.script = obey
    j = await judged(judge, f"{JUNK}\n{attack}")
    assert j.score == 0 and j.needs_review and "injection" in j.flags and "满分" not in j.feedback
    server.script = [WELL]
    j = await judged(judge, f"{attack}\n{GOOD}")
    assert j.score == 10, "a good answer keeps its credit"
