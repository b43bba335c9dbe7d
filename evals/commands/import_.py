"""`evals import`: answers that you have graded, how far your raters agree, and how far the judge agrees with them."""

from __future__ import annotations

import argparse
import asyncio
import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.commands.options import RAW, add_embedder, add_model, judge_of
from evals.commands.terminal import progress, say
from evals.datasets import DATA
from interviewer.errors import ConfigError, Exit, ProviderError, UsageError

if TYPE_CHECKING:
    from evals.imported.judging import Judged
    from evals.imported.shapes import Fault, Imported
    from knowledge import KnowledgeMap

NONE = "none"
HOPELESS = 8
"""Answers that a judge was asked for and left unscored from the start after which an import gives up."""
TOLD = 5
"""Rows left out that are named on the terminal."""
EXAMPLES = """examples:
  python -m evals import answers.csv                       columns, scale and encoding are found out, and told
  python -m evals import answers.csv --scale 1-10 --rating 老师1 --rating 老师2
  python -m evals import marks.csv --scale 0-5 --scale TA=0-100 --map answer=Response --map id=Student
  python -m evals import long.tsv --rater Grader --rating Mark    one row per answer and rater
  python -m evals import answers.csv --judge none          only how far the raters agree with each other
  python -m evals import answers.csv --judge openai/gpt-5-mini --output out/
                                                           out/result.json, items.jsonl, errors.jsonl
  python -m evals import answers.csv --save mine/          kept as mine/imported.jsonl; read again by
  python -m evals import mine/
  python -m evals import people.csv --into my-set/         rows with the answer_id of an answer of the eval set:
                                                           their raters join a copy of it in my-set/

a row holds a question (or the question_id of a question of the map), a reference or points, an answer, and one or
more ratings; or the answer_id of an answer of the eval set, and ratings. The exit code is 1 when rows or ratings
were left out, or answers unscored.
"""


def add(commands: Any) -> None:
    parser = commands.add_parser(
        "import", help="measure raters and judge on answers that you have graded", epilog=EXAMPLES, formatter_class=RAW,
        description="Agreement of a file's raters with each other, and of the judge with them.",
    )  # fmt: skip
    parser.add_argument("source", metavar="FILE", help="CSV, TSV or JSON Lines; `-`; or a folder of --save or --into")
    parser.add_argument(
        "--rating", action="append", default=[], metavar="COLUMN", help="a column with ratings; repeat it"
    )
    parser.add_argument("--rater", metavar="COLUMN", help="the column with the rater's name, where a row is one rating")
    parser.add_argument(
        "--scale", action="append", default=[], metavar="[RATER=]LOW-HIGH", help="such as 1-10; repeat it"
    )
    parser.add_argument(
        "--map", action="append", default=[], metavar="FIELD=COLUMN", help="which column is what: answer=Response"
    )
    parser.add_argument("--judge", default="offline", help="offline (the default), a model's name, or none")
    add_model(parser)
    add_embedder(parser)
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="the eval set that answer_ids are of")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="also write result.json, items.jsonl and errors.jsonl there"
    )
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep the answers and ratings there")
    parser.add_argument("--into", type=Path, metavar="DIR", help="add the raters to the eval set there")
    parser.set_defaults(command=run)


def run(args: argparse.Namespace) -> int:
    from evals.imported.agreement import agreement
    from evals.imported.judging import Judged, judge_imported, readings
    from evals.imported.keeping import check_into, check_save, into, save
    from evals.imported.reading import Options, read
    from evals.imported.scales import parse_scales
    from evals.imported.show import as_text
    from interviewer.batch import parse_mapping
    from interviewer.text import truncate
    from knowledge import load_map

    if find_spec("krippendorff") is None:
        raise ConfigError("the extra `evals` is not installed", hint="pip install 'interviewer[evals]'")
    the_map = load_map()
    base = args.into if args.into is not None and any(args.into.glob("answers*.jsonl")) else args.data
    options = Options(args.rating, args.rater, parse_mapping(args.map), parse_scales(args.scale), base)
    imported = read(args.source, the_map, options)
    for notice in imported.notices:
        say(truncate(notice, 400))
    _tell(imported.faults)
    if args.save:
        check_save(args.save)
    if args.into:
        check_into(args.into, imported, args.data)
    if args.judge == NONE:
        judged = [Judged(a, asked=False) for a in imported.answers]
    else:
        judged = asyncio.run(_judged(args, imported, the_map, judge_imported))
    result = {
        "source": imported.name, "data": imported.hash, "rows": imported.rows, "left_out": len(imported.faults),
        "notices": list(imported.notices), "layout": imported.layout,
        "scales": {
            r: sorted({str(a.marks[r].scale) for a in imported.answers if r in a.marks}) for r in imported.raters
        },
        "judge": _about(judged),
        "agreement": agreement(readings(judged)),
        "failures": [{"row": j.answer.row, "answer": j.answer.id, "error": j.error} for j in judged if j.error],
    }  # fmt: skip
    _tell_unscored(judged)
    if args.output:
        _write(args.output, result, judged, imported.faults)
    print(json.dumps(result, ensure_ascii=False) if args.json else as_text(result), end="\n" if args.json else "")
    if args.save:
        say(save(args.save, imported, the_map))
    if args.into:
        say(into(args.into, imported, args.data))
    return int(Exit.FAILED_ROWS if imported.faults or result["failures"] else Exit.DONE)


