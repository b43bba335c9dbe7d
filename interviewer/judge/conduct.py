"""What kind of answer this is before any point is looked at: empty, honest ignorance, echo, word list.

Knows the answer and the question's words, not the points' merits.
"""

from __future__ import annotations

import re

from rapidfuzz import fuzz, process

from interviewer.judge.lexicon import FUNCTION_CHARS, STOP_WORDS, content, features, weight
from interviewer.judge.normalise import is_cjk
from interviewer.judge.windows import Clause

_IGNORANCE = re.compile(
    r"(?:这个|这题|这道题|这块|这方面|这一块|我|真的?|确实|暂时|目前|完全|也|还|都|就|对此|关于这个|抱歉|不好意思|对不起|sorry|呃|嗯|额|那个)*"
    r"(?:不知道|不清楚|不会|不懂|不了解|没了解过?|没有了解过?|没听说过?|没听过|没接触过?|没有接触过?|没学过|没用过|没做过|没研究过?|忘记?了|记不得了?|想不起来了?|答不上来|答不出来?"
    r"|不太(?:清楚|了解|会|懂|知道|熟悉)|不熟悉?|没什么(?:想法|思路|概念)|没有(?:思路|头绪|概念)|没思路|跳过|过|pass|下一题|下一个|略|无可奉告)"
    r"(?:了|啊|哎|呢|吧|的|过|这个|这题|这块|这道题|这方面|相关|内容|的内容|怎么|回答|什么|是什么|具体|答案|哈|诶|这部分|这一块|题|一下|还是|能不能|请|您|我)*"
)
_IGNORANCE_EN = re.compile(
    r"(?:(?:sorry|um|uh|well|honestly|hmm|oh|actually|frankly|to be honest|i am afraid|i'm afraid|"
    r"unfortunately|no|yeah)[ ,.]*)*"
    r"(?:(?:i )?(?:really |honestly |just |actually )?(?:do not|don't|dont|did not|didn't) (?:really |"
    r"actually )?(?:know|remember|recall|have (?:an|any) (?:idea|answer)|understand)"
    r"|(?:i have |i've )?(?:absolutely )?no (?:idea|clue|answer)|not sure(?: at all)?|(?:i'm|"
    r"i am) not (?:sure|familiar|certain)|(?:i )?(?:have not|haven't|have never|never) (?:used|heard|seen|"
    r"studied|learn(?:ed|t)|worked|come across|done)"
    r"|idk|pass|skip|next(?: question)?|dunno|beats me|n/?a|none|(?:i )?(?:can't|cannot|can not) (?:answer|"
    r"say|remember|recall))"
    r"(?:[ ,.]*(?:about|of|on|with|what|this|that|it|the|answer|question|to|one|is|topic|area|before|at all|"
    r"really|here|works?|how|please|let's|move|next|for|me|i|pass|skip|sorry|honestly|either|yet))*"
)


RESTATED = 0.9
"""Share of a clause's content from which it only says the question again."""
LEAST = 0.5
"""Content below which an answer to an open question says nothing: a number, a sign, a filler."""
_OPENER = re.compile(
    r"(?:解|答|综上(?:所述)?|总之|总的来说|答案(?:如下|是)?|好的|好|那么?|首先|其次|最后"
    r"|(?:让我|我)?(?:们)?(?:来)?(?:一步一步|逐步)(?:地|来)?(?:分析|思考|解决|推理)?(?:一下)?"
    r"|(?:这个问题)?我来(?:回答|讲|说|分析)(?:一下)?|(?:这个|该)?问题(?:我)?(?:来)?(?:回答|分析)(?:一下)?)"
    r"|(?:(?:the )?(?:solution|answer|response|explanation|reasoning|thought process|final answer|step \d+)(?: is)?"
    r"|let(?:'s| us|me| me)? (?:solve|think(?: about)?|work through|break down|go through) (?:this|it|the problem)"
    r"(?: step by step| carefully)?|i think|well|sure|okay|ok)"
)


def says_something(parts: list[Clause]) -> bool:
    """Whether there is more than a number, a sign or a filler in all of it."""
    total = 0.0
    return any((total := total + content(p.text)) >= LEAST for p in parts)


def opening(parts: list[Clause]) -> list[bool]:
    """Which clauses only open or close an answer. Such phrases alone fool judges (arXiv:2507.08794)."""
    return [_OPENER.fullmatch(p.text.strip()) is not None for p in parts]


def dont_know(parts: list[Clause], substance: float) -> bool:
    """An honest “don't know” with nothing substantive after it.

    `substance` is the content outside ignorance in the rubric's words (see `signals`).
    """
    if not parts:
        return False
    ignorant = [_is_ignorant(c.text) for c in parts]
    if all(ignorant):
        return True
    if not any(ignorant):
        return False
    rest = sum(content(c.text) for c, i in zip(parts, ignorant, strict=True) if not i)
    return rest < 2.5 or (substance < 1.5 and rest < 12)


_PLAINLY = re.compile(
    r"不知道|不清楚|不了解|没了解过|没接触过|没听说过|没学过|没研究过|答不上来|没思路|想不起来|不太(?:清楚|了解|懂|会)|不熟"
    r"|\b(?:do not|don't|dont) (?:really )?know\b|\bno (?:idea|clue)\b|\bnot (?:really )?(?:sure|familiar)\b|"
    r"\bnever (?:used|heard|studied)\b"
)
"""Said in so many words; “pass” and “不会” also stand in answers and count only when they are all there is."""


