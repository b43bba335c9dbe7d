"""Every sentence of the report, in Chinese and in English."""

from __future__ import annotations

from interviewer.flag_words import flag_words

_CATALOGUE: dict[str, tuple[str, str]] = {
    # header
    "title": ("模拟面试报告", "Mock interview report"),
    "level.junior": ("初级", "Junior"),
    "level.mid": ("中级", "Mid-level"),
    "level.senior": ("高级", "Senior"),
    "minutes": ("{n} 分钟", "{n} min"),
    "seconds": ("{n} 秒", "{n} s"),
    "minutes_seconds": ("{m} 分 {s} 秒", "{m} min {s} s"),
    "unfinished": (
        "这场面试还没有结束，报告只包含到目前为止的内容。",
        "This interview is not finished; the report covers it so far.",
    ),
    "ended": ("结束原因：{why}", "Why it ended: {why}"),
    "no_score": ("没有评分", "No score"),
    "no_score_why": ("没有任何一道题得到评分。", "No question was scored."),
    "overall": ("总分", "Overall score"),
    "of_ten": ("满分 10", "out of 10"),
    "counts": ("题目 {questions}，其中有评分 {scored}", "Questions {questions}, scored {scored}"),
    # judge
    "judge.offline": (
        "由离线评分器评分：没有使用语言模型，依据词语覆盖与向量相似度判断，难以识别说得自信的错误。",
        "Graded by the offline judge: no language model, only term coverage and embedding similarity; "
        "it can miss a mistake that is stated with confidence.",
    ),
    "judge.llm": (
        "由语言模型 {model} 按评分要点评分。",
        "Graded against the rubric by the language model {model}.",
    ),
    "judge.llm_unnamed": ("由语言模型按评分要点评分。", "Graded against the rubric by a language model."),
    "judge.other": ("评分器：{kind}（{model}）。", "Graded by: {kind} ({model})."),
    "judge.none": ("没有任何回答被评分。", "No answer has been graded."),
    "judge.mixed": (
        "并非所有回答都由同一个评分器评分，详见文末。",
        "Not every answer had the same judge; see the end.",
    ),
    "judge.fallback": (
        "其中 {n} 个回答因模型不可用，改由后备评分。",
        "For {n} answers the model was not available and the fallback graded instead.",
    ),
    "judge.fallback.one": (
        "其中 {n} 个回答因模型不可用，改由后备评分。",
        "For {n} answer the model was not available and the fallback graded instead.",
    ),
    "judge_card": ("评分器可信度", "How far to trust it"),
    # figures
    "first_attempt": ("首次回答", "First attempt"),
    "after_probe": ("追问之后", "After follow-ups"),
    "hints": ("提示", "Hints"),
    "hints_used": ("用了 {n} 次", "{n} taken"),
    "final": ("最终", "Final"),
    "first_note": ("没有任何帮助时的得分", "before any help"),
    "probe_note": ("加上追问问出的内容", "with what probing brought out"),
    "hints_note": ("每次提示都会扣分", "each one costs marks"),
    "no_probe": ("没有回答过追问", "no follow-up answered"),
    # chart
    "skills": ("技能", "Skills"),
    "skills_note": (
        "条形：中等难度题目（难度 5）上预计能拿到的分数比例；细线：约 90% 的把握所在的范围，题目越多越窄。",
        "Bar: expected share of marks on a question of medium difficulty (5). Line: roughly where it lies "
        "with 90% confidence; it narrows with every answer.",
    ),
    "skills_none": ("还没有足够的回答来估计任何技能。", "No answer yet to estimate a skill from."),
    "skills_unasked": ("另有 {n} 项技能没有问到。", "{n} more skills were not asked about."),
    "skills_unasked.one": ("另有 {n} 项技能没有问到。", "{n} more skill was not asked about."),
    "skill": ("技能", "Skill"),
    "category": ("类别", "Category"),
    "standing": ("水平", "Level"),
    "range": ("范围", "Range"),
    "answers": ("{n} 个回答", "{n} answers"),
    "answers.one": ("{n} 个回答", "{n} answer"),
    "answers_head": ("回答数", "Answers"),
    # questions
    "questions": ("逐题回顾", "Question by question"),
    "overview": ("一览", "At a glance"),
    "question": ("题目", "Question"),
    "question_n": ("第 {n} 题", "Question {n}"),
    "difficulty": ("难度 {n}", "Difficulty {n}"),
    "kind.open": ("问答", "Open"),
    "kind.scenario": ("场景", "Scenario"),
    "kind.choice": ("选择", "Choice"),
    "kind.code": ("代码", "Code"),
    "why_asked": ("为什么问这题", "Why this was asked"),
    "your_answer": ("你的回答", "Your answer"),
    "no_answer": ("没有回答。", "No answer was given."),
    "characters": ("{n} 个字符", "{n} characters"),
    "whole_answer": ("展开完整回答", "Show the whole answer"),
    "took": ("用时 {time}", "Took {time}"),
    "follow_up": ("追问", "Follow-up"),
    "generated": ("由模型提出", "asked by a model"),
    "hint": ("提示", "Hint"),
    "rung.clarify": ("澄清", "clarify"),
    "rung.mechanism": ("机理", "mechanism"),
    "rung.trade-off": ("取舍", "trade-off"),
    "rung.transfer": ("迁移", "transfer"),
    "status.answered": ("已回答", "Answered"),
    "status.skipped": ("跳过", "Skipped"),
    "status.dont_know": ("表示不会", "Said “don’t know”"),
    "status.unscored": ("未评分", "Unscored"),
    "unscored": ("未评分", "Unscored"),
    "unscored_why": (
        "这个回答没有评分，不计入任何平均分：{why}",
        "This answer has no score and counts in no average: {why}",
    ),
    "unscored_unknown": ("原因没有记录", "the reason was not recorded"),
    "not_judged": ("面试在评分之前中断", "the interview stopped before it was graded"),
    "interval": ("可能范围 {low}–{high}", "likely {low}–{high}"),
    "needs_review": ("建议请人复核", "Worth a second reader"),
    "chosen": ("你的选择", "your choice"),
    "right": ("正确答案", "right answer"),
    "no_choice": ("没有识别出你选了哪一项。", "No option could be read from the answer."),
    "options": ("选项", "Options"),
    # verdicts
    "points": ("评分要点", "Rubric points"),
    "covered": ("讲到", "Covered"),
    "partial": ("部分", "Partial"),
    "missing": ("缺失", "Missing"),
    "contradicted": ("说反", "Contradicted"),
    "core": ("核心", "core"),
    "bonus": ("加分", "bonus"),
    "weight": ("权重 {n}", "weight {n}"),
    "credit": ("得分 {n}%", "{n}% credit"),
    "evidence": ("依据", "Evidence"),
    "evidence_for": ("要点 {n} 的依据", "evidence for point {n}"),
    "misconception_at": ("误解 {n}", "misconception {n}"),
    "legend": (
        "带色底的文字是评分依据，数字对应下面的要点，字母对应误解。",
        "Tinted words are the evidence; numbers lead to the points below, letters to misconceptions.",
    ),
    "misconceptions": ("发现的误解", "Misconceptions found"),
    "penalty": ("扣 {n} 分", "−{n} marks"),
    "feedback": ("点评", "Feedback"),
    "dimensions": ("表现", "How it came across"),
    "flags": ("标记", "Flags"),
    **flag_words(capital=True),
    # teaching
    "model_answer": ("参考", "Model answer"),
    "reference": ("参考答案", "Reference answer"),
    "solution": ("参考代码", "Reference code"),
    "talk": ("30–60 秒口述稿", "Say it in 30–60 seconds"),
    "bonus_line": ("加分的一句话", "The line that earns extra credit"),
    "sources": ("出处", "Sources"),
    "study": ("接下来学什么", "What to study next"),
    "study_note": (
        "按先修顺序排列：先补前面的，后面的会更容易。",
        "In prerequisite order: the earlier ones make the later ones easier.",
    ),
    "study_none": ("没有需要特别补的内容。", "Nothing stood out as a gap."),
    "missed": ("漏掉的要点", "Points missed"),
    "practise": ("可以练习的题", "Questions to practise"),
    "builds_on": ("先修：{names}", "Builds on: {names}"),
    # provenance
    "provenance": ("这份报告从何而来", "Where this report comes from"),
    "session": ("会话", "Session"),
    "prov.kind": ("评分器", "Judge"),
    "prov.model": ("模型", "Model"),
    "prov.rubric": ("评分规则", "Rubric hash"),
    "prov.prompt": ("提示词", "Prompt hash"),
    "prov.calibration": ("校准", "Calibration"),
    "prov.embedder": ("向量模型", "Embedder"),
    "prov.fallback": ("后备", "Fallback"),
    "prov.answers": ("回答数", "Answers"),
    "prov.usage": (
        "模型调用 {calls} 次，输入 {input} / 输出 {output} 个 token，费用 {cost}，评分用时 {seconds} 秒。",
        "{calls} model calls, {input} input and {output} output tokens, cost {cost}, {seconds} s of grading.",
    ),
    "unknown": ("未知", "unknown"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "disclaimer": (
        "分数由代码按评分要点算出，任何模型都不能直接给出分数；它是练习的参考，不是录用结论。",
        "Scores are computed by code from the rubric points; no model names a score. "
        "They are for practice and are no hiring decision.",
    ),
}


class Words:
    """The catalogue in one language. An unknown language reads as English."""

    def __init__(self, lang: str) -> None:
        self.lang = "zh" if lang.lower().startswith("zh") else "en"
        self._column = 0 if self.lang == "zh" else 1
        self.comma, self.colon, self.gap = ("、", "：", "") if self.lang == "zh" else (", ", ": ", " ")

    def __call__(self, key: str, **values: object) -> str:
        if values.get("n") == 1 and f"{key}.one" in _CATALOGUE:
            key = f"{key}.one"
        text = _CATALOGUE[key][self._column]
        return text.format(**values) if values else text

    def named(self, group: str, value: str) -> str:
        """The name of an enumerated value, or the value itself where the catalogue has none."""
        entry = _CATALOGUE.get(f"{group}.{value}")
        return entry[self._column] if entry else value


def all_keys() -> frozenset[str]:
    return frozenset(_CATALOGUE)
