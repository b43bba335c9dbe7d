"""Does a clause assert, deny or doubt what it says? Similarity is blind to this, so cues are read.

Negation is compared head by head: in 不省显存 the head is 省. A claim is turned round when one side
negates a head that the other side has without negation; a head that the other side lacks says nothing,
because 不更新 may be how somebody says 冻结.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from interviewer.judge.lexicon import FUNCTION_CHARS, STOP_WORDS, features, stem, weight

_NOT_ZH = re.compile(
    # 放不下, 学不动: what is negated stands before the sign.
    r"(?P<verb>[\u4e00-\u9fff])不(?:下|动|上|出|到|了|起|过|来|去|住|完|清|准|着|掉)"
    # Words that contain a negation sign and negate nothing.
    r"|不仅|不但|不光|不只|不止|不过|不断|不妨|不错|不得不|不管|不论|无论|不如|不然|不少|不久|不限|差不多"
    r"|对不起|不好意思|了不起|要不要|是不是|能不能|会不会|有没有|行不行|好不好|对不对|不知不觉|不可避免|不言而喻|没错|没问题"
    r"|无监督|无关紧要|无标签|无损|无偏|非常|除非|非线性|非结构化|非凸|非对称|非均匀|非目标|非零|未来|未必不|莫非|否则|是否"
    r"|不确定性|不等长|不变性|缺一不可|不外乎|不愧|不由"
    r"|(?P<neg>并不是|并没有|并不|并非|不再是|而不是|而非|不是|不再|不会|不能|不需要|不应该|不用|不必|不太|没有|没法|无法|无需|不|没|无"
    r"|从未|尚未|未|绝非|毫无|别|勿|非)"
)
_NOT_EN = re.compile(
    r"\b(?:not only|no matter|no doubt|not just|not to mention|not necessarily|whether or not|no\. ?\d)\b"
    r"|\b(?P<neg>(?:do|does|did|is|are|was|were|will|would|can|could|should|need|has|have|had)n't"
    r"|cannot|can't|won't|not|never|no longer|no|without|neither|nor|rather than|instead of|none of|nothing"
    r"|fails? to|failed to|hardly|barely)\b"
)
_CONDITION_ZH = re.compile(r"[^,;。]{0,8}(?:才|就|则|再|的话|要先|的(?=[给去用走靠由]))")
_CONDITION_EN = re.compile(r"\b(?:if|when|unless|until|once|where|whenever)\b")
"""A negation inside a condition (放不下才加, if there is no pad token) denies nothing."""
_CLEARED = re.compile(
    # Other ways to negate: leaving out, avoiding, and what goes wrong otherwise.
    r"去掉|省|删|免|避|取消|丢|弃|毁|坏|歪|错|断|乱|崩|糟|差|冲掉|冲垮|失效|失真|泄|漏|否则|不然|仅|只|才|保留|留着|失去|拒"
    r"|\b(?:leav(?:e|es|ing)|drop(?:s|ping)?|remov(?:e|es|ing)|avoid(?:s|ing)?|prevent(?:s|ing)?|"
    r"eliminat(?:e|es|ing)|skip(?:s|ping)?|without"
    r"|keep(?:s|ing)?|stays?|unchanged|only|just|merely|ruin(?:s|ed|ing)?|break(?:s|ing)?|hurts?|harms?|"
    r"wrong|fail(?:s|ed)?|bad|leaks?|wast(?:e|es|ed)|useless"
    r"|destroys?|degrades?|otherwise|or else|instead|lacks?|missing|refus(?:e|es|al|als)|need(?:s)? no)\b"
)
_SKIP_ZH = re.compile(
    r"(?:再|会|能|能够|可以|需要|应该|应|用|必|太|是|被|把|去|让|怎么|那么|这么|什么|任何|要|想|得|有|所谓|直接|真正|真的|完全|只|仅|都|在)+"
)
_END = re.compile(r"[,;:。!?\n.、()]|而是|但是|但|而")
_TURN = re.compile(r"不是(?P<not>[^,;。]{1,30})[,;]?\s*(?:而是|是)|\bnot (?P<not_en>[^,;.]{2,60}),? but\b")

_ANTONYMS = [
    (
        "增大 增加 增多 变大 变多 上升 提高 提升 升高 变高 更大 更多 更高 加大 调大",
        "减小 减少 变小 变少 下降 降低 变低 更小 更少 更低 缩小 调小",
    ),
    ("太大 太高 过大 过高 偏大 偏高", "太小 太低 过小 过低 偏小 偏低"),
    ("更快 变快 加快 加速", "更慢 变慢 减慢 减速"),
    ("更强 增强 变强", "更弱 减弱 变弱"),
    ("更长 变长", "更短 变短"),
    ("之前 以前 前面", "之后 以后 后面"),
    ("开启 打开", "关闭 关掉"),
    ("相同 一样 一致", "不同 不一样 不一致"),
    ("串行", "并行"),
    ("过拟合", "欠拟合"),
    ("冻结", "解冻 全部更新"),
    ("高于 大于 超过 多于", "低于 小于 不到 少于"),
    ("有益", "有害"),
    ("全部 所有 整份 全量", "部分 一部分"),
    ("容易", "难以 很难"),
    ("正相关", "负相关"),
    ("在线", "离线"),
    ("显式", "隐式"),
    ("固定 写死 不变", "可变 随便"),
    (
        "increase raise higher larger grow bigger upward",
        "decrease reduce lower smaller shrink downward",
    ),
    ("faster quicker", "slower"),
    ("longer", "shorter"),
    ("before", "after"),
    ("stronger", "weaker"),
    ("above", "below"),
    ("same identical", "different"),
    ("enable", "disable"),
    ("frozen freeze froze", "unfreez unfrozen"),
    ("overfit", "underfit"),
    ("online", "offline"),
    ("useful helpful", "useless"),
    ("parallel", "sequential"),
    ("maximize", "minimize"),
    ("keep", "discard"),
    ("最先", "最后"),
    ("first", "last"),
]
_PAIRS = [tuple(tuple(stem(w) for w in side.split()) for side in pair) for pair in _ANTONYMS]

HEDGE = re.compile(
    r"可能吧|大概吧|应该吧|也许吧|好像是?吧|不太确定|不确定|不敢肯定|不太记得|记不清|记不太清|瞎猜|我猜|猜的|不知道对不对|印象中好像"
    r"|\bnot (?:really |entirely |quite |totally )?sure\b|\bi guess\b|\bmaybe\b|\bnot certain\b|"
    r"\bno idea if\b|\bi'm guessing\b"
    r"|\bif i remember\b|\bperhaps\b"
)
_OTHERS = re.compile(
    r"(?:有人|有些人|很多人|不少人|大家|别人|网上|常有人|新手|初学者)[^,。;]{0,6}(?:说|以为|认为|觉得|误以为|误认为|会说)"
    r"|(?:误以为|误认为|误解(?:是|为)|常见(?:的)?(?:误区|误解|错误)|传言|谣言|误区(?:是|在于|之一))"
    r"|\b(?:some|many|most|a lot of|other) (?:people|candidates|engineers|folks|teams)\b[^,.;]{0,20}\b(?:say|"
    r"think|believe|assume|claim)\b"
    r"|\b(?:common|classic|popular) (?:misconception|mistake|myth|belief|error)\b|\bit is (?:often|"
    r"commonly) (?:said|believed|assumed)\b"
    r"|\bpeople (?:often |sometimes )?(?:say|think|believe|assume)\b"
)
_WRONG = re.compile(
    r"(?:这|那|其实|但|说法|想法|观点|理解|认识|结论)[^,。;]{0,8}(?:是错的|是不对的|不对|错了|有误|不成立|站不住|不准确|是误解|是误区|不正确|是假的)"
    r"|^(?:其实|但)?(?:(?:不对|错了?)(?=$|[,;:。!?])|是错的|并非如此|不是这样|不是的|恰恰相反|事实并非如此|大错特错)|并非如此|不是这么回事|不是这样的?"
    r"|\b(?:that|this|it|which)(?:'s| is| was)(?: simply| just| plainly| actually)? (?:wrong|false|incorrect|"
    r"a myth|a mistake|not true|not right|not the case|untrue)\b"
    r"|^(?:wrong|false|not true|incorrect)(?=\s*(?:$|[,;:.!?]))|\bthe opposite is true\b|\bnot so\b"
    r"|^(?:这个?|这点)?我(?:是)?(?:不(?:太)?(?:同意|认同|赞成|信)|反对)(?:的|这(?:个|种)?(?:说法|看法|做法|观点))?$"
    r"|^(?:and |but )?i (?:disagree|do not agree|don't agree|would not agree)(?: with (?:that|this|it))?$"
)
_UNTRUE = re.compile(
    r"(?:不(?:太|怎么)?成立|站不住脚?|不靠谱|没道理|行不通|不可取|靠不住|(?:是|属于)(?:个)?(?:误区|误解|错误|伪命题)|不(?:是|算)(?:一个|个)?(?:好|充分|"
    r"正当)?(?:的)?理由|没用|没有用|无济于事|没(?:有)?意义|没(?:有)?必要|不管用|没(?:有)?效果)$|"
    r"\b(?:is|'s|would be) (?:a |an )?(?:bad|poor|weak|terrible|wrong|mistaken|flawed) (?:reason|idea|plan|"
    r"argument|belief|choice)\b|\b(?:does not|doesn't|do not|don't) hold\b|"
    r"(?:并不是说|并非|不是说|不能说|谈不上|不意味着|不等于说|不代表|不要以为|别以为|不要认为|不认为|不觉得|不同意|不赞成|反对)"
    r"|\b(?:it is|it's|that is) (?:not true|false|wrong|incorrect|not the case|a myth|"
    r"untrue)(?: to say)?(?: that)?\b"
    r"|\b(?:does not|doesn't|do not|don't) (?:mean|imply|believe|think|agree)(?: that)?\b|\bdisagree\b"
)


SCOPE = 14
"""Characters after a negation that it may cover."""


@dataclass(frozen=True, slots=True)
class Stance:
    """How a clause stands to its own words."""

    heads: frozenset[str]
    """Heads that are negated: a stem, or one or two Chinese characters."""
    denied: bool
    """The clause reports a belief as wrong, or calls what it says untrue."""
    hedged: bool
    negated: bool
    """There is a negation, with a head or without one that can be read."""
    reported: bool
    """The clause reports what others say; denied only when a later clause says so."""


_QUOTED = re.compile(
    r"(?P<before>[^\"“”「」『』\n。!?]{0,14})[\"“「『](?P<said>[^\"“”「」『』\n]{4,600})[\"”」』]"
    r"(?P<after>[^\"“”「」『』\n。!?]{0,24})"
)
_NOT_SO_AFTER = re.compile(
    r"^[\s,]*(?:这个?(?:说法|观点|想法|理解|结论)?|的?(?:说法|观点|想法|理解))?[\s,]*(?:其实|都|就|也|完全|根本)?"
    r"(?:是错的?|是不对的|不对|错了|有误|不成立|站不住|是(?:一种|个)?(?:误解|误区)|不正确|不准确|不是事实|并不成立)"
    r"|^[\s,]*(?:,? (?:that|this) )?(?:is|was|are|'s)(?: simply| just| plainly)? (?:wrong|false|incorrect|a myth|"
    r"not true|not right|not the case|a misconception|a mistake|untrue)\b"
)
_NOT_SO_BEFORE = re.compile(
    r"(?:并不是|并非|不是说|不认为|不认同|不同意|不赞成|反对|别信|不要相信|误以为|误认为)\s*[:,]?\s*$"
    r"|(?:not true that|not agree (?:with|that)|disagree (?:with|that)|don't believe|do not believe)\s*[:,]?\s*$"
)


def ruled_out(text: str) -> list[tuple[int, int]]:
    """Ranges of a normalised text that are quoted only to be called wrong."""
    return [
        m.span("said")
        for m in _QUOTED.finditer(text)
        if _NOT_SO_AFTER.search(m["after"]) or _NOT_SO_BEFORE.search(m["before"])
    ]


def stance(text: str) -> Stance:
    """The stance of one normalised clause."""
    return Stance(
        heads=frozenset(negated_heads(text)),
        denied=bool(_UNTRUE.search(text)),
        hedged=bool(HEDGE.search(text)),
        negated=bool(negations(text)),
        reported=bool(_OTHERS.search(text)),
    )


_TAKES_BACK = re.compile(r"(?:这|那|我|that|this|it|which|wrong|不对|错|(?:and |but )?i d)")


def stances(texts: list[str]) -> list[Stance]:
    """Stances of the clauses of an answer in order; “people say X. Wrong.” denies the clauses of X."""
    out = [stance(t) for t in texts]
    for i, text in enumerate(texts):
        if _WRONG.search(text):
            first = next((j for j in range(i, max(i - 8, -1), -1) if out[j].reported), None)
            # “X. That's wrong.” with nobody quoted takes back the one clause before it.
            back = range(first, i + 1) if first is not None else range(max(i - 1, 0), i + 1)
            if first is None and not _TAKES_BACK.match(text):
                back = range(i, i + 1)
            for j in back:
                out[j] = replace(out[j], denied=True)
    for i, s in enumerate(out):
        if (
            s.reported
            and not s.denied
            and i + 1 < len(texts)
            and re.search(r"^(?:但|其实|实际上|事实上|不过|然而|but|however|actually|in fact)", texts[i + 1])
        ):
            out[i] = replace(s, denied=True)
    return out


@lru_cache(maxsize=8192)
def negated_heads(text: str) -> tuple[str, ...]:
    """What the negations of a normalised clause apply to."""
    return tuple(h for m in negations(text) for h in _heads(text, m))


@lru_cache(maxsize=8192)
def negations(text: str) -> tuple[re.Match[str], ...]:
    """The negations of a normalised clause, those of conditions left out."""
    found = [m for m in _NOT_ZH.finditer(text) if m.lastgroup and not _CONDITION_ZH.match(text, m.end())]
    if not _CONDITION_EN.search(text):
        found += [m for m in _NOT_EN.finditer(text) if m.lastgroup]
    return tuple(found)


def _heads(text: str, m: re.Match[str]) -> list[str]:
    if m.re is _NOT_EN:
        return _head_en(text, m.end())
    return [m.group("verb")] if m.lastgroup == "verb" else _head_zh(text, m.end())


def _head_zh(text: str, at: int) -> list[str]:
    skip = _SKIP_ZH.match(text, at)
    begin = skip.end() if skip else at
    stop = _END.search(text, begin)
    tail = text[begin : stop.start() if stop else len(text)].lstrip()
    latin = re.match(r"[a-z][a-z0-9_\-]*", tail)
    if latin:
        return [stem(latin.group())]
    known = next((w for w in ("一样", "一致", "同样") if tail.startswith(w)), None)
    if known:
        return [known]
    chars = re.match(r"[\u4e00-\u9fff]+", tail)
    if not chars:
        return []
    run = chars.group()
    lead = next((i for i, c in enumerate(run) if c not in FUNCTION_CHARS), len(run))
    run = run[lead:] if lead <= 3 else ""
    if not run:
        return []
    return [run[0]] if len(run) == 1 or run[1] in FUNCTION_CHARS else [run[:2]]


def _head_en(text: str, at: int) -> list[str]:
    stop = _END.search(text, at)
    tail = text[at : stop.start() if stop else len(text)]
    words = [w for w in re.findall(r"[a-z][a-z0-9_\-]*", tail)[:7] if w not in STOP_WORDS]
    return [stem(words[0])] if words else []


def opposed(answer: str, answer_words: frozenset[str], claim: str, claim_words: frozenset[str]) -> bool | None:
    """Whether two clauses that share most of their words say opposite things; None when it is not to be told.

    `*_words` are their features; the texts are normalised. With negations on both sides of different
    heads nothing is concluded: there are too many ways to put the same negative claim.
    """
    said, meant = bool(negations(answer)), bool(negations(claim))
    if said and not meant:
        return _denies(answer, claim, claim_words)
    if meant and not said:
        return _denies(claim, answer, answer_words)
    if said:
        return False if set(negated_heads(answer)) & set(negated_heads(claim)) else None
    return _direction(answer_words) * _direction(claim_words) < 0 or _antonym(answer, answer_words, claim, claim_words)


def _denies(negative: str, positive: str, words: frozenset[str]) -> bool:
    """Whether the one clause negates what the other asserts in the same words."""
    if set(_CLEARED.findall(positive)) - set(_CLEARED.findall(negative)):
        return False
    return any(_has(h, positive, words) for h in negated_heads(negative)) or _scope(negative, words)


def _scope(text: str, others: frozenset[str]) -> bool:
    """Whether most of what one negation of `text` covers stands in the other clause."""
    for m in negations(text):
        stop = _END.search(text, m.end())
        covered = text[m.end() : min(stop.start() if stop else len(text), m.end() + SCOPE)]
        words = [(f, weight(f)) for f, _, _ in features(covered)]
        whole = sum(w for _, w in words)
        inside = [w for f, w in words if f in others]
        if whole >= 0.8 and len(inside) >= 2 and sum(inside) >= 0.6 * whole:
            return True
    return False


def _direction(words: frozenset[str]) -> int:
    """1 when the words go up only, -1 when down only."""
    return ("↑" in words) - ("↓" in words)


def _has(head: str, text: str, words: frozenset[str]) -> bool:
    return head in text if head[0] >= "\u4e00" else head in words


def _antonym(answer: str, answer_words: frozenset[str], claim: str, claim_words: frozenset[str]) -> bool:
    """Some pair of opposites has one side in the one clause only, and the other side in the other only."""
    said, meant = _sides(answer, answer_words), _sides(claim, claim_words)
    return any(a * b < 0 for a, b in zip(said, meant, strict=True))


@lru_cache(maxsize=8192)
def _sides(text: str, words: frozenset[str]) -> tuple[int, ...]:
    """Per pair of opposites 1, -1 or 0: which side the clause has, 0 for none or both."""
    return tuple(
        any(_has(w, text, words) for w in left) - any(_has(w, text, words) for w in right) for left, right in _PAIRS
    )


def turned(text: str) -> list[tuple[int, int]]:
    """Ranges that a “not A but B” in the text rules out."""
    found = []
    for m in _TURN.finditer(text):
        name = "not" if m.group("not") else "not_en"
        found.append(m.span(name))
    return found
