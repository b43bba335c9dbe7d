"""`evals run`: the agreement of a judge with the reference grades, as a table, JSON, files, and the judge card."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.commands.options import RAW, add_data, add_embedder, add_model, add_sample, judge_of
from evals.commands.terminal import progress, say
from evals.datasets import DATA, Dataset, load_dataset
from evals.splits import SPLITS
from interviewer.errors import ConfigError, Exit, ProviderError, UsageError

if TYPE_CHECKING:
    from evals.assess import Judged

RATERS = "language-model annotators, not people (evals/data/CARD.md)"
HOPELESS = 8
"""Answers unscored from the start after which a run gives up: no key, no such model, no connection."""
EXAMPLES = """examples:
  python -m evals run --judge offline                 agreement of the offline judge, as a table
  python -m evals run --judge offline --json          the same as one JSON object
  python -m evals run --judge offline --output out/   also out/result.json, items.jsonl and report.html (.md, .zh)
  python -m evals run --embedder BAAI/bge-small-zh-v1.5
  python -m evals run --split test                    the half whose answers nothing was fitted on
  python -m evals run --split test --check-card       fail when the judge card is out of date
  python -m evals run --judge openai/gpt-5-mini --split test --sample 60 --output out/
                                                      a model on at least 60 answers; run again, it goes on where it was
  python -m evals run --judge local/qwen.gguf --concurrency 1 --deadline 600
"""


def add(commands: Any) -> None:
    parser = commands.add_parser("run", help="measure a judge on the eval set", epilog=EXAMPLES, formatter_class=RAW)
    parser.add_argument("--judge", default="offline", metavar="JUDGE", help="offline (the default), or a model's name")
    add_model(parser)
    add_sample(parser)
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="also write result.json, items.jsonl and the reports"
    )
    add_embedder(parser)
    parser.add_argument("--split", choices=SPLITS, help="only this half of the questions; the card is made of `test`")
    add_data(parser)
    parser.add_argument("--card", action="store_true", help="write the judge card that the product shows")
    parser.add_argument("--check-card", action="store_true", help="fail when the kept judge card says otherwise")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    check_extra()
    if (args.card or args.check_card) and args.sample is not None:
        raise UsageError("the card is made of the whole half", hint="leave --sample out")
    if (args.card or args.check_card) and args.split != "test":
        raise UsageError("the card is made of the half whose answers nothing was fitted on", hint="add --split test")
    dataset = graded(args)
    started = time.monotonic()
    judged = asyncio.run(_judged(args, dataset))
    wall = time.monotonic() - started
    say(f"judged {len(judged)} answers in {wall:.1f} s")
    result = present(args, dataset, judged, wall=wall)
    if args.judge == "offline" and args.split == "test" and args.sample is None and args.data == DATA:
        _reproduced(result)
    if not _card(args, result, dataset):
        return int(Exit.FAILED_ROWS)
    return int(Exit.FAILED_ROWS if result["failures"] else Exit.DONE)


def check_extra() -> None:
    """Raises ConfigError without what the metrics need."""
    if any(find_spec(name) is None for name in ("krippendorff", "sklearn")):
        raise ConfigError("the extra `evals` is not installed", hint="pip install 'interviewer[evals]'")


def graded(args: argparse.Namespace) -> Dataset:
    """The answers of --data and --split that have a grade. Raises UsageError when there is none."""
    dataset = load_dataset(args.data).only(args.split)
    if args.sample is not None:
        if args.sample < 1:
            raise UsageError("--sample must be at least 1")
        dataset = dataset.sample(args.sample, args.seed)
    if not dataset.items:
        raise UsageError("no answer has a grade yet", hint="grades*.jsonl; ANNOTATION.md says how they are made")
    if dataset.ungraded:
        say(f"{len(dataset.ungraded)} answers have no grade and are left out")
    return dataset


def present(
    args: argparse.Namespace, dataset: Dataset, judged: list[Judged], wall: float | None = None
) -> dict[str, Any]:
    """The result of a judge: into files and on standard output, as --output and --json say."""
    from evals.assess import assess
    from evals.show import as_text
    from evals.versions import versions

    judge = about(judged)
    result: dict[str, Any] = {"judge": judge, "split": args.split or "all", "versions": versions()}
    result |= assess(dataset, judged)
    if wall is not None:
        result["timing"]["wall"] = round(wall, 1)
    if args.output:
        _write(args.output, result, judged)
    if args.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        name = " ".join(str(judge[k]) for k in ("kind", "model", "embedder", "calibration") if judge.get(k))
        name += f", split {args.split}" if args.split else ""
        print(as_text(result, f"judge {name}", raters=RATERS if args.data == DATA else ""), end="")
    return result


def _reproduced(result: dict[str, Any]) -> None:
    """Says whether these are the numbers of the committed report, to the digit."""
    from evals.committed import BESIDE, CLOCK, FOLDER, RESULT, differences, read

    kept = read(FOLDER, RESULT)
    if kept is not None:
        other = list(differences(kept, result, CLOCK | BESIDE))
        where = "" if not other else f", the first {other[0][0]}: {str(other[0][1])[:40]} -> {str(other[0][2])[:40]}"
        say(f"the committed report: {f'{len(other)} values differ' if other else 'the same to the digit'}{where}")


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
        write_card(result["judge"]["kind"], card)
        say(f"judge card written to {CARD}")
    differs = card_differs(result["judge"]["kind"], card)
    if differs:
        say(f"error: the judge card is out of date: {differs}")
        say("  python -m evals run --split test --card, and look at what changed")
    return differs is None


async def _judged(args: argparse.Namespace, dataset: Dataset) -> list[Judged]:
    """The answers judged. A model's replies are cached as they come, so a run that was cut off goes on where it was."""
    from evals.runner import judge_all

    first: list[Judged] = []
    async with judge_of(args) as judge:
        with progress(len(dataset.items)) as tell:

            def on_judged(judged: Judged) -> None:
                tell(judged)
                first.append(judged)
                if len(first) == HOPELESS and not any(j.scored for j in first):
                    raise _hopeless(f"none of the first {HOPELESS} answers", judged)

            judged = await judge_all(dataset, judge, concurrency=args.concurrency or 8, on_judged=on_judged)
    if not any(j.scored for j in judged):
        raise _hopeless("none of the answers", judged[0])
    return judged


