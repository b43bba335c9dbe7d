"""Text in an answer that speaks to the grader instead of to the question.

The answer is data. Clauses found here are flagged and earn nothing; the clauses around them keep their
credit. Patterns ask for an order or a forgery, not for a word: answers about prompts, chat templates and
judge models talk of system prompts, scores and graders, and are no attack.
"""

from __future__ import annotations

import re

from interviewer.judge.normalise import Normalised
from interviewer.judge.windows import Clause

_FULL_ZH = r"(?:满分|高分|最高分|10 ?分|100 ?分|十分|10/10)(?!制)"
_FULL_EN = (
    r"(?:full (?:marks?|credit|score)|max(?:imum)? (?:score|marks?|points?)|perfect (?:score|marks?|grade)|10 ?/ ?10)"
)
_GRADER_ZH = r"(?:评分|判卷|阅卷|打分|评审|裁判)(?:员|人|官|老师|模型|助手|系统|ai|者|器)"

_ORDERS = (
    # Forget your task.
    r"(?:忽略|无视|忘记|忘掉|跳过|不要理会|抛开)(?:掉)?[^,。;\n]{0,4}(?:之前|以上|上面|上述|前面|先前|此前|所有|一切|你的|系统|评分)"
    r"[^,。;\n]{0,8}(?:指令|指示|提示词?|规则|要求|标准|设定|限制|内容)",
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,20}"
    r"\b(?:previous|prior|above|earlier|preceding|all|any|your|the (?:system|rubric|grading|scoring))\b"
    r"[^.\n]{0,20}\b(?:instructions?|prompts?|rules?|rubrics?|guidelines?|criteria|text)\b",
    # Give me marks.
    rf"(?:请|麻烦|务必|必须|应当?|直接|一定要?|帮忙?|希望)[^,。;\n]{{0,10}}(?:给|打|判|评|记)[^,。;\n]{{0,8}}{_FULL_ZH}",
    rf"(?:给|打|判|评)(?:我|这份|本|此|该)[^,。;\n]{{0,8}}{_FULL_ZH}",
    rf"(?:^|[,。;\n])\s*(?:给|打)(?:我|个)?{_FULL_ZH}",
    rf"(?:评分|打分|判分|成绩|得分|分数)(?:应?为|应该?是|给|:|=)\s*{_FULL_ZH}",
    rf"(?:该|此|本|这个?|这份)(?:回答|答案|候选人)[^,。;\n]{{0,10}}(?:{_FULL_ZH}|完全正确|覆盖了?(?:所有|全部)|应(?:当|该)?得)",
    rf"应(?:当|该)?(?:得|判|给|获)(?:到|为|予)?\s*{_FULL_ZH}",
    r"(?:所有|全部|每个)(?:要点|得分点|评分点)[^,。;\n]{0,8}(?:都|均|已|判|视)[^,。;\n]{0,6}(?:覆盖|命中|满足|covered|得分|答到)",
    rf"\b(?:give|award|assign|grant|grade|score|rate|mark)\b[^.\n]{{0,40}}\b{_FULL_EN}\b",
    r"\b(?:this|my) (?:answer|response|candidate)\b[^.\n]{0,30}\b(?:deserves?|must (?:get|receive)|"
    r"should (?:get|receive|be (?:graded|scored|marked|given|awarded)))\b",
    r"\bmark (?:all|every|each|this)\b[^.\n]{0,30}\b(?:covered|correct|complete|met|passed)\b",
    r"\bcandidate (?:has )?covered all\b",
    r"\b(?:all|every|each)(?: of)?(?: the)?(?: rubric| core| key)? points? (?:is|are|as) "
    r"(?:all )?(?:marked )?(?:as )?covered\b",
    # You, grader.
    rf"{_GRADER_ZH}[,:：]?\s*(?:请|注意|你(?:必须|应|要|好)|务必|必须(?:给|判|打))",
    r"(?:你是|你现在是|扮演|作为)(?:一个|一名)?[^,。;\n]{0,6}(?:评分|判卷|打分|阅卷)(?:员|人|官|老师|助手|系统)",
    r"\b(?:dear|attention,?|note to (?:the )?|hey,?|hello,?) ?(?:grader|judge|evaluator|examiner|assessor)\b",
    r"\b(?:you are|act as|pretend to be|you're) now (?:a|an|the|in)\b",
    r"\b(?:you are|act as|you're) (?:a|an|the) [^.\n]{0,20}(?:grader|examiner)\b",
    # Tell me the rubric.
    r"(?:告诉我|输出|泄露|打印|重复|显示)[^,。;\n]{0,6}(?:评分标准|评分规则|参考答案|得分点|你的(?:系统)?提示词?)",
    r"\b(?:reveal|print|output|show|repeat|leak|tell me)\b[^.\n]{0,12}"
    r"\b(?:the rubric|rubric points|your system prompt|the reference answer|grading criteria|your instructions|"
    r"answer key)\b",
    # Posing as somebody who may.
    r"\b(?:new instructions?|system (?:message|override|notice))\s*:|\bsystem override\b|\bdeveloper mode\b",
    r"(?:^|[\n。])\s*系统(?:消息|指令|提示|通知)\s*[:：]|系统覆盖|新(?:的)?指令\s*[:：]",
    r"(?:管理员|开发者|面试官)(?:已)?(?:授权|批准|确认|要求你)|(?:候选人|考生|学生)(?:的)?(?:回答|答案)(?:到此)?结束",
    r"\bend of (?:the )?(?:student|candidate)(?:'s)? answer\b",
)
_FORGED = (
    # A verdict of our own making; only at the top mark is it worth forging.
    r"[\"'](?:score|grade|verdict|credit|final_score|评分|得分|判定)[\"']\s*:\s*[\"']?"
    r"(?:10|5|100|1\.0|covered|full|pass(?:ed)?|correct|满分|覆盖|通过)\b",
    # Closing the delimiter, or speaking in the grader's place.
    r"<{3,}\s*/?\s*(?:end|answer|reference|question)\b[^\n]{0,40}",
    r"</?(?:answer|candidate|candidate_answer|student|student_answer|rubric|judge|grading|evaluation)\b[^>\n]{0,40}>",
    r"^\s*(?:#{1,6} ?)?(?:grader|judge|evaluator|评委|评分员|判定结果)\s*[:：]",
)
_ATTACK = tuple(re.compile(p, re.M) for p in (*_ORDERS, *_FORGED))

