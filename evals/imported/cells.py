"""One cell as a mark: `8`, `8分`, `7.5/10`, `７，５`, `B+`, `优`; or that nothing was given. Pure; knows no scale."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from interviewer.text import truncate

MISSING = frozenset(
    {
        "", "-", "--", "---", "–", "—", "——", "/", "\\", ".", "?", "...", "…", "na", "n/a", "#n/a", "n.a.", "nan",
        "nil", "null", "none", "missing", "absent", "blank", "empty", "not graded", "not rated", "ungraded", "unrated",
        "tbd", "缺", "缺考", "缺席", "缺失", "弃考", "免考", "未考", "未交", "未评", "未评分", "未打分", "未批改",
        "待评", "无", "空", "暂无", "无评分", "没有",
    }
)  # fmt: skip
"""What people write where there is no mark, folded."""
LETTERS = "FEDCBA"
_FIVE = {
    "优": 4,
    "优秀": 4,
    "良": 3,
    "良好": 3,
    "中": 2,
    "中等": 2,
    "及格": 1,
    "合格": 1,
    "差": 0,
    "不及格": 0,
    "不合格": 0,
}
_PASS = frozenset({"及格", "合格"})
_NUMBER = r"\d+(?:[.,]\d+)?|[.,]\d+"
_UNIT = r"(?:分|点|points?|pts?\.?|marks?)"
_MARK = re.compile(
    rf"([+-]?(?:{_NUMBER}))\s*{_UNIT}?\s*\(?(?:(?:/|out\s+of|of|满分|共)\s*({_NUMBER})\s*{_UNIT}?)?\)?|({_NUMBER})\s*%"
)
_DATE = re.compile(r"\d{1,2}月\d{1,2}日|\d{1,4}[-/]\d{1,2}[-/]\d{1,4}.*|\d{1,2}-[a-z]{3,}|[a-z]{3,}-\d{1,2}")


class NoMarkError(Exception):
    """A cell that holds something, but no mark."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A mark as written: a number, perhaps of so many; or a word."""

    value: float = 0.0
    out_of: float | None = None
    word: str | None = None


def read_cell(raw: Any) -> Cell | None:
    """The mark in a cell, None where none was given. Raises NoMarkError."""
    if raw is None or (isinstance(raw, float) and math.isnan(raw)):
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise NoMarkError(f"a JSON {type(raw).__name__} is no rating")
    if isinstance(raw, int | float):
        if not math.isfinite(raw):
            raise NoMarkError(f"{raw} is no rating")
        return Cell(float(raw))
    text = unicodedata.normalize("NFKC", raw).strip().strip("'\"").strip().casefold()
    if text in MISSING:
        return None
    if found := _MARK.fullmatch(text):
        if found[3] is not None:
            return Cell(_number(found[3]), 100.0)
        out_of = _number(found[2]) if found[2] is not None else None
        if out_of == 0:
            raise NoMarkError(f"{_shown(raw)} is of nothing")
        return Cell(_number(found[1]), out_of)
    if re.fullmatch(r"[a-f][+-]?", text) or text in _FIVE:
        return Cell(word=text.upper())
    if _DATE.fullmatch(text):
        raise NoMarkError(f"{_shown(raw)} is no rating (a spreadsheet makes dates of 7/10)")
    raise NoMarkError(f"{_shown(raw)} is no rating")


def word_values(words: Collection[str]) -> tuple[dict[str, float], tuple[float, float]]:
    """What each word is worth, and the ends of the scale that they stand on. Raises NoMarkError for a mixture.

    Letters: F 0 to A 4, without E where no E is seen; + and - are a third of a step within the ends. Chinese words:
    差 中 良 优 are 0 to 3; with 及格 among them 不及格 及格 中 良 优 are 0 to 4.
    """
    letters = {w for w in words if w[0] in LETTERS}
    if letters and len(letters) < len(set(words)):
        raise NoMarkError("letters and words in one column")
    if letters:
        ladder = LETTERS if any(w[0] == "E" for w in letters) else LETTERS.replace("E", "")
        top = len(ladder) - 1
        step = {"+": 1 / 3, "-": -1 / 3}
        values = {w: min(max(ladder.index(w[0]) + step.get(w[1:], 0.0), 0.0), float(top)) for w in letters}
        return values, (0.0, float(top))
    passes = bool(_PASS & set(words))
    return {w: float(max(_FIVE[w] - (not passes), 0)) for w in words}, (0.0, 4.0 if passes else 3.0)


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _shown(raw: str) -> str:
    return repr(truncate(raw, 40))
