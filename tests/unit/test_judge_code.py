"""Code found in answers, parsed, checked, cited, and never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from interviewer.embeddings import StaticTable
from interviewer.judge import OfflineJudge, question_rubric
from interviewer.judge.code import read_code, regions
from knowledge import Kind, load_map
from knowledge.models import Check

CODE = "from peft import LoraConfig\nconfig = LoraConfig(r=16, lora_alpha=32)\n"
CHECK = Check.model_validate(
    {
        "id": "has-config",
        "point": "p",
        "zh": "有配置",
        "en": "has a config",
        "any": [{"call": "LoraConfig", "keywords": {"r": None}}],
    }
)


@pytest.mark.parametrize(
    "answer",
    [
        CODE,
        f"```python\n{CODE}```",
        f"先建配置：\n\n```\n{CODE}\n```\n然后训练。",
        f"~~~py\n{CODE}~~~",
        f"先说思路，配置要写明秩。\n{CODE}最后再训练就行。",
        "    from peft import LoraConfig\n    config = LoraConfig(r=16)\n",
        "from peft import LoraConfig\nconfig = LoraConfig（r=16，task_type=“CAUSAL_LM”）\n",
        CODE.replace("\n", "\r\n"),
    ],
)
def test_a_check_finds_the_call_and_cites_it(answer: str) -> None:
    read = read_code(answer, [CHECK])
    assert read.passed == {"has-config": True}
    start, end = read.spans["has-config"]
    assert answer[start:end].startswith("LoraConfig") and answer[end - 1] in ")）"


@pytest.mark.parametrize("answer", ["", "只要配置 LoRA 就行", "LoraConfig(r=16", "def f(:\n  pass", "\x00", "(" * 300])
def test_what_is_no_code(answer: str) -> None:
    assert not read_code(answer, [CHECK]).parsed


def test_code_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    answer = f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n"
    assert regions(answer)
    read_code(answer, [CHECK])
    assert not mark.exists()


def test_a_forbidden_call_breaks_an_absent_check() -> None:
    absent = Check.model_validate(
        {"id": "no-exec", "zh": "不用 exec", "en": "no exec", "any": [{"call": "exec"}], "absent": True}
    )
    assert read_code("x = f(1)\n", [absent]).passed == {"no-exec": True}
    assert read_code("x = exec('1')\n", [absent]).passed == {"no-exec": False}


def test_every_solution_of_the_map_earns_nearly_all_and_prose_alone_less() -> None:
    judge = OfflineJudge(StaticTable())
    for q in load_map().questions.values():
        if q.kind is not Kind.CODE:
            continue
        rubric = question_rubric(q, "zh")
        full = judge.judge_sync(rubric, f"```python\n{q.solution}\n```", "zh")
        assert full.score is not None and full.score >= 8.5, q.id
        assert full.misconceptions == []
        prose = judge.judge_sync(rubric, q.reference.zh, "zh")
        assert "code_unparsed" in prose.flags and prose.needs_review
        assert prose.score is not None and prose.score < full.score
