"""`evals compare A B`: two judges on the same answers, with paired intervals."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evals.commands.options import RAW
from evals.compare import Graded, compare, read_items
from interviewer.errors import Exit, InputError, UsageError

NAMES = {"qwk": "QWK", "mae": "MAE (grades)", "point_f1": "point F1"}
EXAMPLES = """examples:
  python -m evals run --split test --output offline/
  python -m evals run --split test --judge openai/gpt-5-mini --output mini/
  python -m evals compare mini/ offline/              the differences are A less B
"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "compare", help="two judges on the same answers, paired", epilog=EXAMPLES, formatter_class=RAW,
        description="A and B are folders that `evals run --output` wrote (or their items.jsonl). Only answers that\n"
        "both scored count. The bootstrap redraws questions for both at once.",
    )  # fmt: skip
    parser.add_argument("a", type=Path, metavar="A")
    parser.add_argument("b", type=Path, metavar="B")
    parser.add_argument("--json", action="store_true", help="print the comparison as one JSON object")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    found = compare(_items(args.a), _items(args.b))
    if not found["n"]:
        raise UsageError("A and B have no scored answer in common", hint="run both with the same --split and --sample")
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
        return int(Exit.DONE)
    left = "".join(f"; {n} only in {name}" for name, n in (("A", found["only_a"]), ("B", found["only_b"])) if n)
    print(f"A {args.a}, B {args.b}: {found['n']} answers to {found['questions']} questions{left}\n")
    print(f"{'':14} {'A':>7} {'B':>7}   {'A - B':>7} {'95% CI':>18}")
    for name, row in found["metrics"].items():
        print(_line(NAMES[name], row))
    for title, values in found["slices"].items():
        print(f"\nby {title}, difference of MAE (below zero: A is nearer)")
        for value, part in values.items():
            print(_line(f"  {value[:22]} ({part['n']})", part["metrics"]["mae"], 30))
    return int(Exit.DONE)


def _line(label: str, row: Mapping[str, Mapping[str, float | None]], width: int = 14) -> str:
    d = row["difference"]
    span = "" if d["low"] is None else f"[{d['low']:+.3f}, {d['high']:+.3f}]"
    sure = "" if d["low"] is None or d["low"] <= 0 <= (d["high"] or 0.0) else "  *"
    return f"{label:{width}} {_number(row['a'])} {_number(row['b'])}   {_number(d, '+')} {span:>18}{sure}"


def _number(e: Mapping[str, float | None], sign: str = "") -> str:
    return f"{'-':>7}" if e["value"] is None else f"{e['value']:>{sign}7.3f}"


def _items(path: Path) -> list[Graded]:
    file = path / "items.jsonl" if path.is_dir() else path
    try:
        lines = [json.loads(x) for x in file.read_text("utf-8").splitlines() if x.strip()]
        return read_items(lines)
    except FileNotFoundError:
        raise UsageError(f"there is no {file}", hint="`evals run --output DIR` writes it") from None
    except (ValueError, KeyError, TypeError) as e:
        raise InputError(f"{file} is no items.jsonl of `evals run --output`: {type(e).__name__} {e}") from None
