"""`interviewer grade`: what bounds a run. Calls at a time, requests and tokens a minute, seconds for a row, money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from interviewer.cli.guard import say
from interviewer.errors import UsageError

if TYPE_CHECKING:
    from interviewer.cli.stopping import Stopping
    from interviewer.config import Settings
    from interviewer.llm import Spent

PANEL = "Limits"
ConcurrencyOption = Annotated[
    int | None,
    typer.Option(
        "--concurrency",
        "-j",
        min=1,
        max=4096,
        show_default="8; 1 for local/…",
        help="Calls to the model at a time; raise it as far as the provider allows.",
        rich_help_panel=PANEL,
    ),
]
RpmOption = Annotated[
    float | None,
    typer.Option(
        "--rpm",
        metavar="N",
        help="Requests a minute, evenly spaced. What a provider refuses (429) is learned without it.",
        show_default="what the provider takes",
        rich_help_panel=PANEL,
    ),
]
TpmOption = Annotated[
    float | None,
    typer.Option(
        "--tpm",
        metavar="N",
        help="Tokens a minute, read and written; estimated first, then as the provider counted.",
        show_default="what the provider takes",
        rich_help_panel=PANEL,
    ),
]
DeadlineOption = Annotated[
    float | None,
    typer.Option(
        "--deadline",
        metavar="SECONDS",
        help="Give a row up after this time. Waiting for its turn does not count: a low limit fails no row.",
        show_default="none",
        rich_help_panel=PANEL,
    ),
]
MaxCostOption = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        min=0,
        metavar="DOLLARS",
        help="Stop, resumable, when this run has spent so much; the rows under way are finished.",
        rich_help_panel=PANEL,
    ),
]


def check_max_cost(most: float, settings: Settings, *, deferred: bool) -> None:
    """Says when nothing can be told of the cost. Raises UsageError where nothing is spent, or nothing may be."""
    from interviewer.llm import cost
    from interviewer.llm.protocol import Tokens

    if settings.model is None or settings.signals == "similarity":
        raise UsageError("--max-cost is for a judge that costs something", hint="name one with --model")
    if deferred:
        raise UsageError(
            "--max-cost is for calls that are made now, not for a provider's batch",
            hint="--dry-run says what it costs at most; --limit makes it smaller",
        )
    if most <= 0:
        raise UsageError("--max-cost must be above 0", hint="--dry-run spends nothing")
    if settings.api_base or cost.price(settings.model, Tokens(1000, 1000)) is None:
        say(f"the price of {settings.model} is not known here: --max-cost stops only by what the server itself tells")


class Purse:
    """Asks the run to stop when `most` US dollars are spent. What is not known to cost anything does not count."""

    def __init__(self, most: float, stop: Stopping) -> None:
        self.most = most
        self.spent: Spent | None = None
        self.empty = False
        self._stop = stop

    def __call__(self, spent: Spent) -> None:
        self.spent = spent
        if not self.empty and spent.known_cost >= self.most:
            self.empty = True
            say(f"--max-cost {self.most:g} is reached: the rows under way are finished")
            self._stop.asked.set()

    def tell(self) -> None:
        """What was spent, once the run has stopped for it."""
        if self.empty and self.spent is not None:
            at_least = "at least " if self.spent.cost is None else ""
            say(
                f"spent in this run: {at_least}${self.spent.known_cost:.4f}; "
                f"the command below may spend another ${self.most:g}, and pays for nothing twice"
            )
