"""Whether a follow-up that a model wrote may be asked. Pure: a function of the text, the task and an embedder.

One question, in the interview's language, that tells nothing of what is still open, repeats nothing, puts no words
into the candidate's mouth, and stays with the subject. What cannot be told apart is refused: a follow-up more is worth
less than an answer given away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from rapidfuzz import fuzz

from interviewer.embeddings.base import Embedder
from interviewer.graph.generated import LANGUAGES, Task
from interviewer.judge import lexicon
from interviewer.judge.index import ANCHORS
from interviewer.judge.normalise import fold, is_cjk, script
from interviewer.judge.wordings import holds, split_facets, squeeze, terms_of
from knowledge.models import Point

SHORTEST, LONGEST = 8, 220
LEAK_SIMILARITY = 0.55
"""Similarity to an open point, above the embedder's floor. On the map: authored follow-ups at most 0.50, points put as
questions at least 0.67."""
LEAK_SHARE, LEAK_CONTENT = 0.3, 0.8
"""The part of an open point's own words, and how much of them, that gives it away. Authored: at most 0.25."""
REPEAT_RATIO, REPEAT_SIMILARITY = 75.0, 0.85
ON_TOPIC_CONTENT, ON_TOPIC_SIMILARITY = 0.25, 0.15
SAID = 0.6
"""The part of a thing ascribed to the candidate that must be in their answers."""

_LIST = re.compile(r"\n|[①-⑳•●▪]|^\s*(?:[-*]\s|[(（]?(?:\d{1,2}|[a-h一二三四])[.)）、](?!\d))")
_NUMBERED = re.compile(r"(?:^|\s|[：:;；，。?？])(?:[(（]?\d{1,2}[.)）、](?!\d)|[(（][a-h一二三四][)）])")
_MARKUP = re.compile(
    r"```|`|\*\*|__|^\s*[#>]|\]\(|</?[A-Za-z!][^>]*>|https?://|[{}]|\\[a-z(\[]|\$[^$]+\$|^\s*[\"“「].*[\"”」]\s*$"
)
_GRADING = re.compile(
    r"评分(?:点|标准|规则)|得分点|参考答案|标准答案|满分|(?:遗漏|漏掉|缺少|忽略)了|(?:没有?|未)(?:能)?(?:提|讲|说|谈|涉及)(?:到|及)?"
    r"|\brubrics?\b|\b(?:reference|model) answer\b|\bfull marks?\b|\bmiss(?:ed|ing) (?:point|part|piece)s?\b"
    r"|\b(?:did|have|has)(?: not|n't) (?:mention|cover|address|explain|sa[iy]d?|state|discuss)(?:ed)?\b"
)
_PRAISE = re.compile(
    r"^(?:很好|不错|非常好|回答得|说得|好的|对[，,!！]|没错|正确|(?:very )?good\b|great\b|nice\b|excellent\b|well done|"
    r"right[,!.]|correct\b|exactly\b|that'?s (?:right|correct|wrong))"
)
_CUT_ZH = r"[,，。?？!！;；:：]|为什么|为何|怎么|怎样|如何|是否|会不会|能不能|是不是|哪|什么|多少|吗"
_CUT_EN = r"[,.?!;:]|\b(?:what|why|how|which|when|where|who|does|do|is|are|would|could|can|will|should)\b"
_BEFORE = r"(?:刚才|刚刚|方才|之前|前面|上面|先前|此前|已经?|曾经?|也|还|在?(?:前面|上面|你)?的?回答(?:中|里))"
_VERB_ZH = r"(?:说|提|讲|谈|写|指出|认为|觉得|强调|描述|解释|选择?|举|给出|主张|承认|假设|回答)"
_CLAIM_ZH = re.compile(
    rf"你们?(?:{_BEFORE}{{1,3}}{_VERB_ZH}(?:到|过|了|的|出)*|{_VERB_ZH}(?:(?:到|过|了|出)的?|的))(?:是|说|，)?"
    r"|(?:如|按照?|根据|依照?|正如)你们?所?(?:说|讲|言|述|提到)的?(?:那样|话)?|你的(?:观点|说法|结论|主张)(?:是|认为)?"
)
_VERB_EN = (
    r"(?:said|mentioned|noted|stated|claimed|wrote|described|explained|argued|suggested|pointed out|talked about|"
    r"brought up|referred to|listed|chose|named|proposed|assumed|believed|thought)"
)
_YOUR = r"\byour (?:point|claim|statement|argument|view|conclusion|belief|assumption)\b(?: about| on| of| is)?"
_CLAIM_EN = re.compile(
    rf"(?:\b(?:the|this|that|those|these|your) (?P<before>[^,.?!;:]{{2,60}}?) (?:that |which )?)?"
    rf"(?:\byou(?:'ve| have| had)?(?: (?:just|already|also|earlier|previously|correctly|rightly|then))* {_VERB_EN}\b"
    rf"|\bas you (?:say|put it|think|believe)\b|{_YOUR})(?: (?:earlier|before|just now|above))*(?: that| about)?"
)


def check(text: str, task: Task, embedder: Embedder) -> str | None:
    """What is wrong with a proposed question, in words for the model; None when it may be asked."""
    return _form(text, task.lang) or _claims(text, task) or _substance(text, task, embedder)


