"""Checks of the syntax tree: what they find, where, and that no code can hurt them or is ever run."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import Check
from knowledge.syntax import MAX_CODE, CodeError, Span, parse, run_check


def look(code: str, *patterns: dict[str, Any], absent: bool = False) -> tuple[bool, str | None]:
    """Whether the check holds, and the code its span covers."""
    check = Check.model_validate({"id": "c", "zh": "查", "en": "look", "any": list(patterns), "absent": absent})
    held, span = run_check(check, parse(code), code)
    return held, None if span is None else code[span.start : span.end]


LORA = {"call": "LoraConfig"}


@pytest.mark.parametrize(
    "code",
    [
        "LoraConfig()",
        "import peft\npeft.LoraConfig(r=8)",
        "import peft as p\np.LoraConfig(r=8)",
        "from peft import LoraConfig as L\nx = L(r=8)",
        "from .peft import LoraConfig\nLoraConfig()",
        "def f():\n    return [LoraConfig() for _ in range(2)]",
        "async def f():\n    await LoraConfig()",
    ],
)
def test_a_call_is_found_under_any_name(code: str) -> None:
    assert look(code, LORA)[0]
    assert look(code, {"call": "nothing"}, LORA)[0]


@pytest.mark.parametrize(
    "code", ["MyLoraConfig()", "LoraConfig", "x = 'LoraConfig()'", "# LoraConfig()", "LoraConfig.load()"]
)
def test_what_only_looks_like_the_call_is_not(code: str) -> None:
    assert look(code, LORA) == (False, None)


def test_dotted_calls_are_suffixes() -> None:
    code = "import torch.nn as nn\nmodel.module.gradient_checkpointing_enable()\nnn.Linear(1, 2)"
    assert look(code, {"call": "model.module.gradient_checkpointing_enable"})[0]
    assert look(code, {"call": "torch.nn.Linear"})[0]
    assert not look(code, {"call": "other.gradient_checkpointing_enable"})[0]
    assert look("AutoModel.from_pretrained('x').merge_and_unload()", {"call": "merge_and_unload"})[0]


@pytest.mark.parametrize(
    ("code", "keywords", "held"),
    [
        ("f(r=8)", {"r": 8}, True),
        ("f(r=16)", {"r": 8}, False),
        ("f(r=x)", {"r": None}, True),
        ("f(8)", {"r": 8}, False),
        ("f(**o)", {"r": 8}, False),
        ("f(r=-8)", {"r": -8}, True),
        ("rank = 8\nf(r=rank)", {"r": 8}, True),
        ("a = 8\nb = a\nc = b\nf(r=c)", {"r": 8}, True),
        ("rank = 4\nf(r=rank)", {"r": 8}, False),
        ("a = a\nf(r=a)", {"r": 8}, False),
        ("a = b\nb = a\nf(r=a)", {"r": 8}, False),
        ("f(use=True)", {"use": True}, True),
        ("f(use=1)", {"use": True}, False),
        ("f(n=True)", {"n": 1}, False),
        ("f(t=torch.bfloat16)", {"t": "bfloat16"}, True),
        ("import torch as th\nf(t=th.bfloat16)", {"t": "torch.bfloat16"}, True),
        ("d = torch.bfloat16\nf(t=d)", {"t": "bfloat16"}, True),
        ("f(t='bfloat16')", {"t": "bfloat16"}, True),
        ("f(m=['q', 'k', 'v'])", {"m": ["q", "v"]}, True),
        ("f(m=('q',))", {"m": ["q", "v"]}, False),
        ("f(r=8, a=16)", {"r": 8, "a": 16}, True),
        ("f(r=8)", {"r": 8, "a": 16}, False),
        ("f(r=4); f(r=8)", {"r": 8}, True),
    ],
)
def test_keywords_and_variables(code: str, keywords: dict[str, Any], held: bool) -> None:
    assert look(code, {"call": "f", "keywords": keywords})[0] is held


@pytest.mark.parametrize(
    ("code", "pattern", "held"),
    [
        ("import peft", {"import": "peft"}, True),
        ("import peft.tuners", {"import": "peft"}, True),
        ("from peft.tuners import lora", {"import": "peft.tuners.lora"}, True),
        ("import peftx", {"import": "peft"}, False),
        ("model.config.use_cache = False", {"attribute": "config.use_cache"}, True),
        ("model.config", {"attribute": "use_cache"}, False),
        ("loss = 1", {"name": "loss"}, True),
        ("def f(loss): ...", {"name": "loss"}, True),
        ("f(loss=1)", {"name": "loss"}, True),
        ("d['loss']", {"name": "loss"}, True),
        ("class loss: ...", {"name": "loss"}, True),
        ("losses = 1", {"name": "loss"}, False),
    ],
)
def test_imports_attributes_and_names(code: str, pattern: dict[str, Any], held: bool) -> None:
    assert look(code, pattern)[0] is held


def test_absent_holds_where_nothing_is_found() -> None:
    assert look("x = 1", LORA, absent=True) == (True, None)
    assert look("x = LoraConfig()", LORA, absent=True) == (False, "LoraConfig()")


@pytest.mark.parametrize(
    "before",
    [
        "",
        "值 = '微调'; ",
        "# 注释\n",
        "s = '''多\n行'''\n",
        "x = 'a\u2028b\x0cc\x1cd'\n",
        "\x0c",
        "a = 1\r\nb = 2\r",
        "s = '😀'; ",
    ],
)
def test_spans_are_characters_of_the_code(before: str) -> None:
    call = "f(\n  '中文',\n  r=8)"
    assert look(before + call + "  # 尾", {"call": "f"}) == (True, call)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30))
def test_spans_hold_behind_any_string(text: str) -> None:
    assert look(f"s = {text!r}; f(r=8)", {"call": "f"}) == (True, "f(r=8)")
    safe = text.replace("\\", "").replace("'", "").replace("\r", "\n")
    assert look(f"s = '''{safe} '''; f(r=8)", {"call": "f"}) == (True, "f(r=8)")


HOSTILE = {
    "empty target": "= 1",
    "half": "def f(",
    "null bytes": "f(r=8)\x00",
    "lone surrogate": "f() # \ud800",
    "deep brackets": "(" * 20_000 + ")" * 20_000,
    "deep minus": "-" * 40_000 + "1",
    "deep attributes": "x" + ".a" * 20_000,
    "deep sums": "1" + "+1" * 20_000,
    "deep calls": "f" + "()" * 20_000,
    "deep blocks": "\n".join(" " * n + "if x:" for n in range(200)),
    "long number": "x = " + "9" * 20_000,
    "a megabyte": "x = 1\n" * 170_000,
    "prose": "我会用 LoRA，然后合并权重。",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(CodeError) as e:
        parse(HOSTILE[name])
    assert str(e.value) and "None" not in str(e.value)


SLOW = {
    "assigned to itself": "a = a\n" * 8_000 + "f(r=a)",
    "many calls of one variable": "a = a\n" * 3_000 + "f(r=a)\n" * 4_000,
    "many values": "a = 1\n" * 4_000 + "f(r=a)\n" * 3_000,
    "a chain of variables": "\n".join(f"a{n} = a{n + 1}" for n in range(3_000)) + "\nf(r=a0)",
    "a power tower": "f(r=9**9**9**9)",
    "nested literals": "f(r=" + "[" * 90 + "]" * 90 + ")",
}


@pytest.mark.parametrize("name", SLOW)
def test_no_code_makes_the_check_slow(name: str) -> None:
    started = time.perf_counter()
    assert len(SLOW[name]) <= MAX_CODE
    assert not look(SLOW[name], {"call": "f", "keywords": {"r": 8}})[0]
    assert time.perf_counter() - started < 10


def test_code_is_never_run(tmp_path: object) -> None:
    look("raise SystemExit\nimport os\nos._exit(1)\nwhile True: pass", LORA)


def test_warnings_in_candidate_code_are_silent(recwarn: pytest.WarningsRecorder) -> None:
    look("x = 1 is 1\ny = '\\d'\nassert (1, 2)", LORA)
    assert not recwarn


def test_empty_code() -> None:
    assert look("", LORA) == (False, None)
    assert Span(1, 2).end == 2
