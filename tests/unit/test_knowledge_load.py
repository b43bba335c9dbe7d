"""Reading the map: every fault has its file, its line and the nearest valid key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from knowledge import KnowledgeMap, MapError, MapFileError, UnknownNameError, load_map, read_skill
from knowledge.errors import nearest
from tests.unit.small_map import choice, code, dump, question, skill, two, write_map


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tuning.yaml"
    path.write_text(text, "utf-8")
    return path


def fault(path: Path) -> tuple[int | None, str]:
    with pytest.raises(MapFileError) as e:
        read_skill(path)
    assert str(e.value).startswith(f"{path}:{e.value.faults[0][0] or 1}: ")
    return e.value.faults[0]


def line_of(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("difficulty", "dificulty"),
        ("prerequisites", "prerequisits"),
        ("misconceptions", "misconception"),
        ("bonus_line", "bonus-line"),
        ("follow_ups", "followups"),
        ("score_at_least", "score_atleast"),
        ("terms", "term"),
        ("covers", "cover"),
    ],
)
def test_a_misspelt_key_is_named_with_its_line_and_the_nearest(tmp_path: Path, right: str, wrong: str) -> None:
    path = written(tmp_path, dump(skill()).replace(f"{right}:", f"{wrong}:", 1))
    with pytest.raises(MapFileError) as e:
        read_skill(path)
    at = line_of(path, f"{wrong}:")
    assert f"{path}:{at}: unknown key '{wrong}'; did you mean '{right}'?" in str(e.value).splitlines()


def test_a_misspelt_key_of_an_own_point_of_a_follow_up(tmp_path: Path) -> None:
    own = {"id": "own", **two("新", "new"), "wieght": 2}
    probe = {"when": {"missing": "data"}, "rung": "clarify", **two("问", "ask"), "points": [own]}
    path = written(tmp_path, dump(skill(questions=[question(follow_ups=[probe])])))
    with pytest.raises(MapFileError) as e:
        read_skill(path)
    assert f"{path}:{line_of(path, 'wieght')}: unknown key 'wieght'; did you mean 'weight'?" in str(e.value)


def test_a_key_that_is_given_twice(tmp_path: Path) -> None:
    path = written(tmp_path, dump(skill()) + "difficulty: 7\n")
    line, what = fault(path)
    assert "'difficulty' is given twice" in what
    assert line == len(path.read_text("utf-8").splitlines())


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("skill: [", "not valid YAML"),
        ("a: b: c", "not valid YAML"),
        ("skill: \x00", "not valid YAML"),
        ("when: 2024-99-99", "not valid YAML"),
        ("!!python/object/apply:os.system ['true']", "not valid YAML"),
        ("", "Input should be"),
        ("- a\n- b", "Input should be"),
        ("just text", "Input should be"),
    ],
)
def test_what_is_no_yaml_or_no_skill(tmp_path: Path, text: str, what: str) -> None:
    assert what in fault(written(tmp_path, text))[1]


def test_what_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "tuning.yaml"
    path.write_bytes("难".encode("gbk"))
    assert "not UTF-8" in fault(path)[1]
    assert "cannot be read" in fault(tmp_path)[1]
    assert "cannot be read" in fault(tmp_path / "none.yaml")[1]


def test_the_file_is_named_after_its_skill(tmp_path: Path) -> None:
    assert "named 'tuning' but holds skill 'other'" in fault(written(tmp_path, dump(skill("other"))))[1]


ASK = two("问", "q")
BAD: list[tuple[dict[str, Any], str]] = [
    (question(difficulty=11), "less than or equal to 10"),
    (question(difficulty="hard"), "valid integer"),
    (question(id="Not A Slug"), "pattern"),
    (question(kind="essay"), "'open', 'scenario', 'choice' or 'code'"),
    (question(roles={}), "at least 1"),
    (question(roles={"algo": "maybe"}), "'must', 'deep' or 'nice'"),
    (question(ask={"zh": "只有中文"}), "Field required"),
    (question(ask=two("  ", "blank")), "at least 1 character"),
    (question(points=[]), "at least 1"),
    (question(points=[{"id": "a", "core": False, **two("甲", "a")}], follow_ups=[]), "must be core"),
    (question(points=[{"id": "a", **two("甲", "a")}] * 2, follow_ups=[]), "point id used twice: a"),
    (question(points=[{"id": "a", "weight": 0, **two("甲", "a")}], follow_ups=[]), "greater than 0"),
    (question(misconceptions=[{"id": "m", **two("误", "m")}] * 2, follow_ups=[]), "misconception id used twice"),
    (question(follow_ups=[{"when": {"missing": "no"}, "rung": "clarify", **ASK}]), "unknown point: no"),
    (question(follow_ups=[{"when": {"misconception": "no"}, "rung": "clarify", **ASK}]), "unknown misconception: no"),
    (question(follow_ups=[{"when": {}, "rung": "clarify", **ASK}]), "exactly one of"),
    (question(follow_ups=[{"when": {"missing": "data"}, "rung": "deeper", **ASK}]), "'clarify', 'mechanism'"),
    (question(choices=choice()["choices"], key="A"), "belong to a choice question"),
    (choice(key="F"), "a key among them"),
    (choice(key=None), "a key among them"),
    (choice(choices=choice()["choices"][:2]), "three or more choices"),
    (choice(choices=[{**c, "misconception": "no"} for c in choice()["choices"]]), "unknown misconception: no"),
    (question(solution="x = 1"), "belong to a code question"),
    (code(checks=[]), "needs checks and a solution"),
    (code(checks=[{"id": "c", "point": "no", **two("查", "c"), "any": [{"call": "f"}]}]), "unknown point: no"),
    (code(checks=[{"id": "c", **two("查", "c"), "any": [{"call": "f", "name": "g"}]}]), "exactly one of: call"),
    (code(checks=[{"id": "c", **two("查", "c"), "any": [{"name": "g", "keywords": {"r": 1}}]}]), "keywords belong"),
    (question(sources=[{"paper": "x", "doc": "y"}]), "exactly one of: paper, doc"),
    (question(sources=[{"paper": "x"}]), "a paper needs its year"),
    (question(sources=[{"doc": "x"}]), "a doc needs its url"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "what"), BAD, ids=[what for _, what in BAD])
def test_every_rule_of_a_question(tmp_path: Path, bad: dict[str, Any], what: str) -> None:
    path = written(tmp_path, dump(skill(questions=[question("tuning.fine"), bad])))
    line, message = fault(path)
    assert what in message
    assert line is not None and line >= line_of(path, str(bad["id"]))


def test_every_rule_of_a_skill(tmp_path: Path) -> None:
    assert "0 to 3" in fault(written(tmp_path, dump(skill(weights={"algo": 9, "eng": 1, "app": 1, "testdev": 0}))))[1]


def refused(folder: Path, *words: str) -> None:
    with pytest.raises(MapError) as e:
        load_map(folder)
    for word in words:
        assert word in str(e.value)


def test_a_cycle_is_drawn(tmp_path: Path) -> None:
    refused(
        write_map(
            tmp_path,
            skill("one", [], prerequisites=["two"]),
            skill("two", [], prerequisites=["three"]),
            skill("three", [], prerequisites=["one"]),
        ),
        "cycle", "one -> ", "two -> ", "three -> ",
    )  # fmt: skip
    refused(write_map(tmp_path / "b", skill("one", [], prerequisites=["one"])), "cycle: one -> one")


def test_a_dangling_prerequisite(tmp_path: Path) -> None:
    refused(write_map(tmp_path, skill(prerequisites=["nothing"])), "tuning", "unknown prerequisite 'nothing'")


def test_ids_that_are_used_twice(tmp_path: Path) -> None:
    refused(
        write_map(tmp_path, skill("one", [question()]), skill("two", [question()])),
        "tuning.base", "used in one and in two",
    )  # fmt: skip
    refused(write_map(tmp_path / "b", skill(), skill(category="data")), "'tuning' is defined twice")


def test_an_unknown_category_and_a_missing_role(tmp_path: Path) -> None:
    refused(write_map(tmp_path, skill(category="magic")), "magic/tuning.yaml:1: unknown category 'magic'")
    folder = write_map(tmp_path / "b", skill())
    roles = (folder / "roles.yaml").read_text("utf-8")
    (folder / "roles.yaml").write_text(roles[: roles.index("- id: testdev")], "utf-8")
    refused(folder, "tuning.yaml:", "unknown role 'testdev'; roles.yaml has algo, eng, app")
    (folder / "roles.yaml").write_text("[]", "utf-8")
    refused(folder, "roles.yaml:1: no role is named")


def test_roles_are_those_of_the_map(tmp_path: Path) -> None:
    refused(
        write_map(tmp_path, skill(weights={"algo": 1, "eng": 1, "app": 1})),
        "tuning.yaml:", "weights are missing for: testdev",
    )  # fmt: skip
    folder = write_map(tmp_path / "b", skill(questions=[question(roles={"boss": "must"})]))
    refused(folder, "tuning.base: unknown role 'boss'; roles.yaml has algo, eng, app, testdev")


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = write_map(tmp_path, skill("one", [question(difficulty=0)]), skill("two", [question(kind="x")]))
    refused(folder, "one.yaml", "two.yaml")


def test_no_map_at_all(tmp_path: Path) -> None:
    refused(tmp_path, "categories.yaml", "cannot be read")


def test_the_order_puts_prerequisites_first(tmp_path: Path) -> None:
    the_map = load_map(
        write_map(
            tmp_path,
            skill("a", [], prerequisites=["c"]),
            skill("b", []),
            skill("c", [], prerequisites=["d"]),
            skill("d", []),
        )
    )
    assert the_map.order() == ["d", "c", "a", "b"]


@pytest.fixture(scope="module")
def the_map() -> KnowledgeMap:
    return load_map()


def test_the_packaged_map_is_whole(the_map: KnowledgeMap) -> None:
    order = the_map.order()
    assert sorted(order) == sorted(the_map.skills) and len(the_map.skills) >= 50
    for s in the_map.skills.values():
        assert all(order.index(p) < order.index(s.id) for p in s.prerequisites)
    assert {s.category for s in the_map.skills.values()} == {c.id for c in the_map.categories}
    assert load_map() is the_map


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("algo", "algo"),
        ("算法", "algo"),
        (" ENG ", "eng"),
        ("应用岗", "app"),
        ("测试开发", "testdev"),
        ("qa", "testdev"),
    ],
)
def test_roles_by_any_of_their_names(the_map: KnowledgeMap, name: str, role: str) -> None:
    assert the_map.role(name).id == role


def test_names_that_are_not_there(the_map: KnowledgeMap) -> None:
    for look, name, close in (
        (the_map.role, "alog", "algo"),
        (the_map.skill, "lora2", "lora"),
        (the_map.question, "lora.core-advantages", "lora.core-advantage"),
        (the_map.skill_of, "sft-fundamentals.los", "sft-fundamentals.loss"),
    ):
        with pytest.raises(UnknownNameError) as e:
            look(name)
        assert close in e.value.nearest and close in str(e.value)
    with pytest.raises(UnknownNameError) as e:
        the_map.role("x" * 200_000)
    assert len(str(e.value)) < 200 and e.value.nearest == []


def test_skills_by_any_of_their_names(the_map: KnowledgeMap) -> None:
    s = the_map.skill("lora")
    assert the_map.skill(s.zh) is the_map.skill(f" {s.en.upper()} ") is s
    assert the_map.skill_of("lora.core-advantage") is s


def test_nearest_names() -> None:
    assert nearest("lor", ["qlora", "lora", "peft"])[:2] == ["qlora", "lora"]
    assert nearest("LORA", ["lora"]) == ["lora"]
    assert nearest("zzz", ["lora"]) == []
    assert nearest("", ["lora"]) == []
