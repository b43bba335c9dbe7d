"""`evals map`: does the judge recognise the map's own texts?"""

from __future__ import annotations

import argparse
from typing import Any

from evals.commands.options import RAW, offline
from interviewer.errors import Exit


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "map", help="judge the map's own texts", formatter_class=RAW,
        description="Every question's reference, talk, misconceptions and \"don't know\", judged offline in both\n"
        "languages. Exit code 1 when one is not recognised for what it is.",
    )  # fmt: skip
    parser.add_argument("skills", nargs="*", metavar="SKILL", help="only these; default: all")
    parser.add_argument("--pack", metavar="DIR", help="a map of your own")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    from evals.self_check import check_map
    from interviewer.maps import open_map

    the_map = open_map(args.pack)
    only = [the_map.skill(s).id for s in args.skills]
    questions = findings = 0
    for found in check_map(offline(None), the_map, only):
        questions += 1
        findings += len(found)
        for f in found:
            print(f)
    print(f"{questions} questions, {findings} texts that the judge reads otherwise")
    return int(Exit.FAILED_ROWS if findings else Exit.DONE)
