"""Every rule of the lint, with a case that breaks it and one that does not; and the packaged map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from knowledge import load_map
from knowledge.lint import LintReport, lint, talk_seconds
from tests.unit.small_map import EN, ZH, choice, code, question, skill, small_map, two, write_map


def checked(folder: Path, *questions: dict[str, Any], **more: Any) -> LintReport:
    return lint(small_map(folder, *questions, **more))


def test_the_packaged_map_has_no_error() -> None:
    found = lint(load_map())
    assert found.errors == []
    assert found.questions >= 48 and found.sources == 219
    assert 0 < found.covered <= 219 and len(found.uncovered) == 219 - found.covered


def test_the_faultless_questions_are_faultless(tmp_path: Path) -> None:
    found = checked(tmp_path, question(), code(ask=two("写一段配置代码。", "Write the configuration.")))
    assert (found.errors, found.warnings) == ([], [])
    other = checked(tmp_path / "b", choice(follow_ups=question()["follow_ups"]))
    assert (other.errors, other.warnings) == ([], [])
    assert found.questions == 2


def with_point(**changes: Any) -> list[dict[str, Any]]:
    first, *rest = question()["points"]
    return [{**first, **changes}, *rest]


def with_probe(**changes: Any) -> list[dict[str, Any]]:
    first, *rest = question()["follow_ups"]
    return [{**first, **changes}, *rest]


ERRORS: list[tuple[dict[str, Any], str]] = [
    (question(ask=two("Explain it", "Explain it.")), "ask.zh has no Chinese"),
    (question(ask=two("解释一下", "Explain 一下")), "ask.en has Chinese"),
    (question(reference=two("only English", "Only English.")), "reference.zh has no Chinese"),
    (question(hint=two("想想", "想想")), "hint.en has Chinese"),
    (question(points=with_point(en="目标")), "point objective.en has Chinese"),
    (question(follow_ups=with_probe(zh="Why")), "follow-up 1.zh has no Chinese"),
    (question(talk=two(ZH, EN)), "talk.zh takes 14 s"),
    (question(talk=two(ZH * 6, EN)), "talk.zh takes"),
    (question(talk=two(ZH * 3, "Too short.")), "talk.en takes 1 s"),
    (question(talk=two(ZH * 3, EN * 3)), "talk.en takes"),
    (question(sources=[]), "no primary source"),
    (question(sources=[{"paper": "x", "id": "arXiv:21.1", "year": 2021}]), "source id 'arXiv:21.1'"),
    (question(sources=[{"doc": "x", "url": "http://x.org"}]), "is not https"),
    (question(covers=["tuning-99"]), "covers an unknown source item: tuning-99"),
    (question(reference=two("数据越多越好。", "The more the better.")), "'越多越好' stands in the reference"),
    (question(follow_ups=with_probe(zh="损失函数为什么这样写？")), "leaks the point it asks for: '损失函数'"),
    (question(follow_ups=with_probe(en="Which Loss Function is it?")), "leaks the point it asks for: 'loss function'"),
    (choice(ask=two("哪个对？选 B 吗", "Which one?")), "ask.zh names an option by its letter (B)"),
    (choice(reference=two("因为 C 错了。", "A guess is right, B is not.")), "reference.en names an option by its"),
    (code(solution="def f("), "solution: line 1"),
    (code(solution="x = 1"), "solution fails its own check lora"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "what"), ERRORS, ids=[what for _, what in ERRORS])
def test_every_error_is_found_once(tmp_path: Path, bad: dict[str, Any], what: str) -> None:
    found = checked(tmp_path, bad, source_items={"tuning": ["tuning-01"]})
    hits = [e for e in found.errors if what in e]
    assert len(hits) == 1, found.errors
    assert hits[0].startswith(f"tuning/{bad['id']}: ")


FINE: list[dict[str, Any]] = [
    question(sources=[{"paper": "x", "id": "arXiv:2106.09685v2", "year": 2021}]),
    question(sources=[{"paper": "x", "id": "doi:10.1177/014662169201600206", "year": 1992}]),
    question(sources=[{"paper": "x", "id": "NeurIPS 2023", "year": 2023}]),
    question(sources=[{"doc": "x", "url": "https://x.org", "version": "1.0"}]),
    question(covers=["tuning-01"]),
    question(reference=two("数据不是越多就越好。", "More data is not always better.")),
    question(follow_ups=with_probe(zh="损失函数为什么这样写？"), ask=two("讲讲损失函数。", "Explain it.")),
    question(follow_ups=with_probe(en="Which lossy function?")),
    choice(
        ask=two("A100 上哪种做法对？", "A model fits on an A100; which way is right?"),
        follow_ups=question()["follow_ups"],
    ),
]


@pytest.mark.parametrize("fine", FINE, ids=range(len(FINE)))
def test_what_is_near_an_error_and_none(tmp_path: Path, fine: dict[str, Any]) -> None:
    assert checked(tmp_path, fine, source_items={"tuning": ["tuning-01"]}).errors == []


def long_key() -> list[dict[str, Any]]:
    options = choice()["choices"]
    options[1] = {**options[1], "zh": "这是一个比其余都长得多的选项"}
    return options  # type: ignore[no-any-return]


WARNINGS: list[tuple[dict[str, Any], str]] = [
    (question(follow_ups=question()["follow_ups"][:1]), "fewer than two rungs"),
    (question(follow_ups=question()["follow_ups"][:2]), "no follow-up for misconception more-is-better"),
    (question(misconceptions=[{"id": "more-is-better", **two("误解", "wrong")}]), "more-is-better has no wordings"),
    (question(follow_ups=question()["follow_ups"][1:]), "no follow-up for missing core point objective"),
    (question(points=with_point(terms=["损失函数"])), "point objective has 1 accepted wordings"),
    (question(points=with_point(terms=["Clean Data", "损失", "目标"])), "wording 'clean data' counts for 2 points"),
    (question(points=question()["points"][:2]), "2 points; three to seven"),
    (question(hint=None), "no hint"),
    (choice(choices=long_key()), "by far the longest (zh)"),
]


@pytest.mark.parametrize(("odd", "what"), WARNINGS, ids=[what for _, what in WARNINGS])
def test_every_warning_is_found(tmp_path: Path, odd: dict[str, Any], what: str) -> None:
    found = checked(tmp_path, odd)
    assert [w for w in found.warnings if what in w], found.warnings
    assert found.errors == []


def test_questions_that_ask_the_same(tmp_path: Path) -> None:
    first = question("tuning.one", ask=two("请解释低秩适配的原理和起点", "Explain how low-rank adaptation works"))
    again = question("tuning.two", ask=two("请解释低秩适配的原理与起点", "Quite another wording of it all"))
    other = question("tuning.three", ask=two("学习率怎么选", "How is a learning rate chosen"))
    assert checked(tmp_path, first, again, other).errors == [
        "tuning/tuning.one: asks nearly the same as tuning/tuning.two (zh)"
    ]
    assert checked(tmp_path / "b", first, other).errors == []


def test_a_named_skill_is_compared_with_the_whole_map(tmp_path: Path) -> None:
    ask = two("请解释低秩适配的原理和起点", "Explain how low-rank adaptation works")
    the_map = load_map(
        write_map(tmp_path, skill("one", [question("one.q", ask=ask)]), skill("two", [question("two.q", ask=ask)]))
    )
    for only in ("one", "two"):
        (error,) = lint(the_map, [only]).errors
        assert "asks nearly the same" in error
    assert lint(the_map, ["one"]).questions == 1


def test_keys_that_are_always_the_same(tmp_path: Path) -> None:
    def many(keys: str) -> list[dict[str, Any]]:
        digits = "零一二三四五六七八九"
        return [
            choice(f"tuning.c{n}", key=k, ask=two(digits[n % 10] * 9 + "哪个" + digits[n // 10] * 9, chr(103 + n) * 9))
            for n, k in enumerate(keys)
        ]

    assert "answer keys: 12 of 12 choice questions have the key B" in checked(tmp_path, *many("B" * 12)).errors
    assert checked(tmp_path / "b", *many("ABCD" * 3)).errors == []
    assert checked(tmp_path / "c", *many("B" * 11)).errors == []


def test_the_report_as_json(tmp_path: Path) -> None:
    found = checked(tmp_path, question(covers=["i1"]), source_items={"tuning": ["i1", "i2"]}).as_json()
    assert found["questions"] == 1 and found["covered"] == 1 and found["sources"] == 2
    assert found["errors"] == [] and found["uncovered"] == ["i2"]
    assert found["counts"]["kind"] == {"open": 1}  # type: ignore[index]


def test_seconds_of_speech() -> None:
    assert talk_seconds("字" * 240, "zh") == 60
    assert talk_seconds("word " * 150, "en") == 60
    assert talk_seconds("LoRA 的秩是 8", "zh") == pytest.approx((3 + 2 * 2) / 4)
    assert talk_seconds("", "zh") == talk_seconds("，。", "en") == 0
