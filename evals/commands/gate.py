"""`evals gate`: the offline judge on the test half, held against the committed report."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

from evals.commands.options import RAW, offline
from evals.commands.terminal import say
from evals.committed import (
    ABLATION,
    CLOCK,
    FOLDER,
    ITEMS,
    OTHERS,
    RESULT,
    ablation_of,
    differences,
    failures,
    kept_items,
    kept_result,
    read,
    short,
)
from evals.compare import read_items
from evals.datasets import Dataset, load_dataset
from interviewer.errors import Exit, UsageError

EXAMPLES = """examples:
  python -m evals gate                   in CI: exit code 1 when agreement or a probe is worse than committed
  python -m evals gate --write           after a change of the judge: the report anew; look at what changed
  python -m evals gate --write --ablate  each signal alone and left out, fitted anew; some minutes
  python -m evals gate --write --other out/   with a model's run on the same answers (evals run --judge … --output out/)
"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "gate", help="fail when the offline judge is worse than its committed report", epilog=EXAMPLES,
        formatter_class=RAW,
        description="Judges the test half, runs every probe and fits the baselines on dev, then compares with\n"
        "evals/reports/offline-test: agreement by a paired bootstrap (worse when the whole 95 % interval of the\n"
        "difference lies below zero), probes by their pass lines, and whether the report is reproduced to the digit.",
    )  # fmt: skip
    parser.add_argument("--report", type=Path, default=FOLDER, metavar="DIR", help="the committed report")
    parser.add_argument("--write", action="store_true", help="write the report instead of comparing")
    parser.add_argument("--ablate", action="store_true", help="with --write: the ablation too")
    parser.add_argument("--other", type=Path, action="append", default=[], metavar="DIR", help="with --write: repeat")
    parser.add_argument("--json", action="store_true", help="print the verdict as one JSON object")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    from evals.commands.run import check_extra

    check_extra()
    if (args.ablate or args.other) and not args.write:
        raise UsageError("--ablate and --other go into a report", hint="add --write")
    started = time.monotonic()
    kept, before = (None, []) if args.write else (kept_result(args.report), kept_items(args.report))
    if kept is None and not args.write:
        raise UsageError(f"{args.report} holds no report", hint="python -m evals gate --write")
    result, lines = _measure(load_dataset(), args)
    if kept is None:
        return _write(args.report, result, lines)
    wrong = failures(kept, result, before, read_items(lines))
    other = list(differences(kept, result, CLOCK))
    say(f"measured in {time.monotonic() - started:.0f} s")
    if args.json:
        print(json.dumps({"passed": not wrong, "failures": wrong, "differences": len(other)}, ensure_ascii=False))
    else:
        qwk = result["metrics"]["qwk"]
        print(f"QWK {qwk['value']:.3f} [{qwk['low']:.3f}, {qwk['high']:.3f}] on {result['n']} answers")
        for p in result["probes"]:
            print(f"{'ok  ' if p['passed'] else 'FAIL'} {p['name']:<26} {_number(p['value'])}  {p['line']}")
        print("the committed report: " + (f"{len(other)} values differ" if other else "reproduced to the digit"))
        for path, was, now in other[:5]:
            print(f"  {path}: {str(was)[:60]} -> {str(now)[:60]}")
        for line in wrong:
            print(f"FAIL {line}")
    return int(Exit.FAILED_ROWS if wrong else Exit.DONE)


def _number(value: float | None) -> str:
    return "     -" if value is None else f"{value:+.3f}"


def _measure(whole: Dataset, args: argparse.Namespace) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The whole result, and a short line per answer. Agreement is of the test half, probes of both halves."""
    from evals.assess import assess
    from evals.commands.run import about, items_of
    from evals.probes import run_probes
    from evals.probes.suite import Bench
    from evals.runner import judge_all
    from evals.versions import versions
    from knowledge import load_map

    judge = offline(None)
    test = whole.only("test")
    judged = asyncio.run(judge_all(test, judge))
    info = about(judged)
    result: dict[str, Any] = {"judge": info, "split": "test", "versions": versions(), **assess(test, judged)}
    lines = [short(x) for x in items_of(judged)]
    say(f"judged {len(judged)} answers; running the probes")
    result["probes"] = [o.as_json() for o in asyncio.run(run_probes(Bench(judge, whole, load_map())))]
    if args.write and args.ablate:
        _ablate(whole, judge, info, args.report)
    result["beside"] = [*_baselines(whole, lines), *ablation_of(args.report, info, whole.hash)]
    result["others"] = _others(args, lines)
    return result, lines


def _baselines(whole: Dataset, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from evals.baselines import BASELINES
    from evals.compare import Graded, compare

    ours, dev, test = read_items(lines), whole.only("dev").items, whole.only("test").items
    out = []
    for b in BASELINES:
        scores = b.half_scores(dev, test)
        theirs = [Graded(i.answer.id, i.question.id, i.mean_grade, float(s)) for i, s in zip(test, scores, strict=True)]
        found = compare(ours, theirs)["metrics"]
        out.append(
            {
                "name": b.name,
                "what": b.what,
                "qwk": found["qwk"]["b"],
                "mae": found["mae"]["b"],
                "difference": found["qwk"]["difference"],
            }
        )
    return out


def _ablate(whole: Dataset, judge: Any, info: dict[str, Any], folder: Path) -> None:
    from evals.ablation import ablate

    rows = ablate(whole, judge.with_fusion, judge.fusion, told=lambda name: say(f"ablation: {name}"))
    kept = {"calibration": info["calibration"], "embedder": info["embedder"], "data": whole.hash, "rows": rows}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ABLATION).write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _others(args: argparse.Namespace, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Other judges as they were measured, each beside this one on the answers that it judged."""
    from evals.others import measured

    if args.write and args.other:
        found = [row for folder in args.other for row in measured(folder, lines)]
        args.report.mkdir(parents=True, exist_ok=True)
        (args.report / OTHERS).write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    kept: list[dict[str, Any]] = read(args.report, OTHERS) or []
    return kept


def _write(folder: Path, result: dict[str, Any], lines: list[dict[str, Any]]) -> int:
    from evals.report import write_reports

    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULT).write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (folder / ITEMS).write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines), "utf-8")
    write_reports(folder, result, [])
    say(f"written to {folder}; look at report.html, and at what changed")
    return int(Exit.DONE)
