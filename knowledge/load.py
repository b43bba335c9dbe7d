"""Reading the map's YAML: skills, categories, roles, and the graph between them.

Knows files and the models, nothing of interviews or judging. A broken file is reported with its
path, line and the nearest valid key; `load_map` collects the faults of all files before it gives up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from knowledge.errors import MapError, MapFileError, UnknownNameError
from knowledge.models import Category, Question, RoleInfo, Skill
from knowledge.yaml_file import Parsed, read_yaml

_loaded: dict[Path, KnowledgeMap] = {}
NOT_SKILLS = {"categories.yaml", "roles.yaml", "source_items.yaml"}


def data_dir() -> Path:
    """Where the packaged map lies."""
    return Path(str(files("knowledge") / "data"))


@dataclass(frozen=True)
class KnowledgeMap:
    """The whole map, checked for references and cycles. Iteration order is that of the files."""

    categories: tuple[Category, ...]
    skills: dict[str, Skill]
    roles: tuple[RoleInfo, ...]
    source_items: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Skill id to the ids of the source items that belong to it."""
    pack: Path | None = None
    """The folder it was read from; None for the packaged map."""

    @cached_property
    def questions(self) -> dict[str, Question]:
        return {q.id: q for s in self.skills.values() for q in s.questions}

    @cached_property
    def _skill_of(self) -> dict[str, Skill]:
        return {q.id: s for s in self.skills.values() for q in s.questions}

    def skill_of(self, question_id: str) -> Skill:
        return self._skill_of[self.question(question_id).id]

    def question(self, question_id: str) -> Question:
        """Raises UnknownNameError with the nearest ids."""
        try:
            return self.questions[question_id]
        except KeyError:
            raise UnknownNameError("question", question_id, self.questions) from None

    def skill(self, name: str) -> Skill:
        """A skill by id or by either of its names. Raises UnknownNameError with the nearest."""
        if name in self.skills:
            return self.skills[name]
        low = name.strip().casefold()
        for s in self.skills.values():
            if low in (s.id, s.zh.casefold(), s.en.casefold()):
                return s
        names = [n for s in self.skills.values() for n in (s.id, s.zh, s.en)]
        raise UnknownNameError("skill", name, names)

    def role(self, name: str) -> RoleInfo:
        """A role by id, name or alias (算法, infra, …). Raises UnknownNameError with the nearest."""
        low = name.strip().casefold()
        for r in self.roles:
            if low in {r.id, r.zh.casefold(), r.en.casefold(), *(a.casefold() for a in r.aliases)}:
                return r
        raise UnknownNameError("role", name, [n for r in self.roles for n in (r.id, *r.aliases)])

    def order(self) -> list[str]:
        """Skill ids, prerequisites first, otherwise in file order. Raises MapError on a cycle."""
        done: dict[str, None] = {}
        path: list[str] = []

        def visit(skill_id: str) -> None:
            if skill_id in done:
                return
            if skill_id in path:
                loop = " -> ".join([*path[path.index(skill_id) :], skill_id])
                raise MapError(f"prerequisites form a cycle: {loop}")
            path.append(skill_id)
            for before in self.skills[skill_id].prerequisites:
                if before in self.skills:
                    visit(before)
            path.pop()
            done[skill_id] = None

        for skill_id in self.skills:
            visit(skill_id)
        return list(done)


def read_skill(path: Path, parsed: Parsed | None = None) -> Skill:
    """One skill file. Raises MapFileError."""
    skill: Skill = read_yaml(path, Skill, parsed)
    if path.stem != skill.skill:
        raise MapFileError(path, [(1, f"the file is named {path.stem!r} but holds skill {skill.skill!r}")])
    return skill


def load_map(directory: Path | None = None, *, cache_file: Path | None = None) -> KnowledgeMap:
    """The map below `directory` (default: the packaged one), read once per process.

    What was parsed is kept in `cache_file` for the next process. Raises MapFileError with the faults of
    every broken file, MapError for a dangling reference.
    """
    where = directory or data_dir()
    if where not in _loaded:
        parsed = Parsed(cache_file)
        _loaded[where] = read_map(where, parsed)
        parsed.save()
    return _loaded[where]


def read_map(directory: Path, parsed: Parsed | None = None) -> KnowledgeMap:
    """The map below `directory` as it is now. Raises as `load_map` does."""
    categories: list[Category] = read_yaml(directory / "categories.yaml", list[Category], parsed)
    roles: list[RoleInfo] = read_yaml(directory / "roles.yaml", list[RoleInfo], parsed)
    if not roles:
        raise MapFileError(directory / "roles.yaml", [(1, "no role is named")])
    items_file = directory / "source_items.yaml"
    items: dict[str, tuple[str, ...]] = {}
    if items_file.exists():
        items = read_yaml(items_file, dict[str, tuple[str, ...]], parsed)
    skills: dict[str, Skill] = {}
    broken: list[MapFileError] = []
    order = {c.id: n for n, c in enumerate(categories)}
    paths = [p for p in directory.rglob("*.yaml") if p.name not in NOT_SKILLS]
    for path in sorted(paths, key=lambda p: (order.get(p.parent.name, len(order)), p.stem)):
        try:
            skill = read_skill(path, parsed)
        except MapFileError as e:
            broken.append(e)
            continue
        if skill.skill in skills:
            broken.append(MapFileError(path, [(1, f"skill {skill.skill!r} is defined twice")]))
        elif faults := _role_faults(path, skill, [r.id for r in roles]):
            broken.append(MapFileError(path, faults))
        elif skill.category not in order:
            broken.append(MapFileError(path, [(1, f"unknown category {skill.category!r}")]))
        skills[skill.skill] = skill
    if broken:
        first, *rest = broken
        if not rest:
            raise first
        raise MapError("\n".join(str(e) for e in broken))
    pack = None if directory == data_dir() else directory
    the_map = KnowledgeMap(tuple(categories), skills, tuple(roles), items, pack)
    _check_references(the_map)
    return the_map


def _role_faults(path: Path, skill: Skill, roles: list[str]) -> list[tuple[int | None, str]]:
    """Roles that `roles.yaml` has not, and weights that are not given, with their lines."""
    missing = [r for r in roles if r not in skill.weights]
    faults = [("weights", f"weights are missing for: {', '.join(missing)}")] if missing else []
    used = [("weights", r) for r in skill.weights] + [(q.id, r) for q in skill.questions for r in q.roles]
    faults += [
        (near, f"{near}: unknown role {r!r}; roles.yaml has {', '.join(roles)}") for near, r in used if r not in roles
    ]
    if not faults:
        return []
    lines = path.read_text("utf-8-sig").splitlines()
    at = {near: next((n for n, text in enumerate(lines, 1) if near in text), None) for near, _ in faults}
    return [(at[near], message) for near, message in faults]


def _check_references(the_map: KnowledgeMap) -> None:
    seen: dict[str, str] = {}
    for skill in the_map.skills.values():
        for before in skill.prerequisites:
            if before not in the_map.skills:
                raise MapError(f"{skill.skill}: unknown prerequisite {before!r}")
        for q in skill.questions:
            if q.id in seen:
                raise MapError(f"question id {q.id!r} is used in {seen[q.id]} and in {skill.skill}")
            seen[q.id] = skill.skill
    the_map.order()
