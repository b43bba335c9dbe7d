"""`interviewer [interview]`: the TUI where there is a terminal, plain text where there is none."""

from __future__ import annotations

import gc
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interviewer.cli.guard import say
from interviewer.errors import Exit, SessionError, UsageError

if TYPE_CHECKING:
    from interviewer.cli.answers import Script
    from interviewer.store import SessionStore
    from interviewer.tui.prepared import Prepare, Prepared

Role = Annotated[
    str | None,
    typer.Option("--role", "-r", help="algo, eng, app, testdev (or 算法, 工程, 应用, 测试开发).", show_default="algo"),
]
Level = Annotated[str | None, typer.Option(help="junior, mid or senior.", show_default="mid")]
Lang = Annotated[str | None, typer.Option("--lang", "-l", help="zh or en.", show_default="of the locale, else zh")]
Db = Annotated[Path | None, typer.Option("--db", help="The database of interviews.", show_default="user data folder")]
Pack = Annotated[
    Path | None,
    typer.Option("--pack", help="Questions of your own: a folder, or the shipped example `sql`.", show_default="none"),
]
EmbedderOption = Annotated[
    str | None,
    typer.Option("--embedder", help="A sentence-transformers model, by name or folder.", show_default="embedded table"),
]

ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="A model as the judge: openai/…, anthropic/…, ollama/…, local/FILE.gguf, any litellm name.",
        show_default="offline judge",
    ),
]
ApiBase = Annotated[
    str | None, typer.Option("--api-base", help="The address of an OpenAI-compatible server that has the model.")
]
FallbackModels = Annotated[
    list[str] | None,
    typer.Option("--fallback-model", help="Tried when the model fails; repeat for several, in order."),
]
Fallback = Annotated[
    str | None,
    typer.Option(help="What grades when the model cannot: none (unscored) or offline.", show_default="none"),
]
SignalsOption = Annotated[
    str | None,
    typer.Option("--signals", help="llm, similarity or llm+similarity.", show_default="llm+similarity"),
]
CacheOption = Annotated[
    bool | None, typer.Option("--cache/--no-cache", help="Keep what the model answered.", show_default="cache")
]


