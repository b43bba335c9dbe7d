"""One row as a draft of an answer: which answer it is, and the marks in it as they were written."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evals.datasets import EvalAnswer, Item
from evals.imported.cells import Cell, NoMarkError, read_cell
from evals.imported.columns import Layout
from evals.imported.scales import Scale, parse_scale
from evals.imported.shapes import Fault
from interviewer.batch import RawRow
from interviewer.errors import UsageError
from interviewer.judge.normalise import language
from interviewer.text import one_line
from knowledge import KnowledgeMap
from knowledge.models import Question

_SEEN = ("question_id", "question", "points", "reference", "lang", "choice_order")


@dataclass
class Written:
    """A mark as it was written, before its scale is known."""

    rater: str
    cell: Cell
    scale: Scale | None = None
    """Where the row says it."""
    unsaid: bool = False
    """Whether the row leaves out what the others say."""


@dataclass
class Draft:
    row: int
    file: str = ""
    usable: bool = False
    id: str = ""
    question: str = ""
    cells: dict[str, Any] = field(default_factory=dict)
    marks: list[Written] = field(default_factory=list)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    of_the_set: Item | EvalAnswer | None = None

    def fault(self, error: str, rater: str | None = None, raw: str | None = None) -> Fault:
        return Fault(self.row, error, self.id, rater, self.file, raw)


class _UnusableError(Exception):
    """Why a row is no graded answer."""


def draft_of(
    row: RawRow,
    layout: Layout,
    known: Mapping[str, Item | EvalAnswer],
    the_map: KnowledgeMap,
    file: str,
    faults: list[Fault],
) -> Draft:
    """The draft of a row; what is wrong with it goes to `faults`. Only a usable draft has an answer."""
    draft = Draft(row.number, file)
    if row.error:
        faults.append(draft.fault(row.error, raw=row.raw))
        return draft
    found = layout.fields
    value = row.data.get(found["id"]) if "id" in found else None
    draft.id = str(value).strip()[:200] if isinstance(value, str | int | float) else ""
    try:
        _identify(draft, row.data, found, known)
        ratings = list(_ratings(row.data, layout))
    except _UnusableError as e:
        faults.append(draft.fault(str(e)))
        return draft
    draft.usable = True
    for rater, raw, scale in ratings:
        if not rater:
            faults.append(draft.fault("a rating without a rater"))
            continue
        try:
            cell = read_cell(raw)
            if cell is not None:
                said = _row_scale(row.data, layout, scale)
                draft.marks.append(Written(rater, cell, said, said is None and layout.most is not None))
        except NoMarkError as e:
            faults.append(draft.fault(f"{rater}: {e}", rater))
    _add_details(draft, row.data, layout, the_map, faults)
    return draft


def _identify(
    draft: Draft, data: Mapping[str, Any], found: Mapping[str, str], known: Mapping[str, Item | EvalAnswer]
) -> None:
    """Which answer to which question. Raises _UnusableError."""
    answer = data.get(found["answer"]) if "answer" in found else None
    if isinstance(answer, int | float) and not isinstance(answer, bool):
        answer = str(answer)
    if answer is not None and not isinstance(answer, str):
        raise _UnusableError(f"the answer is a JSON {type(answer).__name__}, not text")
    if draft.id in known:
        draft.of_the_set = item = known[draft.id]
        of_set = item.answer if isinstance(item, Item) else item
        if answer and _squeezed(answer) != _squeezed(of_set.answer):
            raise _UnusableError(f"the answer {draft.id!r} of the eval set reads otherwise")
        draft.question = of_set.question_id
        draft.cells = {
            "question_id": of_set.question_id, "answer": of_set.answer, "lang": of_set.lang,
            "choice_order": of_set.choice_order,
        }  # fmt: skip
        return
    if not answer or not answer.strip():
        raise _UnusableError(
            "no answer" if "answer" in found or not draft.id else f"the eval set has no answer {draft.id!r}"
        )
    cells = {f: data[found[f]] for f in _SEEN if f in found and data.get(found[f]) not in (None, "")}
    draft.cells = {**cells, "answer": answer}
    question = cells.get("question_id") or cells.get("question")
    if not isinstance(question, str | int | float) or not str(question).strip():
        raise _UnusableError("no question: neither a question_id nor a question")
    draft.question = _squeezed(str(question))


def _ratings(data: Mapping[str, Any], layout: Layout) -> Iterator[tuple[str, Any, Any]]:
    """Rater, cell, and the scale that stands beside it. Raises _UnusableError."""
    if layout.rated is not None:
        yield from _rated(data.get(layout.rated))
    if layout.rater is not None:
        column = layout.ratings[0] if layout.ratings else ""
        rater = called(data.get(layout.rater))
        if not rater:
            raise _UnusableError(f"no rater in {layout.rater!r}")
        yield rater, data.get(column), None
        return
    for column in layout.ratings:
        yield called(column), data.get(column), None


def _rated(value: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(value, dict):
        value = [{"rater": r, **(v if isinstance(v, dict) else {"rating": v})} for r, v in value.items()]
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise _UnusableError("ratings must be an object from raters to ratings, or a list of objects")
    for v in value:
        yield called(v.get("rater")), v.get("rating"), v.get("scale")


def called(name: Any) -> str:
    """A rater's name, safe to show: width and blanks do not count."""
    if not isinstance(name, str | int | float) or isinstance(name, bool):
        return ""
    return one_line(unicodedata.normalize("NFKC", str(name)))[:80]


