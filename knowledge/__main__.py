"""`python -m knowledge …`: check the map while writing it, begin a skill or a pack, write the editors' schema."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from knowledge.errors import MapError
from knowledge.lint import lint
from knowledge.load import KnowledgeMap, load_map
from knowledge.packs import example

EXAMPLES = """examples:
  python -m knowledge lint                        the whole packaged map
  python -m knowledge lint lora peft              two skills of it
  python -m knowledge new reward-models --category paradigm
  python -m knowledge new window-functions --pack ./sql    a pack of your own, begun where there is none
  python -m knowledge lint --pack ./sql
  python -m knowledge schema --write              after the models changed
"""


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    try:
        return int(args.command(args))
    except MapError as e:
        print(f"error: {e}", file=sys.stderr)
        return 1
    except OSError as e:
        print(f"error: {e.filename}: {e.strerror}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m knowledge",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("lint", help="check the map, or only the named skills")
    check.add_argument("skills", nargs="*", metavar="SKILL")
    check.add_argument("--pack", type=Path, metavar="DIR", help="a pack of your own")
    check.set_defaults(command=_lint)
    new = commands.add_parser("new", help="begin a skill file, and a pack where there is none")
    new.add_argument("skill", metavar="SKILL", help="its id, such as reward-models")
    new.add_argument("--category", metavar="ID", help="where it belongs; needed where there are several")
    new.add_argument("--pack", type=Path, metavar="DIR", help="a pack of your own, begun where there is none")
    new.set_defaults(command=_new)
    schema = commands.add_parser("schema", help="print the JSON Schema of a skill file")
    schema.add_argument("--write", action="store_true", help="write it where editors look")
    schema.set_defaults(command=_schema)
    return parser


def _the_map(pack: Path | None) -> KnowledgeMap:
    if pack is None:
        return load_map()
    folder = pack if pack.is_dir() else example(str(pack)) or pack
    if not (folder / "categories.yaml").is_file():
        raise MapError(f"{pack} is no pack: there is no categories.yaml in it")
    return load_map(folder.resolve())


def _lint(args: argparse.Namespace) -> int:
    the_map = _the_map(args.pack)
    report = lint(the_map, [the_map.skill(s).id for s in args.skills])
    print(report.as_text())
    return 1 if report.errors else 0


def _new(args: argparse.Namespace) -> int:
    from knowledge.begin import begin_skill

    for path in begin_skill(args.skill, category=args.category, pack=args.pack):
        print(path)
    where = f" --pack {args.pack}" if args.pack else ""
    print(f"write over every TODO, then: python -m knowledge lint {args.skill}{where}", file=sys.stderr)
    return 0


def _schema(args: argparse.Namespace) -> int:
    from knowledge.schema import FILE, as_text

    if args.write:
        FILE.write_text(as_text(), "utf-8")
        print(FILE)
    else:
        print(as_text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
