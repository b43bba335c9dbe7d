"""Whether a model's feedback may stand: right language, short, nothing in it that the verdicts deny. Pure.

What a clause speaks of is found by the rubric's own words; whether it praises or misses, by cue words. What cannot
be told apart is let through, so this holds against contradictions in plain words, not against subtle ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from interviewer.judge import lexicon
from interviewer.judge.index import RubricIndex
from interviewer.judge.normalise import fold, is_cjk, language
from interviewer.judge.windows import clauses
from interviewer.models import MisconceptionFound, PointVerdict
from interviewer.text import visible

MOST_SENTENCES = 3
LONGEST = {"zh": 300, "en": 600}
ABOUT = 1.2
"""Content of a point's own words in a clause from which the clause is about the point."""
AHEAD = 1.6
"""By how much it must beat every other point."""

_SENTENCE = re.compile(r"(?<=[。！？!?])|(?<=[.;])(?=\s)|\n+")
_LABEL = re.compile(r"(?<![A-Za-z0-9])[PM]\d{1,2}(?![0-9A-Za-z%])")
_SCORE = re.compile(
    r"\d+(?:\.\d+)?\s*(?:分(?![钟布类片组配辨层])|/\s*(?:5|10|100)\b|out of (?:5|10|100)|points?\b|marks?\b)|满分|"
    r"\bfull (?:marks?|score|credit)\b|\bscores?d?\b",
    re.I,
)
_ALL = re.compile(
    r"(?:所有|全部)(?:的)?(?:核心)?(?:要点|得分点|内容)|面面俱到|(?<!不够)完美|无可挑剔|没有(?:任何)?(?:遗漏|缺漏|错误)"
    r"|\ball (?:of )?(?:the )?(?:core |key |main )?points\b|\bperfect\b|\bflawless|\bnothing (?:is )?missing\b"
    r"|\bfully (?:correct|complete)\b"
)
_NONE = re.compile(
    r"没有(?:讲|提|说|答)(?:到|出)?任何|(?:完全|根本)没有(?:回答|作答|涉及)|(?:要点|内容)(?:都|均|全)(?:没|未)|一个(?:核心)?要点(?:都|也)没"
    r"|\b(?:none of|no) (?:the )?(?:core |key )?points?\b|\bdid(?: not|n't) (?:answer|address) (?:the|any)\b"
)
_WRONG = re.compile(
    r"说反|讲反|弄反|错误|有误|不正确|不准确|误解|不对|相反|错了|incorrect|wrong|mistak|misunderst|contradict|opposite|inaccura"
)
_MISSED = re.compile(
    r"没有?(?:能够?)?(?:提|讲|说|涉|答|解释|指出|展开|给出)|未(?:能)?(?:提|讲|说|涉|答|解释|指出|展开|给出)|遗漏|漏掉|漏了|漏讲|缺少|缺失|缺了|忽略了?|欠缺"
    r"|\b(?:did|do|does|was|were|is|are) ?n[o']t (?:been )?(?:mention|cover|explain|address|state|discuss|say)"
    r"|\b(?:miss(?:ed|es|ing)?|omit\w*|lack\w*|left out|overlook\w*|forgot\w*|absent|never mention\w*|fail\w* to)\b"
)
_ADVICE = re.compile(
    r"建议|可以(?:再|补|加|更)|还可以|应该?(?:再|补)|需要?(?:再|补)|不够|不足|更(?:具体|深入|完整)|最好|如果能|下次"
    r"|\b(?:should|could|would|try|consider|next time|more|further|better|to improve|but|however)\b"
)
_MADE = re.compile(
    r"讲到|提到|说到|讲清|说清|说明了|讲出|指出|点出|抓住|答到|答对|涵盖|覆盖|解释了|正确|准确|清楚|到位|很好|不错|说对"
    r"|\b(?:cover|mention|explain|identif|state|describ|address|captur|name|point)\w*|\b(?:correct|right|well|clear|good|"
    r"accurate)(?:ly)?\b"
)


def checked(
    text: str,
    points: Sequence[PointVerdict],
    misconceptions: Sequence[MisconceptionFound],
    index: RubricIndex,
    lang: str,
) -> str | None:
    """The feedback as it may be shown, at most three sentences, or None when it may not."""
    line = " ".join(visible(text).split())
    sentences = [s.strip() for s in _SENTENCE.split(line) if s and any(c.isalnum() for c in s)]
    kept = sentences[:MOST_SENTENCES]
    line = ("" if lang == "zh" else " ").join(kept)
    if not line or len(line) > LONGEST["zh" if lang == "zh" else "en"]:
        return None
    if not _speaks(line, lang) or _LABEL.search(line) or _SCORE.search(line):
        return None
    return None if any(_contradicts(fold(s), points, misconceptions, index) for s in kept) else line


def _speaks(text: str, lang: str) -> bool:
    if lang == "zh":
        return language(text, "zh") == "zh" and any(map(is_cjk, text))
    letters = sum(c.isalpha() for c in text)
    return sum(map(is_cjk, text)) <= 0.1 * letters


def _contradicts(
    sentence: str, points: Sequence[PointVerdict], misconceptions: Sequence[MisconceptionFound], index: RubricIndex
) -> bool:
    core = [p for p in points if p.core] or list(points)
    if _ALL.search(sentence) and not _MISSED.search(sentence) and any(p.verdict != "covered" for p in core):
        return True
    if _NONE.search(sentence) and any(p.verdict in ("covered", "partial") for p in points):
        return True
    parts = clauses(sentence)
    tones = [_tone(p.text) for p in parts]
    for n, part in enumerate(parts):
        at = _about(part.text, index)
        # "A, B and C were covered": the tone is often said after what it is about, or once for a list.
        tone = tones[n] or next((t for t in tones[:n][::-1] if t), "") or next((t for t in tones[n:] if t), "")
        if at is None or not tone:
            continue
        verdict = points[at].verdict
        if tone == "made" and verdict in ("missing", "contradicted"):
            return True
        if tone == "missed" and verdict == "covered":
            return True
        if tone == "wrong" and verdict == "covered" and not misconceptions:
            return True
    return False


def _tone(text: str) -> str:
    if _WRONG.search(text):
        return "wrong"
    if _MISSED.search(text):
        return "missed"
    if _ADVICE.search(text):
        return "advice"
    return "made" if _MADE.search(text) else ""


def _about(text: str, index: RubricIndex) -> int | None:
    """The point whose own words the clause has, when it is one and clearly so."""
    columns = [index.vocabulary[f] for f, _, _ in lexicon.features(text) if f in index.vocabulary]
    if not columns:
        return None
    mass = index.bags[:, sorted(set(columns))].sum(axis=1)
    order = np.argsort(-mass, kind="stable")
    best = float(mass[order[0]])
    rest = float(mass[order[1]]) if len(order) > 1 else 0.0
    return int(order[0]) if best >= ABOUT and best >= AHEAD * rest else None
