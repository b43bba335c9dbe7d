"""From a row of a file to what a judge needs: a rubric, an answer, a language.

A row that cannot be graded raises RowError with a reason a person can act on. Rubrics are compiled once
per distinct question.
"""

from __future__ import annotations

import json
import math
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from interviewer.batch.columns import resolve
from interviewer.batch.readers import RawRow
from interviewer.batch.wide import QuestionNames
from interviewer.errors import InputError
from interviewer.judge.normalise import language
from interviewer.judge.rubric import own_rubric, question_rubric
from interviewer.models import Rubric
from knowledge import KnowledgeMap, UnknownNameError
from knowledge.models import Kind, Lang

_LANGS: dict[str, Lang] = {
    "zh": "zh", "cn": "zh", "chinese": "zh", "zh-cn": "zh", "zh-hans": "zh", "zh-tw": "zh",
    "中文": "zh", "汉语": "zh",
    "en": "en", "eng": "en", "english": "en", "en-us": "en", "en-gb": "en", "英文": "en", "英语": "en",
}  # fmt: skip
_FAILED_FORMULA = re.compile(
    r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|ERROR!|FIELD!|BLOCKED!|GETTING_DATA)|Err:\d{3}"
)
"""What Excel, Google Sheets and LibreOffice show for a formula that failed; exports hold it as text."""
_CACHED = 4096
T = TypeVar("T")


class RowError(Exception):
    """Why one row cannot be graded."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be judged."""

    number: int
    id: str
    rubric: Rubric
    answer: str
    lang: Lang


class RowBuilder:
    """Makes rows of raw rows: finds the columns, the question and its rubric."""

    def __init__(
        self, the_map: KnowledgeMap, mapping: Mapping[str, str] | None = None, *, lang: Lang | None = None
    ) -> None:
        self._map = the_map
        self._mapping = dict(mapping or {})
        self._lang = lang
        self._fields: OrderedDict[tuple[str, ...], dict[str, str]] = OrderedDict()
        self._names = QuestionNames(the_map)
        self._unknown: OrderedDict[str, str] = OrderedDict()
        self._rubrics: OrderedDict[tuple[Any, ...], Rubric] = OrderedDict()

    def build(self, raw: RawRow) -> Row:
        """Raises RowError."""
        if raw.error:
            raise RowError(raw.error)
        keys = tuple(raw.data)
        fields = _kept(self._fields, keys, lambda: resolve(keys, self._mapping))
        cells = {field: raw.data[column] for field, column in fields.items()} | dict(raw.given)
        answer = _answer(cells)
        lang = self._language(cells, answer)
        return Row(raw.number, self.id_of(raw), self._rubric(cells, lang), answer, lang)

    def id_of(self, raw: RawRow) -> str:
        """What the row is called, "" when it has no name."""
        if "id" in raw.given:
            return str(raw.given["id"])[:200]
        keys = tuple(raw.data)
        fields = _kept(self._fields, keys, lambda: resolve(keys, self._mapping))
        value = raw.data.get(fields["id"]) if "id" in fields else None
        return str(value).strip()[:200] if isinstance(value, str | int | float) else ""

    def _language(self, cells: Mapping[str, Any], answer: str) -> Lang:
        return lang_called(cells.get("lang")) or self._lang or language(answer)

    def _rubric(self, cells: Mapping[str, Any], lang: Lang) -> Rubric:
        question_id = _text(cells.get("question_id"))
        if question_id and ("question" not in cells or question_id in self._map.questions):
            return self._of_the_map(question_id, cells.get("choice_order"), lang)
        question = _text(cells.get("question"))
        if not question and question_id:
            return self._of_the_map(question_id, cells.get("choice_order"), lang)
        if not question:
            raise RowError("no question: neither a question_id nor a question")
        points = points_in(cells.get("points"))
        reference = _text(cells.get("reference"))
        if points is None and not reference:
            if question_id:
                return self._of_the_map(question_id, None, lang)
            if known := self._names.find(question):
                return self._of_the_map(known, cells.get("choice_order"), lang)
        key = ("own", question_id, question, json.dumps(points, sort_keys=True, default=str), reference)
        try:
            return _kept(self._rubrics, key, lambda: own_rubric(question, points, reference, id=question_id))
        except InputError as e:
            raise RowError(e.message) from None
        except ValidationError as e:
            fault = e.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(map(str, fault["loc"]))
            raise RowError(f"the points cannot be used: {place}: {fault['msg']}") from None

    def _of_the_map(self, question_id: str, order: Any, lang: Lang) -> Rubric:
        if question_id not in self._map.questions:
            # Looking for the nearest names takes milliseconds; a wrong name often fills a whole column.
            raise RowError(_kept(self._unknown, question_id, lambda: self._no_such(question_id)))
        question = self._map.questions[question_id]
        shown: tuple[int, ...] = ()
        if question.kind is Kind.CHOICE and order not in (None, ""):
            shown = _order(order, len(question.choices))
        return _kept(self._rubrics, ("map", question_id, lang, shown), lambda: question_rubric(question, lang, shown))

    def _no_such(self, question_id: str) -> str:
        error = UnknownNameError("question", question_id, self._map.questions)
        skill = question_id.split(".")[0].strip().casefold()
        same = [q for q in error.known if q.split(".")[0] == skill][:3]
        return str(error) + (f"; of this skill: {', '.join(same)}" if same and not error.nearest else "")


