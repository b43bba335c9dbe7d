"""Which column holds what: names people give their columns, in Chinese and in English.

Pure. Knows names only, never a cell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from interviewer.errors import InputError, UsageError
from knowledge.errors import nearest

FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "answer": "what the candidate wrote",
        "question_id": "a question of the map, by its id",
        "question": "the text of a question of one's own",
        "points": 'what a good answer says: JSON, [{"id", "text", "weight"}] or a list of texts',
        "reference": "a complete answer to a question of one's own",
        "lang": "the language to reply in, zh or en; else that of the answer",
        "id": "what the row is called in messages",
        "choice_order": "for choice questions shown in another order: the map's index of each letter shown",
        "max_score": "the most marks on the row's own scale; adds score_scaled",
        "rater": "who marked the row before",
    }
)
"""What a row can bring, and what it is."""

SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "answer": (
            "answer", "student answer", "answer text", "response", "student response", "response text",
            "candidate answer", "submission", "answer content", "reply",
            "回答", "答案", "学生答案", "学生回答", "考生答案", "考生回答", "候选人回答", "作答", "作答内容",
            "答题内容", "回答内容", "答卷", "应答", "学生作答",
        ),
        "question_id": (
            "question id", "questionid", "qid", "question slug", "item id", "question code",
            "题目id", "问题id", "试题id", "题目编号", "问题编号", "试题编号", "题号",
        ),
        "question": (
            "question", "question text", "prompt", "ask", "stem", "question stem",
            "题目", "问题", "试题", "题干", "题面", "题目内容", "问题内容", "面试题",
        ),
        "points": (
            "points", "rubric", "rubric points", "criteria", "key points", "marking scheme", "scoring points",
            "评分点", "采分点", "得分点", "要点", "评分要点", "答题要点", "评分标准", "评分细则",
        ),
        "reference": (
            "reference", "reference answer", "model answer", "sample answer", "expected answer", "expected",
            "ideal answer", "answer key", "gold", "gold answer", "ground truth", "correct answer",
            "参考答案", "标准答案", "参考", "正确答案", "示例答案",
        ),
        "lang": ("lang", "language", "locale", "语言", "语种", "答题语言"),
        "id": (
            "id", "answer id", "row id", "response id", "submission id", "student id", "no", "number", "#",
            "编号", "序号", "学号", "考号", "准考证号", "答卷编号", "回答编号",
        ),
        "choice_order": ("choice order", "option order", "选项顺序"),
        "max_score": (
            "max score", "maxscore", "maximum score", "full score", "full marks", "max points", "max marks",
            "max grade", "maximum", "points possible", "possible points", "out of", "max", "total points",
            "total marks", "total",
            "满分", "满分值", "题目满分", "本题满分", "分值", "题目分值", "本题分值", "总分值",
        ),
        "rater": (
            "rater", "grader", "marker", "assessor", "graded by", "scored by", "annotator",
            "评分人", "评卷人", "阅卷人", "评阅人", "评分者", "打分人", "评分老师", "阅卷老师",
        ),
    }
)  # fmt: skip
_APART = re.compile(r"[\s_\-.:：()（）\[\]【】*/]+")


def fold(name: str) -> str:
    """A column name for comparison: width, case and punctuation do not count."""
    return _APART.sub("", unicodedata.normalize("NFKC", name).casefold())


_FIELD_OF = {fold(name): field for field, names in SYNONYMS.items() for name in names}
_RANK = {fold(name): rank for names in SYNONYMS.values() for rank, name in enumerate(names)}


def known_names(names: Iterable[str]) -> int:
    """How many of the names are ones we know."""
    return sum(fold(n) in _FIELD_OF for n in names)


def field_called(name: str) -> str:
    """The field that is called by this name or by a synonym of it; the name itself when there is none."""
    return name.strip() if name.strip() in FIELDS else _FIELD_OF.get(fold(name), name.strip())


def resolve(columns: Sequence[str], mapping: Mapping[str, str] | None = None) -> dict[str, str]:
    """Field to column, for the fields that these columns hold; a mapping goes before synonyms.

    When two columns could be one field, the better-known name wins, then the first.
    """
    mapping = mapping or {}
    found: dict[str, str] = {}
    for field, wanted in mapping.items():
        column = _find(columns, wanted)
        if column is not None:
            found[field] = column
    taken = set(found.values())
    for column in columns:
        field = _FIELD_OF.get(fold(column), "")
        if not field or field in mapping or column in taken:
            continue
        if field not in found or _RANK[fold(column)] < _RANK[fold(found[field])]:
            found[field] = column
    return found


def check(
    columns: Sequence[str], mapping: Mapping[str, str] | None = None, given: Collection[str] = ()
) -> dict[str, str]:
    """`resolve`, for columns that every row has and fields `given` to all rows alike.

    Raises InputError when no row could be graded, UsageError for a field that has a column and is given too.
    """
    for field, wanted in (mapping or {}).items():
        find_column(columns, wanted, f"--map {field}={wanted}")
    found = resolve(columns, mapping)
    for field in given:
        if field in found:
            raise UsageError(
                f"--set {field}: the column {found[field]!r} holds it already",
                hint=f"leave --set {field} out, or rename the column if it is something else",
            )
    if "answer" not in found:
        raise _missing("answer", columns, found)
    if not {"question_id", "question"} & {*found, *given}:
        raise _missing("question_id", columns, found)
    return found


def find_column(columns: Sequence[str], wanted: str, option: str) -> str:
    """The column that an option names. Raises UsageError with the nearest."""
    column = _find(columns, wanted)
    if column is None:
        close = nearest(wanted, columns, n=3)
        raise UsageError(
            f"{option}: there is no such column" + (f"; did you mean {' or '.join(close)}?" if close else ""),
            hint=f"columns: {_listed(columns)}",
        )
    return column


def _missing(field: str, columns: Sequence[str], found: Mapping[str, str]) -> InputError:
    what = "no column with the answers" if field == "answer" else "no column with question ids or questions"
    free = [c for c in columns if c not in found.values()]
    close = list(dict.fromkeys(c for name in SYNONYMS[field] for c in nearest(name, free, n=2)))
    example = close[0] if close else (free[0] if free else "COLUMN")
    guess = f"; nearest: {_listed(close[:3])}" if close else ""
    other = "one column per question: --ask COLUMN=QUESTION_ID"
    if field != "answer":
        other = "one question for all rows: --set question_id=ID"
    return InputError(
        f"{what}; columns found: {_listed(columns)}{guess}",
        hint=f"name it: --map {field}={_quoted(example)}; {other}",
    )


def _find(columns: Sequence[str], wanted: str) -> str | None:
    if wanted in columns:
        return wanted
    folded = [c for c in columns if fold(c) == fold(wanted)]
    return folded[0] if len(folded) == 1 else None


def _listed(columns: Sequence[str]) -> str:
    shown = [c if len(c) <= 40 else c[:39] + "…" for c in columns[:20]]
    return ", ".join(shown) + (f" and {len(columns) - 20} more" if len(columns) > 20 else "")


def _quoted(name: str) -> str:
    return f'"{name}"' if re.search(r"\s", name) else name
