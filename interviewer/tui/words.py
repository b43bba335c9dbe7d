"""Every sentence of the screens, in Chinese and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interviewer.flag_words import flag_words

if TYPE_CHECKING:
    from knowledge.models import Lang

_CATALOGUE: dict[str, tuple[str, str]] = {
    "app": ("大模型微调 · 模拟面试", "LLM fine-tuning · mock interview"),
    # set-up
    "setup.role": ("岗位", "Role"),
    "setup.level": ("级别", "Level"),
    "setup.lang": ("语言", "Language"),
    "setup.questions": ("题数", "Questions"),
    "setup.minutes": ("时间", "Time"),
    "setup.skill": ("专项练习", "Practise"),
    "setup.judge": ("评分", "Judge"),
    "setup.embedder": ("向量", "Embedder"),
    "setup.any_skill": ("不限，按岗位出题", "anything the role asks for"),
    "setup.pick_skill": ("空格：从列表中选", "Space: choose from a list"),
    "setup.n_questions": ("{n} 题", "{n}"),
    "setup.n_minutes": ("{n} 分钟", "{n} min"),
    "setup.follow_ups": ("另有追问，每题最多 {n} 次", "plus follow-ups, at most {n} each"),
    "setup.no_follow_ups": ("没有追问", "no follow-ups"),
    "setup.only": ("指定的 {n} 道题", "the {n} questions that were named"),
    "setup.judge_offline": (
        "离线评分器：不用语言模型，靠词语覆盖与向量相似度",
        "offline judge: no language model, only term coverage and similarity",
    ),
    "setup.judge_named": ("{name}", "{name}"),
    "setup.embedded": (
        "内置词向量表（中英双语，无需下载）",
        "embedded table (bilingual, nothing to download)",
    ),
    "setup.start": ("开始面试", "Start the interview"),
    "setup.resume": ("继续上次", "Go on"),
    "setup.resume_row": ("{role} · {when} · 已答 {n}", "{role} · {when} · {n} answered"),
    "level.junior": ("初级", "Junior"),
    "level.mid": ("中级", "Mid"),
    "level.senior": ("高级", "Senior"),
    "lang.zh": ("中文", "中文"),
    "lang.en": ("English", "English"),
    # loading
    "opening.setup": ("正在读取设置和题库…", "reading the settings and the questions…"),
    "opening.question": ("正在准备第一道题…", "preparing the first question…"),
    "opening.resume": ("正在回到上次的面试…", "going back to the interview…"),
    "load.machine": ("正在后台准备面试流程…", "preparing the interview in the background…"),
    "load.judge": ("正在后台准备评分器…", "preparing the judge in the background…"),
    "load.ready": ("已就绪", "ready"),
    "load.failed": ("无法准备：{why}", "cannot prepare: {why}"),
    # interview
    "question_n": ("第 {n}/{total} 题", "Question {n}/{total}"),
    "follow_up": ("追问", "Follow-up"),
    "difficulty": ("难度 {n}", "difficulty {n}"),
    "kind.open": ("问答", "Open"),
    "kind.scenario": ("场景", "Scenario"),
    "kind.choice": ("选择", "Choice"),
    "kind.code": ("代码", "Code"),
    "rung.clarify": ("澄清", "clarify"),
    "rung.mechanism": ("机理", "mechanism"),
    "rung.trade-off": ("取舍", "trade-off"),
    "rung.transfer": ("迁移", "transfer"),
    "generated": ("由模型提出", "asked by a model"),
    "why": ("为什么问这题", "Why this question"),
    "why_follow_up": ("为什么追问", "Why this follow-up"),
    "hint": ("提示", "Hint"),
    "placeholder.open": (
        "在这里作答。中英文随意，可以粘贴多行。",
        "Answer here, in Chinese or English; pasting is fine.",
    ),
    "placeholder.choice": (
        "写出选项字母，最好再说明理由。",
        "Give the letter, and better still your reason.",
    ),
    "placeholder.code": (
        "在这里写代码。代码只做语法分析，不会运行。",
        "Write the code here. It is parsed, never run.",
    ),
    "chars": ("{n} 字", "{n} chars"),
    "too_long": ("只评前 {n} 字，其余照常保存", "only the first {n} chars are graded; the rest is kept"),
    "draft_saved": ("草稿已保存", "draft saved"),
    "draft_pending": ("正在输入", "typing"),
    "draft_restored": ("已恢复草稿", "draft restored"),
    "draft_failed": ("草稿没能保存：{why}", "the draft could not be saved: {why}"),
    "empty_answer": (
        "还没有写答案。写好后按 Ctrl+S；不会请按 F4，想跳过请按 F3。",
        "There is no answer yet. Write one and press Ctrl+S; F4 says “don't know”, F3 skips.",
    ),
    "judging": ("正在评分", "Grading your answer"),
    "waiting": ("马上就好，正在准备评分器", "Almost there: preparing the judge"),
    "moving_on": ("请稍候", "One moment"),
    "not_saved": ("没有提交成功，答案还在编辑框里。", "Not submitted; your answer is still in the editor."),
    "saved_not_judged": (
        "答案已保存，但评分没有完成。按 Ctrl+S 重新评分。",
        "Your answer is saved, but grading did not finish. Press Ctrl+S to grade it again.",
    ),
    "not_done": ("没有成功，可以再试一次。", "That did not work; try again."),
    "skipped": ("已跳过，不计分", "skipped; it is not graded"),
    "hint_taken": ("这道题的提示已经给出", "the hint of this question is shown already"),
    "hint_not_here": ("追问没有提示", "follow-ups have no hint"),
    "saving": ("正在保存已输入的内容；再按一次退出键立即离开", "saving what you typed; quit again to leave at once"),
    "copied": ("已复制；再按一次 Ctrl+C 退出", "copied; Ctrl+C again quits"),
    "overtime": ("时间到了：答完这题就结束", "time is up: this question is the last"),
    # keys
    "key.submit": ("提交", "Submit"),
    "key.hint": ("提示 −{cost}分", "Hint −{cost}"),
    "key.skip": ("跳过", "Skip"),
    "key.dont_know": ("不会", "Don't know"),
    "key.pause": ("暂停", "Pause"),
    "key.finish": ("结束", "End"),
    "key.help": ("帮助", "Help"),
    "key.menu": ("菜单", "Menu"),
    "key.quit": ("退出", "Quit"),
    "key.start": ("开始", "Start"),
    "key.history": ("历史", "History"),
    "key.map": ("地图", "Map"),
    "key.practise": ("练这一项", "Practise"),
    "key.resume": ("继续上次", "Go on"),
    "key.move": ("移动", "Move"),
    "key.change": ("更改", "Change"),
    "key.next": ("下一题", "Next"),
    "key.to_follow_up": ("进入追问", "To the follow-up"),
    "key.to_report": ("看报告", "To the report"),
    "key.tabs": ("切换", "Tabs"),
    "key.scroll": ("滚动", "Scroll"),
    "key.save": ("保存", "Save"),
    "key.back": ("返回", "Back"),
    "key.open": ("打开", "Open"),
    "key.new": ("新的面试", "New interview"),
    "key.yes": ("是", "Yes"),
    "key.no": ("否", "No"),
    "key.go_on": ("继续", "Go on"),
    "key.last": ("上题点评", "Last verdict"),
    # confirm and pause
    "confirm.finish": ("现在结束面试？", "End the interview now?"),
    "confirm.finish_why": (
        "已经答过的题会写进报告，这道题不算。",
        "What you have answered goes into the report; this question does not count.",
    ),
    "confirm.skip": ("跳过这道题？", "Skip this question?"),
    "confirm.dont_know": ("这道题答“不会”？", "Answer “don't know”?"),
    "confirm.lose_text": ("编辑框里已经写的内容不会提交。", "What you have written will not be submitted."),
    "paused": ("已暂停", "Paused"),
    "paused_why": (
        "题目已隐藏，计时停止，草稿已保存。",
        "The question is hidden, the clock stands, the draft is saved.",
    ),
    # side panel
    "map": ("知识地图", "Map"),
    "abilities": ("能力估计", "Abilities"),
    "abilities_none": ("答完第一题后显示", "after the first answer"),
    "abilities_note": ("难度 5 的题预计得分 %", "expected % on a difficulty-5 question"),
    "cat.data": ("数据", "Data"),
    "cat.methods": ("方法", "Methods"),
    "cat.arch": ("架构", "Arch"),
    "cat.train": ("训练", "Training"),
    "cat.eval": ("评估", "Eval"),
    "cat.tools": ("工具", "Tools"),
    "cat.safety": ("安全", "Safety"),
    "cat.paradigm": ("范式", "Align"),
    "cat.ops": ("运营", "Ops"),
    # feedback
    "first_attempt": ("首次回答", "First attempt"),
    "follow_up_n": ("追问 {n}", "Follow-up {n}"),
    "after_probe": ("追问之后", "After follow-ups"),
    "final": ("本题得分", "This question"),
    "hint_cost": ("含提示扣分 −{n}", "hint −{n} included"),
    "interval": ("可能在 {low}–{high}", "likely {low}–{high}"),
    "needs_review": ("建议请人复核", "worth a second reader"),
    "unscored": ("未评分", "Unscored"),
    "unscored_why": ("不计入任何平均分：{why}", "counts in no average: {why}"),
    "unscored_unknown": ("原因没有记录", "the reason was not recorded"),
    "by_offline": ("离线评分器（没有用语言模型）", "offline judge (no language model)"),
    "by_llm": ("语言模型 {name}", "language model {name}"),
    "by_other": ("评分器：{name}", "judge: {name}"),
    "by_fallback": ("后备评分", "fallback"),
    "points": ("要点", "Points"),
    "points_count": (
        "讲到 {covered} · 部分 {partial} · 缺失 {missing} · 说反 {contradicted}",
        "{covered} covered · {partial} partial · {missing} missing · {contradicted} contradicted",
    ),
    "covered": ("讲到", "Covered"),
    "partial": ("部分", "Partial"),
    "missing": ("缺失", "Missing"),
    "contradicted": ("说反", "Contradicted"),
    "bonus": ("加分项", "bonus"),
    "misconceptions": ("误解", "Misconceptions"),
    "misconception": ("误解", "Wrong"),
    "penalty": ("扣 {n} 分", "−{n}"),
    "your_answer": ("你的回答", "Your answer"),
    "no_answer": ("没有作答", "no answer"),
    "legend": (
        "带底色加下划线的是依据，[数字] 是要点，[字母] 是误解",
        "Underlined is evidence: [number] a point, [letter] a misconception",
    ),
    "more_text": ("…（还有 {n} 字，报告里有全文）", "… ({n} more chars; all of it is in the report)"),
    "flags": ("标记", "Flags"),
    "feedback": ("点评", "Comment"),
    "held_back": (
        "还有追问：参考答案和没讲到的要点，等追问结束再给出。",
        "A follow-up comes next: the reference and the missed points are shown after it.",
    ),
    "tab.verdict": ("判定", "Verdict"),
    "tab.reference": ("参考答案", "Reference"),
    "tab.talk": ("怎么说", "Say it"),
    "tab.sources": ("出处", "Sources"),
    "talk": ("30–60 秒口述稿", "In 30–60 seconds"),
    "bonus_line": ("加分的一句话", "The line that earns extra credit"),
    "solution": ("参考代码", "Reference code"),
    "options": ("选项", "Options"),
    "right": ("正确", "right"),
    "chosen": ("你选的", "your choice"),
    "chose": ("你选了 {letter}", "You chose {letter}"),
    "chose_right": ("正确", "right"),
    "chose_wrong": ("不对，正确的是 {letter}", "wrong; the right one is {letter}"),
    "ability": ("能力估计", "Ability"),
    "sources_none": ("没有列出出处", "no source is listed"),
    "status.skipped": ("已跳过", "Skipped"),
    "status.dont_know": ("表示不会", "Said “don't know”"),
    "status.answered": ("已回答", "Answered"),
    "status.unscored": ("未评分", "Unscored"),
    **flag_words(),
    # report
    "report": ("面试报告", "Report"),
    "overall": ("总分", "Overall"),
    "no_score": ("没有评分", "No score"),
    "of_ten": ("/ 10", "/ 10"),
    "hints": ("提示", "Hints"),
    "hints_n": ("{n} 次", "{n}"),
    "skills": ("技能", "Skills"),
    "study": ("接下来学什么（先修在前）", "What to study next (prerequisites first)"),
    "study_none": ("没有需要特别补的内容。", "Nothing stood out as a gap."),
    "questions": ("逐题", "Question by question"),
    "nothing_answered": ("还没有回答任何题目。", "Nothing has been answered yet."),
    "unfinished": ("这场面试还没有结束。", "This interview is not finished."),
    "ended": ("结束原因：{why}", "Ended: {why}"),
    "saved_at": ("已保存：{path}", "saved: {path}"),
    "save_failed": ("没有保存：{why}", "not saved: {why}"),
    "col.first": ("首答", "First"),
    "col.probe": ("追问后", "Probed"),
    "col.final": ("得分", "Final"),
    # history
    "history": ("历史", "History"),
    "history_none": ("还没有面试记录。", "No interview yet."),
    "col.when": ("时间", "When"),
    "col.role": ("岗位", "Role"),
    "col.level": ("级别", "Level"),
    "col.lang": ("语言", "Lang"),
    "col.answered": ("已答", "Ans."),
    "col.score": ("得分", "Score"),
    "col.status": ("状态", "State"),
    "session.open": ("未完成", "open"),
    "session.finished": ("已完成", "finished"),
    # pick, menu, help, small terminal
    # the map
    "atlas": ("知识地图", "Knowledge map"),
    "atlas.counted": ("{skills} 项技能 · {questions} 题", "{skills} skills · {questions} questions"),
    "atlas.filter": ("搜技能或题目", "search skills and questions"),
    "atlas.none": ("没有匹配的技能，删几个字再试", "no skill fits; delete a few letters"),
    "atlas.before": ("先修", "Builds on"),
    "atlas.after": ("之后", "Leads to"),
    "atlas.must": ("必问", "must ask"),
    "atlas.deep": ("深挖", "deep dive"),
    "atlas.nice": ("了解", "good to know"),
    "atlas.no_questions": ("这项技能还没有题目", "this skill has no question yet"),
    "pick.title": ("练哪一项技能？", "Which skill?"),
    "pick.filter": ("输入几个字来筛选", "type to filter"),
    "menu.title": ("菜单", "Menu"),
    "help.title": ("帮助", "Help"),
    "too_small": ("终端太小\n请放大到\n{w}×{h} 以上", "Terminal too\nsmall: make it\n{w}×{h} or more"),
    "close": ("关闭", "Close"),
}


class Words:
    """The catalogue in one language."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang
        self._column = 0 if lang == "zh" else 1
        self.colon = "：" if lang == "zh" else ": "
        self.comma = "、" if lang == "zh" else ", "

    def __call__(self, key: str, **values: object) -> str:
        text = _CATALOGUE[key][self._column]
        return text.format(**values) if values else text

    def named(self, group: str, value: str) -> str:
        """The name of an enumerated value, or the value itself where the catalogue has none."""
        entry = _CATALOGUE.get(f"{group}.{value}")
        return entry[self._column] if entry else value


def all_keys() -> frozenset[str]:
    return frozenset(_CATALOGUE)
