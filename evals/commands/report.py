"""`evals report`: the report of a run again, from the files that it wrote."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from evals.commands.options import RAW
from evals.report.words import LANGS
from interviewer.errors import Exit

EXAMPLES = """examples:
  python -m evals run --output out/ && python -m evals report out/
  python -m evals report out/ --lang zh               only report.zh.html and report.zh.md
"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "report", help="render report.html and report.md of a run again", epilog=EXAMPLES, formatter_class=RAW,
        description="Plots and tables of a run, in English and Chinese, from the result.json and items.jsonl that\n"
        "`run --output DIR` wrote. Prints the files' names. The same data give the same bytes.",
    )  # fmt: skip
    parser.add_argument("folder", type=Path, metavar="DIR", help="where result.json is; the reports go there too")
    parser.add_argument("--lang", choices=LANGS, help="only this language; default: both")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    from evals.report import report_again

    for path in report_again(args.folder, (args.lang,) if args.lang else LANGS):
        print(path)
    return int(Exit.DONE)
