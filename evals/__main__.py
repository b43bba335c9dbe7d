"""`python -m evals …`: measure the judge on the eval set, and check the eval set itself."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.datasets import DATA, Dataset, load_dataset
from evals.splits import SPLITS
from interviewer.errors import ConfigError, Exit, InterviewerError, UsageError
from knowledge import MapError
from rubrics import RubricError

if TYPE_CHECKING:
    from interviewer.judge import Judge
    from interviewer.judge.fusion import Fusion

RATERS = "language-model annotators, not people (evals/data/CARD.md)"
EXAMPLES = """examples:
  python -m evals run --judge offline                 agreement of the offline judge, as a table
  python -m evals run --judge offline --json          the same as one JSON object
  python -m evals run --judge offline --output out/   also out/result.json and out/items.jsonl
  python -m evals run --embedder BAAI/bge-small-zh-v1.5
  python -m evals run --split test                    the half of the questions that nothing was fitted on
  python -m evals run --split test --check-card       fail when the judge card is out of date
  python -m evals check                               faults in answers*.jsonl and grades*.jsonl
  python -m evals probes                              what can the judge be talked into? exit code 1 when one fails
  python -m evals probes negation master-keys         two of them
  python -m evals calibrate --id fusion-v3            fit the offline judge's weights and intervals on the dev half
  python -m evals map lora peft                       does the judge recognise the map's own texts?
