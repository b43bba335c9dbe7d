"""What words a piece of text has and how much each says: stems of Latin words, bigrams of Chinese characters.

No dictionary and no segmentation: character bigrams order Chinese answers as well as a segmenter does
(STACK.md section 5), and a bigram with a grammatical character in it says little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from interviewer.judge.background import rarity

_RUN = re.compile(r"[a-z0-9_µ]+(?:['\-][a-z0-9_]+)*|[\u3400-\u4dbf\u4e00-\u9fff]+|[α-ωδ∆%]")


def _in_order(text: str) -> list[str]:
    return text.split()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION_CHARS = frozenset(
    "的了是在和与也都就而及把被对从为以于上中下里个这那之其所等吧吗呢啊呀嘛哦嗯有会能可要就又还再很更最"
    "么们你我他它她您一二三两来去到说讲看让使得地着过给跟向用些点样时后前且或者因如果虽但则即将应该需"
)
"""Characters whose bigrams are mostly grammar or filler. Directions and negations are not here."""

STOP_WORDS = _words(
    "a an the this that these those it its is are was were be been being am do does did done have has had i you "
    "we they he she them our your my me us of to in on at by for with from as into onto about over under than then "
    "so such and or but if when while where which who whom whose what how why can could will would shall should "
    "may might must just also very too only there here out up down off each any some all both either one ones "
    "get gets got make makes made use used using uses via per let's it's i'd i'm we're that's well okay ok um uh "
    "like actually basically really kind sort thing things way ways lot because since whereas although though "
    "mean means say says said go goes going come comes need needs want wants think guess know see look still "
    "even much many more most other another same own s t d ll re ve m"
)

_UP = _words(
    "增大 增加 增多 变大 变多 变高 变长 变快 变强 上升 提高 提升 升高 上涨 扩大 加大 调大 调高 拉高 更大 "
    "更多 更高 更长 更快 更强 "
    "放大 涨 increas rais ris grow larger higher greater bigger longer faster boost amplif"
)
_DOWN = _words(
    "减小 减少 变小 变少 变低 变短 变慢 变弱 下降 降低 缩小 缩减 调小 调低 拉低 更小 更少 更低 更短 更慢 更弱 省下 "
    "节省 压缩 降到 降下 decreas reduc lower shrink smaller fewer less shorter slower drop fall sav cut"
)
_DIRECTION = dict.fromkeys(_UP, "↑") | dict.fromkeys(_DOWN, "↓")

_NUMBER_WORDS = {
    w: str(n)
    for n, w in enumerate(
        _in_order(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen twenty"
        )
    )
}
_ZH_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_ZH_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}

Feature = tuple[str, int, int]


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """A crude English stem: enough that freezes, frozen-ing and freezing meet."""
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    for tail, put in (
        ("ization", "iz"),
        ("isation", "iz"),
        ("ational", "at"),
        ("ations", "at"),
        ("ation", "at"),
        ("ising", "iz"),
        ("izing", "iz"),
        ("ised", "iz"),
        ("ized", "iz"),
        ("ises", "iz"),
        ("izes", "iz"),
        ("ise", "iz"),
        ("ize", "iz"),
        ("ically", "ic"),
        ("ities", ""),
        ("ity", ""),
        ("iness", ""),
        ("ness", ""),
        ("ments", ""),
        ("ment", ""),
        ("ings", ""),
        ("ing", ""),
        ("ied", "i"),
        ("ies", "i"),
        ("ions", ""),
        ("ion", ""),
        ("edly", ""),
        ("ed", ""),
        ("ers", ""),
        ("er", ""),
        ("es", ""),
        ("ly", ""),
        ("al", ""),
        ("s", ""),
        ("e", ""),
        ("y", "i"),
    ):
        if word.endswith(tail) and len(word) - len(tail) >= 3:
            word = word[: len(word) - len(tail)] + put
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def features(text: str) -> Iterator[Feature]:
    """(feature, start, end) of normalised text, in order. Directions add `↑` and `↓`."""
    for run in _RUN.finditer(text):
        word, at = run.group(), run.start()
        if word[0] >= "\u3400":
            yield from _cjk(word, at)
        else:
            yield from _latin(word, at)


def _cjk(run: str, at: int) -> Iterator[Feature]:
    if len(run) == 1:
        yield run, at, at + 1
    for i, char in enumerate(run):
        if char in "降减增升涨":
            yield ("↓" if char in "降减" else "↑"), at + i, at + i + 1
    for i in range(len(run) - 1):
        pair = run[i : i + 2]
        yield pair, at + i, at + i + 2
        direction = _DIRECTION.get(pair)
        if direction:
            yield direction, at + i, at + i + 2


def _latin(word: str, at: int) -> Iterator[Feature]:
    end = at + len(word)
    yield stem(_NUMBER_WORDS.get(word, word)), at, end
    if "-" in word or "_" in word:
        for part in re.finditer(r"[a-z0-9]+", word):
            yield stem(part.group()), at + part.start(), at + part.end()
    elif not word.isalpha() and not word.isdigit():
        # lora2, bf16 and 14gb also count by their letters and by their digits.
        for part in re.finditer(r"[a-z]{2,}|\d+", word):
            yield part.group(), at + part.start(), at + part.end()
    direction = _DIRECTION.get(stem(word)) or _DIRECTION.get(word)
    if direction:
        yield direction, at, end


@lru_cache(maxsize=32768)
def weight(feature: str) -> float:
    """How much a feature says before anything is known of the rubric."""
    return _grammar(feature) * rarity().get(feature, 1.0)


def _grammar(feature: str) -> float:
    if feature in "↑↓":
        return 0.6
    if feature[0] >= "\u3400":
        if len(feature) == 1:
            return 0.1 if feature in FUNCTION_CHARS else 0.4
        light = (feature[0] in FUNCTION_CHARS) + (feature[1] in FUNCTION_CHARS)
        return (1.0, 0.3, 0.05)[light]
    if feature in STOP_WORDS or len(feature) == 1:
        return 0.05
    return 0.8 if feature.isdigit() else 1.0 if len(feature) < 4 else 1.2


def bulk(text: str) -> float:
    """How much a text says, common words of the field counted like any others."""
    return sum(_grammar(f) for f, _, _ in features(text))


def content(text: str) -> float:
    """Total weight of a text's features: how much it can say at all."""
    return sum(weight(f) for f, _, _ in features(text))


