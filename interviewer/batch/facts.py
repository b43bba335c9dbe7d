"""What statistics need of a row beyond its judgement: which question, who wrote it, what a person gave it.

Reads cells leniently: whatever stands in a row, nothing is raised for it. Pure.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any

from interviewer.batch.columns import fold, resolve
from interviewer.batch.readers import RawRow
from interviewer.batch.runner import GradedRow
from interviewer.errors import UsageError
from knowledge.errors import nearest

HUMAN: tuple[str, ...] = (
    "human score", "human grade", "human rating", "human mark", "human marks",
    "teacher score", "teacher grade", "teacher mark", "teacher marks", "instructor score", "instructor grade",
    "expert score", "expert grade", "rater score", "rater grade", "examiner score", "interviewer score",
    "reviewer score", "manual score", "manual grade", "gold score", "gold grade", "gold label", "reference score",
    "marks awarded", "points awarded", "awarded marks", "marks obtained",
    "人工评分", "人工打分", "人工分数", "人工得分", "教师评分", "教师打分", "教师分数", "老师评分", "老师打分",
    "专家评分", "专家打分", "面试官评分", "面试官打分", "考官评分", "阅卷得分", "阅卷分数", "评卷得分",
    "参考评分", "参考分数", "标准分数", "实际得分",
)  # fmt: skip
"""Columns that hold the score of a person. A plain `score` is none of them: it may be an earlier judge's."""
PERSON: tuple[str, ...] = (
    "person", "person id", "student id", "student number", "student no", "student", "student name", "candidate id",
    "candidate", "candidate name", "examinee", "examinee id", "participant", "participant id", "user id", "userid",
    "username", "user name", "user", "email", "email address", "e-mail", "full name", "name", "respondent",
    "respondent id", "author", "author id",
    "学号", "考号", "准考证号", "工号", "学生编号", "考生编号", "候选人编号", "学生", "考生", "候选人", "姓名",
    "学生姓名", "考生姓名", "候选人姓名", "用户名", "邮箱", "电子邮箱", "邮箱地址", "手机号", "应聘者", "答题人",
)  # fmt: skip
_LOOKED_AT = 100
_CACHED = 4096
_EXCERPT = 160
_ASK = 600
_LARGEST = 1e15
"""Numbers beyond it are no scores and no names."""
_MARK = re.compile(
    r"(?P<value>[+-]?\d+(?:[.,]\d+)?)\s*"
    r"(?:(?:/|out of|of|／)\s*(?P<top>\d+(?:[.,]\d+)?)|(?P<percent>%))?\s*"
    r"(?:分|点|points?|pts?\.?|marks?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Facts:
    question: str = ""
    """The same for all rows of one question: its id, or one made of its text."""
    ask: str = ""
    """Its text, where the row brings it."""
    person: str = ""
    answer: str = ""
    """The beginning of the answer."""
    human: float | None = None
    """The score that a person gave, as it stands there, at least 0."""
    top: float = 0
    """The most marks there are by the row's own account; 0 when it does not say."""
    unusable: str = ""
    """What stood where the human score should be, and is no score."""


NO_FACTS = Facts()


class FactReader:
    """Reads facts out of rows; columns are found by name, in Chinese and in English.

    `human` and `person` name a column, `max_score` the most marks of the human scores, `constants` the fields that
    have no column and are the same for all rows.
    """

    def __init__(
        self,
        mapping: Mapping[str, str] | None = None,
        *,
        human: str | None = None,
        person: str | None = None,
        max_score: float | None = None,
        constants: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self._mapping = dict(mapping or {})
        self._human, self._person, self._top = human, person, max_score
        self._constants = dict(constants)
        self._fields: dict[tuple[str, ...], dict[str, str]] = {}
        self.columns: dict[str, str] = {}
        """Which column was taken for `human` and for `person`, in the first row that has one."""

    def __call__(self, row: GradedRow) -> Facts:
        if not row.data and row.judgement is None:
            return NO_FACTS
        fields = self._fields_of(tuple(row.data))
        cells: dict[str, Any] = {f: row.data.get(c) for f, c in fields.items()}
        for field, value in self._constants.items():
            if cells.get(field) in (None, ""):
                cells[field] = value
        ask = _text(cells.get("question"))
        human, top, unusable = self._human_score(cells)
        return Facts(
            question=_question(_text(cells.get("question_id")), ask, row),
            ask=ask[:_ASK],
            person=_text(cells.get("person"))[:200],
            answer=_text(cells.get("answer"))[:_EXCERPT],
            human=human,
            top=top,
            unusable=unusable,
        )

    def _human_score(self, cells: Mapping[str, Any]) -> tuple[float | None, float, str]:
        given = cells.get("human")
        if given is None or _text(given) == "":
            return None, 0, ""
        value, own = mark(given)
        top = own or self._top or mark(cells.get("max_score"))[0] or 0
        if value is None or value < 0 or (top and value > top):
            return None, 0, _text(given)[:40]
        return value, top, ""

    def _fields_of(self, columns: tuple[str, ...]) -> dict[str, str]:
        known = self._fields.get(columns)
        if known is None:
            if len(self._fields) >= _CACHED:
                self._fields.clear()
            known = self._fields[columns] = self._find(columns)
        return known

    def _find(self, columns: tuple[str, ...]) -> dict[str, str]:
        found = dict(resolve(columns, self._mapping))
        for field, wanted, names in (("human", self._human, HUMAN), ("person", self._person, PERSON)):
            column = _called(columns, wanted) if wanted else _best(columns, names)
            if column is None and field == "person" and not wanted:
                column = found.get("id")
            if column is not None:
                found[field] = column
                self.columns.setdefault(field, column)
        # Where an answer was HTML, its text is what was judged.
        if "answer_text" in columns:
            found["answer"] = "answer_text"
        return found


def check_columns(rows: Iterable[RawRow], wanted: Mapping[str, str | None]) -> None:
    """Whether the columns that options name are there, in one of the first rows. Raises UsageError.

    `wanted` is option to column; rows without cells do not count.
    """
    named = {option: column for option, column in wanted.items() if column}
    if not named:
        return
    columns: dict[str, None] = {}
    for row in islice(rows, _LOOKED_AT):
        columns.update(dict.fromkeys(row.data))
    for option, column in named.items():
        if columns and _called(tuple(columns), column) is None:
            close = nearest(column, columns, n=3)
            raise UsageError(
                f"{option} {column}: there is no such column"
                + (f"; did you mean {' or '.join(close)}?" if close else ""),
                hint="columns: " + ", ".join(c[:40] for c in list(columns)[:20]),
            )


def mark(cell: Any) -> tuple[float | None, float]:
    """A score as people write it, and the most marks where the cell says so: 8, "8.5 分", "17/20", "85%".

    None for what is no number.
    """
    if isinstance(cell, bool) or cell is None:
        return None, 0
    if isinstance(cell, int | float):
        return (float(cell), 0) if abs(cell) <= _LARGEST else (None, 0)
    if not isinstance(cell, str) or len(cell) > 40:
        return None, 0
    found = _MARK.fullmatch(unicodedata.normalize("NFKC", cell).strip().lstrip("'"))
    if found is None:
        return None, 0
    top = 100.0 if found["percent"] else _number(found["top"] or "0")
    return _number(found["value"]), top


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _question(id: str, ask: str, row: GradedRow) -> str:
    if id:
        return id[:200]
    if ask:
        # As the judge names the rubric of a question that has only a text.
        return "own-" + hashlib.sha256(ask.encode("utf-8", "replace")).hexdigest()[:10]
    # Neither is in the row: it was given to all rows alike, or stands elsewhere.
    return row.judgement.judge.rubric_hash if row.judgement is not None else ""


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool) or not isinstance(cell, int | float) or not abs(cell) <= _LARGEST:
        return ""
    return str(int(cell)) if cell == int(cell) else str(cell)


def _best(columns: Sequence[str], names: Sequence[str]) -> str | None:
    rank = {fold(name): n for n, name in reversed(list(enumerate(names)))}
    known = [(rank[fold(c)], n, c) for n, c in enumerate(columns) if fold(c) in rank]
    return min(known)[2] if known else None


def _called(columns: Sequence[str], wanted: str) -> str | None:
    if wanted in columns:
        return wanted
    return next((c for c in columns if fold(c) == fold(wanted)), None)
