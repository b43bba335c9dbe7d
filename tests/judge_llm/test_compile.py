"""A reference taken apart: by a model, checked; without one; kept, printed, edited, read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from interviewer.errors import InputError, ProviderDown
from interviewer.judge import own_rubric, split_reference
from interviewer.judge.compile import compile_points, parse_points, read_points, split
from interviewer.llm import ScriptedGateway

QUESTION = "QLoRA 为什么省显存？"
REFERENCE = (
    "QLoRA 把冻结的基座权重量化成 4 比特的 NF4。计算时反量化回 bf16。只训练 LoRA 的低秩增量，所以优化器状态很小。"
)
POINTS = [
    {
        "text": "基座权重量化成 4 比特 NF4", "quote": "基座权重量化成 4 比特的 NF4",
        "weight": 3, "core": True, "terms": ["NF4"],
    },
    {"text": "计算时反量化回 bf16", "quote": "计算时反量化回 bf16", "weight": 2, "core": True, "terms": []},
    {
        "text": "只训练低秩增量，优化器状态小", "quote": "只训练 LoRA 的低秩增量，所以优化器状态很小",
        "weight": 9, "core": False, "terms": ["adapter only"],
    },
]  # fmt: skip


async def test_points_of_a_model() -> None:
    made = await compile_points(QUESTION, REFERENCE, ScriptedGateway([{"points": POINTS}], model="m"))
    assert (made.source, made.model, made.note) == ("model", "m", "")
    assert [p.text for p in made.points] == [p["text"] for p in POINTS]
    assert [p.weight for p in made.points] == [3, 2, 3] and made.points[0].terms == ["NF4"]
    rubric = own_rubric(QUESTION, made.rows, REFERENCE)
    assert [p.core for p in rubric.points] == [True, True, False]


@pytest.mark.parametrize(
    "points",
    [
        [],
        POINTS[:1],
        [p | {"quote": "参考答案里没有的一句话啊"} for p in POINTS],
        [p | {"quote": ""} for p in POINTS],
        [POINTS[1], POINTS[1] | {"text": "  "}],
    ],
)
async def test_points_that_the_reference_does_not_bear_out_are_dropped(points: list[Any]) -> None:
    made = await compile_points(QUESTION, REFERENCE, ScriptedGateway([{"points": points}]))
    assert made.source == "split" and made.note
    assert [p.text for p in made.points] == [p.zh for p in split_reference(REFERENCE)]


async def test_a_figure_of_the_models_own_gives_way_to_the_passage() -> None:
    invented = [POINTS[0] | {"text": "基座权重量化成 8 比特，省 75% 显存"}, *POINTS[1:]]
    made = await compile_points(QUESTION, REFERENCE, ScriptedGateway([{"points": invented}]))
    assert made.points[0].text == "基座权重量化成 4 比特的 NF4"


async def test_a_model_that_fails_leaves_the_split() -> None:
    for fault in (ProviderDown("down"), RuntimeError("boom"), "no json"):
        made = await compile_points(QUESTION, REFERENCE, ScriptedGateway([fault, fault]))
        assert made.source == "split" and made.note and len(made.points) >= 2
    assert (await compile_points(QUESTION, REFERENCE, None)).note == ""


async def test_kept_by_all_that_it_depends_on(tmp_path: Path) -> None:
    gateway = ScriptedGateway([{"points": POINTS}], model="m")
    first = await compile_points(QUESTION, REFERENCE, gateway, folder=tmp_path)
    again = await compile_points(QUESTION, f" {REFERENCE} ", gateway, folder=tmp_path)
    assert again.rows == first.rows and gateway.calls == 1 and again.usage.calls == 0
    for question, reference, model in (
        (QUESTION + "x", REFERENCE, "m"),
        (QUESTION, REFERENCE + "x", "m"),
        (QUESTION, REFERENCE, "n"),
    ):
        other = ScriptedGateway([{"points": POINTS}], model=model)
        await compile_points(question, reference, other, folder=tmp_path)
        assert other.calls == 1
    for file in tmp_path.iterdir():
        file.write_text("{broken")
    third = ScriptedGateway([{"points": POINTS}], model="m")
    assert (await compile_points(QUESTION, REFERENCE, third, folder=tmp_path)).rows == first.rows


async def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = await compile_points(QUESTION, REFERENCE, ScriptedGateway([{"points": POINTS}]), folder=tmp_path / "file")
    assert made.source == "model"


def test_printed_edited_read_back(tmp_path: Path) -> None:
    made = split(QUESTION, REFERENCE)
    path = tmp_path / "points.yaml"
    path.write_text(made.as_yaml(), "utf-8")
    assert read_points(path) == made.rows
    assert QUESTION in made.as_yaml() and "\\u" not in made.as_yaml()
    path.write_text(json.dumps([{"id": "a", "text": "一", "weight": 2}, "二"]), "utf-8")
    assert read_points(path) == [{"id": "a", "text": "一", "weight": 2.0}, {"text": "二", "weight": 1.0}]


@pytest.mark.parametrize("text", ["", "{}", "[]", "a: [", "points: 3", "- {weight: heavy}", "- [1]", "\x00"])
def test_files_that_hold_no_points(tmp_path: Path, text: str) -> None:
    path = tmp_path / "points.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read_points(path)
    assert str(path) in caught.value.message and caught.value.hint
    with pytest.raises(InputError):
        read_points(tmp_path / "absent.yaml")


async def test_an_empty_reference_is_refused() -> None:
    with pytest.raises(InputError):
        await compile_points(QUESTION, "  ", None)
    with pytest.raises(InputError):
        parse_points([])


async def test_the_reference_goes_between_delimiters_as_data() -> None:
    gateway = ScriptedGateway([{"points": POINTS}])
    await compile_points(QUESTION, REFERENCE, gateway)
    system, user = (m.content for m in gateway.sent[0])
    assert REFERENCE in user and REFERENCE not in system and "<<<REFERENCE " in user
