"""Which columns of a file hold ratings, and whose: by name in both languages, checked against what the cells hold.

Pure. What the other columns are (question, answer, reference, …) `interviewer.batch` knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evals.imported.cells import NoMarkError, read_cell
from interviewer.batch import resolve
from interviewer.batch.columns import fold
from interviewer.errors import InputError, UsageError
from interviewer.models import Judgement
from interviewer.text import truncate
from knowledge.errors import nearest

_WHO = (
    "rater|grader|marker|judge|annotator|assessor|teacher|tutor|expert|reviewer|evaluator|examiner|human|instructor|ta|"
    "老师|教师|专家|评委|评分人|评分员|评分者|评卷人|评卷员|阅卷人|阅卷员|评阅人|打分人|考官|面试官|人工|"
    "(?:阅卷|评卷|评分|评阅)(?:老师|教师)"
)
_WHAT = "scores?|grades?|marks?|ratings?|评分|得分|分数|打分|成绩|给分|评级|等级|等第|評分|分數|成績"
_N = r"(?:\d{1,2}|[a-z]|[一二三四五六七八九十甲乙丙丁戊])?"
_BARE = re.compile(f"(?:{_WHAT})")
_SPECIFIC = re.compile(
    f"(?:input)?(?:{_WHO}){_N}(?:的)?(?:{_WHAT})?{_N}|(?:{_WHAT}){_N}|(?:{_WHAT})(?:by|of|from)?(?:{_WHO}){_N}"
    f"|[\u4e00-\u9fff]{{1,8}}?(?:评分|打分|给分|得分)|[\u4e00-\u9fff]{{1,3}}(?:老师|教师)"
)
_NOT = re.compile(
    r"max|full|满分|分值|标准|细则|理由|评语|备注|说明|方差|标准差|排名|名次|时间|日期|得分点|得分率|机评|自动评分|模型"
    r"|reason|comment|rationale|feedback|explanation"
)
_NOT_TOKENS = frozenset(
    {"note", "notes", "std", "sd", "var", "rank", "date", "time", "level", "ai", "model", "auto", "id"}
)
_DERIVED = re.compile(r"mean|average|total|consensus|adjudicated|平均|均分|总分|总评|合计|最终|终评|综合")
_DERIVED_TOKENS = frozenset({"avg", "final", "sum", "gold"})
_RATER = frozenset(
    fold(n)
    for n in (
        "rater", "grader", "marker", "assessor", "annotator", "reviewer", "evaluator", "examiner", "judge", "teacher",
        "rater id", "rater name", "grader id", "grader name", "annotator id", "graded by", "rated by", "scored by",
        "marked by", "评分人", "评分员", "评分者", "评卷人", "评卷员", "阅卷人", "阅卷员", "评阅人", "打分人", "评委",
        "专家", "老师", "教师", "评分老师", "阅卷老师", "评卷老师", "评分教师", "阅卷教师",
    )
)  # fmt: skip
_MOST = frozenset(
    fold(n)
    for n in (
        "max score", "score max", "maximum score", "full score", "full marks", "max marks", "max points", "max grade",
        "points possible", "out of", "满分", "满分值", "题目满分", "本题满分", "分值", "题目分值", "本题分值",
    )
)  # fmt: skip
_SCALE = frozenset(fold(n) for n in ("scale", "rating scale", "score range", "量表", "评分范围", "分数范围"))
_CREDITS = frozenset(
    fold(n) for n in ("credits", "point credits", "point scores", "采分点得分", "要点得分", "各点得分")
)
_ANSWER_ID = frozenset(fold(n) for n in ("answer id", "回答编号", "答卷编号", "答案编号", "回答id", "答案id"))
_OF_A_JUDGEMENT = frozenset(Judgement.model_fields)
_FIELDS = ("answer", "question_id", "question", "points", "reference", "lang", "id", "choice_order")
_SAMPLE = 2000


@dataclass(frozen=True)
class Layout:
    """Which column is what."""

    fields: Mapping[str, str]
    """What a judge may see, as `interviewer.batch.resolve` finds it."""
    ratings: tuple[str, ...] = ()
    """Columns with a rating each; the one with the rating where `rater` is set."""
    rater: str | None = None
    """The column that names the rater, where a row is one rating."""
    rated: str | None = None
    """A column of JSON that holds all ratings of its row."""
    most: str | None = None
    scale: str | None = None
    credits: str | None = None
    left: tuple[tuple[str, str], ...] = ()
    """Columns that are called like ratings and are not taken, and why."""


def find_layout(
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    mapping: Mapping[str, str] | None = None,
    *,
    ratings: Sequence[str] = (),
    rater: str | None = None,
) -> Layout:
    """Raises UsageError when an option names no column or the ratings are ambiguous, InputError when there are none."""
    mapping = dict(mapping or {})
    rows = rows[:_SAMPLE]
    for option, wanted in [("--rating", r) for r in ratings] + [("--rater", rater)] * (rater is not None):
        named(columns, str(wanted), option)
    if "id" not in mapping and (own := [c for c in columns if fold(c) in _ANSWER_ID]):
        mapping["id"] = own[0]
    chosen = [named(columns, r, "--rating") for r in ratings]
    taken = {*chosen, *([named(columns, rater, "--rater")] if rater else [])}
    known = resolve([c for c in columns if c not in taken], mapping)
    fields = {f: known[f] for f in _FIELDS if f in known}
    free = [c for c in columns if c not in fields.values()]

    def called(names: frozenset[str]) -> str | None:
        return next((c for c in free if fold(c) in names), None)

    most, scale, credits = called(_MOST), called(_SCALE), called(_CREDITS)
    if credits is None and "points" in fields and _holds_credits(rows, fields["points"]):
        credits = fields.pop("points")
    rated = next((c for c in free if fold(c) == "ratings" and _holds_objects(rows, c)), None)
    layout = Layout(fields, rated=rated, most=most, scale=scale, credits=credits)
    free = [c for c in free if c not in (most, scale, credits, rated)]
    if chosen:
        who = named(columns, rater, "--rater") if rater else _rater(free, chosen, rows) if len(chosen) == 1 else None
        return replace(layout, ratings=tuple(chosen), rater=who)
    found, left = _candidates(free, rows)
    who = named(columns, rater, "--rater") if rater else _rater(free, found, rows)
    found = [c for c in found if c != who]
    left = [x for x in left if x[0] != who]
    found, more = _independent(found, who)
    if not found and rated is None:
        why = "; ".join(f"{_name(c)} {why}" for c, why in left)
        raise InputError(
            f"no column with ratings; columns found: {_listed(columns)}" + (f" ({why})" if why else ""),
            hint=f"name it: --rating {_quoted(columns[-1]) if columns else 'COLUMN'}; repeat it for several raters",
        )
    return replace(layout, ratings=tuple(found), rater=who, left=tuple(left + more))


def named(columns: Sequence[str], wanted: str, option: str) -> str:
    """The column that an option names. Raises UsageError with the nearest."""
    folded = [c for c in columns if c == wanted] or [c for c in columns if fold(c) == fold(wanted)]
    if len(folded) == 1:
        return folded[0]
    close = nearest(wanted, columns, n=3)
    raise UsageError(
        f"{option} {wanted}: there is no such column" + (f"; did you mean {' or '.join(close)}?" if close else ""),
        hint=f"columns: {_listed(columns)}",
    )


def _candidates(free: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[tuple[str, str]]]:
    """Columns that are called like ratings and hold them, and those that only are called so."""
    found: list[str] = []
    left: list[tuple[str, str]] = []
    graded = {"interval", "needs_review"} <= set(free)
    for column in free:
        if graded and column in _OF_A_JUDGEMENT:
            if _kind(column):
                left.append((column, "is a judge's, from `interviewer grade`"))
        elif _kind(column):
            marks, other = _filling(rows, column)
            if marks > other:
                found.append(column)
            else:
                left.append((column, "holds no ratings" if other else "is empty"))
    return found, left


def _independent(found: Sequence[str], rater: str | None) -> tuple[list[str], list[tuple[str, str]]]:
    """The candidates without those that are probably made of the others. Raises UsageError when that is not clear."""
    own = [c for c in found if _kind(c) == "specific"]
    bare = [c for c in found if _kind(c) == "bare"]
    chosen = own or bare or list(found)
    if rater is not None:
        chosen = bare or own or list(found)
    if len(chosen) > 1 and (rater is not None or chosen is not own):
        raise UsageError(
            f"several columns may hold the ratings: {_listed(chosen)}",
            hint=f"say which: --rating {_quoted(chosen[0])}; repeat it if each is a rater's",
        )
    why = "seems made of the others; --rating takes it in"
    return chosen, [(c, why) for c in found if c not in chosen]


def _kind(column: str) -> str | None:
    """`specific` for one rater's ratings, `bare` for ratings, `derived` for what is made of them; by name."""
    tokens = {t for t in re.split(r"[\s_\-.:()\[\]/]+", unicodedata.normalize("NFKC", column).casefold()) if t}
    folded = fold(column)
    if _NOT.search(folded) or tokens & _NOT_TOKENS:
        return None
    token_named = any(_BARE.fullmatch(t) for t in tokens)
    derived = bool(_DERIVED.search(folded) or tokens & _DERIVED_TOKENS)
    if not (_SPECIFIC.fullmatch(folded) or token_named):
        return "derived" if derived and folded.endswith("分") else None
    if derived:
        return "derived"
    return "bare" if _BARE.fullmatch(folded) else "specific"