def _row_scale(data: Mapping[str, Any], layout: Layout, beside: Any) -> Scale | None:
    """The scale that the row says, if it says one. Raises NoMarkError."""
    said = beside if beside is not None else data.get(layout.scale) if layout.scale else None
    try:
        if isinstance(said, list) and len(said) == 2:
            return Scale(*map(float, said))
        if isinstance(said, str) and said.strip():
            return parse_scale(said)
        if layout.most is None:
            return None
        most = read_cell(data.get(layout.most))
        return Scale(0.0, most.value) if most is not None and most.word is None else None
    except (ValueError, TypeError, UsageError, NoMarkError):
        what = said if said is not None else data.get(layout.most or "")
        raise NoMarkError(f"{str(what)[:40]!r} is no scale") from None


def _add_details(
    draft: Draft, data: Mapping[str, Any], layout: Layout, the_map: KnowledgeMap, faults: list[Fault]
) -> None:
    """Credits per point, where one rater gave them for all points of a question of the map."""
    given = [(m.rater, data) for m in draft.marks if len(draft.marks) == 1 and layout.rated is None]
    if layout.rated is not None and isinstance(data.get(layout.rated), list):
        given = [(called(v.get("rater")), v) for v in data[layout.rated] if v.get("points")]
    for rater, source in given:
        credits = source.get("points") if layout.rated else source.get(layout.credits) if layout.credits else None
        if isinstance(credits, str) and credits.strip().startswith("{"):
            try:
                credits = json.loads(credits)
            except ValueError:
                credits = None
        if not isinstance(credits, dict):
            continue
        question = the_map.questions.get(draft.question)
        if question is None:
            continue
        if why := _misfit(credits, question):
            faults.append(draft.fault(f"{rater}: the credits are left out: {why}", rater))
            continue
        beliefs = {m.id for m in question.misconceptions}
        found = source.get("misconceptions")
        draft.details[rater] = {
            "points": credits,
            "misconceptions": [m for m in found if m in beliefs] if isinstance(found, list) else [],
            "note": n if isinstance(n := source.get("note"), str) else "",
        }


def _misfit(credits: Mapping[str, Any], question: Question) -> str | None:
    ids = [p.id for p in question.points]
    if missing := [i for i in ids if i not in credits]:
        return f"no value for {', '.join(missing)}"
    if unknown := [str(i) for i in credits if i not in ids]:
        return f"no such point: {', '.join(unknown)[:100]}"
    if any(isinstance(v, bool) or v not in (0, 0.5, 1) for v in credits.values()):
        return "a credit is 0, 0.5 or 1"
    return None


def language_of(cells: Mapping[str, Any]) -> str:
    """zh, en or mixed: as the row says, else the language of the answer."""
    given = cells.get("lang")
    return given if given in ("zh", "en", "mixed") else language(str(cells["answer"]))


def _squeezed(text: str) -> str:
    return " ".join(text.split())
