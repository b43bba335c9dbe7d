"""From the rows of a file to graded answers: every mark on a scale, every row that is left out told with its reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.datasets import DATA, EvalAnswer, Item, load_dataset
from evals.imported.columns import Layout, find_layout
from evals.imported.drafts import Draft, called, draft_of
from evals.imported.marking import marked
from evals.imported.scales import Scale
from evals.imported.shapes import Fault, Graded, Imported
from interviewer.batch import RawRow, open_source
from interviewer.batch.columns import check
from interviewer.errors import InputError, UsageError
from knowledge import KnowledgeMap

KEPT = ("imported*.jsonl", "ratings*.jsonl")
"""What `evals import --save` and `--into` write and `evals import DIR` reads."""


@dataclass(frozen=True)
class Options:
    """What a person may say about a file."""

    ratings: Sequence[str] = ()
    rater: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    scales: Mapping[str, Scale] = field(default_factory=dict)
    """By rater; the one for all others under ""."""
    data: Path = DATA
    """The eval set whose answers rows may name by id."""


def read(source: Path | str, the_map: KnowledgeMap, options: Options | None = None) -> Imported:
    """The graded answers of a file, of `-`, or of a folder that an import was kept in.

    Raises UsageError (an option, an ambiguous scale), InputError (no answers, no ratings).
    """
    options = options or Options()
    files = _files(source)
    data = Path(source) if str(source) != "-" and any(Path(source).glob("answers*.jsonl")) else options.data
    known = _known(data, the_map)
    drafts: list[Draft] = []
    faults: list[Fault] = []
    notices: list[str] = []
    layouts: list[Layout] = []
    total = 0
    for path in files:
        name = Path(path).name if len(files) > 1 else ""
        with open_source(path) as opened:
            rows = list(opened)
            columns = opened.columns()
            if opened.encoding.name not in ("utf-8", "utf-8-sig"):
                notices.append(f"read as {opened.encoding.name}")
        layout = find_layout(
            columns,
            [r.data for r in rows if not r.error],
            options.mapping,
            ratings=options.ratings,
            rater=options.rater,
        )
        layouts.append(layout)
        notices += _about(layout)
        rows = _without_headers(rows, notices)
        total += len(rows)
        if not _names_answers(layout, rows, known):
            check(columns, options.mapping)
        for row in rows:
            drafts.append(draft_of(row, layout, known, the_map, name, faults))
    scales = {called(r): s for r, s in options.scales.items()}
    answers, more = marked([d for d in drafts if d.usable], scales, faults, long=any(x.rater for x in layouts))
    notices += more
    if not answers:
        first = "; ".join(str(f) for f in faults[:3])
        raise InputError(f"{source}: no answer has a rating" + (f": {first}" if first else ""))
    return Imported(
        name=Path(source).name if str(source) != "-" else "standard input",
        rows=total,
        answers=tuple(answers),
        faults=tuple(sorted(faults, key=lambda f: (f.file, f.row))),
        notices=tuple(notices),
        layout=_layout_json(layouts[0]),
        hash=digest(answers),
    )


def digest(answers: Iterable[Graded]) -> str:
    """Twelve hex digits of what the answers and their marks are; neither rows' nor raters' order counts."""
    lines = sorted(
        json.dumps(
            [
                a.question,
                a.answer,
                sorted((r, *map(float, (m.value, m.scale.low, m.scale.high))) for r, m in a.marks.items()),
            ]
        )
        for a in answers
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _files(source: Path | str) -> list[Path | str]:
    if str(source) == "-" or not Path(source).is_dir():
        return [source]
    found: list[Path | str] = [p for pattern in KEPT for p in sorted(Path(source).glob(pattern))]
    if not found:
        raise UsageError(
            f"{source} holds no {' or '.join(KEPT)}",
            hint=f"an eval set of its own is measured by `python -m evals run --data {source}`",
        )
    return found


def _known(data: Path, the_map: KnowledgeMap) -> dict[str, Item | EvalAnswer]:
    """The answers of the eval set by id; none where there is no set."""
    if not any(data.glob("answers*.jsonl")):
        return {}
    dataset = load_dataset(data, the_map)
    return {**{a.id: a for a in dataset.ungraded}, **{i.answer.id: i for i in dataset.items}}


def _names_answers(layout: Layout, rows: Sequence[RawRow], known: Mapping[str, Any]) -> bool:
    column = layout.fields.get("id")
    return column is not None and any(str(r.data.get(column, "")).strip() in known for r in rows)


def _without_headers(rows: Sequence[RawRow], notices: list[str]) -> list[RawRow]:
    """The rows that are not the header again."""
    again = [r for r in rows if not r.error and _is_header(r.data)]
    if again:
        notices.append(f"the header stands again in row {', '.join(str(r.number) for r in again[:5])}; skipped")
    found = {id(r) for r in again}
    return [r for r in rows if id(r) not in found]


def _is_header(data: Mapping[str, Any]) -> bool:
    filled = [(k, v) for k, v in data.items() if isinstance(v, str) and v.strip()]
    return len(filled) > 1 and all(k.strip() == v.strip() for k, v in filled)


def _about(layout: Layout) -> list[str]:
    names = ", ".join(repr(c) for c in layout.ratings)
    said = []
    if layout.rater:
        said.append(f"one rating a row: {names} by the rater in {layout.rater!r}")
    elif layout.ratings:
        said.append(f"ratings in {names}")
    said += [f"{column!r} {why}" for column, why in layout.left]
    return said


def _layout_json(layout: Layout) -> dict[str, Any]:
    return {
        "fields": dict(layout.fields), "ratings": list(layout.ratings), "rater": layout.rater,
        "left": [c for c, _ in layout.left],
    }  # fmt: skip