def _rater(free: Sequence[str], ratings: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str | None:
    """The column that names raters: called so, beside a column of ratings, and not one of several with marks."""
    for column in free:
        if fold(column) not in _RATER:
            continue
        others = [c for c in ratings if c != column]
        own = sum(_kind(c) == "specific" for c in others)
        marks, other = _filling(rows, column)
        if others and own < 2 and (other > marks or (marks and not own)):
            return column
    return None


def _filling(rows: Sequence[Mapping[str, Any]], column: str) -> tuple[int, int]:
    """How many cells hold a mark, and how many something else."""
    marks = other = 0
    for row in rows:
        cell = row.get(column)
        if isinstance(cell, str) and cell.strip() == column.strip():
            continue
        try:
            marks += read_cell(cell) is not None
        except NoMarkError:
            other += 1
    return marks, other


def _holds_objects(rows: Sequence[Mapping[str, Any]], column: str) -> bool:
    return any(isinstance(r.get(column), dict | list) for r in rows)


def _holds_credits(rows: Sequence[Mapping[str, Any]], column: str) -> bool:
    """Whether objects from points to numbers stand there, and no points to grade against."""
    cells = [c for r in rows if isinstance(c := r.get(column), dict) and c]
    return bool(cells) and all(isinstance(v, int | float) for c in cells for v in c.values())


def _name(column: str) -> str:
    return truncate(column, 40)


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(map(_name, columns[:20])) + (f" and {len(columns) - 20} more" if len(columns) > 20 else "")


def _quoted(name: str) -> str:
    return f'"{_name(name)}"' if re.search(r"\s", name) else _name(name)