def _form(text: str, lang: str) -> str | None:
    if not SHORTEST <= len(text) <= LONGEST:
        return f"it must have {SHORTEST} to {LONGEST} characters"
    if _LIST.search(text) or len(_NUMBERED.findall(text)) > 1:
        return "it must not be a list"
    if not text.isprintable() or _MARKUP.search(text):
        return "it must be plain text, without markup or quotation marks around it"
    marks = [c for c in text if c in "?？"]
    if len(marks) != 1 or text[-1] not in "?？":
        return "it must be exactly one question, with one question mark at its end"
    if not _speaks(text, lang):
        return f"it must be in {LANGUAGES[lang]}"
    folded = fold(text)
    if _GRADING.search(folded):
        return "it must say nothing of grading or of what was left out"
    return "it must not begin with praise or a verdict" if _PRAISE.search(folded) else None


def _speaks(text: str, lang: str) -> bool:
    wide = sum(map(is_cjk, text))
    if lang == "zh":
        return wide >= 4 and script(text) != "en"
    return wide == 0 and script(text) == "en"


def _claims(text: str, task: Task) -> str | None:
    """Words put into the candidate's mouth."""
    said = fold(task.answers)
    words, bare = set(_words(said)), squeeze(said)
    for thing in _ascribed(fold(text)):
        own = _words(thing)
        whole = sum(own.values())
        if whole < 0.3:
            continue
        held = sum(w for f, w in own.items() if f in words)
        needle = squeeze(thing)
        alike = len(needle) >= 4 and len(needle) <= len(bare) and fuzz.partial_ratio(needle, bare) >= 85
        if held < SAID * whole and not alike:
            return "it ascribes to the candidate something that they did not say"
    return None


def _ascribed(folded: str) -> Iterator[str]:
    """What a question says that the candidate said."""
    for claim, cut in ((_CLAIM_ZH, _CUT_ZH), (_CLAIM_EN, _CUT_EN)):
        for m in claim.finditer(folded):
            before = m.groupdict().get("before")
            if before:
                yield before
                continue
            parts = [p.strip() for p in re.split(cut, folded[m.end() :], maxsplit=2)]
            yield next((p for p in parts[:2] if squeeze(p)), "")


def _substance(text: str, task: Task, embedder: Embedder) -> str | None:
    folded, bare = fold(text), squeeze(fold(text))
    known = [fold(t) for t in (*task.known, task.answers)]
    known_bare = [squeeze(k) for k in known]
    points = task.open
    for term in terms_of(points, len(points), ()):
        there = any(holds(term, k, b) for k, b in zip(known, known_bare, strict=True))
        if holds(term, folded, bare) and not there:
            return "it gives the point away: it uses one of the words to avoid, or a word of another open point"
    said = set().union(*map(_words, known))
    own = _words(folded)
    figures = set(lexicon.numbers(folded)) - {n for k in known for n in lexicon.numbers(k)}
    for p in points:
        for wording in (p.zh, p.en):
            new = {f: w for f, w in _words(fold(wording)).items() if f not in said}
            shared = sum(w for f, w in new.items() if f in own)
            if shared >= LEAK_CONTENT and shared >= LEAK_SHARE * sum(new.values()):
                return "it gives the point away in the point's own words"
            if any(n > 3 and n in figures for n in lexicon.numbers(fold(wording))):
                return "it gives the point away: it has a figure of the point"
    if any(_same(bare, squeeze(fold(a))) for a in task.asked):
        return "it repeats a question that was asked"
    return _meaning(text, task, points, embedder)


def _meaning(text: str, task: Task, points: Sequence[Point], embedder: Embedder) -> str | None:
    """What similarity shows: a leak, a repetition, another subject."""
    wordings = [w for p in points for t in (p.zh, p.en) for w in (t, *(f for f, _ in split_facets(t)))]
    ask, reference = task.question.ask.text(task.lang), task.question.reference.text(task.lang)
    asked = list(task.asked) or [ask]
    rows = embedder.encode([text, *wordings, *asked, ask, reference, *ANCHORS])
    own, rest = rows[0], rows[1:]
    floor = float(np.clip((rest[: -len(ANCHORS)] @ rest[-len(ANCHORS) :].T).mean(), 0.0, 0.9))
    like = (rest @ own - floor) / (1.0 - floor)
    n, m = len(wordings), len(wordings) + len(asked)
    if n and like[:n].max() >= LEAK_SIMILARITY:
        return "it gives the point away: it says nearly what the point says"
    if like[n:m].max() >= REPEAT_SIMILARITY:
        return "it repeats a question that was asked"
    subject = [ask, reference, *(p.text(task.lang) for p in task.question.points)]
    topic = set().union(*(_words(fold(t)) for t in subject))
    shared = sum(w for f, w in _words(fold(text)).items() if f in topic)
    near = max(float(like[m]), float(like[m + 1]), float(like[:n].max()) if n else 0.0)
    if shared < ON_TOPIC_CONTENT and near < ON_TOPIC_SIMILARITY:
        return "it is not about the question's subject"
    return None


def _same(one: str, other: str) -> bool:
    return bool(other) and fuzz.ratio(one, other) >= REPEAT_RATIO


def _words(folded: str) -> dict[str, float]:
    return {f: lexicon.weight(f) for f, _, _ in lexicon.features(folded)}
