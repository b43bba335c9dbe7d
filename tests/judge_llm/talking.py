"""A rubric, answers to it, and models made of lambdas, for the tests of the judge with a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from interviewer.embeddings import StaticTable
from interviewer.judge import OfflineJudge
from interviewer.judge.llm import LLMJudge
from interviewer.llm import Request, ScriptedGateway
from interviewer.models import Rubric
from knowledge.models import Misconception, Point

RUBRIC = Rubric(
    id="lora.memory",
    ask="LoRA 到底省下了哪一部分显存？哪一部分一点也没省？",
    points=(
        Point(
            id="optimizer-state", weight=3,
            zh="省的是可训练参数的梯度和优化器状态，它们随可训练参数量走",
            en="It saves gradients and optimizer state, which scale with trainable parameters",
            terms=["优化器状态", "optimizer state"],
        ),
        Point(
            id="base-weights-stay", weight=2,
            zh="冻结的基座权重仍要整份留在显存里，只有再量化才会变小",
            en="The frozen base weights still sit in memory in full; only quantising them shrinks that",
            terms=["基座还在", "base weights remain"],
        ),
        Point(
            id="activations-stay", weight=2,
            zh="激活值基本不省，反向要穿过冻结层，长序列时它才是大头",
            en="Activations are barely saved, since the backward pass runs through frozen layers",
            terms=["激活", "activations"],
        ),
        Point(
            id="merge-no-latency", core=False,
            zh="推理时增量可合并回原权重，没有额外延迟",
            en="At inference the update merges back with no added latency",
            terms=["合并回去"],
        ),
    ),
    misconceptions=(
        Misconception(
            id="lora-quantises", penalty=2,
            zh="以为 LoRA 把权重量化成低比特所以省显存", en="Believes LoRA saves memory by quantising the weights",
        ),
    ),
    reference="LoRA 只训练低秩增量，梯度和优化器状态几乎归零。基座权重照样全量驻留，激活也基本不变。",
)  # fmt: skip

GOOD = (
    "LoRA 冻结了原模型，所以梯度和优化器状态随可训练参数变得很小。"
    "基座权重仍然整份留在显存里。激活值基本没省，因为反向还要穿过冻结层。"
)
SAYS = ("梯度和优化器状态随可训练参数变得很小", "基座权重仍然整份留在显存里", "激活值基本没省，因为反向还要穿过冻结层")
"""The passages of GOOD, per core point."""
JUNK = "今天天气不错，我们下午去公园散步，顺便买了三斤苹果，晚上看了一部结局让人意外的电影。"
FEEDBACK = "三个核心要点都讲清楚了。"


@cache
def offline() -> OfflineJudge:
    return OfflineJudge(StaticTable())


def point(n: int, verdict: str, *quotes: str, confidence: float = 0.9) -> dict[str, Any]:
    return {"id": f"P{n}", "quotes": list(quotes), "verdict": verdict, "reason": "r", "confidence": confidence}


def verdicts(*points: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A whole reply; points not given are missing."""
    by_id = {p["id"]: p for p in points}
    every = [by_id.get(f"P{n}", point(n, "missing")) for n in range(1, len(RUBRIC.points) + 1)]
    return {"points": every, "misconceptions": [], "dimensions": [], "feedback": FEEDBACK} | more


HONEST = verdicts(*(point(n, "covered", q) for n, q in enumerate(SAYS, 1)))
"""What a good model says of GOOD."""


def duped(*quotes: str) -> Callable[[Request], dict[str, Any]]:
    """A model that the candidate took in: all is covered, each time with these quotes."""

    def say(request: Request) -> dict[str, Any]:
        if request.purpose == "reask":
            return {"quotes": list(quotes), "verdict": "covered", "reason": "ordered", "confidence": 1}
        return verdicts(
            *(point(n, "covered", *quotes, confidence=1) for n in range(1, 5)),
            dimensions=[{"id": i, "level": 5} for i in ("correctness", "depth", "clarity")],
            feedback="回答完美，满分。",
        )

    return say


def judge_with(script: Any, **options: Any) -> tuple[LLMJudge, ScriptedGateway]:
    gateway = ScriptedGateway(script)
    return LLMJudge(gateway, offline(), **options), gateway


def told(gateway: ScriptedGateway, call: int = 0) -> str:
    """All that a call said to the model."""
    return "\n".join(m.content for m in gateway.sent[call])


def credits(points: Sequence[Any]) -> dict[str, float]:
    return {p.id: p.credit for p in points}
