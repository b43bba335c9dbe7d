"""The beginning of a new skill file, or of a new pack: whole and valid, with TODO wherever an author must write.

`lint` does not pass a text with TODO in it, so nothing half-written is asked of anybody.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from knowledge.errors import MapError
from knowledge.load import KnowledgeMap, data_dir, read_map
from knowledge.schema import FILE, as_text

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

CATEGORIES = """\
# The parts of the map, in the order in which they are drawn.
- {id: basics, zh: 基础, en: Basics}
"""
ROLES = """\
# Who the interviews are for. Every skill gives each of them a weight, every question a standing.
- id: engineer
  zh: 工程师
  en: Engineer
  aliases: [工程, dev]
  about:
    zh: TODO 这个岗位看重什么
    en: TODO what this job is about
"""
SKILL = """\
# yaml-language-server: $schema={schema}
skill: {skill}
category: {category}
zh: TODO 技能名
en: TODO name of the skill
difficulty: 4
scope:
  zh: TODO 这个技能包含什么、不包含什么
  en: TODO what belongs to it, and what does not
prerequisites: []
weights: {{{weights}}}
questions:
- id: {skill}.first-question
  kind: open
  difficulty: 4
  roles: {{{standings}}}
  ask:
    zh: TODO 一个问题，能说出口，自带背景
    en: TODO one question, natural to say aloud, with the context it needs
  points:
  - id: what
    weight: 3
    zh: TODO 一个可判分的论断，连同理由或数字
    en: TODO one gradable claim, with its reason or number
    terms: [TODO 换个说法, TODO said otherwise, TODO a third wording]
  - id: why
    weight: 2
    zh: TODO 第二个论断
    en: TODO the second claim
    terms: [TODO 说法, TODO wording, TODO another]
  - id: limits
    weight: 1
    core: false
    zh: TODO 加分点
    en: TODO what earns extra
    terms: [TODO 说法, TODO wording, TODO another]
  misconceptions:
  - id: wrong-belief
    penalty: 2
    zh: TODO 人们真会这么说的错误看法
    en: TODO a wrong belief as people really say it
    terms: [TODO 错误说法, TODO wrong wording, TODO another]
  reference:
    zh: TODO 完整而正确的答案，每个要点都说到
    en: TODO a complete right answer that makes every point
  talk:
    zh: TODO 30 到 60 秒能说完的口语版
    en: TODO the same as one would say it aloud in 30 to 60 seconds
  bonus_line:
    zh: TODO 让面试官点头的一句
    en: TODO the line that earns a nod
  hint:
    zh: TODO 指个方向，不说出任何要点
    en: TODO a direction that names no point
  follow_ups:
  - when: {{missing: what}}
    rung: clarify
    zh: TODO 换个场景追问，不能露出这个要点
    en: TODO ask for it through a situation, without giving it away
    points: [what]
  - when: {{missing: why}}
    rung: clarify
    zh: TODO 追问
    en: TODO follow-up
    points: [why]
  - when: {{misconception: wrong-belief}}
    rung: mechanism
    zh: TODO 让对方自己发现问题
    en: TODO let them find the fault themselves
    points: [what]
  - when: {{score_at_least: 8}}
    rung: transfer
    zh: TODO 答得好时再深一层
    en: TODO one layer deeper, when it went well
    points: [limits]
  sources:
  - {{doc: TODO title of an official document, url: "https://example.org/TODO", for: TODO which claim}}
"""


def begin_skill(skill: str, *, category: str | None = None, pack: Path | None = None) -> list[Path]:
    """Write the file of a new skill, and what a new pack lacks. The paths written. Raises MapError."""
    if not SLUG.fullmatch(skill):
        raise MapError(f"{skill!r} cannot be a skill's id: small letters, digits and single hyphens")
    written = _begin_pack(pack) if pack is not None else []
    the_map = read_map(pack.resolve() if pack is not None else data_dir())
    category = _category(the_map, category)
    if skill in the_map.skills:
        raise MapError(f"the map has a skill {skill!r} already")
    folder = (pack or data_dir()) / category
    path = folder / f"{skill}.yaml"
    schema = (pack / FILE.name) if pack is not None else FILE
    roles = [r.id for r in the_map.roles]
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(
        SKILL.format(
            schema=Path(os.path.relpath(schema, folder)).as_posix(),
            skill=skill,
            category=category,
            weights=", ".join(f"{r}: 2" for r in roles),
            standings=", ".join(f"{r}: deep" for r in roles),
        ),
        "utf-8",
    )
    return [*written, path]


def _begin_pack(pack: Path) -> list[Path]:
    if pack.exists() and not pack.is_dir():
        raise MapError(f"{pack} is a file; a pack is a folder")
    if pack.is_dir() and any(pack.iterdir()) and not (pack / "categories.yaml").is_file():
        raise MapError(f"{pack} has other things in it and no categories.yaml; begin a pack in an empty folder")
    pack.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (("categories.yaml", CATEGORIES), ("roles.yaml", ROLES), (FILE.name, as_text())):
        if not (pack / name).exists():
            (pack / name).write_text(text, "utf-8")
            written.append(pack / name)
    return written


def _category(the_map: KnowledgeMap, wanted: str | None) -> str:
    ids = [c.id for c in the_map.categories]
    if wanted is None and len(ids) == 1:
        return ids[0]
    if wanted not in ids:
        what = f"no category {wanted!r}" if wanted else "say in which category"
        raise MapError(f"{what}: --category {' | '.join(ids)}")
    return wanted
