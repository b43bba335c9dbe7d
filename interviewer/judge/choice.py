"""Which option a candidate chose: by letter, by number word, by the option's text, or not to be told."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz import fuzz

from interviewer.judge.evidence import Span
from interviewer.judge.normalise import Normalised, fold
from interviewer.judge.wordings import squeeze
from interviewer.models import Rubric

_ORDINALS_ZH = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5}
_ORDINALS_EN = {w: n for n, w in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"))}
_L = r"(?<![a-z0-9])(?P<letter>[a-f])(?![a-z0-9'’])"
_BARE = re.compile(rf"\W*(?:选|选项|答案|option|answer|choice)?\W*{_L}\W*(?:选项|项|吧|。)?\W*")
_LEADING = re.compile(rf"\W*{_L}(?:\s*[.,:;、。)\]!-]|\s*$|\s*\n|\s*[\u4e00-\u9fff]|\s+(?:because|since|as|is|,))")
_NAMED = re.compile(
    r"(?:(?:我)?(?:选择?|应该是|应当是|"
    r"答案(?:应该|应当)?(?:是|为|选)?|正确(?:答案|选项)(?:是|为)?|选项|倾向于?|觉得是|认为是|猜|是)"
    r"|\b(?:option|answer(?: is|:)?|choice(?: is|:)?|choose|chose|pick|select|go (?:with|for)|going with|"
    r"i(?:'d| would) say|i think(?: it'?s)?|it'?s|guess))"
    rf"\s*[:：\"'“(\[]*\s*(?:选项?|option|letter)?\s*[\"'“(\[]*{_L}"
)
_CORRECT = re.compile(
    rf"{_L}\s*(?:选项|项)?\s*(?:是对的|是正确的|正确|对(?![比照应])|"
    r"\bis (?:right|correct|the (?:right|correct|best|answer)))"
)
_NOT = re.compile(
    r"(?:不选|不是|排除|不能选|不该选|不会选|别选|错在|\bnot|n't (?:be |choose |pick )?|\brule out|"
    r"\bruling out|\bexclude|"
    r"\beliminate)\s*(?:选项|option|answer)?\s*$"
)
_WRONG_AFTER = re.compile(
    r"\s*(?:选项|项)?\s*(?:是错|错|不对|不正确|不行|不选|排除|不成立|有问题|"
    r"is (?:wrong|incorrect|false|out|not)|isn't|are wrong|"
    r"can be (?:ruled out|excluded))"
)
_ORDINAL = re.compile(
    r"第(?P<zh>[一二三四五六1-6])(?:个|项|条|种|选项)|\b(?:the |option |number |no\. ?|#)?(?P<en>first|second|third|"
    r"fourth|fifth|sixth|last)(?: one| option| choice| answer)\b"
    r"|(?:选项?|option|number|choice|no\.)\s*(?P<digit>[1-6])(?!\d)"
)
_TWO_ORDINALS = re.compile(
    r"\b(?:first|second|third|fourth)(?: one)? (?:or|and) (?:the )?(?:second|third|fourth|fifth|last)\b"
    r"|第[一二三四1-4](?:个|项)?(?:或者?|和|还是)第[二三四五2-5]"
)
MATCH = 88
"""Least similarity for an option recognised by its text."""


@dataclass(frozen=True, slots=True)
class Chosen:
    letter: str
    """As shown to the candidate."""
    index: int
    """Into `question.choices`."""
    span: Span


def order(rubric: Rubric) -> tuple[int, ...]:
    """Shown position to index in `question.choices`; authored order when none was recorded."""
    count = len(rubric.question.choices) if rubric.question else 0
    given = rubric.option_order
    return given if sorted(given) == list(range(count)) else tuple(range(count))


def choose(rubric: Rubric, folded: Normalised) -> Chosen | None:
    """The option that the answer settles on; None when there is none, or more than one."""
    question = rubric.question
    if question is None or not question.choices:
        return None
    shown = order(rubric)
    text = folded.text
    found = _by_letter(text, len(shown)) or _by_ordinal(text, len(shown))
    if found is None and (found := _by_text(text, [question.choices[i] for i in shown])) is None:
        return None
    position, start, end = found
    if position < 0:
        return None
    return Chosen(chr(ord("A") + position), shown[position], folded.span(start, end))


Found = tuple[int, int, int]
_AMBIGUOUS: Found = (-1, 0, 0)


def _by_letter(text: str, count: int) -> Found | None:
    bare = _BARE.fullmatch(text)
    if bare:
        return _one([bare], count)
    several = re.match(
        r"\W*(?:选)?\W*([a-f](?:\s*(?:[,、/&和或]|或者|还是|and|or)?\s*[a-f](?![a-z]))+)\W*(?:$|[,。.;\n])", text
    )
    if several:
        return _AMBIGUOUS
    named = [m for m in _NAMED.finditer(text) if _stands(text, m)]
    named += [m for m in _CORRECT.finditer(text) if _stands(text, m)]
    if named:
        return _one(named, count)
    leading = _LEADING.match(text)
    if leading and _stands(text, leading) and not re.match(r"\W*a\s+[a-z]", text):
        return _one([leading], count)
    return None


def _stands(text: str, m: re.Match[str]) -> bool:
    start, end = m.span("letter")
    if _NOT.search(text[:start]) or _WRONG_AFTER.match(text, end):
        return False
    # The English article: “answer is a low-rank update”.
    return not (
        m.group("letter") == "a"
        and re.match(r" [a-z]{2,}", text[end:])
        and not re.match(r" (?:because|since|as|and|is|so|for)\b", text[end:])
    )


def _one(matches: list[re.Match[str]], count: int) -> Found | None:
    letters = {m.group("letter") for m in matches}
    positions = {ord(x) - ord("a") for x in letters}
    if len(positions) != 1 or max(positions) >= count:
        return _AMBIGUOUS
    start, end = matches[0].span("letter")
    return positions.pop(), start, end


def _by_ordinal(text: str, count: int) -> Found | None:
    if _TWO_ORDINALS.search(text):
        return _AMBIGUOUS
    found: dict[int, tuple[int, int]] = {}
    for m in _ORDINAL.finditer(text):
        if _NOT.search(text[: m.start()]) or _WRONG_AFTER.match(text, m.end()):
            continue
        zh, en, digit = m.group("zh"), m.group("en"), m.group("digit")
        if zh:
            position = _ORDINALS_ZH[zh] if zh in _ORDINALS_ZH else int(zh) - 1
        elif en:
            position = count - 1 if en == "last" else _ORDINALS_EN[en]
        else:
            position = int(digit) - 1
        found.setdefault(position, m.span())
    if not found:
        return None
    if len(found) > 1 or next(iter(found)) >= count:
        return _AMBIGUOUS
    position, span = next(iter(found.items()))
    return position, *span


def _by_text(text: str, options: list[object]) -> Found | None:
    bare = squeeze(text)
    scores = []
    for option in options:
        best = 0.0
        for wording in (option.zh, option.en):  # type: ignore[attr-defined]
            needle = squeeze(fold(wording))
            if len(needle) < 2:
                continue
            if needle in bare:
                best = max(best, 100.0 + len(needle))
            elif len(needle) >= 6 and len(needle) <= len(bare) + 2:
                best = max(best, fuzz.partial_ratio(needle, bare))
            elif len(bare) >= 6:
                best = max(best, fuzz.ratio(needle, bare))
        scores.append(best)
    ranked = sorted(range(len(scores)), key=lambda i: -scores[i])
    if scores[ranked[0]] < MATCH:
        return None
    if len(scores) > 1 and scores[ranked[1]] >= MATCH and scores[ranked[0]] - scores[ranked[1]] < 6:
        return _AMBIGUOUS
    return ranked[0], 0, len(text)
