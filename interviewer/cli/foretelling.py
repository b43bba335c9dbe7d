"""`interviewer grade --dry-run`: what grading would take; and the options that keep a run small."""

from __future__ import annotations

import asyncio
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
MaxCostOption = Annotated[
    float | None,
    typer.Option("--max-cost", min=0, metavar="DOLLARS", help="Stop, resumable, when this much is spent."),
]
TOLD = 5


def check_max_cost(settings: Settings) -> None:
    """Says when nothing can be told of the cost. Raises UsageError where there is none."""
    from interviewer.errors import UsageError
    from interviewer.llm import cost
    from interviewer.llm.protocol import Tokens

    if settings.model is None or settings.signals == "similarity":
        raise UsageError("--max-cost is for a judge that costs something", hint="name one with --model")
    if settings.api_base or cost.price(settings.model, Tokens(1000, 1000)) is None:
        say(f"the price of {settings.model} is not known here: --max-cost stops only by what the server itself tells")


def foretell(
    input: Path, the_map: KnowledgeMap | None, settings: Settings, *, as_json: bool, limit: int | None,
    sample: int | None, seed: int, format: Any, sheet: str | None, mapping: dict[str, str], lang: Any,
    html: bool, constants: Any, asked: Any,
) -> Forecast:  # fmt: skip
    """Goes through the file and tells it, on stderr and with `as_json` on stdout. Raises what `grade_file` does."""
    from interviewer.batch import open_source, prepare
    from interviewer.batch.choosing import Chosen
    from interviewer.batch.dry_run import forecast
    from interviewer.batch.prepared import worth_of
    from interviewer.examiners import offline_judge
    from knowledge import load_map

    the_map = the_map or load_map()
    model = settings.model if settings.signals != "similarity" else None
    worth = worth_of(the_map, mapping, asked)
    with open_source(input, format=format, sheet=sheet, worth=worth, notice=say) as source:
        rows = prepare(source, the_map, mapping=mapping, constants=constants, asked=asked, html=html, notice=say)
        judge = offline_judge(settings.embedder, notice=say) if model else None
        found = asyncio.run(
            forecast(
                Chosen(rows, limit, sample, seed), the_map, mapping=mapping, lang=lang, model=model,
                offline=(lambda: judge) if judge else None,
            )
        )  # fmt: skip
    _tell(found, model)
    if as_json:
        out(found.model_dump_json())
    return found


def _tell(found: Forecast, model: str | None) -> None:
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
        say("judge: offline; no calls, no cost, some hundred rows a second")
    elif found.calls is None:
        say(f"judge: {model}; at least {found.usable:,} calls, tokens and cost unknown")
    else:
        cost = "cost unknown" if found.cost is None else f"at most ${found.cost:,.4f} at list price"
        say(
            f"judge: {model}; {found.calls:,} calls (doubtful points are asked once more), about "
            f"{found.input_tokens:,} tokens to read, at most {found.output_tokens:,} to write; {cost}"
        )
    say("nothing was graded (--dry-run)")
