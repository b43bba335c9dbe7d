"""`interviewer questions` and `lint`: what can be asked, as a list or a document, and whether it is fit to be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from interviewer.cli.atlas import RoleFilter
from interviewer.cli.guard import out, say
from interviewer.cli.interview import Lang, Pack
from interviewer.errors import Exit, UsageError

if TYPE_CHECKING:
    from interviewer.export import Chosen, Format
    from knowledge import KnowledgeMap, Question
    from knowledge.models import Level


def questions(
    role: RoleFilter = None,
    skill: Annotated[str | None, typer.Option(help="Only of this skill.")] = None,
    kind: Annotated[str | None, typer.Option(help="open, scenario, choice or code.")] = None,
    level: Annotated[
        str | None, typer.Option(help="Only what is expected of junior, mid or senior.", show_default="all")
    ] = None,
    must: Annotated[
        int | None,
        typer.Option("--must", metavar="N", min=1, help="The first N of the role's list, and why each is on it."),
    ] = None,
    lang: Lang = None,
    fmt: Annotated[
        str | None,
        typer.Option("--format", "-f", help="md, html, csv, anki or json.", show_default="a list, or by -o"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it here (.md, .html, .csv, .json, .txt for Anki).")
    ] = None,
    answers: Annotated[bool, typer.Option("--answers/--no-answers", help="With points, reference, sources.")] = True,
    scripts: Annotated[bool, typer.Option("--scripts/--no-scripts", help="With what to say aloud.")] = True,
    follow_ups: Annotated[bool, typer.Option("--follow-ups/--no-follow-ups", help="With the follow-ups.")] = True,
    pack: Pack = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """List questions, or export them with or without answers, scripts and follow-ups.

    Examples: `interviewer questions --role algo --must 30` · `interviewer questions -r eng -o eng.html` ·
    `interviewer questions --skill lora -f md --no-answers` · `interviewer questions -r app --must 30 -o app.txt`
    (open it in Anki with File, Import)
    """
    from interviewer.config import load_settings
    from interviewer.export import Chosen, format_for
    from interviewer.maps import open_map

    settings = load_settings(lang=lang, pack=pack)
    the_map = open_map(settings.pack)
    wanted_role = the_map.role(role).id if role else None
    wanted = "json" if as_json else fmt or (format_for(output) if output else None)
    found = _found(the_map, wanted_role, skill, kind, must, _level(level, wanted_role))
    if not found:
        say("no question fits")
        return
    chosen = Chosen(
        the_map, tuple(found), settings.lang, wanted_role, answers=answers, scripts=scripts, follow_ups=follow_ups
    )
    if wanted is None:
        _listed(chosen)
    else:
        _write(chosen, wanted, output)


def _level(level: str | None, role: str | None) -> Level | None:
    from knowledge.depth import LEVELS

    if level is None:
        return None
    if level not in LEVELS:
        raise UsageError(f"--level {level!r} is none of {', '.join(LEVELS)}")
    if role is None:
        raise UsageError(
            "--level needs a role: what is expected differs", hint="for example --role algo --level junior"
        )
    return level


def _found(
    the_map: KnowledgeMap, role: str | None, skill: str | None, kind: str | None, must: int | None, level: Level | None
) -> list[Question]:
    from knowledge import Kind
    from knowledge.depth import beyond

    kinds = [k.value for k in Kind]
    if kind is not None and kind not in kinds:
        raise UsageError(f"no question kind {kind!r}", hint=f"there are {', '.join(kinds)}")
    if must is not None and role is None:
        raise UsageError("--must needs a role", hint="for example --role algo --must 30")
    wanted_skill = the_map.skill(skill).id if skill else None
    found = [
        q
        for s in the_map.skills.values()
        for q in s.questions
        if (role is None or role in q.roles)
        and (wanted_skill is None or s.id == wanted_skill)
        and (kind is None or q.kind.value == kind)
        and (level is None or role is None or not beyond(q, role, level))
    ]
    return found if must is None or role is None else _most_needed(the_map, found, role)[:must]


def _most_needed(the_map: KnowledgeMap, found: list[Question], role: str) -> list[Question]:
    """The role's list in its order; after it must-asks, deep dives and the rest, by weight and difficulty."""
    listed = {a.question: n for n, a in enumerate(the_map.role(role).asked)}
    rank = {"must": 0, "deep": 1, "nice": 2}
    return sorted(
        found,
        key=lambda q: (
            listed.get(q.id, len(listed)),
            rank[q.roles[role]],
            -the_map.skill_of(q.id).weights[role],
            q.difficulty,
            q.id,
        ),
    )


def _listed(chosen: Chosen) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(markup=False, highlight=False)
    for n, q in enumerate(chosen.questions, 1):
        head = Text(f"{n:>3}  ", style="dim")
        head.append(q.id, style="bold")
        about = [chosen.standing(q), chosen.expected(q), chosen.kind(q), chosen.t("difficulty", n=q.difficulty)]
        head.append(f"  {' · '.join(a for a in about if a)}", style="dim")
        console.print(head)
        console.print(Padding(Text(q.ask.text(chosen.lang)), (0, 0, 0, 5)))
        if why := chosen.why(q):
            console.print(Padding(Text(f"→ {why}", style="dim"), (0, 0, 0, 5)))


def _write(chosen: Chosen, fmt: str, output: Path | None) -> None:
    from interviewer.export import Format, render
    from interviewer.report import write_atomic

    if fmt not in get_args(Format):
        raise UsageError(f"--format {fmt!r} is none of {', '.join(get_args(Format))}")
    text = render(chosen, cast("Format", fmt))
    if output is None:
        out(text.rstrip("\n"))
        return
    write_atomic(output, text)
    say(f"{chosen.counted} → {output}")


def lint(
    skills: Annotated[list[str] | None, typer.Argument(help="Only these skills.")] = None,
    pack: Pack = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Check the knowledge map: both languages, sources, talk length, leaks, duplicates, coverage.

    Examples: `interviewer lint` · `interviewer lint lora peft` · `interviewer lint --pack ./mine` ·
    `interviewer lint --json`
    """
    from interviewer.config import load_settings
    from interviewer.maps import open_map
    from knowledge.lint import lint as check
    from rubrics import load_rules

    load_rules()
    the_map = open_map(load_settings(pack=pack).pack)
    found = check(the_map, [the_map.skill(s).id for s in skills or []])
    out(json.dumps(found.as_json(), ensure_ascii=False, indent=2) if as_json else found.as_text())
    if found.errors:
        raise typer.Exit(int(Exit.FAILED_ROWS))