async def _judged(args: argparse.Namespace, imported: Imported, the_map: KnowledgeMap, judge_all: Any) -> list[Judged]:
    """The answers judged. A model's replies are cached as they come, so an import that was cut off goes on there."""
    first: list[bool] = []
    async with judge_of(args) as judge:
        with progress(len(imported.answers)) as tell:

            def on_judged(judged: Judged) -> None:
                tell(judged)
                if judged.asked:
                    first.append(judged.scored)
                if len(first) == HOPELESS and not any(first) and judged.asked:
                    raise _hopeless(f"none of the first {HOPELESS} answers", judged)

            found: list[Judged] = await judge_all(
                imported, judge, the_map, concurrency=args.concurrency or 8, on_judged=on_judged
            )
    asked = [j for j in found if j.asked]
    if asked and not any(j.scored for j in asked):
        raise _hopeless("none of the answers", asked[0])
    return found


def _hopeless(what: str, judged: Judged) -> ProviderError:
    return ProviderError(
        f"{what} could be judged: {judged.error}",
        hint="what was answered is kept, so run it again when that is mended; or --judge none",
    )


def _about(judged: list[Judged]) -> dict[str, Any] | None:
    """The judge's provenance: what differs between questions of the map and others with all its values."""
    infos = [j.judgement.judge.model_dump(exclude={"rubric_hash", "note"}) for j in judged if j.judgement is not None]
    if not infos:
        return None
    about: dict[str, Any] = {}
    for key in infos[0]:
        values = sorted({i[key] for i in infos if i[key] not in (None, "")})
        about[key] = ", ".join(values) if len(values) > 1 and isinstance(values[0], str) else (values or [None])[-1]
    return about


def _tell(faults: tuple[Fault, ...]) -> None:
    from interviewer.text import truncate

    for fault in faults[:TOLD]:
        say(truncate(str(fault), 300))
    if len(faults) > TOLD:
        say(f"… and {len(faults) - TOLD} more rows or ratings left out; errors.jsonl in --output has them all")


def _tell_unscored(judged: list[Judged]) -> None:
    from interviewer.text import truncate

    failed = [j for j in judged if j.error]
    if failed:
        say(f"{len(failed)} of {len(judged)} answers are unscored and count only between raters:")
    for j in failed[:TOLD]:
        say(truncate(f"  row {j.answer.row}: {j.error}", 300))


def _write(folder: Path, result: dict[str, Any], judged: list[Judged], faults: tuple[Fault, ...]) -> None:
    """The result, every answer with its marks and judgement, and what was left out; the clock is in none of them."""
    from interviewer.batch.writers import Output, json_line

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{folder} is a file", hint="give --output a folder") from None
    whole = Output(folder / "result.json")
    whole.file.write(json.dumps(result, ensure_ascii=False, indent=1).encode() + b"\n")
    whole.finish()
    items = Output(folder / "items.jsonl")
    for j in judged:
        judgement = j.judgement.model_dump(mode="json", exclude={"usage"}) if j.judgement else None
        line = {
            "id": j.answer.id, "row": j.answer.row, **j.answer.cells,
            "ratings": {
                r: {"rating": m.value, "scale": [m.scale.low, m.scale.high], "unit": round(m.unit, 6)}
                for r, m in sorted(j.answer.marks.items())
            },
            "judgement": judgement, "error": j.error,
        }  # fmt: skip
        items.file.write(json_line(line))
    items.finish()
    left = folder / "errors.jsonl"
    if faults:
        errors = Output(left)
        for fault in faults:
            errors.file.write(json_line(fault.as_json()))
        errors.finish()
    else:
        left.unlink(missing_ok=True)
    say(f"written to {folder}")
