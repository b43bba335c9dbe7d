"""Text in an answer that speaks to the grader instead of to the question.

The answer is data. Clauses found here are flagged and earn nothing; the clauses around them keep
their credit.
"""

from __future__ import annotations

import re

from interviewer.judge.normalise import Normalised
from interviewer.judge.windows import Clause

_ORDER = re.compile(
    # Orders to forget the task, in both languages.
    r"(?:忽略|无视|忘记|忘掉|跳过|不要理会|抛开)(?:掉)?[^,。;\n]{0,4}(?:之前|以上|上面|上述|前面|先前|此前|所有|一切|你的|系统|评分)[^,。;\n]{0,8}"
    r"(?:指令|指示|提示词?|规则|要求|标准|设定|限制|内容)"
    r"|\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,20}\b(?:previous|prior|above|earlier|"
    r"preceding|all|any|your|the (?:system|rubric|grading|scoring))\b"
    r"[^.\n]{0,20}\b(?:instructions?|prompts?|rules?|rubrics?|guidelines?|criteria|text)\b"
    # Asking for marks.
    r"|(?:请|麻烦|务必|必须|应该?|直接|一定要?|帮忙?|希望)[^,。;\n]{0,10}(?:给|打|判|评|记)[^,。;\n]{0,8}(?:满分|高分|10 ?分|100 ?分|十分)(?!制)"
    r"|(?:给|打|判|评)(?:我|这份|本|此|该)[^,。;\n]{0,8}(?:满分|高分|\d+ ?分|通过)|(?:^|[,。;\n])\s*(?:给|打)(?:我|个)?满分"
    r"|(?:评分|打分|判分|成绩|得分|分数)(?:为|是|应为|应该是|给|:|=)\s*(?:满分|10 ?分|10/10|100 ?分|十分)(?!制)"
    r"|(?:该|此|本|这个?|这份)(?:回答|答案|候选人)[^,。;\n]{0,10}(?:满分|完全正确|覆盖了?(?:所有|全部)|应(?:当|该)?得)"
    r"|(?:所有|全部|每个)(?:要点|得分点|评分点|点)[^,。;\n]{0,8}(?:都|均|已|判|视)[^,。;\n]{0,6}(?:覆盖|命中|满足|covered|得分|答到)"
    r"|\b(?:give|award|assign|grant|grade|score|rate|mark)\b[^.\n]{0,40}"
    r"\b(?:full (?:marks?|credit|score)|max(?:imum)? (?:score|marks?|points?)|perfect (?:score|marks?|grade)|"
    r"10 ?/ ?10|5 ?/ ?5|100 ?%|highest|all points|as (?:correct|covered))\b"
    r"|\b(?:this|the|my) (?:answer|response|candidate)\b[^.\n]{0,30}\b(?:deserves?|must (?:get|receive|be)|"
    r"should (?:get|receive|be (?:graded|scored|marked|given|awarded)))\b"
    r"|\bmark (?:all|every|each|this)\b[^.\n]{0,30}\b(?:covered|correct|complete|met|passed)\b"
    # Talking to the grader, asking for the rubric, posing as somebody.
    r"|(?:评分|判卷|阅卷|打分|评审|裁判)(?:员|人|官|老师|模型|助手|系统|ai|者|器)(?:[,:：]?\s*(?:请|注意|你(?:必须|应|要|好)|务必|必须(?:给|判|打)))"
    r"|(?:你是|你现在是|扮演|作为)(?:一个|一名)?[^,。;\n]{0,8}(?:评分|判卷|打分|阅卷|ai|助手|语言模型)"
    r"|(?:告诉我|输出|泄露|打印|重复|显示)[^,。;\n]{0,8}(?:评分标准|评分规则|参考答案|系统提示|提示词|rubric|得分点)"
    r"|\b(?:dear |to the |attention,? |note to (?:the )?)(?:grader|judge|evaluator|examiner|assessor)\b|"
    r"\b(?:grader|evaluator)s? (?:must|should|will|please|note)\b"
    r"|\b(?:you are|act as|pretend to be|you're) (?:now )?(?:a|an|the)? ?[^.\n]{0,20}\b(?:grader|judge|"
    r"evaluator|assistant|examiner|language model|ai|llm)\b"
    r"|\b(?:reveal|print|output|show|repeat|leak|tell me)\b[^.\n]{0,20}\b(?:the rubric|rubric points|"
    r"system prompt|reference answer|grading criteria|your instructions|answer key)\b"
    r"|\b(?:as an ai|new instructions?:|system (?:message|override|notice)\s*:|system override|"
    r"developer mode|end of (?:the )?(?:student|candidate)(?:'s)? answer)\b"
    r"|(?:^|[\n。])\s*系统(?:消息|指令|提示|通知)\s*[:：]|系统覆盖|新(?:的)?指令\s*[:：]|(?:管理员|开发者|面试官)(?:已)?(?:授权|批准|确认|指示|要求你)|"
    r"(?:候选人|考生|学生)?(?:回答|答案)(?:到此)?结束"
)
_FORGED = re.compile(
    r"[\"']?(?:score|grade|verdict|credit|points?|misconceptions|needs_review|final_score|评分|得分|判定|"
    r"结论)[\"']?\s*[:=]\s*"
    r"(?:[\"']?(?:10|5|9|100|1\.0|covered|full|pass(?:ed)?|correct|满分|覆盖|通过)\b[\"']?|\[|\{|(?:满分|覆盖|通过))"
)
_MARKERS = re.compile(
    r"<\|[^|>\n]{1,30}\|>|\[/?(?:inst|sys)\]|<</?sys>>|</?(?:system|assistant|user|answer|candidate|student|"
    r"instruction|rubric|judge|grading|data)[^>\n]{0,40}>"
    r"|^\s*(?:#{1,6} ?)?(?:system|assistant|grader|judge|evaluator|系统|助手|评委|评分员)\s*[:：]|(?:^|\n)\s*(?:={5,}|"
    r"-{5,}|#{4,}|`{3}json)",
    re.M,
)
HIDDEN_LIMIT = 8
"""So many invisible characters are no accident of copying; each alone is dropped without a word."""


def find(folded: Normalised, parts: list[Clause]) -> tuple[bool, list[bool]]:
    """Whether the answer tries to steer its grader, and which clauses do."""
    text = folded.text
    ranges = [m.span() for pattern in (_ORDER, _FORGED, _MARKERS) for m in pattern.finditer(text)]
    strong = [r for r in ranges if not _is_rule(text[r[0] : r[1]])]
    masked = [any(s < c.end and c.start < e for s, e in strong) for c in parts]
    return bool(strong) or folded.hidden >= HIDDEN_LIMIT, masked


def _is_rule(found: str) -> bool:
    """A line of dashes is how people draw a rule; it breaks no delimiter of ours."""
    return not found.strip().strip("=-#\n ")
