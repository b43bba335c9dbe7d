"""Rows of a file made ready for a judge: what holds for all rows, questions side by side, HTML as text.

What is judged is always in the row that comes out: a question and an answer taken from a wide file stand in
columns of their own, and so does the text of an answer that was HTML. The columns of the file stay as they came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from interviewer.batch.columns import check, known_names, resolve
from interviewer.batch.html_text import as_text, is_html
from interviewer.batch.parquet import Kind
from interviewer.batch.readers import RawRow, Source
from interviewer.batch.rows import RowError, lang_called, points_in
from interviewer.batch.scale import marks
from interviewer.batch.wide import QuestionNames, check_asked, find_asked
from interviewer.batch.workbook import Worth
from interviewer.errors import InputError, UsageError
from knowledge import KnowledgeMap, UnknownNameError

ANSWER_TEXT = "answer_text"
"""The added column with the text of answers that were HTML; spans of evidence refer to it."""
_LOOKED_AT = 100
"""Rows of JSON Lines looked at before saying that none has an answer."""
_GRADABLE = 1000
"""What a column with answers is worth, in columns that are merely known."""
_CACHED = 4096


@dataclass
class Prepared:
    """A file of answers whose rows can be judged. Iterate it like its source."""

    source: Source
    fields: dict[str, str]
    """Which column was taken for what."""
    mapping: Mapping[str, str]
    constants: Mapping[str, Any]
    asked: dict[str, str]
    """Column to question id, when every column is the answers to one question."""
    html: bool
    """Whether a cell that is HTML is read as its text."""
    html_found: bool | None = None
    """Whether some answer of the whole file is HTML, where that is known: the source may give some rows only."""
    _html_answers: int = 0
    _resolved: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)
    _columns: list[str] | None = None

    def columns(self) -> list[str]:
        """The columns that rows come out with: those of the file, then those added."""
        if self._columns is None:
            columns = list(self.source.columns())
            if self.asked:
                columns += [_free(name, columns) for name in ("question_id", "answer")]
            if self.html and self.any_html():
                columns.append(_free(ANSWER_TEXT, columns))
            self._columns = columns
        return self._columns

    def kinds(self) -> dict[str, Kind]:
        """What each of `columns` holds."""
        found = self.source.kinds()
        return {c: found.get(c, "text") for c in self.columns()}

    def __iter__(self) -> Iterator[RawRow]:
        self._html_answers = 0
        for raw in self.source:
            if raw.error:
                yield raw
            elif self.asked:
                yield from (self._ready(self._one(raw, column)) for column in self.asked)
            else:
                yield self._ready(raw)

    def notes(self) -> list[str]:
        """What is to be told when all rows were read."""
        if not self._html_answers:
            return []
        return [
            f"answers in HTML, read as text: {self._html_answers}; the text is in the column {ANSWER_TEXT}, "
            "and --no-html judges the cells as they are"
        ]

    def _one(self, raw: RawRow, column: str) -> RawRow:
        """One person's answer to one question."""
        question = self.asked[column]
        fields = self._fields_of(raw)
        name = str(raw.data.get(fields.get("id", ""), "") or f"row {raw.number}").strip()
        given: dict[str, Any] = {"question_id": question, "id": f"{name[:100]} {question}"}
        data = dict(raw.data)
        data[_free("question_id", raw.data)] = question
        if column not in raw.data:
            return RawRow(raw.number, data, f"no answer: the row has no cell for {column!r}", raw.raw, given)
        given["answer"] = data[_free("answer", raw.data)] = raw.data[column]
        return RawRow(raw.number, data, None, raw.raw, given)

    def _ready(self, raw: RawRow) -> RawRow:
        if raw.error:
            return raw
        fields = self._fields_of(raw)
        given = {f: v for f, v in self.constants.items() if f not in fields} | dict(raw.given)
        if self.html:
            for field_ in ("question", "reference"):
                value = raw.data.get(fields.get(field_, ""))
                if is_html(value):
                    given[field_] = _text(str(value))
            answer = given["answer"] if "answer" in given else raw.data.get(fields.get("answer", ""))
            if is_html(answer):
                self._html_answers += 1
                given["answer"] = as_text(answer)
                raw.data = raw.data | {_free(ANSWER_TEXT, raw.data): given["answer"]}
        raw.given = given
        return raw

    def _fields_of(self, raw: RawRow) -> dict[str, str]:
        keys = tuple(raw.data)
        if keys not in self._resolved:
            if len(self._resolved) >= _CACHED:
                self._resolved.clear()
            self._resolved[keys] = resolve(keys, self.mapping)
        return self._resolved[keys]

    def any_html(self) -> bool:
        """Whether some answer is HTML. All rows are looked at: a column cannot be added halfway."""
        if self.html_found is not None:
            return self.html_found
        for raw in self.source:
            columns = self.asked or (self._fields_of(raw).get("answer", ""),)
            if raw.error is None and any(is_html(raw.data.get(c)) for c in columns):
                return True
        return False


