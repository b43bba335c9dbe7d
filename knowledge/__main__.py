"""`python -m knowledge lint [SKILL …]`: check the map while writing it."""

from __future__ import annotations

import argparse
import sys

from knowledge.errors import MapError
from knowledge.lint import lint
from knowledge.load import load_map


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m knowledge", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("lint", help="check the map, or only the named skills")
    check.add_argument("skills", nargs="*", metavar="SKILL")
    args = parser.parse_args(argv)
    try:
        the_map = load_map()
        only = [the_map.skill(s).id for s in args.skills]
    except MapError as e:
        print(e, file=sys.stderr)
        return 1
    report = lint(the_map, only)
    for line in report.errors:
        print(f"error    {line}")
    for line in report.warnings:
        print(f"warning  {line}")
    print(
        f"{report.questions} questions, {report.covered} of {report.sources} source items covered, "
        f"{len(report.errors)} errors, {len(report.warnings)} warnings"
    )
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main())
