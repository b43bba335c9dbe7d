"""Every sentence of the class report, in Chinese and in English; what it shares with the interview's is there."""

from __future__ import annotations

from interviewer.report.words import Words

_CATALOGUE: dict[str, tuple[str, str]] = {
    # header
    "title": ("批量评分报告", "Class report"),
    "rows": ("{n} 行", "{n} rows"),
    "rows.one": ("{n} 行", "{n} row"),
    "graded_of": ("{graded} 行已评分，共 {rows} 行", "{graded} of {rows} rows graded"),
    "made": ("生成于 {date}", "made {date}"),
    "mean": ("平均分", "Mean"),
    "no_score": ("没有评分", "No score"),
    "no_score_why": ("没有任何一行得到评分。", "No row was graded."),
    "no_rows": ("文件里没有可以评分的行。", "The file has no rows."),
    "failed_notice": (
        "{n} 行没有评上分，不计入任何数字；原因见“{heading}”。",
        "{n} rows could not be graded and count in no figure; the reasons are under “{heading}”.",
    ),
    "failed_notice.one": (
        "{n} 行没有评上分，不计入任何数字；原因见“{heading}”。",
        "{n} row could not be graded and counts in no figure; the reason is under “{heading}”.",
    ),
    "waiting_notice": (
        "{n} 行还在等待模型服务商返回结果，不计入任何数字。",
        "{n} rows wait for a provider's answer and count in no figure yet.",
    ),
    "waiting_notice.one": (
        "{n} 行还在等待模型服务商返回结果，不计入任何数字。",
        "{n} row waits for a provider's answer and counts in no figure yet.",
    ),
    "graded": ("已评分", "Graded"),
    "failed": ("失败", "Failed"),
    "to_review": ("待复核", "To review"),
    "to_review_note": ("评分器自己没有把握的", "where the judge itself is unsure"),
    "failed_note": ("没有分数，不是零分", "without a score, which is not zero"),
    "graded_note": ("共 {n} 行", "of {n} rows"),
    "graded_note.one": ("共 {n} 行", "of {n} row"),
    "questions_note": ("{n} 人", "{n} people"),
    "n_questions": ("题目", "Questions"),
    # distribution
    "distribution": ("分数分布", "Distribution of scores"),
    "five": (
        "最低 {lowest}，下四分位 {q1}，中位数 {median}，上四分位 {q3}，最高 {highest}；平均 {mean}，标准差 {sd}。",
        "Lowest {lowest}, lower quartile {q1}, median {median}, upper quartile {q3}, highest {highest}; "
        "mean {mean}, standard deviation {sd}.",
    ),
    "distribution_note": (
        "每根柱子半分；横线是四分位数之间的范围，竖线是中位数，圆点是平均分。",
        "Each bar is half a mark; the line spans the quartiles, the tick is the median, the dot the mean.",
    ),
    "chart_of": ("{n} 个分数的直方图", "Histogram of {n} scores"),
    "score": ("分数", "Score"),
    "from_to": ("{low}–{high}", "{low}–{high}"),
    "flags_seen": ("标记", "Flags"),
    # review
    "review": ("先复核这些", "Rows to review first"),
    "review_note": (
        "先是可能想指挥评分器的，再是评分器没有把握的，范围越宽越靠前。列出 {shown} 行；评分器共建议复核 {n} 行。",
        "First attempts to steer the judge, then where the judge is unsure, the widest range first. "
        "{shown} are listed; the judge asks for a second reader of {n} in all.",
    ),
    "review_none": ("没有需要复核的行。", "No row needs a second reader."),
    "row": ("行", "Row"),
    "row_n": ("第 {n} 行", "row {n}"),
    "who": ("编号", "Id"),
    "question": ("题目", "Question"),
    "range": ("可能范围", "Likely"),
    "why": ("原因", "Why"),
    "undecided": ("{total} 个要点中有 {k} 个拿不准", "{k} of {total} points undecided"),
    "asks": ("评分器建议复核", "the judge asks for a second reader"),
    # points and misconceptions
    "hardest": ("最难的要点", "Hardest points"),
    "hardest_note": (
        "所有题目的核心要点里平均得分最低的。条形是讲到、部分讲到、缺失、说反的比例。",
        "The core points with the lowest mean credit over all questions. "
        "The bar is the share covered, partly covered, missing and contradicted.",
    ),
    "point": ("要点", "Point"),
    "common": ("常见误解", "Common misconceptions"),
    "common_note": (
        "引文是回答里的原话，截短后逐字引用。",
        "Quotes are the candidates' own words, cut but not changed.",
    ),
    "common_none": ("没有发现误解。", "No misconception was found."),
    "found_in": (
        "{n} 份回答，占这道题的 {share}",
        "in {n} answers, {share} of those to this question",
    ),
    "found_in.one": (
        "{n} 份回答，占这道题的 {share}",
        "in {n} answer, {share} of those to this question",
    ),
    # questions
    "by_question": ("逐题统计", "Question by question"),
    "by_question_note": (
        "最难的在前。区分度是同一个人这道题的得分与其余题目平均分的相关系数：接近 0 或为负，"
        "说明这道题分不出水平，值得看看题目或评分要点。",
        "The hardest first. Discrimination is the correlation of a person's score here with their mean score on the "
        "other questions: near zero or below, the question does not tell people apart; look at it or at its points.",
    ),
    "by_question_note_short": ("最难的在前。", "The hardest first."),
    "n": ("回答", "Answers"),
    "sd": ("标准差", "SD"),
    "discrimination": ("区分度", "Discrimination"),
    "over_persons": ("{n} 人", "over {n} people"),
    "points_of": ("评分要点", "Rubric points"),
    "question_text_unknown": ("题目文字不在文件里", "its text is not in the file"),
    "question_none": ("未注明题目", "no question named"),
    "failed_here": ("另有 {n} 行失败", "{n} more failed"),
    "more_questions": (
        "还有 {n} 道题没有列在这里；JSON 报告里有。",
        "{n} more questions are not listed here; the JSON report has them.",
    ),
    "more_questions.one": (
        "还有 {n} 道题没有列在这里；JSON 报告里有。",
        "{n} more question is not listed here; the JSON report has it.",
    ),
    "other_questions": (
        "题目种类太多：另有 {n} 个已评分的回答只计入总数，没有逐题统计。",
        "There are too many different questions: {n} more graded answers count in the totals only.",
    ),
    # people
    "people": ("每个人的总分", "Totals by person"),
    "people_note": (
        "按列“{column}”归到一起，平均分高的在前。",
        "Grouped by the column “{column}”, the highest mean first.",
    ),
    "people_sampled": (
        "人数太多，这里只是其中均匀抽取的一部分；区分度也只依据他们。",
        "There are too many people: these are a uniform sample of them, and discrimination is over them alone.",
    ),
    "more_people": (
        "还有 {n} 人没有列在这里；JSON 报告里有。",
        "{n} more people are not listed here; the JSON report has them.",
    ),
    "more_people.one": (
        "还有 {n} 人没有列在这里；JSON 报告里有。",
        "{n} more person is not listed here; the JSON report has them.",
    ),
    "person": ("谁", "Who"),
    "answers_n": ("已评分", "Graded"),
    "unscored_n": ("未评分", "Unscored"),
    "total": ("总分", "Total"),
    # agreement
    "agreement": ("与人工评分的一致性", "Agreement with human scores"),
    "agreement_note": (
        "{pairs} 份回答同时有人工评分（列“{column}”）和评分器评分。",
        "{pairs} answers have both a human score (column “{column}”) and the judge's.",
    ),
    "agreement_note.one": (
        "{pairs} 份回答同时有人工评分（列“{column}”）和评分器评分。",
        "{pairs} answer has both a human score (column “{column}”) and the judge's.",
    ),
    "agreement_sampled": (
        "从 {seen} 份中均匀随机抽取 {pairs} 份（种子 {seed}）计算。",
        "Computed on a uniform random sample of {pairs} of {seen} (seed {seed}).",
    ),
    "scale.option": ("人工评分满分 {top}（--max-score）。", "Human scores are out of {top} (--max-score)."),
    "scale.rows": ("人工评分满分 {top}（文件中注明）。", "Human scores are out of {top}, as the file says."),
    "scale.rows_differ": ("人工评分的满分各行不同，按各行注明的换算。", "Human scores are out of what each row says."),
    "scale.highest": (
        "没有注明满分，按这一列的最高分 {top} 换算；不对的话请用 --max-score 指定。",
        "Nobody says what human scores are out of; {top}, the highest in the column, was taken. "
        "If it is another, give --max-score.",
    ),
    "scale.highest_differ": (
        "有的行没有注明满分，按这一列的最高分换算；不对的话请用 --max-score 指定。",
        "Some rows do not say what their human score is out of; the highest in the column was taken. "
        "If it is another, give --max-score.",
    ),
    "unusable": (
        "{n} 个人工评分不是可用的分数，没有计入，例如第 {row} 行的“{text}”。",
        "{n} human scores are no usable scores and were left out, such as “{text}” in row {row}.",
    ),
    "unusable.one": (
        "{n} 个人工评分不是可用的分数，没有计入：第 {row} 行的“{text}”。",
        "{n} human score is no usable score and was left out: “{text}” in row {row}.",
    ),
    "metric": ("指标", "Measure"),
    "value": ("值", "Value"),
    "ci": ("95% 区间", "95% interval"),
    "m.qwk": ("QWK（二次加权 kappa）", "QWK (quadratic weighted kappa)"),
    "m.pearson": ("Pearson 相关", "Pearson correlation"),
    "m.spearman": ("Spearman 秩相关", "Spearman rank correlation"),
    "m.mae": ("平均绝对误差（10 分制）", "Mean absolute error, of 10"),
    "m.bias": ("平均偏差（正数：评分器更宽）", "Mean difference (above zero: the judge is more lenient)"),
    "m.exact": ("等级完全一致", "Same level"),
    "m.adjacent": ("等级相差不超过一级", "At most one level apart"),
    "levels": (
        "QWK 和等级一致率按 {n} 个等级（0–{top}）计算。",
        "QWK and level agreement are over {n} levels (0–{top}).",
    ),
    "interval.question": (
        "区间用自助法得到：按题目整题重抽 {resamples} 次，共 {clusters} 道题。题目少时区间只作参考。",
        "Intervals are bootstrapped over {clusters} whole questions, {resamples} times. "
        "With few questions they are rough.",
    ),
    "interval.row": (
        "只有一道题，区间用自助法按行重抽 {resamples} 次得到；它说明不了别的题目。",
        "There is one question only: intervals are bootstrapped over rows, {resamples} times, "
        "and say nothing of other questions.",
    ),
    "interval.none": ("样本太少，没有区间。", "There are too few for an interval."),
    "undefined": (
        "“–”表示对这些数据没有定义，例如所有分数都一样。",
        "“–” is what these data do not define, such as a correlation where all scores are the same.",
    ),
    "scatter": ("人工评分与评分器评分", "Human score and the judge's"),
    "scatter_note": (
        "圆点越大，回答越多；虚线是完全一致。",
        "The larger the dot, the more answers; on the dashed line both agree.",
    ),
    "human": ("人工", "Human"),
    "judge": ("评分器", "Judge"),
    "difference": ("相差", "Apart"),
    "worst": ("分歧最大的 {n} 份", "The {n} largest disagreements"),
    "worst.one": ("分歧最大的一份", "The largest disagreement"),
    "worst_note": ("按 10 分制；正数表示评分器给得更高。", "On the scale of 10; above zero the judge gave more."),
    # failures
    "failures": ("失败的行", "Rows that failed"),
    "failures_note": (
        "相同原因归在一起。失败的行没有分数，也不会被当作零分。",
        "Grouped by reason. A failed row has no score and is never taken for a zero.",
    ),
    "n_failed": ("多少行", "How many"),
    "reason": ("原因", "Reason"),
    "such_as": ("例如：{text}", "such as: {text}"),
    "example_rows": ("行号", "Which"),
    "and_more": ("等", "…"),
    "other_reasons": ("其他原因", "other reasons"),
    # provenance
    "provenance": ("这份报告从何而来", "Where this report comes from"),
    "prov.rows": ("行数", "Rows"),
    "judge.offline": (
        "由离线评分器评分：没有使用语言模型，依据词语覆盖与向量相似度判断，难以识别说得自信的错误。",
        "Graded by the offline judge: no language model, only term coverage and embedding similarity; "
        "it can miss a mistake that is stated with confidence.",
    ),
    "judge.none": ("没有任何回答被评分。", "No answer has been graded."),
    "judge.fallback": (
        "其中 {n} 行改由后备评分，或用了内置向量。",
        "{n} of the rows were graded by the fallback, or with the embedded embedder.",
    ),
    "judge.fallback.one": (
        "其中 {n} 行改由后备评分，或用了内置向量。",
        "{n} of the rows was graded by the fallback, or with the embedded embedder.",
    ),
    "usage": (
        "模型调用 {calls} 次，输入 {input} / 输出 {output} 个 token，费用 {cost}；逐行评分用时合计 {judge} 秒。",
        "{calls} model calls, {input} input and {output} output tokens, cost {cost}; "
        "{judge} s of judging, summed over rows.",
    ),
    "wall": ("从第一行到最后一行用了 {n} 秒。", "{n} s from the first row to the last."),
    "at_least": ("至少 {cost}（有的行不知道）", "at least {cost} (unknown for some rows)"),
    "disclaimer": (
        "分数由代码按评分要点算出，任何模型都不能直接给出分数。它是阅卷的参考：涉及成绩或录用，请由人复核后决定。",
        "Scores are computed by code from the rubric points; no model names a score. "
        "They help a reader and replace none: "
        "have a person check them before they count for a mark or a decision on hiring.",
    ),
}


class ClassWords(Words):
    """The catalogue in one language; what it does not have, the interview report's says."""

    def __call__(self, key: str, **values: object) -> str:
        if values.get("n") == 1 and f"{key}.one" in _CATALOGUE:
            key = f"{key}.one"
        if key not in _CATALOGUE:
            return super().__call__(key, **values)
        text = _CATALOGUE[key][0 if self.lang == "zh" else 1]
        return text.format(**values) if values else text


def class_keys() -> frozenset[str]:
    return frozenset(_CATALOGUE)
