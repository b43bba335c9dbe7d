"""`evals run`: the agreement of a judge with the reference grades, as a table, JSON, files, and the judge card."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.commands.options import RAW, add_data, add_embedder, offline
from evals.commands.terminal import say
from evals.datasets import DATA, Dataset, load_dataset
from evals.splits import SPLITS
from interviewer.errors import ConfigError, Exit, UsageError

if TYPE_CHECKING:
    from interviewer.judge import Judge

RATERS = "language-model annotators, not people (evals/data/CARD.md)"
EXAMPLES = """examples:
  python -m evals run --judge offline                 agreement of the offline judge, as a table
  python -m evals run --judge offline --json          the same as one JSON object
  python -m evals run --judge offline --output out/   also out/result.json and out/items.jsonl
  python -m evals run --embedder BAAI/bge-small-zh-v1.5
  python -m evals run --split test                    the half of the questions that nothing was fitted on
  python -m evals run --split test --check-card       fail when the judge card is out of date
"""


def add(commands: Any) -> None:
    parser = commands.add_parser("run", help="measure a judge on the eval set", epilog=EXAMPLES, formatter_class=RAW)
    parser.add_argument("--judge", default="offline", help="offline (the default)")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.add_argument("--output", type=Path, metavar="DIR", help="also write result.json and items.jsonl there")
    add_embedder(parser)
    parser.add_argument("--split", choices=SPLITS, help="only this half of the questions; the card is made of `test`")
    add_data(parser)
    parser.add_argument("--card", action="store_true", help="write the judge card that the product shows")
    parser.add_argument("--check-card", action="store_true", help="fail when the kept judge card says otherwise")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    from evals.assess import assess
    from evals.runner import judge_all
    from evals.show import as_text

    if find_spec("krippendorff") is None:
        raise ConfigError("the extra `evals` is not installed", hint="pip install 'interviewer[evals]'")
    if (args.card or args.check_card) and args.split != "test":
        raise UsageError("the card is made of the half that nothing was fitted on", hint="add --split test")
    dataset = load_dataset(args.data).only(args.split)
    if not dataset.items:
        raise UsageError("no answer has a grade yet", hint="grades*.jsonl; ANNOTATION.md says how they are made")
    if dataset.ungraded:
        say(f"{len(dataset.ungraded)} answers have no grade and are left out")
    judge = _judge(args.judge, args.embedder)
    started = time.monotonic()
    judged = asyncio.run(judge_all(dataset, judge))
    say(f"judged {len(judged)} answers in {time.monotonic() - started:.1f} s")
    about = _about(judged)
    result: dict[str, Any] = {"judge": about, "split": args.split or "all", **assess(dataset, judged)}
    if args.output:
        _write(args.output, result, judged)
    if args.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        name = " ".join(str(about[k]) for k in ("kind", "model", "embedder", "calibration") if about.get(k))
        name += f", split {args.split}" if args.split else ""
        print(as_text(result, f"judge {name}", raters=RATERS if args.data == DATA else ""), end="")
    if not _card(args, result, dataset):
        return int(Exit.FAILED_ROWS)
    return int(Exit.FAILED_ROWS if result["failures"] else Exit.DONE)


def _card(args: argparse.Namespace, result: dict[str, Any], dataset: Dataset) -> bool:
    """Write or check the judge card, as asked; False when the kept one is out of date."""
    from evals.card import CARD, card_differs, make_card, write_card

    if not (args.card or args.check_card):
        return True
    if not result["n"] or "qwk" not in result["annotators"]["metrics"]:
        say("error: no card can be made: no answer was scored, or none has two raters")
        return False
    card = make_card(result, dataset)
    if args.card:
        write_card(args.judge, card)
        say(f"judge card written to {CARD}")
    differs = card_differs(args.judge, card)
    if differs:
        say(f"error: the judge card is out of date: {differs}")
        say("  python -m evals run --split test --card, and look at what changed")
    return differs is None


def _judge(name: str, embedder: str | None) -> Judge:
    if name != "offline":
        raise UsageError(f"--judge {name!r}: the judge there is without a model is `offline`")
    return offline(embedder)


def _about(judged: list[Any]) -> dict[str, Any]:
    """The judge's provenance, without what differs from answer to answer."""
    for j in judged:
        if j.judgement is not None:
            about: dict[str, Any] = j.judgement.judge.model_dump(exclude={"rubric_hash"})
            return about
    return {}


def _write(folder: Path, result: dict[str, Any], judged: list[Any]) -> None:
    """The result, and every answer with reference and judgement; nothing in them depends on the clock."""
    from interviewer.batch.writers import Output, json_line

    folder.mkdir(parents=True, exist_ok=True)
    whole = Output(folder / "result.json")
    whole.file.write(json.dumps(result, ensure_ascii=False, indent=1).encode() + b"\n")
    whole.finish()
    items = Output(folder / "items.jsonl")
    for j in judged:
        judgement = j.judgement.model_dump(mode="json", exclude={"usage"}) if j.judgement else None
        line = {
            **j.item.answer.model_dump(),
            "reference": {
                "grade": j.item.grade,
                "mean_grade": j.item.mean_grade,
                "points": j.item.points,
                "misconceptions": sorted(j.item.misconceptions),
            },
            "judgement": judgement,
            "error": j.error,
        }
        items.file.write(json_line(line))
    items.finish()
    say(f"written to {folder}")
