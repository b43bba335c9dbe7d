"""`interviewer map`, `questions` and `lint`: what can be asked, and whether it is fit to be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interviewer.cli.guard import out, say
from interviewer.cli.interview import Db, Lang
from interviewer.errors import Exit, StoreError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from knowledge import KnowledgeMap, Question

RoleFilter = Annotated[str | None, typer.Option("--role", "-r", help="Only what this role is asked.")]


def show_map(
    skill: Annotated[str | None, typer.Argument(help="A skill, to see it in detail.")] = None,
    role: RoleFilter = None,
    lang: Lang = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    db: Db = None,
) -> None:
    """Draw the knowledge map: categories, skills, prerequisites, and where you stand.

    Examples: `interviewer map` · `interviewer map lora` · `interviewer map --role eng --lang en`
    """
    from interviewer.config import load_settings
    from knowledge import load_map

    the_map = load_map()
    settings = load_settings(lang=lang, db=db)
    chosen = the_map.role(role).id if role else None
    if skill is not None:
        _show_skill(the_map, the_map.skill(skill).id, settings.lang, as_json)
        return
    if as_json:
        skills = [
            {
                "id": s.id, "category": s.category, "zh": s.zh, "en": s.en, "difficulty": s.difficulty,
                "prerequisites": s.prerequisites, "weights": s.weights, "questions": [q.id for q in s.questions],
            }
            for s in the_map.skills.values()
        ]  # fmt: skip
        out(json.dumps(skills, ensure_ascii=False, indent=2))
        return
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    standing = _standing(settings.db_path)
    tree = Tree(Text("知识地图" if settings.lang == "zh" else "Knowledge map", style="bold"))
    for c in the_map.categories:
        branch = tree.add(Text(c.text(settings.lang), style="bold cyan"))
        for s in the_map.skills.values():
            if s.category != c.id or (chosen and not s.weights[chosen]):
                continue
            line = Text(f"{s.text(settings.lang)} ")
            line.append(f"[{s.id}]", style="dim")
            line.append(f" {len(s.questions)}", style="green" if s.questions else "dim")
            line.append(" 题" if settings.lang == "zh" else " questions", style="dim")
            if chosen:
                line.append(f" {'★' * s.weights[chosen]}", style="yellow")
            if s.id in standing:
                line.append(f"  {_bar(standing[s.id])} {standing[s.id]:.0f}%", style="magenta")
            if s.prerequisites:
                line.append(f"  ← {', '.join(s.prerequisites)}", style="dim")
            branch.add(line)
    Console().print(tree)


def _show_skill(the_map: KnowledgeMap, skill_id: str, lang: str, as_json: bool) -> None:
    s = the_map.skills[skill_id]
    if as_json:
        out(json.dumps(s.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=2))
        return
    zh = lang == "zh"
    builds_on = [the_map.skills[p].text(lang) for p in s.prerequisites]
    leads_to = [o.text(lang) for o in the_map.skills.values() if skill_id in o.prerequisites]
    none = "无" if zh else "none"
    out(f"{s.text(lang)} ({s.id})")
    out(f"  {s.scope.text(lang)}")
    out(f"  {'难度' if zh else 'difficulty'}: {s.difficulty}")
    out(f"  {'先修' if zh else 'builds on'}: {', '.join(builds_on) or none}")
    out(f"  {'之后' if zh else 'leads to'}: {', '.join(leads_to) or none}")
    out(f"  {'角色权重' if zh else 'weight per role'}: {', '.join(f'{r} {w}' for r, w in s.weights.items())}")
    for q in s.questions:
        out(f"  · [{q.kind.value}, {q.difficulty}] {q.ask.text(lang)} ({q.id})")


def _bar(percent: float) -> str:
    filled = round(percent / 20)
    return "█" * filled + "░" * (5 - filled)


def _standing(db: Path) -> dict[str, float]:
    """The level per skill of the newest report that has one; empty without a database that can be read."""
    from interviewer.store import SessionStore

    if not db.exists():
        return {}
    found: dict[str, float] = {}
    try:
        with SessionStore(db) as store:
            for row in store.sessions(status="finished", limit=50):
                report = store.report(row.id)
                for s in report.skills if report else []:
                    found.setdefault(s.skill, s.level)
    except StoreError as e:
        say(f"where you stand is left out: {e.message}")
    return found


def questions(
    role: RoleFilter = None,
    skill: Annotated[str | None, typer.Option(help="Only of this skill.")] = None,
    kind: Annotated[str | None, typer.Option(help="open, scenario, choice or code.")] = None,
    must: Annotated[
        int | None, typer.Option("--must", metavar="N", min=1, help="The N questions the role must know first.")
    ] = None,
    lang: Lang = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout, with rubric and reference.")] = False,
) -> None:
    """List questions, filtered by role, skill and kind.

    Examples: `interviewer questions --role algo --must 12` · `interviewer questions --skill lora --json`
    """
    from interviewer.config import load_settings
    from knowledge import Kind, load_map

    settings = load_settings(lang=lang)
    the_map = load_map()
    kinds = [k.value for k in Kind]
    if kind is not None and kind not in kinds:
        raise UsageError(f"no question kind {kind!r}", hint=f"there are {', '.join(kinds)}")
    wanted_role = the_map.role(role).id if role else None
    if must is not None and wanted_role is None:
        raise UsageError("--must needs a role", hint="for example --role algo --must 12")
    wanted_skill = the_map.skill(skill).id if skill else None
    found = [
        q
        for s in the_map.skills.values()
        for q in s.questions
        if (wanted_role is None or wanted_role in q.roles)
        and (wanted_skill is None or s.id == wanted_skill)
        and (kind is None or q.kind.value == kind)
    ]
    if must is not None and wanted_role is not None:
        found = _most_needed(the_map, found, wanted_role)[:must]
    if as_json:
        rows = [{"skill": the_map.skill_of(q.id).id, **q.model_dump(mode="json", by_alias=True)} for q in found]
        out(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    if not found:
        say("no question fits")
        return
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(markup=False, highlight=False)
    for q in found:
        head = Text(q.id, style="bold")
        head.append(f"  {q.kind.value}, {q.difficulty}", style="dim")
        console.print(head)
        console.print(Padding(Text(q.ask.text(settings.lang)), (0, 0, 0, 2)))


def _most_needed(the_map: KnowledgeMap, found: list[Question], role: Any) -> list[Question]:
    """Must-asks first, then deep dives; within each by the skill's weight, then easy to hard."""
    rank = {"must": 0, "deep": 1, "nice": 2}
    return sorted(
        found,
        key=lambda q: (rank[q.roles[role]], -the_map.skill_of(q.id).weights[role], q.difficulty, q.id),
    )


def lint(
    skills: Annotated[list[str] | None, typer.Argument(help="Only these skills.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Check the knowledge map: both languages, sources, talk length, leaks, duplicates, coverage.

    Examples: `interviewer lint` · `interviewer lint lora peft` · `interviewer lint --json`
    """
    from knowledge import load_map
    from knowledge.lint import lint as check
    from rubrics import load_rules

    load_rules()
    the_map = load_map()
    found = check(the_map, [the_map.skill(s).id for s in skills or []])
    if as_json:
        out(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
    else:
        for line in found.errors:
            out(f"error    {line}")
        for line in found.warnings:
            out(f"warning  {line}")
        for name, counts in found.counts.items():
            out(f"{name}: " + ", ".join(f"{k} {n}" for k, n in counts.items()))
        out(
            f"{found.questions} questions; {found.covered} of {found.sources} source items covered; "
            f"{len(found.errors)} errors, {len(found.warnings)} warnings"
        )
    if found.errors:
        raise typer.Exit(int(Exit.FAILED_ROWS))
