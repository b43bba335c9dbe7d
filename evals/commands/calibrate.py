"""`evals calibrate`: the offline judge's weights and intervals, fitted on the dev half into a versioned file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.commands.options import add_data, add_embedder, offline
from evals.commands.terminal import say
from evals.datasets import load_dataset
from evals.splits import for_fitting
from interviewer.errors import Exit, UsageError

if TYPE_CHECKING:
    from interviewer.judge import OfflineJudge
    from interviewer.judge.fusion import Fusion


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "calibrate", help="fit the offline judge's fusion on the dev half, into a versioned file"
    )
    parser.add_argument("--id", required=True, help="name of the new version, such as fusion-v3")
    parser.add_argument("--start", type=Path, metavar="FILE", help="the version to begin with; default: the one in use")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: beside the others, as ID.json")
    parser.add_argument("--split", default="dev", help="dev; any other half is refused")
    add_data(parser)
    add_embedder(parser)
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    from evals.calibrate import as_json, calibrate
    from interviewer.judge.fusion import folder, load_fusion

    for_fitting(args.split)
    target = args.output or folder() / f"{args.id}.json"
    if target.exists():
        raise UsageError(f"{target} exists", hint="a version that was used stays as it is; give another --id")
    base = offline(args.embedder, load_fusion(args.start))

    def make(fusion: Fusion) -> OfflineJudge:
        return base.with_fusion(fusion)

    say("fitting on the dev half; about a minute")
    fitted = calibrate(load_dataset(args.data), make, load_fusion(args.start), id=args.id, split=args.split)
    target.write_text(json.dumps(as_json(fitted), ensure_ascii=False, indent=1) + "\n", "utf-8")
    say(f"written to {target}; DEFAULT in interviewer/judge/fusion.py says which version is used")
    return int(Exit.DONE)
