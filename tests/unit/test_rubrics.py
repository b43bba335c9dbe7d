"""The grading rules as packaged, and every way in which they are refused."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from rubrics import RubricError, load_rules


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("scale", "dimensions", "policy"):
        shutil.copy(str(files("rubrics") / "data" / f"{name}.yaml"), tmp_path)
    return tmp_path


def change(folder: Path, name: str, edit: Any) -> None:
    path = folder / f"{name}.yaml"
    value = yaml.safe_load(path.read_text("utf-8"))
    edit(value)
    path.write_text(yaml.safe_dump(value, allow_unicode=True), "utf-8")


def refused(folder: Path, *words: str) -> None:
    with pytest.raises(RubricError) as e:
        load_rules(folder)
    for word in words:
        assert word in str(e.value), str(e.value)


def test_the_packaged_rules() -> None:
    rules = load_rules()
    assert [g.grade for g in rules.grades] == [0, 1, 2, 3, 4, 5]
    assert len(rules.hash) == 12 and load_rules() is rules
    assert set(rules.policy.kinds) == {"open", "scenario", "choice", "code"}
    for g in rules.grades:
        assert g.name.text("zh") != g.name.text("en")
    assert {d.id for d in rules.dimensions} == {"correctness", "completeness", "depth", "clarity"}


def test_a_copy_has_the_same_hash_and_a_change_another(folder: Path) -> None:
    assert load_rules(folder).hash == load_rules().hash
    other = folder / "other"
    shutil.copytree(folder, other)
    change(other, "policy", lambda p: p.update(hint_cost=2))
    assert load_rules(other).hash != load_rules().hash


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        (
            "policy",
            lambda p: p.update(hint_costs=1),
            ["policy.yaml:", "did you mean 'hint_cost'?"],
        ),
        ("policy", lambda p: p.pop("hint_cost"), ["policy.yaml", "hint_cost"]),
        ("policy", lambda p: p.update(hint_cost=9), ["hint_cost"]),
        ("policy", lambda p: p["kinds"].pop("code"), ["code"]),
        ("policy", lambda p: p["kinds"]["open"].update(bonus_caps=1), ["policy.yaml:", "did you mean 'bonus_cap'?"]),
        ("policy", lambda p: p["thresholds"].update(partial=0.9), ["partial must lie below covered"]),
        ("policy", lambda p: p.update(max_answer_chars=10), ["max_answer_chars"]),
        ("scale", lambda s: s.pop(), ["0 to 5"]),
        ("scale", lambda s: s.reverse(), ["0 to 5"]),
        ("scale", lambda s: s[0]["name"].pop("en"), ["scale.yaml:", "0.name.en"]),
        ("dimensions", lambda d: d[0]["anchors"].pop(3), ["anchors"]),
        ("dimensions", lambda d: d[0]["anchors"].update({7: {"zh": "七", "en": "seven"}}), ["anchors"]),
        ("dimensions", lambda d: d[0].update(id="Bad Id"), ["dimensions.yaml", "id"]),
    ],
)
def test_a_fault_is_named_with_its_file_and_key(folder: Path, name: str, edit: Any, words: list[str]) -> None:
    change(folder, name, edit)
    refused(folder, *words)


def test_files_that_cannot_be_read(folder: Path) -> None:
    (folder / "scale.yaml").write_bytes(b"\xff\xfe\x00")
    refused(folder, "scale.yaml", "not UTF-8")
    (folder / "scale.yaml").unlink()
    refused(folder, "scale.yaml", "cannot be read")
    (folder / "scale.yaml").write_text("- {a: [", "utf-8")
    refused(folder, "scale.yaml", "not valid YAML")
    (folder / "scale.yaml").write_text("", "utf-8")
    refused(folder, "scale.yaml")
