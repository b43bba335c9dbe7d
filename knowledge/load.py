"""Reading the map's YAML: skills, categories, roles, and the graph between them.

Knows files and the models, nothing of interviews or judging. A broken file is reported with its
path, line and the nearest valid key; `load_map` collects the faults of all files before it gives up.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from knowledge.errors import MapError, MapFileError, UnknownNameError, nearest
from knowledge.models import Category, Question, Role, RoleInfo, Skill

T = TypeVar("T")
SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NOT_SKILLS = {"categories.yaml", "roles.yaml", "source_items.yaml"}


def data_dir() -> Path:
    """Where the packaged map lies."""
    return Path(str(files("knowledge") / "data"))


class Loader(SafeLoader):  # type: ignore[misc]
    """YAML as data, where a key that is given twice is a fault, not a silently dropped field."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} is given twice", key.start_mark
                    )
                seen.add(key.value)
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


@dataclass(frozen=True)
class KnowledgeMap:
    """The whole map, checked for references and cycles. Iteration order is that of the files."""

    categories: tuple[Category, ...]
    skills: dict[str, Skill]
    roles: tuple[RoleInfo, ...]
    source_items: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Skill id to the ids of the source items that belong to it."""

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
            if low in {r.id.value, r.zh.casefold(), r.en.casefold(), *(a.casefold() for a in r.aliases)}:
                return r
        raise UnknownNameError("role", name, [n for r in self.roles for n in (r.id.value, *r.aliases)])

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


def read_yaml(path: Path, shape: Any) -> Any:
    """The file as `shape` (a model, or a container of models). Raises MapFileError with lines."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as e:
        raise MapFileError(path, [(None, f"not UTF-8 (byte {e.start}); save the file as UTF-8")]) from None
    except OSError as e:
        raise MapFileError(path, [(None, f"cannot be read: {e.strerror or e}")]) from None
    try:
        raw = yaml.load(text, Loader=Loader)  # noqa: S506 -- a safe loader, see above
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        what = getattr(e, "problem", None) or str(e)
        raise MapFileError(path, [(mark.line + 1 if mark else None, f"not valid YAML: {what}")]) from None
    except ValueError as e:  # an impossible date and the like
        raise MapFileError(path, [(None, f"not valid YAML: {e}")]) from None
    try:
        return TypeAdapter(shape).validate_python(raw)
    except ValidationError as e:
        raise MapFileError(path, list(_faults(e, text, shape))) from None


def _faults(error: ValidationError, text: str, shape: Any) -> Iterator[tuple[int | None, str]]:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for fault in error.errors(include_url=False, include_context=False):
        loc = fault["loc"]
        line = _line(root, loc)
        where = ".".join(str(p) for p in loc if not _is_branch(p))
        if fault["type"] == "extra_forbidden":
            keys = sorted(_keys_at(shape, loc[:-1]))
            close = nearest(str(loc[-1]), keys, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; keys here: {', '.join(keys)}"
            yield line, f"unknown key {str(loc[-1])!r}{hint}"
        else:
            message = fault["msg"].removeprefix("Value error, ")
            yield line, f"{where}: {message}" if where else message


def _is_branch(part: int | str) -> bool:
    """Union branches stand in pydantic's loc as type names: `constrained-str`, `Point`."""
    return isinstance(part, str) and (part == "Point" or "[" in part or part.startswith("constrained"))


def _line(node: yaml.Node | None, loc: tuple[int | str, ...]) -> int | None:
    line = None
    for part in loc:
        if node is None or _is_branch(part):
            continue
        line = node.start_mark.line + 1 if line is None else line
        nxt = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, nxt = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            nxt = node.value[part]
            line = nxt.start_mark.line + 1
        node = nxt
    return line if line is not None else (node.start_mark.line + 1 if node else None)


def _keys_at(shape: Any, loc: tuple[int | str, ...]) -> set[str]:
    """The valid keys of the model that lies at `loc` below `shape`."""
    current = shape
    for part in loc:
        models = list(_models(current))
        if isinstance(part, int) or _is_branch(part):
            continue
        for model in models:
            for name, info in model.model_fields.items():
                if part in (name, info.alias):
                    current = info.annotation
    return {i.alias or n for m in _models(current) for n, i in m.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, BaseModel):
            yield annotation
        return
    for arg in typing.get_args(annotation):
        yield from _models(arg)


def read_skill(path: Path) -> Skill:
    """One skill file. Raises MapFileError."""
    skill: Skill = read_yaml(path, Skill)
    if path.stem != skill.skill:
        raise MapFileError(path, [(1, f"the file is named {path.stem!r} but holds skill {skill.skill!r}")])
    return skill


def load_map(directory: Path | None = None) -> KnowledgeMap:
    """The map below `directory` (default: the packaged one).

    Raises MapFileError with the faults of every broken file, MapError for a dangling reference.
    """
    return _load(directory or data_dir())


@cache
def _load(directory: Path) -> KnowledgeMap:
    categories: list[Category] = read_yaml(directory / "categories.yaml", list[Category])
    roles: list[RoleInfo] = read_yaml(directory / "roles.yaml", list[RoleInfo])
    items_file = directory / "source_items.yaml"
    items: dict[str, tuple[str, ...]] = read_yaml(items_file, dict[str, tuple[str, ...]]) if items_file.exists() else {}
    skills: dict[str, Skill] = {}
    broken: list[MapFileError] = []
    order = {c.id: n for n, c in enumerate(categories)}
    paths = [p for p in directory.rglob("*.yaml") if p.name not in NOT_SKILLS]
    for path in sorted(paths, key=lambda p: (order.get(p.parent.name, len(order)), p.stem)):
        try:
            skill = read_skill(path)
        except MapFileError as e:
            broken.append(e)
            continue
        if skill.skill in skills:
            broken.append(MapFileError(path, [(1, f"skill {skill.skill!r} is defined twice")]))
        elif skill.category not in order:
            broken.append(MapFileError(path, [(1, f"unknown category {skill.category!r}")]))
        skills[skill.skill] = skill
    if broken:
        first, *rest = broken
        if not rest:
            raise first
        raise MapError("\n".join(str(e) for e in broken))
    the_map = KnowledgeMap(tuple(categories), skills, tuple(roles), items)
    _check_references(the_map)
    return the_map


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
    missing = [r.value for r in Role if r not in {i.id for i in the_map.roles}]
    if missing:
        raise MapError(f"roles.yaml lacks: {', '.join(missing)}")
    the_map.order()
