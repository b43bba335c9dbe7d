"""`interviewer map`: the knowledge map as a tree, a flowchart or a drawing, with where one stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interviewer.cli.guard import out, say
from interviewer.cli.interview import Db, Lang, Pack
from interviewer.errors import StoreError, UsageError

if TYPE_CHECKING:
    from knowledge import KnowledgeMap

FORMATS = ("tree", "mermaid", "svg", "json")
RoleFilter = Annotated[str | None, typer.Option("--role", "-r", help="Only what this role is asked.")]


def show_map(
    skill: Annotated[str | None, typer.Argument(help="A skill, to see it in detail.")] = None,
    role: RoleFilter = None,
    lang: Lang = None,
    fmt: Annotated[
        str | None, typer.Option("--format", "-f", help="tree, mermaid, svg or json.", show_default="tree, or by -o")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write it here (.svg, .mmd, .json).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    pack: Pack = None,
    db: Db = None,
) -> None:
    """Draw the knowledge map: categories, skills, prerequisites, and where you stand.

    Examples: `interviewer map` · `interviewer map lora` · `interviewer map --role eng --lang en` ·
    `interviewer map -o map.svg` · `interviewer map --format mermaid`
    """
    from interviewer.config import load_settings
    from interviewer.maps import open_map

    settings = load_settings(lang=lang, db=db, pack=pack)
    the_map = open_map(settings.pack)
    chosen = the_map.role(role).id if role else None
    wanted = "json" if as_json else _format(fmt, output)
    if skill is not None:
        if wanted in ("mermaid", "svg") or output is not None:
            raise UsageError("one skill is shown as text", hint="leave the skill out to draw the map, or add --json")
        _show_skill(the_map, the_map.skill(skill).id, settings.lang, wanted == "json")
        return
    if wanted == "tree":
        _tree(the_map, settings.lang, chosen, _standing(settings.db_path))
        return
    if wanted == "json":
        text = _as_json(the_map, chosen)
    else:
        from interviewer.atlas import as_mermaid, as_svg

        draw = as_svg if wanted == "svg" else as_mermaid
        text = draw(the_map, settings.lang, role=chosen, standing=_standing(settings.db_path))
    if output is None:
        out(text.rstrip("\n"))
        return
    from interviewer.report import write_atomic

    write_atomic(output, text)
    say(f"map written to {output}")


def _format(fmt: str | None, output: Path | None) -> str:
    by_name = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid", ".json": "json"}
    if fmt is None:
        fmt = by_name.get(output.suffix.lower(), "") if output else "tree"
        if not fmt:
            raise UsageError(f"-o {output}: cannot tell the format from the name", hint="end it in .svg, .mmd or .json")
    if fmt not in FORMATS:
        raise UsageError(f"--format {fmt!r} is none of {', '.join(FORMATS)}")
    if fmt == "tree" and output is not None:
        raise UsageError("a tree is for the terminal", hint="write --format svg, mermaid or json to a file")
    return fmt


def _as_json(the_map: KnowledgeMap, role: str | None) -> str:
    skills = [
        {
            "id": s.id, "category": s.category, "zh": s.zh, "en": s.en, "difficulty": s.difficulty,
            "prerequisites": s.prerequisites, "weights": s.weights, "questions": [q.id for q in s.questions],
        }
        for s in the_map.skills.values()
        if role is None or s.weights[role]
    ]  # fmt: skip
    return json.dumps(skills, ensure_ascii=False, indent=2) + "\n"


def _tree(the_map: KnowledgeMap, lang: str, role: str | None, standing: dict[str, float]) -> None:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    zh = lang == "zh"
    tree = Tree(Text("知识地图" if zh else "Knowledge map", style="bold"))
    for c in the_map.categories:
        inside = [s for s in the_map.skills.values() if s.category == c.id and (role is None or s.weights[role])]
        if not inside:
            continue
        branch = tree.add(Text(c.text(lang), style="bold cyan"))
        for s in inside:
            n = len(s.questions)
            line = Text(f"{s.text(lang)} ")
            line.append(f"[{s.id}]", style="dim")
            line.append(f" {n}", style="green" if n else "dim")
            line.append(" 题" if zh else " question" if n == 1 else " questions", style="dim")
            if role:
                line.append(f" {'★' * s.weights[role]}", style="yellow")
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
    from interviewer.standing import standing
    from interviewer.store import SessionStore

    if not db.exists():
        return {}
    try:
        with SessionStore(db) as store:
            return standing(store)
    except StoreError as e:
        say(f"where you stand is left out: {e.message}")
        return {}
