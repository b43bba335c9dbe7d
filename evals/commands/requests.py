"""`evals export-requests` and `import-responses`: a model's agreement by way of a provider's batch files.

The judge is the product's, run over the eval set with the answers that are there; what is missing is asked next.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.commands.options import RAW, add_data, add_embedder, add_sample, offline
from evals.commands.run import check_extra, graded, present
from evals.commands.terminal import say
from evals.datasets import Dataset
from evals.splits import SPLITS
from interviewer.errors import Exit

if TYPE_CHECKING:
    from evals.assess import Judged

EXPORT = """examples:
  python -m evals export-requests --model openai/gpt-5-mini --split test -o requests.jsonl
  python -m evals export-requests --model Qwen/Qwen2.5-7B-Instruct --sample 60 -o requests.jsonl
Send the file to the provider's batch service, or `vllm run-batch -i requests.jsonl -o responses.jsonl --model NAME`.
"""
IMPORT = """examples:
  python -m evals import-responses responses.jsonl --model openai/gpt-5-mini --split test --next requests-2.jsonl
  python -m evals import-responses responses*.jsonl --model openai/gpt-5-mini --split test --output out/
  python -m evals import-responses responses.jsonl --model openai/gpt-5-mini --split test --no-escalate
Give the --model, --split, --sample, --seed and --embedder of the export, and all results so far. Exit code 4 while
answers wait for the provider; they count as unscored until then.
"""


def add(commands: Any) -> None:
    export = commands.add_parser(
        "export-requests",
        help="what a model is to be asked, for a provider's batch service",
        epilog=EXPORT,
        formatter_class=RAW,
    )
    export.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="such as requests.jsonl")
    _shared(export)
    export.set_defaults(command=export_requests)
    take = commands.add_parser(
        "import-responses",
        help="measure the model on what the batch service gave back",
        epilog=IMPORT,
        formatter_class=RAW,
    )
    take.add_argument("responses", nargs="+", type=Path, metavar="FILE", help="results, in any order")
    take.add_argument("--next", type=Path, metavar="FILE", help="write what is still to be asked here")
    take.add_argument("--no-escalate", action="store_true", help="take the first verdicts as final: no second looks")
    take.add_argument("--json", action="store_true", help="print the result as one JSON object")
    take.add_argument("--output", type=Path, metavar="DIR", help="also write result.json and items.jsonl there")
    _shared(take)
    take.set_defaults(command=import_responses)


def _shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help="the judge's model, such as openai/gpt-5-mini")
    parser.add_argument("--split", choices=SPLITS, help="only this half of the questions")
    add_sample(parser)
    add_embedder(parser)
    add_data(parser)


def export_requests(args: argparse.Namespace) -> int:
    judged, _ = _round(args, _dataset(args), submit=args.output, collect=(), escalate=True)
    return int(Exit.FAILED_ROWS if _failed(judged) else Exit.DONE)


def import_responses(args: argparse.Namespace) -> int:
    check_extra()
    dataset = _dataset(args)
    judged, waiting = _round(args, dataset, submit=args.next, collect=args.responses, escalate=not args.no_escalate)
    present(args, dataset, judged)
    if _failed(judged):
        return int(Exit.FAILED_ROWS)
    return int(Exit.INTERRUPTED if waiting else Exit.DONE)


def _dataset(args: argparse.Namespace) -> Dataset:
    return graded(args)


def _round(
    args: argparse.Namespace, dataset: Dataset, *, submit: Path | None, collect: Sequence[Path], escalate: bool
) -> tuple[list[Judged], int]:
    """The judge over the answers with what was collected, and how many of them wait."""
    from evals.runner import judge_all
    from interviewer.batch.exchange import BatchExchange
    from interviewer.batch.exchange_words import assumed, mismatch, results, written
    from interviewer.judge.llm import LLMJudge
    from interviewer.llm.choose import batch_name
    from interviewer.llm.deferred import DeferredGateway

    with BatchExchange(batch_name(args.model), submit=submit, collect=collect, write=escalate) as exchange:
        gateway = DeferredGateway(args.model, exchange, escalate=escalate)
        judged = asyncio.run(judge_all(dataset, LLMJudge(gateway, offline(args.embedder))))
        files = exchange.finish()
        waiting = sum(_waits(j) for j in judged)
        if collect:
            say(results(exchange))
        for line in (mismatch(exchange), assumed(exchange), written(exchange, gateway, files)):
            if line:
                say(line)
        if waiting:
            say(f"waiting for the provider: {waiting} of {len(judged)} answers")
            if submit is None and escalate:
                say("  --next FILE writes what is still to be asked")
            elif not files and exchange.earlier:
                say(f"  asked before, in {', '.join(map(str, exchange.earlier))}")
    return judged, waiting


def _waits(judged: Judged) -> bool:
    return judged.judgement is not None and "waiting" in judged.judgement.flags


def _failed(judged: Sequence[Judged]) -> int:
    return sum(not j.scored and not _waits(j) for j in judged)
