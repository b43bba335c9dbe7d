"""`evals check`: faults in the eval set, with file and line."""

from __future__ import annotations

import argparse
from typing import Any

from evals.commands.options import add_data
from evals.datasets import Dataset, load_dataset
from interviewer.errors import Exit


def add(commands: Any) -> None:
    parser = commands.add_parser("check", help="look for faults in the eval set")
    add_data(parser)
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
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
