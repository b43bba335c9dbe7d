"""`interviewer grade` by way of a provider's batch files: the options' sense, what is told, what to do next."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interviewer.cli.guard import say
from interviewer.errors import UsageError

if TYPE_CHECKING:
    from interviewer.batch import GradedRow, Summary
    from interviewer.batch.exchange import BatchExchange
    from interviewer.config import Settings
    from interviewer.llm.deferred import DeferredGateway

PANEL = "A provider's batch files: half the price, or no network"
SubmitFile = Annotated[
    Path | None,
    typer.Option(
        "--submit-file",
        help="Ask nobody: write what the model is to be asked here, for the provider's batch service. No key needed.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
CollectFile = Annotated[
    list[Path] | None,
    typer.Option(
        "--collect-file",
        help="Results that the provider gave back; repeat with all of them. What is still needed is written next.",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
Escalate = Annotated[
    bool,
    typer.Option(
        "--escalate/--no-escalate",
        help="Ask doubtful points again in a next file; else the first verdicts stand, marked for review.",
        rich_help_panel=PANEL,
    ),
]
_SHOWN_ROWS = 12


def open_batch(
    settings: Settings,
    output: Path | None,
    submit: Path | None,
    collect: Sequence[Path],
    *,
    escalate: bool,
    fallback_models: Sequence[str] = (),
) -> ProviderBatch | None:
    """What the options mean; None where no provider's batch is meant.

    Raises UsageError, InputError, ConfigError or ModelError.
    """
    if not escalate and not collect:
        raise UsageError("--no-escalate is for grading what --collect-file brings")
    if submit is None and not collect:
        return None
    if settings.model is None or settings.signals == "similarity":
        raise UsageError(
            "--submit-file and --collect-file are for a judge with a model",
            hint="name one: --model openai/gpt-5-mini" if settings.model is None else "leave out --signals similarity",
        )
    if fallback_models:
        raise UsageError("a provider's batch is answered by one model", hint="leave out --fallback-model")
    if output is None:
        raise UsageError("the rows of a batch need a file", hint="-o graded.csv")
    submit = submit or output.with_name(f"{output.stem}.requests.jsonl")
    return ProviderBatch(settings, output, submit, collect, escalate=escalate)


class ProviderBatch:
    """The files and the gateway over them, for one run. Use it as a context manager."""

    def __init__(
        self, settings: Settings, output: Path, submit: Path, collect: Sequence[Path], *, escalate: bool
    ) -> None:
        from interviewer.batch.exchange import BatchExchange
        from interviewer.llm.choose import batch_name
        from interviewer.llm.deferred import DeferredGateway

        assert settings.model is not None
        self.output = output
        self.collecting = bool(collect)
        self.exchange: BatchExchange = BatchExchange(
            batch_name(settings.model), submit=submit, collect=collect, write=escalate
        )
        # a server with an address of its own has prices of its own
        self.gateway: DeferredGateway = DeferredGateway(
            settings.model, self.exchange, escalate=escalate, list_price=settings.api_base is None
        )
        self._waiting: list[int] = []

    def __enter__(self) -> ProviderBatch:
        return self

    def __exit__(self, *_: object) -> None:
        self.exchange.close()

    def note(self, row: GradedRow) -> None:
        if row.waiting and len(self._waiting) < _SHOWN_ROWS:
            self._waiting.append(row.number)

    def finish(self, summary: Summary) -> dict[str, Any]:
        """Put the files of requests in place, say what there is to say; the same for programs (a JSON contract).

        Raises ConfigError when the requests cannot be written.
        """
        from interviewer.batch.exchange_words import facts, written
        from interviewer.text import counted

        files = self.exchange.finish()
        self._tell_collected()
        if summary.waiting:
            more = ", …" if summary.waiting > len(self._waiting) else ""
            rows = ", ".join(map(str, self._waiting))
            say(f"waiting for the provider: {counted(summary.waiting, 'row')} ({rows}{more})")
        if line := written(self.exchange, self.gateway, files):
            say(line)
        if summary.waiting:
            self._tell_next(files)
        return facts(self.exchange, self.gateway, files)

    def _tell_collected(self) -> None:
        from interviewer.batch.exchange_words import assumed, mismatch, results

        if self.collecting:
            say(results(self.exchange))
        for line in (mismatch(self.exchange), assumed(self.exchange)):
            if line:
                say(f"  {line}")

    def _tell_next(self, files: Sequence[Path]) -> None:
        """How to go on: what the provider is to do, and the command for here."""
        from interviewer.llm.choose import OWN_NAMES
        from interviewer.text import visible

        served = self.exchange.served
        if not files:
            if earlier := ", ".join(map(str, self.exchange.earlier)):
                say(f"  asked before, in {visible(earlier)}; give all the results with --collect-file")
            return
        answers = [f.with_name(_answered(f.name)) for f in files]
        if OWN_NAMES.match(served):
            how = "upload to https://platform.openai.com/batches, endpoint /v1/chat/completions, and fetch "
            how += ", ".join(map(str, answers))
        else:
            how = " && ".join(
                shlex.join(["vllm", "run-batch", "-i", str(f), "-o", str(a), "--model", served])
                for f, a in zip(files, answers, strict=True)
            )
            how += "   (or the provider's batch service, endpoint /v1/chat/completions)"
        argv = [_without_credentials(a) for a in sys.argv[1:]]
        if "--overwrite" not in argv and self.output.exists():
            argv.append("--overwrite")
        for path in answers:
            argv += ["--collect-file", str(path)]
        say(f"next:\n  1. {visible(how)}\n  2. {visible(shlex.join(['interviewer', *argv]))}")


def _answered(name: str) -> str:
    return name.replace("requests", "responses") if "requests" in name else f"responses-{name}"


def _without_credentials(argument: str) -> str:
    return re.sub(r"(?<=://)[^/\s@]+@", "", argument)
