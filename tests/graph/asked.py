"""A small map, what a model may and may not ask about it, and interviews that a model asks in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import yaml

from interviewer.interview import Engine, Interview, View
from interviewer.llm import ScriptedGateway, Tokens
from interviewer.models import Setup

ID = "tuning.memory"
ROW: dict[str, Any] = yaml.safe_load("""
ask:
  zh: LoRA 到底省下了哪一部分显存？哪一部分一点也没省？
  en: Which part of GPU memory does LoRA actually save, and which part does it not save at all?
points:
  - id: optimizer-state
    weight: 3
    zh: 省的是可训练参数的梯度和优化器状态；混合精度 AdamW 全参约 16 字节/参数，其中约 14 字节随可训练参数量走
    en: It saves gradients and optimizer state; of the roughly 16 bytes per parameter, about 14 go for frozen weights
    terms: [优化器状态, 动量和方差, optimizer state, moments]
  - id: base-stays
    weight: 2
    zh: 冻结的基座权重仍要整份留在显存里（bf16 下 7B 约 14 GB），只有再量化（QLoRA）才会变小
    en: The frozen base weights still sit in memory in full (about 14 GB for 7B in bf16); only quantising shrinks that
    terms: [基座还在, 底座权重, base weights remain, still load the model]
  - id: activations-stay
    weight: 2
    zh: 激活值基本不省，反向要穿过冻结层；长序列、大批量时它才是大头，靠激活重计算或减小微批
    en: Activations are barely saved, since the backward pass still runs through frozen layers
    terms: [激活, 前向缓存, activations, backward through frozen layers]
  - id: merge-no-latency
    weight: 1
    core: false
    zh: 推理时 ΔW=BA 可合并回原权重，没有额外延迟；不合并则可一份基座挂多个适配器
    en: At inference ΔW = BA merges back with no added latency; unmerged, one base serves many adapters
    terms: [合并回去, merge, 多 LoRA]
misconceptions: []
follow_ups: []
reference:
  zh: LoRA 冻结原权重，只训练低秩增量 BA，所以梯度和 Adam 的两份状态几乎归零；基座权重照样全量驻留，激活也基本不变。
  en: LoRA freezes the weights and trains BA; gradients and Adam's moments vanish, base weights and activations stay.
""")
GOOD = "模型刚加载进来、一步都还没训的时候，显存已经花在哪里了？"
GOOD_EN = "When the model has just been loaded and not one step was trained, what is the GPU memory already spent on?"
DEEPER = "上线以后，同一张卡要服务好几个业务方，你会怎样安排这些训练产物？"
LEAK = "冻结的基座权重是不是仍要整份留在显存里？"
ANSWER = "@5 主要是训练的那部分参数少了，所以省了。"

BAD = {
    "leak": (LEAK, "gives the point away"),
    "a term": ("训练时底座权重会怎么样，为什么？", "gives the point away"),
    "another open point": ("序列变长之后，激活这一项会怎么变？", "gives the point away"),
    "a figure": ("为什么 7B 的模型光是放着就要 14 GB 显存？", "gives the point away"),
    "the question again": ("LoRA 到底省下了哪一部分显存，哪一部分一点也没省？", "repeats"),
    "another language": (GOOD_EN, "Chinese"),
    "two questions": ("显存花在哪里了？为什么会这样？", "one question"),
    "no question": ("请说说显存都花在哪里了。", "one question"),
    "a list": ("1. 显存花在哪里 2. 为什么花在那里？", "list"),
    "lines": ("先看显存。\n它花在哪里了？", "list"),
    "zero width": ("模型刚加载进来的时候，显存\u200b花在哪里了？", "plain text"),
    "markup": ("**显存**在加载之后花在哪里了？", "markup"),
    "too short": ("为什么呢？", "characters"),
    "too long": ("显存" * 110 + "？", "characters"),
    "words in the mouth": ("你刚才说梯度检查点能省一半显存，依据是什么？", "ascribes"),
    "grading": ("你没有提到显存里的另一项，它是什么？", "grading"),
    "praise": ("很好，那么加载之后显存花在哪里了？", "praise"),
    "another subject": ("你平时周末喜欢去哪里散步呢？", "subject"),
}


Opened = Callable[..., AbstractAsyncContextManager[Engine]]


def setup(**changes: object) -> Setup:
    return Setup(**{"role": "algo", "questions": 1, "only": [ID], "minutes": 30, **changes})


def says(*texts: str) -> ScriptedGateway:
    return ScriptedGateway([{"question": t} for t in texts], tokens=Tokens(100, 10), cost=0.001)


async def answered(engine: Engine, text: str = ANSWER, **changes: object) -> tuple[Interview, View]:
    interview = await engine.start(setup(**changes))
    first = interview.view().turn
    assert first is not None
    return interview, await interview.answer(first.turn_id, text)