"""


def main(argv: list[str] | None = None) -> int:
    parser = _parser()
    args = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        return int(args.command(args))
    except InterviewerError as e:
        say(f"error: {e.message}")
        if e.hint:
            say(f"  {e.hint}")
        return int(e.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        return int(Exit.DONE)
    except (MapError, RubricError, OSError) as e:
        say(f"error: {e}")
        return int(Exit.CONFIG)
    except KeyboardInterrupt:
        say("interrupted; nothing was written")
        return int(Exit.INTERRUPTED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evals",
        description="How far can this judge be trusted?",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run", help="measure a judge on the eval set", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    run.add_argument("--judge", default="offline", help="offline (the default)")
    run.add_argument("--json", action="store_true", help="print the result as one JSON object")
    run.add_argument("--output", type=Path, metavar="DIR", help="also write result.json and items.jsonl there")
    run.add_argument("--embedder", help="a sentence-transformers model; default: the embedded table")
    run.add_argument("--split", choices=SPLITS, help="only this half of the questions; the card is made of `test`")
    run.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="another eval set")
    run.add_argument("--card", action="store_true", help="write the judge card that the product shows")
    run.add_argument("--check-card", action="store_true", help="fail when the kept judge card says otherwise")
    run.set_defaults(command=_run)
    check = commands.add_parser("check", help="look for faults in the eval set")
    check.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="another eval set")
    check.set_defaults(command=_check)
    probes = commands.add_parser(
        "probes", help="perturb answers and see what the judge makes of them",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Programs that change answers (attacks, padding, negation, deletion, another order, ...), each "
        "with a\npass line. Exit code 1 when one is not passed.",
    )  # fmt: skip
    probes.add_argument("names", nargs="*", metavar="PROBE", help="only these; default: all")
    probes.add_argument("--judge", default="offline", help="offline (the default)")
    probes.add_argument("--embedder", help="a sentence-transformers model; default: the embedded table")
    probes.add_argument("--seed", type=int, default=0, help="which answers and questions are drawn")
    probes.add_argument("--json", action="store_true", help="print the outcomes as one JSON object")
    probes.set_defaults(command=_probes)
    fit = commands.add_parser("calibrate", help="fit the offline judge's fusion on the dev half, into a versioned file")
    fit.add_argument("--id", required=True, help="name of the new version, such as fusion-v3")
    fit.add_argument("--start", type=Path, metavar="FILE", help="the version to begin with; default: the one in use")
    fit.add_argument("--output", type=Path, metavar="FILE", help="default: beside the others, as ID.json")
    fit.add_argument("--split", default="dev", help="dev; any other half is refused")
    fit.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="another eval set")
    fit.add_argument("--embedder", help="a sentence-transformers model; default: the embedded table")
    fit.set_defaults(command=_calibrate)
    own = commands.add_parser(
        "map", help="judge the map's own texts", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Every question's reference, talk, misconceptions and \"don't know\", judged offline in both\n"
        "languages. Exit code 1 when one is not recognised for what it is.",
    )  # fmt: skip
    own.add_argument("skills", nargs="*", metavar="SKILL", help="only these; default: all")
    own.add_argument("--pack", metavar="DIR", help="a map of your own")
    own.set_defaults(command=_map)
    return parser


def _run(args: argparse.Namespace) -> int:
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


def _check(args: argparse.Namespace) -> int:
    dataset: Dataset = load_dataset(args.data)
    ratings = [r for i in dataset.items for r in i.ratings]
    print(
        f"{len(dataset.items) + len(dataset.ungraded)} answers, {len(dataset.ungraded)} without a grade; "
        f"{len(ratings)} ratings by {', '.join(dataset.raters) or 'nobody'}; no fault"
    )
    by_rater = {r: sum(x.rater == r for x in ratings) for r in sorted({x.rater for x in ratings})}
    short = {r: n for r, n in by_rater.items() if n < len(dataset.items)}
    for rater, n in short.items():
        print(f"{rater} has graded {n} of them")
    return int(Exit.DONE)


def _probes(args: argparse.Namespace) -> int:
    from evals.probes import Outcome, run_probes
    from evals.probes.suite import Bench
    from knowledge import load_map

    bench = Bench(_judge(args.judge, args.embedder), load_dataset(), load_map(), seed=args.seed)

    def tell(o: Outcome) -> None:
        interval = "" if o.low is None else f" [{o.low:+.3f}, {o.high:+.3f}]"
        print(f"{'ok  ' if o.passed else 'FAIL'} {o.name:<26} {o.value:+.3f}{interval}  n={o.n:<4} {o.line}")
        if not o.passed and o.worst:
            print(f"       {'; '.join(o.worst[:3])}")

    outcomes = asyncio.run(run_probes(bench, args.names, told=tell if not args.json else lambda _: None))
    if args.json:
        print(json.dumps({"judge": args.judge, "probes": [o.as_json() for o in outcomes]}, ensure_ascii=False))
    return int(Exit.DONE if all(o.passed for o in outcomes) else Exit.FAILED_ROWS)


def _calibrate(args: argparse.Namespace) -> int:
    from evals.calibrate import as_json, calibrate
    from interviewer.judge import OfflineJudge
    from interviewer.judge.fusion import folder, load_fusion

    target = args.output or folder() / f"{args.id}.json"
    if target.exists():
        raise UsageError(f"{target} exists", hint="a version that was used stays as it is; give another --id")
    base = _judge("offline", args.embedder, fusion=load_fusion(args.start))
    assert isinstance(base, OfflineJudge)

    def make(fusion: Fusion) -> OfflineJudge:
        return base.with_fusion(fusion)

    say("fitting on the dev half; about a minute")
    fitted = calibrate(load_dataset(args.data), make, load_fusion(args.start), id=args.id, split=args.split)
    target.write_text(json.dumps(as_json(fitted), ensure_ascii=False, indent=1) + "\n", "utf-8")
    say(f"written to {target}; DEFAULT in interviewer/judge/fusion.py says which version is used")
    return int(Exit.DONE)


def _map(args: argparse.Namespace) -> int:
    from evals.self_check import check_map
    from interviewer.examiners import offline_judge
    from interviewer.maps import open_map

    the_map = open_map(args.pack)
    only = [the_map.skill(s).id for s in args.skills]
    questions = findings = 0
    for found in check_map(offline_judge(None, notice=say), the_map, only):
        questions += 1
        findings += len(found)
        for f in found:
            print(f)
    print(f"{questions} questions, {findings} texts that the judge reads otherwise")
    return int(Exit.FAILED_ROWS if findings else Exit.DONE)


def _judge(name: str, embedder: str | None, fusion: Fusion | None = None) -> Judge:
    if name != "offline":
        raise UsageError(f"--judge {name!r}: the judge there is without a model is `offline`")
    from interviewer.examiners import offline_judge

    return offline_judge(embedder, notice=say, fusion=fusion)


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


def say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
