"""Keeps imported answers: in files of their own, as an eval set where they can be one, or as further raters of one.

Nothing that is there is ever written over: a file that exists and a rater's name that has grades are errors.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from evals.datasets import EvalAnswer, Item
from evals.imported.drafts import language_of
from evals.imported.scales import Mark, band
from evals.imported.shapes import Graded, Imported
from interviewer.batch.writers import Output, json_line
from interviewer.errors import UsageError
from knowledge import KnowledgeMap

OWN = "imported.jsonl"
MODE = "imported"
"""How answers were made that nobody here had made."""
_OWN_CELLS = ("question_id", "question", "reference", "points", "lang", "choice_order", "answer")


def check_save(folder: Path) -> None:
    """Whether an import may be kept there. Raises UsageError."""
    there = [n for n in (OWN, "answers.jsonl", "grades.jsonl") if (folder / n).exists()]
    if there:
        raise UsageError(f"{folder / there[0]} is there already", hint="give --save another folder")


def save(folder: Path, imported: Imported, the_map: KnowledgeMap) -> str:
    """Write imported.jsonl, and answers.jsonl and grades.jsonl of what can be an eval set. Says what was written."""
    check_save(folder)
    folder.mkdir(parents=True, exist_ok=True)
    full = [a for a in imported.answers if a.details and a.question in the_map.questions]
    files = {OWN: [_own(a) for a in imported.answers]}
    if full:
        files["answers.jsonl"] = [_eval_answer(a) for a in full]
        files["grades.jsonl"] = [_rating(a, r) for a in full for r in a.details]
    _write(folder, files)
    told = f"{len(imported.answers)} answers kept in {folder / OWN}; `python -m evals import {folder}` reads them"
    if full:
        told += f"; {len(full)} with credits per point also as an eval set: `python -m evals run --data {folder}`"
    return told


def check_into(folder: Path, imported: Imported, base: Path) -> None:
    """Whether the import's raters may join the set in `folder`, or the copy of `base` made there. Raises UsageError."""
    if not any(a.of_the_set for a in imported.answers):
        raise UsageError(
            "no row names an answer of the eval set",
            hint="--into takes rows with an answer_id; --save keeps answers of your own",
        )
    where = folder if _is_set(folder) else base
    there = raters_of(where)
    if folder != where and folder.is_dir() and (more := raters_of(folder)):
        there |= more
    joining = {r for a in imported.answers if a.of_the_set for r in a.marks}
    if both := sorted(joining & there):
        raise UsageError(
            f"{where} has grades by {', '.join(map(repr, both))} already",
            hint="call the column, or the rater in it, otherwise: a name stands for one person",
        )


def into(folder: Path, imported: Imported, base: Path) -> str:
    """The raters' grades as further files of the set in `folder`, which is made a copy of `base` where there is none.

    `grades-RATER.jsonl` holds ratings with credits per point, which `evals run` reads as it reads every rater;
    `ratings-RATER.jsonl` holds bare marks, which `evals import DIR` reads. What was written, in words.
    """
    check_into(folder, imported, base)
    told = []
    if not _is_set(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for source in sorted(
            p for pattern in ("answers*.jsonl", "grades*.jsonl", "CARD.md") for p in base.glob(pattern)
        ):
            if not (folder / source.name).exists():
                shutil.copyfile(source, folder / source.name)
        told.append(f"{base} copied to {folder}")
    files: dict[str, list[dict[str, Any]]] = {}
    mine = [a for a in imported.answers if a.of_the_set]
    for rater in sorted({r for a in mine for r in a.marks}):
        rated = [a for a in mine if rater in a.marks]
        slug = _slug(rater, lambda s: any((folder / f"{k}-{s}.jsonl").exists() for k in ("grades", "ratings")), files)
        if whole := [_rating(a, rater) for a in rated if rater in a.details]:
            files[f"grades-{slug}.jsonl"] = whole
        if bare := [_bare(a, rater, a.marks[rater]) for a in rated if rater not in a.details]:
            files[f"ratings-{slug}.jsonl"] = bare
    _write(folder, files)
    told.append(f"{', '.join(files)} written to {folder}")
    if any(f.startswith("grades-") for f in files):
        told.append(f"`python -m evals run --data {folder}` counts them in")
    if any(f.startswith("ratings-") for f in files):
        told.append(f"marks without credits per point are read by `python -m evals import {folder}`")
    if left := len(imported.answers) - len(mine):
        told.append(f"{left} answers are not of the set and stay out of it")
    return "; ".join(told)


def raters_of(folder: Path) -> set[str]:
    """Everyone who has grades or marks in the files of a set."""
    found = set()
    for path in [*folder.glob("grades*.jsonl"), *folder.glob("ratings*.jsonl")]:
        for line in path.read_text("utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and isinstance(row.get("rater"), str):
                found.add(row["rater"])
    return found


def _is_set(folder: Path) -> bool:
    return any(folder.glob("answers*.jsonl"))


def _own(a: Graded) -> dict[str, Any]:
    return {"id": a.id, **{k: a.cells[k] for k in _OWN_CELLS if a.cells.get(k) is not None}} | {
        "ratings": [_mark(r, m) | a.details.get(r, {}) for r, m in sorted(a.marks.items())]
    }


def _mark(rater: str, mark: Mark) -> dict[str, Any]:
    return {"rater": rater, "rating": mark.value, "scale": [mark.scale.low, mark.scale.high]}


def _bare(a: Graded, rater: str, mark: Mark) -> dict[str, Any]:
    return {"answer_id": _set_id(a), **_mark(rater, mark)}


def _rating(a: Graded, rater: str) -> dict[str, Any]:
    """A rating as the eval set has them; the mark becomes a grade 0-5."""
    return {"answer_id": _set_id(a), "rater": rater} | a.details[rater] | {"grade": band(a.marks[rater].unit)}


def _set_id(a: Graded) -> str:
    if a.of_the_set is None:
        return a.id
    return a.of_the_set.answer.id if isinstance(a.of_the_set, Item) else a.of_the_set.id


def _eval_answer(a: Graded) -> dict[str, Any]:
    if a.of_the_set is not None:
        item = a.of_the_set
        return (item.answer if isinstance(item, Item) else item).model_dump()
    order = a.cells.get("choice_order")
    if isinstance(order, str):
        order = json.loads(order)
    made = EvalAnswer(
        id=a.id, question_id=a.question, lang=language_of(a.cells), mode=MODE, answer=a.answer, choice_order=order  # type: ignore[arg-type]
    )  # fmt: skip
    return made.model_dump()


def _slug(name: str, exists: Callable[[str], bool], files: Mapping[str, Any]) -> str:
    """A rater's name as part of a file's: letters, digits and dashes, apart from every other."""
    slug = re.sub(r"[\W_]+", "-", name).strip("-")[:40] or hashlib.sha256(name.encode()).hexdigest()[:8]
    base, copy = slug, 2
    while exists(slug) or {f"grades-{slug}.jsonl", f"ratings-{slug}.jsonl"} & set(files):
        slug, copy = f"{base}-{copy}", copy + 1
    return slug


def _write(folder: Path, files: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """All files, each whole; they are written beside their places before the first is moved to its own."""
    outputs = list(_written(folder, files))
    for output in outputs:
        output.finish()


def _written(folder: Path, files: Mapping[str, Iterable[Mapping[str, Any]]]) -> Iterator[Output]:
    for name, lines in files.items():
        output = Output(folder / name)
        for line in lines:
            output.file.write(json_line(line))
        yield output
