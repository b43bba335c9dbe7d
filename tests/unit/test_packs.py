"""Maps of one's own: begun, checked, opened; the schema that editors read; and drawings of any map."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from interviewer.atlas import as_mermaid, as_svg
from interviewer.errors import ConfigError
from interviewer.maps import open_map
from knowledge import MapError, load_map
from knowledge.__main__ import main
from knowledge.begin import begin_skill
from knowledge.lint import lint
from knowledge.load import NOT_SKILLS, data_dir
from knowledge.packs import EXAMPLES
from knowledge.schema import FILE, as_text, skill_schema
from tests.unit.small_map import question, skill, two, write_map


def test_a_pack_is_begun_whole_and_lint_says_what_is_to_be_written(tmp_path: Path) -> None:
    pack = tmp_path / "mine"
    written = begin_skill("joins", pack=pack)
    assert {p.name for p in written} == {"categories.yaml", "roles.yaml", "skill.schema.json", "joins.yaml"}
    the_map = open_map(pack)
    assert list(the_map.skills) == ["joins"] and the_map.pack == pack.resolve()
    faults = lint(the_map).errors
    for where in ("joins/joins.first-question: ask.zh", "points.1.terms.1", "sources.1.doc", "joins: scope.en"):
        assert any(where in f and f.endswith("is still to be written") for f in faults)
    assert [p.name for p in begin_skill("windows", pack=pack)] == ["windows.yaml"]


@pytest.mark.parametrize("name", ["Joins", "a b", "../up", "", "-x"])
def test_what_cannot_be_a_skill(tmp_path: Path, name: str) -> None:
    with pytest.raises(MapError, match="cannot be a skill"):
        begin_skill(name, pack=tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over(tmp_path: Path) -> None:
    begin_skill("joins", pack=tmp_path)
    with pytest.raises(MapError, match="has a skill 'joins' already"):
        begin_skill("joins", pack=tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    with pytest.raises(MapError, match="empty folder"):
        begin_skill("joins", pack=tmp_path / "other")
    with pytest.raises(MapError, match="--category data"):
        begin_skill("joins", pack=write_map(tmp_path / "many", skill()))


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = str(tmp_path / "p")
    assert main(["new", "joins", "--pack", pack]) == 0
    assert main(["lint", "--pack", pack]) == 1
    assert "still to be written" in capsys.readouterr().out
    assert main(["lint", "--pack", str(tmp_path / "none")]) == 1
    assert "is no pack" in capsys.readouterr().err
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == as_text()


def test_a_folder_that_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder") as e:
        open_map(tmp_path / "nothing")
    assert "sql" in (e.value.hint or "")
    with pytest.raises(ConfigError, match=r"no categories\.yaml"):
        open_map(tmp_path)


def test_the_schema_is_up_to_date_and_says_what_the_loader_says() -> None:
    assert FILE.read_text("utf-8") == as_text(), "python -m knowledge schema --write"
    check = Draft202012Validator(skill_schema())
    for path in data_dir().rglob("*.yaml"):
        if path.name not in NOT_SKILLS:
            assert not list(check.iter_errors(yaml.safe_load(path.read_text("utf-8")))), path
    assert list(check.iter_errors(skill(questions=[question(dificulty=3)])))
    point = skill_schema()["$defs"]["Pattern"]["properties"]
    assert "import" in point and "description" in point["keywords"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_shipped_examples_are_fit_to_interview_with(name: str) -> None:
    the_map = open_map(name)
    found = lint(the_map)
    assert not found.errors and not found.warnings and found.questions >= 5
    assert not set(the_map.skills) & set(load_map().skills)


def test_lists_of_roles_are_checked(tmp_path: Path) -> None:
    folder = write_map(
        tmp_path, skill(questions=[question(), question("tuning.other", ask=two("另一问？", "Another?"))])
    )
    roles = yaml.safe_load((folder / "roles.yaml").read_text("utf-8"))
    why = two("因为常问", "because it is asked")
    roles[0]["asked"] = [{"question": q, "why": why} for q in ("tuning.base", "tuning.base", "tuning.gone")]
    roles[2]["asked"] = [{"question": "tuning.base", "why": two("only English", "中文")}]
    (folder / "roles.yaml").write_text(yaml.safe_dump(roles, allow_unicode=True), "utf-8")
    faults = "\n".join(lint(load_map(folder)).errors)
    for what in (
        "algo: tuning.base is listed twice", "algo: no question 'tuning.gone'",
        "app: tuning.base is neither must nor deep", "why.zh has no Chinese", "why.en has Chinese",
    ):  # fmt: skip
        assert what in faults


@pytest.mark.parametrize("role", [None, "eng"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_drawings_hold_every_skill_once(lang: str, role: str | None) -> None:
    the_map = load_map()
    shown = [s for s in the_map.skills.values() if role is None or s.weights[role]]
    standing = {shown[0].id: 55.0}
    drawn = ET.fromstring(as_svg(the_map, lang, role=role, standing=standing))
    texts = [t.text or "" for t in drawn.iter("{http://www.w3.org/2000/svg}title")]
    assert all(sum(f"[{s.id}]" in t for t in texts) == 1 for s in shown) and len(texts) == len(shown) + 1
    assert "55%" in "".join(t.text or "" for t in drawn.iter("{http://www.w3.org/2000/svg}text"))
    chart = as_mermaid(the_map, lang, role=role, standing=standing)
    ids = {s.id for s in shown}
    edges = sum(p in ids for s in shown for p in s.prerequisites)
    assert chart.startswith("flowchart LR") and chart.count("-->") == edges


def test_drawings_escape(tmp_path: Path) -> None:
    folder = write_map(tmp_path, skill(**two('<b>"名"&</b>', '<b>"name"&</b>')))
    the_map = load_map(folder)
    ET.fromstring(as_svg(the_map, "en"))
    assert "<b>" not in as_mermaid(the_map, "en") and '"name"' not in as_mermaid(the_map, "en")


def test_every_role_has_a_list_of_thirty_with_why() -> None:
    the_map = load_map()
    whys = [a.why.en for r in the_map.roles for a in r.asked] + [a.why.zh for r in the_map.roles for a in r.asked]
    assert len(whys) == len(set(whys)) == 240, "no two alike"
    for role in the_map.roles:
        standings = [the_map.question(a.question).roles[role.id] for a in role.asked]
        assert standings == ["must"] * 18 + ["deep"] * 12
        others = {s for q in the_map.questions.values() if q.id not in {a.question for a in role.asked}
                  for r, s in q.roles.items() if r == role.id}  # fmt: skip
        assert others == {"nice"}, "what a role must know is on its list"