_NUMBER = re.compile(
    r"(?<![a-z\d.])(\d+(?:,\d{3})*(?:\.\d+)?)\s*(e-?\d+|%|[a-zµ]{1,6}|[\u4e00-\u9fff])?"
    r"|([零一二三四五六七八九十百千万亿两〇]{2,})\s*([\u4e00-\u9fff]|[a-z]{1,5})?"
)
_SCALE = {"k": 1e3, "万": 1e4, "亿": 1e8, "千": 1e3, "百": 1e2, "m": 1e6, "b": 1e9, "thousand": 1e3, "million": 1e6}


def numbers(text: str) -> dict[float, set[str]]:
    """Numbers of the text with the units seen after them; Chinese numerals of two or more characters too."""
    found: dict[float, set[str]] = {}
    for m in _NUMBER.finditer(text):
        digits, unit, chinese, chinese_unit = m.groups()
        if digits:
            value = float(digits.replace(",", ""))
            if unit and re.fullmatch(r"e-?\d+", unit):
                value, unit = float(f"{value}{unit}") if abs(int(unit[1:])) < 300 else value, ""
            unit = unit or ""
            found.setdefault(value, set()).add(unit)
            if unit in _SCALE:
                found.setdefault(value * _SCALE[unit], set()).add("")
        else:
            found.setdefault(zh_number(chinese), set()).add(chinese_unit or "")
    for word in re.findall(r"[a-z]+", text):
        if word in _NUMBER_WORDS and word not in ("one", "two"):
            found.setdefault(float(_NUMBER_WORDS[word]), set()).add("")
    return found


def zh_number(text: str) -> float:
    """十四 → 14, 两百万 → 2000000."""
    total, section, digit = 0, 0, 0
    if all(c in _ZH_DIGITS for c in text):
        return float("".join(str(_ZH_DIGITS[c]) for c in text))
    for c in text:
        if c in _ZH_DIGITS:
            digit = _ZH_DIGITS[c]
        elif _ZH_UNITS[c] >= 10_000:
            total = (total + section + digit) * _ZH_UNITS[c] or _ZH_UNITS[c]
            section = digit = 0
        else:
            section += (digit or 1) * _ZH_UNITS[c]
            digit = 0
    return float(total + section + digit)
