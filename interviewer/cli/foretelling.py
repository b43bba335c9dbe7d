"""`interviewer grade --dry-run`: what grading would take; and the options that keep a run small."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interviewer.cli.guard import out, say

if TYPE_CHECKING:
    from interviewer.batch.dry_run import Forecast
    from interviewer.config import Settings
    from knowledge import KnowledgeMap

LimitOption = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="Only the first N rows.")]
SampleOption = Annotated[int | None, typer.Option("--sample", min=1, metavar="N", help="Only N rows, drawn at random.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Which rows --sample draws.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what it would take, and what is wrong with the rows; grade nothing.")
]
TOLD = 5


def foretell(
    input: Path, the_map: KnowledgeMap | None, settings: Settings, *, as_json: bool, limit: int | None,
    sample: int | None, seed: int, format: Any, sheet: str | None, mapping: dict[str, str], lang: Any,
    html: bool, constants: Any, asked: Any, concurrency: int | None, workers: int | None,
) -> Forecast:  # fmt: skip
    """Goes through the file and tells it, on stderr and with `as_json` on stdout. Raises what `grade_file` does."""
    from interviewer.batch import open_source, prepare
    from interviewer.batch.choosing import Chosen
    from interviewer.batch.dry_run import forecast
    from interviewer.batch.prepared import worth_of
    from interviewer.batch.runner import CONCURRENCY
    from interviewer.examiners import offline_judge
    from interviewer.llm.choose import is_file
    from interviewer.llm.local_transport import CONCURRENCY as LOCAL_CONCURRENCY
    from knowledge import load_map

    the_map = the_map or load_map()
    model = settings.model if settings.signals != "similarity" else None
    at_once = LOCAL_CONCURRENCY if is_file(model or "") else concurrency or CONCURRENCY
    worth = worth_of(the_map, mapping, asked)
    with open_source(input, format=format, sheet=sheet, worth=worth, notice=say) as source:
        rows = prepare(source, the_map, mapping=mapping, constants=constants, asked=asked, html=html, notice=say)
        found = asyncio.run(
            forecast(
                Chosen(rows, limit, sample, seed), the_map, offline_judge(settings.embedder, notice=say),
                mapping=mapping, lang=lang, model=model, at_once=at_once, rpm=settings.rpm, tpm=settings.tpm,
                workers=workers,
            )
        )  # fmt: skip
    _tell(found, model, _how(found, at_once, settings) if model else "")
    if as_json:
        out(found.model_dump_json())
    return found


def _how(found: Forecast, at_once: int, settings: Settings) -> str:
    """What the time rests on."""
    given = (("requests", settings.rpm), ("tokens", settings.tpm))
    limits = [f"{limit:,.0f} {what}" for what, limit in given if limit]
    most = f" and at most {' and '.join(limits)} a minute" if limits else ""
    return f" at {found.call_seconds:g} s a call, {at_once} at a time{most}"


def spoken(seconds: float) -> str:
    """A length of time in two units at most."""
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60:,} h {minutes % 60} min"


def _tell(found: Forecast, model: str | None, how: str) -> None:
    from interviewer.text import counted, truncate

    for p in found.problems[:TOLD]:
        say(f"row {p.row}{f' ({truncate(p.id, 40)})' if p.id else ''}: {truncate(p.error, 300)}")
    if found.failed > TOLD:
        say(f"… and {found.failed - TOLD:,} more")
    say(
        f"{counted(found.rows, 'row')}: {found.usable:,} can be graded, {found.failed:,} cannot; "
        f"{counted(found.questions, 'question')}"
    )
    if model is None:
        say("judge: offline; no calls, no cost")
    elif found.calls is None:
        say(f"judge: {model}; at least {found.usable:,} calls, tokens and cost unknown")
    else:
        cost = "cost unknown" if found.cost is None else f"at most ${found.cost:,.4f} at list price"
        say(
            f"judge: {model}; {found.calls:,} calls (doubtful points are asked once more), about "
            f"{found.input_tokens:,} tokens to read, at most {found.output_tokens:,} to write; {cost}"
        )
    if found.seconds is not None:
        say(f"time: about {spoken(found.seconds)}{how or ', measured on a few of the rows'}")
    say("nothing was graded (--dry-run)")