def prepare(
    source: Source,
    the_map: KnowledgeMap,
    *,
    mapping: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    asked: Mapping[str, str] | None = None,
    html: bool = True,
    html_found: bool | None = None,
    notice: Callable[[str], None] = lambda _: None,
) -> Prepared:
    """Find out which column is what, and say what is added. For `html_found` see `Prepared`.

    Raises InputError when no row could be graded, UsageError for an option that does not fit the file.
    """
    mapping, constants = dict(mapping or {}), dict(constants or {})
    columns = _some_columns(source)
    _check_constants(constants, the_map)
    found: dict[str, str] = {}
    if asked and "answer" in mapping:
        raise UsageError("--map answer=… does not go with --ask", hint="--ask names the columns with the answers")
    if asked:
        found = check_asked(asked, columns, the_map)
    elif "answer" not in resolve(columns, mapping) and not {"question_id", "question"} & set(constants):
        found = find_asked(columns, QuestionNames(the_map))
        if found:
            _check_header(source, found, the_map)
            notice(f"{source.name}: one column per question, one row per person: {_listed(found)}")
    if found:
        if taken := {"question_id", "question", "points", "reference"} & set(constants):
            raise UsageError(f"--set {min(taken)} does not go with --ask: every column has its own question")
        rest = {f: c for f, c in resolve(columns, mapping).items() if f in ("id", "lang", "max_score", "rater")}
        fields = {f: c for f, c in rest.items() if c not in found}
        if clash := set(fields) & set(constants):
            check(columns, mapping, clash)
    else:
        fields = check(columns, mapping, constants)
    prepared = Prepared(source, fields, mapping, constants, found, html, html_found)
    if "max_score" in fields:
        notice(f"score_scaled is out of the column {fields['max_score']!r}")
    return prepared


def worth_of(the_map: KnowledgeMap, mapping: Mapping[str, str], asked: Mapping[str, str]) -> Worth:
    """How much a header is worth when looking for the sheet and the row to read: most, when rows can be graded."""
    names = QuestionNames(the_map)
    wanted = {*mapping.values(), *asked}

    def worth(columns: Sequence[str], below: bool) -> int:
        known = known_names(columns) + sum(c.strip() in wanted for c in columns)
        gradable = "answer" in resolve(columns, mapping) or any(c.strip() in asked for c in columns)
        if not gradable and not below:
            # Further down, the text of a question stands in a row about it.
            gradable = bool(find_asked([c for c in columns if c.strip()], names))
        return known + (_GRADABLE if gradable else 0)

    return worth


def _some_columns(source: Source) -> list[str]:
    if not source.ragged:
        return source.columns()
    keys: dict[str, None] = {}
    for n, row in enumerate(source):
        keys.update(dict.fromkeys(row.data))
        if n + 1 >= _LOOKED_AT:
            break
    if not keys:
        raise InputError(f"{source.name}: no line holds a JSON object", hint="write one object per line")
    return list(keys)


def _check_header(source: Source, asked: Mapping[str, str], the_map: KnowledgeMap) -> None:
    """A question's id at the top of a column is a header, unless the id of a question stands below it.

    Raises InputError for a file that begins with a row of answers.
    """
    by_id = [c for c, question in asked.items() if c.strip() == question]
    if not by_id:
        return
    first = next((row for row in source if not row.error), None)
    if first is not None and any(str(first.data.get(c, "")).strip() in the_map.questions for c in by_id):
        raise InputError(
            f"{source.name} has no header row: it begins with an answer to {asked[by_id[0]]}",
            hint="put the names of the columns into the first row: id,question_id,answer",
        )


def _check_constants(constants: Mapping[str, Any], the_map: KnowledgeMap) -> None:
    if "question_id" in constants and "question" not in constants:
        try:
            the_map.question(str(constants["question_id"]).strip())
        except UnknownNameError as e:
            raise UsageError(f"--set question_id: {e}", hint="`interviewer questions` lists them") from None
    if "lang" in constants and lang_called(constants["lang"]) is None:
        raise UsageError(f"--set lang={constants['lang']}: neither zh nor en")
    if "max_score" in constants and marks(constants["max_score"]) is None:
        raise UsageError(f"--set max_score={constants['max_score']}: not a number above 0")
    if "points" in constants:
        try:
            points_in(constants["points"])
        except RowError as e:
            raise UsageError(
                f"--set points: {e}", hint='such as [{"id": "init", "text": "B starts at zero"}]'
            ) from None


def _free(name: str, taken: Mapping[str, Any] | Sequence[str]) -> str:
    """`name`, or `name (2)` where a column is called so already."""
    free, copy = name, 2
    while free in taken:
        free, copy = f"{name} ({copy})", copy + 1
    return free


def _listed(asked: Mapping[str, str]) -> str:
    shown = [f"{c[:30]!r} is {q}" for c, q in list(asked.items())[:4]]
    return "; ".join(shown) + (f"; and {len(asked) - 4} more" if len(asked) > 4 else "")


@lru_cache(maxsize=256)
def _text(cell: str) -> str:
    return as_text(cell)