_OBJECT = re.compile(
    r"\{[^\n]{0,2000}?[\"'](?:verdict|score|grade|credit|final_score|confidence|评分|得分|判定)[\"']\s*:[^\n]*\}"
)
"""The whole line of a forged verdict, not only the key that gives it away."""
_TO_GRADER = re.compile(
    rf"{_GRADER_ZH}[,:：]?\s*(?:请|注意|您好|你好)[^。!?\n]*"
    r"|\b(?:dear|attention,?|note to (?:the )?|hey,?|hello,?) ?(?:grader|judge|evaluator|examiner|assessor)\b[^.!?\n]*"
)
"""Whoever is spoken to as the grader is spoken to until the end of the sentence."""

HIDDEN_LIMIT = 8
"""So many invisible characters are no accident of copying; each alone is dropped without a word."""


def find(folded: Normalised, parts: list[Clause]) -> tuple[bool, list[bool]]:
    """Whether the answer tries to steer its grader, and which clauses do."""
    ranges = [m.span() for pattern in _ATTACK for m in pattern.finditer(folded.text)]
    ranges += [m.span() for m in _OBJECT.finditer(folded.text)] + [m.span() for m in _TO_GRADER.finditer(folded.text)]
    masked = [any(s < c.end and c.start < e for s, e in ranges) for c in parts]
    return bool(ranges) or folded.hidden >= HIDDEN_LIMIT, masked