def interview(
    role: Role = None,
    level: Level = None,
    lang: Lang = None,
    questions: Annotated[
        int | None, typer.Option("--questions", "-n", help="How many questions.", show_default="6")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="No further question after this time.", show_default="45")
    ] = None,
    follow_ups: Annotated[
        int | None, typer.Option(help="Most follow-ups for one question.", min=0, max=4, show_default="2")
    ] = None,
    skill: Annotated[str | None, typer.Option(help="Practise this skill first.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Ask this question; repeat for several.")] = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", help="Go on with an interview: its id, or `last`.", metavar="ID"),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Text in, text out; chosen when there is no terminal.")
    ] = False,
    answers: Annotated[
        Path | None,
        typer.Option("--answers", help="Answers from a YAML or JSONL file: by question id, or in order."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the report as JSON to stdout.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write the report here (.md, .html, .json).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Repeat the choice of questions and the order of options.")] = None,
    shuffle: Annotated[bool, typer.Option(help="Shuffle the options of choice questions.")] = True,
    theme: Annotated[str | None, typer.Option(help="auto, dark or light.", show_default="auto")] = None,
    db: Db = None,
    pack: Pack = None,
    embedder: EmbedderOption = None,
    model: ModelOption = None,
    api_base: ApiBase = None,
    interviewer_model: Annotated[
        str | None,
        typer.Option("--interviewer-model", help="Another model to write follow-ups.", show_default="the judge's"),
    ] = None,
    fallback_models: FallbackModels = None,
    fallback: Fallback = None,
    signals: SignalsOption = None,
    cache: CacheOption = None,
) -> None:
    """Hold a mock interview (what happens without a command).

    Answers are on disk before they are judged: kill it anywhere and --resume goes on.

    Examples: `interviewer --role algo` · `interviewer -r eng -l en -n 4 --plain` ·
    `interviewer --plain --answers mine.yaml --json > report.json` · `interviewer --resume last` ·
    `OPENAI_API_KEY=… interviewer -r app --model openai/gpt-5-mini`
    """
    options = {
        "role": role, "level": level, "lang": lang, "questions": questions, "minutes": minutes, "theme": theme,
        "db": db, "pack": pack, "embedder": embedder, "model": model, "api_base": api_base, "fallback": fallback,
        "interviewer_model": interviewer_model, "fallback_models": fallback_models or None,
        "signals": signals, "cache": cache,
    }  # fmt: skip
    own = {
        "follow_ups": 2 if follow_ups is None else follow_ups,
        "seed": _seed() if seed is None else seed,
        "shuffle": shuffle,
    }
    prepare = partial(_prepare, options, own, only=only or [], skill=skill, output=output)
    if plain or as_json or answers is not None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        from interviewer.cli.plain import run_plain

        found, script = prepare(answers=answers)
        code = run_plain(
            found.settings, found.the_map, found.setup, resume=resume, script=script, as_json=as_json, output=output
        )
        raise typer.Exit(int(code))
    _run_tui(
        lambda: prepare()[0],
        lang=lang, theme=theme, resume=resume, start_now=role is not None or skill is not None, output=output,
    )  # fmt: skip


def _prepare(
    options: dict[str, Any],
    own: dict[str, Any],
    *,
    only: list[str],
    skill: str | None,
    output: Path | None,
    answers: Path | None = None,
) -> tuple[Prepared, Script | None]:
    """The settings, the map and the interview that the options ask for; and the answers given beforehand.

    Raises whatever is wrong with any of them, before there is anything to lose.
    """
    from interviewer import paths
    from interviewer.config import MOST_QUESTIONS, load_settings
    from interviewer.maps import open_map
    from interviewer.models import Setup
    from interviewer.tui.prepared import Prepared
    from rubrics import load_rules

    settings = load_settings(**options)
    if output is not None:
        _check_output(output)
    the_map = open_map(settings.pack)
    wanted = the_map.role(settings.role or the_map.roles[0].id).id
    script = None
    if answers is not None:
        from interviewer.cli.answers import read_answers

        script = read_answers(answers, the_map)
        if script.by_id and not only and options["questions"] is None:
            only = script.question_ids()
    for question_id in only:
        the_map.question(question_id)
    if len(only) > MOST_QUESTIONS:
        raise UsageError(
            f"{len(only)} questions are more than one interview can hold ({MOST_QUESTIONS})",
            hint="name the ones to ask with --only, or say how many with --questions",
        )
    setup = Setup(
        role=wanted,
        level=settings.level,
        lang=settings.lang,
        questions=len(only) or settings.questions,
        minutes=settings.minutes,
        skill=the_map.skill(skill).id if skill else None,
        only=only,
        **own,
    )
    return Prepared(settings, the_map, setup, load_rules(cache_file=paths.rules_cache())), script


def _check_output(output: Path) -> None:
    """Better told now than after an hour of answers. Raises UsageError."""
    from interviewer.report import format_for

    format_for(output)
    if not output.parent.is_dir():
        raise UsageError(f"-o {output}: the folder does not exist", hint="create it, or choose another")


def _run_tui(
    prepare: Prepare, *, lang: str | None, theme: str | None, resume: str | None, start_now: bool, output: Path | None
) -> None:
    # What is made before the first screen lives to the end; the app turns this on again when that screen stands.
    gc.disable()
    from interviewer.tui.app import opening_app

    app = opening_app(prepare, lang=lang, theme=theme, resume=resume, start_now=start_now)
    app.run()
    gc.enable()
    if app.failure is not None:
        raise app.failure
    session = app.session_id
    if session is None:
        return
    if output is not None and app.report is not None:
        from interviewer.report import write_report

        write_report(app.report, output, the_map=app.the_map)
        say(f"report written to {output}")
    if app.report is not None and app.report.finished:
        say(f"interview {session} is over; `interviewer report {session}` shows its report")
        return
    say(f"interview {session} is kept; go on with `interviewer --resume {session}`")
    raise typer.Exit(int(Exit.INTERRUPTED))


def session_to_resume(store: SessionStore, wanted: str) -> str:
    """The id that `--resume` means. Raises SessionError."""
    if wanted != "last":
        return store.session(wanted).id
    rows = store.sessions(status="open", limit=1)
    if not rows:
        raise SessionError("no open interview to go on with", hint="start one: `interviewer --role algo`")
    return rows[0].id


def _seed() -> int:
    import secrets

    return secrets.randbelow(1_000_000)