def _is_ignorant(text: str) -> bool:
    bare = re.sub(r"[\s,.;:!?。、…~]+", "", text)
    # The patterns repeat alternatives; bounded, they cannot be made to backtrack for long.
    if (len(bare) <= 36 and _IGNORANCE.fullmatch(bare)) or (len(text) <= 120 and _IGNORANCE_EN.fullmatch(text.strip())):
        return True
    said = _PLAINLY.search(text)
    return said is not None and content(text[: said.start()] + " " + text[said.end() :]) < 2.5


def echoed(parts: list[Clause], asks: list[str]) -> list[bool]:
    """Which clauses say the question again."""
    clean = ["".join(c for c in a if c.isalnum()) for a in asks]
    out = []
    for part in parts:
        own = "".join(c for c in part.text if c.isalnum())
        long = sum(map(is_cjk, own)) >= 6 or len(own) >= 18
        out.append(long and any(len(own) <= len(a) + 4 and fuzz.partial_ratio(own, a) >= 92 for a in clean))
    return out


def restated(parts: list[Clause], asks: list[frozenset[str]]) -> list[bool]:
    """Which clauses have hardly a word that is not the question's, in whatever order."""
    out = []
    for part in parts:
        words = [(f, weight(f)) for f, _, _ in features(part.text)]
        whole = sum(w for _, w in words)
        shared = max((sum(w for f, w in words if f in ask) for ask in asks), default=0.0)
        out.append(whole > 0 and shared >= RESTATED * whole)
    return out


def copied(parts: list[Clause], echo: list[bool], asks: list[frozenset[str]]) -> bool:
    """The answer is mostly the question."""
    total = sum(content(p.text) for p in parts) if any(echo) else 0.0
    if total <= 0:
        return False
    repeated = 0.0
    for part, is_echo in zip(parts, echo, strict=True):
        words = [(f, weight(f)) for f, _, _ in features(part.text)]
        whole = sum(w for _, w in words)
        shared = max((sum(w for f, w in words if f in ask) for ask in asks), default=0.0)
        repeated += whole if is_echo else shared if whole and shared / whole >= 0.9 else 0.0
    return repeated / total >= 0.8


_ITEM = re.compile(r"[,;、/|·•\n+&]+|\s{2,}|\.\s|。")


def listing(text: str, terms: list[str]) -> tuple[bool, list[tuple[int, int]]]:
    """Whether the answer is a list of terms without predication, and the ranges of the list items.

    An item counts when it is one of the rubric's terms, or so short and free of grammar that it
    predicates nothing.
    """
    items: list[tuple[int, int, str]] = []
    at = 0
    for cut in [*(m.span() for m in _ITEM.finditer(text)), (len(text), len(text))]:
        if text[at : cut[0]].strip(" .:()"):
            items.append((at, cut[0], text[at : cut[0]].strip(" .:()")))
        at = cut[1]
    if _all_terms(text, terms):
        return True, [(0, len(text))]
    # “States: shard. Activations: recompute.” is terse, and yet it says what does what.
    assigned = len(re.findall(r"[:=→]|->|=>", text))
    if len(items) < 5 or assigned >= max(2, len(items) / 4):
        return False, []
    plain = [_predicates_nothing(t) or _is_named(t, terms) for _, _, t in items]
    listed = [(s, e) for (s, e, _), p in zip(items, plain, strict=True) if p]
    share = sum(e - s for s, e in listed) / max(1, sum(e - s for s, e, _ in items))
    runs = _longest_run(plain)
    return share >= 0.7 and runs >= 5, listed if runs >= 5 else []


def _is_named(item: str, terms: list[str]) -> bool:
    return process.extractOne(item, terms, scorer=fuzz.ratio, score_cutoff=88) is not None


def _all_terms(text: str, terms: list[str]) -> bool:
    """Nearly every letter belongs to one of the rubric's own terms, strung together."""
    inside = [False] * len(text)
    seen = 0
    for term in sorted(set(terms), key=lambda t: (-len(t), t)):
        at = text.find(term)
        if len(term) >= 2 and at >= 0 and not all(inside[at : at + len(term)]):
            inside[at : at + len(term)] = [True] * len(term)
            seen += 1
    letters = [n for n, c in enumerate(text) if c.isalnum()]
    return seen >= 5 and sum(inside[n] for n in letters) >= 0.85 * len(letters)


def _predicates_nothing(item: str) -> bool:
    cjk = sum(map(is_cjk, item))
    words = re.findall(r"[a-z0-9\-]+", item)
    if cjk > 8 or len(words) > 4:
        return False
    if any(w in STOP_WORDS for w in words) and len(words) > 2:
        return False
    return sum(c in FUNCTION_CHARS or c in "不没无省增减升降变加少多高低快慢" for c in item if is_cjk(c)) == 0


def _longest_run(flags: list[bool]) -> int:
    best = now = 0
    for f in flags:
        now = now + 1 if f else 0
        best = max(best, now)
    return best
