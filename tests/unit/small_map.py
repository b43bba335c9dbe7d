"""A small, faultless map on disk, and the means to put one fault into it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from knowledge import KnowledgeMap, Question, load_map
from knowledge.load import data_dir

ZH = (
    "先讲清目标函数，再讲数据怎么准备，然后说训练时要看哪些曲线，"
    "最后说明上线之后如何验证效果，并且给出一个真实的数字作为例子。"
)
EN = " ".join(["First the objective, then the data, then the curves to watch, and a number to check it by."] * 5)

Change = Callable[[dict[str, Any]], None]


def two(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _point(id: str, zh: str, en: str, terms: list[str], core: bool = True) -> dict[str, Any]:
    return {"id": id, "weight": 2, "core": core, **two(zh, en), "terms": terms}


def _probe(when: dict[str, Any], rung: str, zh: str, en: str, *points: str) -> dict[str, Any]:
    return {"when": when, "rung": rung, **two(zh, en), "points": list(points)}


def question(id: str = "tuning.base", **changes: Any) -> dict[str, Any]:
    """A question without fault or warning, as its YAML reads; `changes` replace whole fields."""
    value: dict[str, Any] = {
        "id": id,
        "kind": "open",
        "difficulty": 5,
        "roles": {"algo": "must", "eng": "deep"},
        "ask": two(f"请解释 {id} 的做法和理由。", f"Explain what {id} does and why."),
        "points": [
            _point("objective", "目标函数", "the objective", ["损失函数", "loss function", "优化目标"]),
            _point("data", "数据质量", "the data", ["清洗数据", "clean data", "去重样本"]),
            _point("curves", "训练曲线", "the curves", ["验证损失", "validation curve", "早停判断"], core=False),
        ],
        "misconceptions": [
            {"id": "more-is-better", **two("数据越多越好", "more data is always better"), "terms": ["越多越好"]}
        ],
        "reference": two("先定目标，再备数据，最后看曲线。", "Set the objective, prepare the data, watch the curves."),
        "talk": two(ZH * 3, EN),
        "bonus_line": two("还可以报告置信区间。", "A confidence interval can be reported as well."),
        "hint": two("想想训练之前。", "Think of what comes before training."),
        "follow_ups": [
            _probe({"missing": "objective"}, "clarify", "训练在追求什么？", "What is training after?", "objective"),
            _probe({"missing": "data"}, "mechanism", "输入从哪里来？", "Where does the input come from?", "data"),
            _probe({"misconception": "more-is-better"}, "trade-off", "规模翻倍会怎样？", "What if the scale doubles?"),
            _probe({"score_at_least": 8}, "transfer", "换一个领域呢？", "And in another field?"),
        ],
        "sources": [{"paper": "A paper", "id": "arXiv:2106.09685", "year": 2021}],
        "covers": [],
    }  # fmt: skip
    value.update(copy.deepcopy(changes))
    return value


def choice(id: str = "tuning.choice", **changes: Any) -> dict[str, Any]:
    options = [{**two(f"做法{n}", f"way {n}"), "why": two(f"理由{n}", f"reason {n}")} for n in ("一", "二", "三", "四")]
    return question(id, **{"kind": "choice", "choices": options, "key": "B", **changes})


def code(id: str = "tuning.code", **changes: Any) -> dict[str, Any]:
    checks = [{"id": "lora", "point": "objective", **two("用了 LoRA", "uses LoRA"), "any": [{"call": "LoraConfig"}]}]
    solution = "from peft import LoraConfig\nconfig = LoraConfig(r=8)\n"
    return question(id, **{"kind": "code", "checks": checks, "solution": solution, **changes})


def skill(id: str = "tuning", questions: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = {
        "skill": id,
        "category": "methods",
        **two(f"技能 {id}", f"Skill {id}"),
        "difficulty": 5,
        "scope": two("范围", "scope"),
        "prerequisites": [],
        "weights": {"algo": 3, "eng": 2, "app": 1, "testdev": 0},
        "questions": [question()] if questions is None else questions,
    }
    value.update(changes)
    return value


def write_map(folder: Path, *skills: dict[str, Any], source_items: dict[str, list[str]] | None = None) -> Path:
    """The skills as a map in `folder`, with the packaged categories and roles."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "categories.yaml").write_text((data_dir() / "categories.yaml").read_text("utf-8"), "utf-8")
    roles = yaml.safe_load((data_dir() / "roles.yaml").read_text("utf-8"))
    for role in roles:
        role.pop("asked", None)  # of questions that are not in it
    (folder / "roles.yaml").write_text(dump(roles), "utf-8")
    (folder / "source_items.yaml").write_text(dump(source_items or {}), "utf-8")
    for s in skills:
        path = folder / s["category"] / f"{s['skill']}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(dump(s), "utf-8")
    return folder


def dump(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False)


def small_map(
    folder: Path, *questions: dict[str, Any], source_items: dict[str, list[str]] | None = None
) -> KnowledgeMap:
    """One skill with these questions, written and read."""
    return load_map(write_map(folder, skill(questions=list(questions)), source_items=source_items))


def a_question(**changes: Any) -> Question:
    return Question.model_validate(question(**changes))
