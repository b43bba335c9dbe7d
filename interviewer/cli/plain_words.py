"""What plain mode says, in both languages."""

from __future__ import annotations

from interviewer.flag_words import FLAGS
from interviewer.models import JudgeInfo
from knowledge.models import RoleInfo

TEXTS: dict[str, tuple[str, str]] = {
    "question": ("第 {n}/{total} 题", "Question {n} of {total}"),
    "follow_up": ("追问", "Follow-up"),
    "generated": ("由模型提出", "asked by a model"),
    "why": ("为什么问：", "why:"),
    "hint": ("提示：", "Hint:"),
    "prompt": (
        "（空行结束回答；整段用三个双引号的行包起来；/hint 提示 /skip 跳过 /dont-know 不知道 /quit 结束）",
        '(an empty line ends the answer; wrap blank lines in lines of """; /hint /skip /dont-know /quit)',
    ),
    "empty": ("回答是空的，没有提交。", "The answer is empty; nothing was submitted."),
    "skipped": ("已跳过，不计分。", "Skipped; not graded."),
    "score": ("得分", "Score"),
    "unscored": ("未评分：", "Unscored:"),
    "missed": ("没有讲到的核心要点：", "Core points that did not come up:"),
    "reference": ("参考答案：", "Reference:"),
    "talk": ("30-60 秒口述：", "In 30-60 seconds:"),
    "bonus": ("加分的一句：", "The line that earns extra credit:"),
    "misconception": ("误解：", "misconception:"),
    "flags": ("注意：", "note:"),
    "judge": ("由", "graded by"),
    "over": ("面试结束：", "The interview is over:"),
    "scores": (
        "总分 {score}/10 · 首答 {first} · 追问后 {after} · 提示 {hints} 次",
        "Score {score}/10 · first attempt {first} · after probing {after} · hints {hints}",
    ),
    "study": ("接下来按先修顺序学：", "Study next, prerequisites first:"),
    "kept": (
        "输入在面试结束前就没有了；已答的都已保存，继续：interviewer --resume {id}",
        "the input ended before the interview did; everything is kept, go on: interviewer --resume {id}",
    ),
    "interrupted": (
        "已中断；已答的都已保存，继续：interviewer --resume {id}",
        "interrupted; everything is kept, go on: interviewer --resume {id}",
    ),
    "draft": ("上次写到一半的草稿（没有提交）：", "Your draft from last time (not submitted):"),
    "see": ("完整报告：interviewer report {id}", "the whole report: interviewer report {id}"),
    "written": ("报告已写入 {path}", "report written to {path}"),
}
RUNGS = {
    "clarify": ("澄清", "clarify"),
    "mechanism": ("机理", "mechanism"),
    "trade-off": ("取舍", "trade-off"),
    "transfer": ("迁移", "transfer"),
}
VERDICTS = {
    "covered": ("✓ 讲到", "✓ covered"),
    "partial": ("◐ 部分", "◐ partly"),
    "missing": ("✗ 缺失", "✗ missing"),
    "contradicted": ("! 说反", "! contradicted"),
}
JUDGES = {
    "offline": ("离线评分器（不用大模型）评分", "the offline judge (no language model)"),
    "llm": ("{model} 评分，证据与分数由代码核定", "{model}; evidence and score are checked and computed in code"),
}


class Words:
    """The texts in one language: `words("hint")`, `words.verdict("covered")`."""

    def __init__(self, lang: str) -> None:
        self.at = 0 if lang == "zh" else 1

    def __call__(self, key: str) -> str:
        return TEXTS[key][self.at]

    def rung(self, rung: str | None) -> str:
        return RUNGS[rung][self.at] if rung in RUNGS else ""

    def verdict(self, verdict: str) -> str:
        return VERDICTS[verdict][self.at]

    def flag(self, flag: str) -> str:
        return FLAGS[flag][self.at] if flag in FLAGS else flag

    def judge_name(self, info: JudgeInfo) -> str:
        name = JUDGES[info.kind][self.at].format(model=info.model) if info.kind in JUDGES else info.kind
        return f"{name} ({info.note})" if info.fallback and info.note else name

    def begin(self, session: str, role: RoleInfo, model: str | None) -> str:
        if self.at == 0:
            return f"模拟面试 {session} · {role.zh} · {model or '离线评分器（不用大模型）'}"
        by = model or "the offline judge (no language model)"
        return f"Mock interview {session} · {role.en} · graded by {by}"
