"""`evals probes`: what can the judge be talked into?"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

from evals.commands.options import RAW, add_embedder, offline
from evals.datasets import load_dataset
from interviewer.errors import Exit


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "probes", help="perturb answers and see what the judge makes of them", formatter_class=RAW,
        description="Programs that change answers (attacks, padding, negation, deletion, another order, ...), each "
        "with a\npass line. Exit code 1 when one is not passed.",
    )  # fmt: skip
    parser.add_argument("names", nargs="*", metavar="PROBE", help="only these; default: all")
    add_embedder(parser)
    parser.add_argument("--seed", type=int, default=0, help="which answers and questions are drawn")
    parser.add_argument("--json", action="store_true", help="print the outcomes as one JSON object")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    from evals.probes import Outcome, run_probes
    from evals.probes.suite import Bench
    from knowledge import load_map

    bench = Bench(offline(args.embedder), load_dataset(), load_map(), seed=args.seed)

    def tell(o: Outcome) -> None:
        interval = "" if o.low is None else f" [{o.low:+.3f}, {o.high:+.3f}]"
        print(f"{'ok  ' if o.passed else 'FAIL'} {o.name:<26} {o.value:+.3f}{interval}  n={o.n:<4} {o.line}")
        if not o.passed and o.worst:
            print(f"       {'; '.join(o.worst[:3])}")

    outcomes = asyncio.run(run_probes(bench, args.names, told=tell if not args.json else lambda _: None))
    if args.json:
        print(json.dumps({"judge": "offline", "probes": [o.as_json() for o in outcomes]}, ensure_ascii=False))
    return int(Exit.DONE if all(o.passed for o in outcomes) else Exit.FAILED_ROWS)