def _kept(store: OrderedDict[Any, T], key: Any, make: Callable[[], T]) -> T:
    """The value made for this key before, among the last ones used."""
    if key in store:
        store.move_to_end(key)
        return store[key]
    made = store[key] = make()
    if len(store) > _CACHED:
        store.popitem(last=False)
    return made


def lang_called(name: Any) -> Lang | None:
    """The language of this name or code; None for any other value."""
    return _LANGS.get(name.strip().casefold().replace("_", "-")) if isinstance(name, str) else None


def _answer(cells: Mapping[str, Any]) -> str:
    """The answer as it stands; an empty one is an answer, a missing one is not."""
    value = cells.get("answer")
    if value is None:
        why = "the answer is null" if "answer" in cells else "the row has no cell for it"
        raise RowError(f"no answer: {why}")
    if isinstance(value, str):
        _no_failure(value)
        return value
    if isinstance(value, float) and math.isnan(value):
        raise RowError("no answer: the answer is not a number (NaN), which is how some programs write nothing")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowError(f"the answer is a JSON {type(value).__name__}, not text")
    return str(value)


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        _no_failure(value)
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise RowError(f"expected text, found a JSON {type(value).__name__}")


def _no_failure(cell: str) -> None:
    """Raises RowError for what a spreadsheet shows in place of a value that it could not make out."""
    if cell.startswith(("#", "Err:")) and _FAILED_FORMULA.fullmatch(cell.strip()):
        raise RowError(f"a cell holds {cell.strip()}, which is a formula that failed in the spreadsheet")


def points_in(value: Any) -> list[Mapping[str, Any]] | None:
    """Points as a list of objects; a cell holds JSON, or one point per line."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if text[0] in "[{":
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as e:
                raise RowError(f"points are not valid JSON: {str(e)[:120]}") from None
        else:
            value = [line.strip(" \t-•*·") for line in text.splitlines() if line.strip(" \t-•*·")]
    if value is None or value == []:
        return None
    if isinstance(value, dict):
        if "points" in value:
            return points_in(value["points"])
        if "text" in value or "zh" in value or "en" in value:
            value = [value]
        else:
            value = [{"id": k, **(v if isinstance(v, dict) else {"text": v})} for k, v in value.items()]
    if not isinstance(value, list):
        raise RowError(f"points must be a list, found a JSON {type(value).__name__}")
    out: list[Mapping[str, Any]] = []
    for n, point in enumerate(value, 1):
        if isinstance(point, str):
            point = {"text": point}
        if not isinstance(point, dict):
            raise RowError(f"point {n} must be an object with a text")
        out.append(point)
    return out


def _order(value: Any, options: int) -> tuple[int, ...]:
    try:
        order = json.loads(value) if isinstance(value, str) else value
        shown = tuple(int(i) for i in order)
    except (ValueError, TypeError):
        raise RowError(f"choice_order {str(value)[:60]!r} is not a list of indexes") from None
    if sorted(shown) != list(range(options)):
        raise RowError(f"choice_order must hold each of 0 to {options - 1} once")
    return shown