def _hopeless(what: str, judged: Judged) -> ProviderError:
    return ProviderError(
        f"{what} could be judged: {judged.error}",
        hint="nothing was measured; what was answered is kept, so run it again when that is mended",
    )


def about(judged: list[Any]) -> dict[str, Any]:
    """The judge's provenance, without what differs from answer to answer."""
    for j in judged:
        if j.judgement is not None:
            found: dict[str, Any] = j.judgement.judge.model_dump(exclude={"rubric_hash"})
            return found
    return {}


def _write(folder: Path, result: dict[str, Any], judged: list[Any]) -> None:
    """The result, every answer with reference and judgement, and the reports.

    Nothing in the first two depends on the clock but the result's `timing`.
    """
    from evals.report import write_reports
    from interviewer.batch.writers import Output, json_line

    folder.mkdir(parents=True, exist_ok=True)
    whole = Output(folder / "result.json")
    whole.file.write(json.dumps(result, ensure_ascii=False, indent=1).encode() + b"\n")
    whole.finish()
    items = Output(folder / "items.jsonl")
    lines = list(items_of(judged))
    for line in lines:
        items.file.write(json_line(line))
    items.finish()
    write_reports(folder, result, lines)
    say(f"written to {folder}; report.html has the plots")


def items_of(judged: list[Any]) -> Iterator[dict[str, Any]]:
    """Every answer with its reference and its judgement, usage left out."""
    for j in judged:
        judgement = j.judgement.model_dump(mode="json", exclude={"usage"}) if j.judgement else None
        yield {
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
