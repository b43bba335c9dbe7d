"""Every sentence of the evaluation report, in Chinese and in English."""

from __future__ import annotations

from evals.report.names import NAMES, PROBES_ZH

LANGS = ("en", "zh")

_CATALOGUE: dict[str, tuple[str, str]] = {
    # head
    "title": ("评分器评测报告", "Evaluation of the judge"),
    "judge": ("评分器", "Judge"),
    "about": ("{n} 份回答，{questions} 道题", "{n} answers to {questions} questions"),
    "split": ("划分：{split}", "split {split}"),
    "split.all": ("全部题目", "all questions"),
    "split.dev": ("dev 部分（用于拟合）", "the dev half (used for fitting)"),
    "split.test": ("test 部分（没有用其中的回答拟合过任何东西）", "the test half (nothing was fitted on its answers)"),
    "who.models": (
        "参考评分由 {n} 个语言模型标注者（{raters}）给出，不是人；没有任何人给这些回答评过分或核对过，"
        "因此标注者之间的一致性高于两个人所能达到的程度，只能当作上限来读。",
        "The reference grades are by {n} language-model annotators ({raters}), not by people; no person has graded or "
        "checked these answers, so their agreement with each other overstates what two people would reach.",
    ),
    "who.unknown": (
        "参考评分由 {n} 个标注者（{raters}）给出；这份数据没有说明他们是谁。",
        "The reference grades are by {n} annotators ({raters}); the data does not say who they are.",
    ),
    "who.nobody": (
        "没有独立的标注者：参考评分只有裁定后的一份，因此没有可以比较的上限。",
        "There are no independent annotators: the reference is one adjudicated grade, so there is no ceiling to "
        "compare with.",
    ),
    "nothing_scored": (
        "没有任何回答得到评分，因此没有可以报告的一致性。",
        "No answer was scored, so there is no agreement to report.",
    ),
    # card
    "card": ("一眼看懂", "Judge card"),
    "card.qwk": ("QWK，与参考的一致性", "QWK, agreement with the reference"),
    "card.ceiling": ("标注者之间", "between the annotators"),
    "card.mae": ("平均误差（级）", "mean error, in grades"),
    "card.adjacent": ("相差不超过一级", "within one grade"),
    "card.unscored": ("未评分", "unscored"),
    "ci": ("95% 区间 {low}–{high}", "95% CI {low}–{high}"),
    "forest": ("一致性对比", "Agreement, side by side"),
    "forest.note": (
        "参考评分（0–5）与每一方之间的二次加权 κ（1 为完全相同，0 为碰巧的水平）；横线是按题目重抽样的 95% 区间，"
        "菱形是标注者之间的一致性，空心点只评了一部分回答。",
        "Quadratically weighted κ with the reference grades 0–5 (1: identical, 0: what chance would give); bars are "
        "95% bootstrap intervals over questions, the diamond is how well the annotators agree with each other, "
        "hollow dots saw only a sample of the answers.",
    ),
    "this_judge": ("本评分器", "this judge"),
    "annotators": ("标注者之间", "annotators, between themselves"),
    "sample": ("{n} 份", "n\u00a0=\u00a0{n}"),
    "criteria": ("自动评分的常用门槛", "Usual criteria for automated scoring"),
    "criteria.note": (
        "Williamson、Xi 与 Breyer（2012）的门槛，按点估计判断；标注者不是人时，第二条比原文更严。",
        "Those of Williamson, Xi & Breyer 2012, by the point estimates; where the annotators are not people, the "
        "second is harder to meet than its authors meant.",
    ),
    "criteria.qwk": ("QWK 至少 0.70", "QWK at least 0.70"),
    "criteria.gap": ("比标注者之间低不超过 0.10", "at most 0.10 below the annotators"),
    "criteria.smd": ("标准化均值差的绝对值不超过 0.15", "standardised mean difference within ±0.15"),
    "met": ("达到", "met"),
    "not_met": ("未达到", "not met"),
    "unknown_met": ("无法判断", "unknown"),
    # tables
    "measures": ("各项指标", "Measures"),
    "measures.note": (
        "等级按 0–5 直接比较；误差与相关用分数的一半与未取整的参考比较；区间是按题目重抽样的 95% 区间。",
        "Grades are compared as given, 0–5; errors and correlations compare half the score with the reference before "
        "rounding; intervals are 95% bootstrap intervals over questions.",
    ),
    "measure": ("指标", "Measure"),
    "value": ("数值", "Value"),
    "interval": ("95% 区间", "95% interval"),
    # confusion
    "confusion": ("等级混淆矩阵", "Grades: reference against judge"),
    "confusion.note": (
        "行是参考等级，列是评分器给的等级；格内是份数和占该行的百分比，颜色按百分比，描边的对角线是一致。",
        "Rows are reference grades, columns the judge's; each cell has the count and its share of the row, shaded by "
        "that share, and the outlined diagonal is agreement.",
    ),
    "confusion.table": (
        "行是参考等级，列是评分器给的等级：份数和占该行的百分比。",
        "Rows are reference grades, columns the judge's: the count, and its share of the row.",
    ),
    "grades": ("各等级的份数", "How many of each grade"),
    "grades.note": (
        "参考与评分器各把多少份回答评为每一级；形状不同说明评分器把分数压缩或推向两端。",
        "How many answers the reference and the judge put at each grade; another shape means that the judge squeezes "
        "grades together or pushes them to the ends.",
    ),
    "point_confusion": ("要点混淆矩阵", "Rubric points: reference against judge"),
    "point_confusion.note": (
        "每份回答的每个要点：参考（行）与评分器（列）各给了多少分，四分之一与四分之三处分档。",
        "Every rubric point of every answer, by the credit it got from the reference (rows) and the judge (columns), "
        "cut at a quarter and at three quarters.",
    ),
    "none": ("无", "none"),
    "part": ("部分", "part"),
    "full": ("全部", "all"),
    "axis.reference": ("参考", "reference"),
    "axis.judge": ("评分器", "judge"),
    # slices
    "slices": ("分组来看", "Part by part"),
    "slices.note": (
        "每一组之内：QWK，以及偏差（评分器减参考，0–5 级），各带 95% 区间；大于零是偏宽松。"
        "组内份数少，看区间再下结论。",
        "Within each part: QWK, and bias (judge less reference, in grades of 0–5), with 95% intervals; above zero "
        "the judge is lenient. Parts are small, so read the intervals before the values.",
    ),
    "slices.restricted": (
        "组内参考评分几乎不变，κ 无论评分器好坏都接近零，因此这里要看偏差和平均绝对误差。",
        "The reference hardly varies within such a part, so κ is near zero whatever the judge does: bias and mean "
        "absolute error are what to look at.",
    ),
    "slice.lang": ("语言", "Language"),
    "slice.kind": ("题型", "Kind of question"),
    "slice.category": ("技能类别", "Category of the skill"),
    "slice.difficulty": ("题目难度", "Difficulty of the question"),
    "slice.length": ("回答长度（字符，按三分位）", "Length of the answer (characters, thirds)"),
    "slice.mode": ("回答的写法（失败模式）", "How the answer was made (failure mode)"),
    "slice.band": ("参考等级", "Reference grade"),
    "h.n": ("份数", "n"),
    "h.qwk": ("QWK", "QWK"),
    "h.mean_signed_error": ("偏差", "bias"),
    "h.mae": ("平均误差", "MAE"),
    "h.adjacent": ("±1 级", "±1"),
    "h.point_f1": ("要点 F1", "point F1"),
    "h.smd": ("标准化差", "SMD"),
    # calibration
    "calibration": ("分数是否名副其实", "Do the scores mean what they say?"),
    "calibration.note": (
        "按评分器的分数分组：点是该组参考分的均值与 95% 区间，面积随份数增大（份数在上方）；"
        "虚线上名副其实，线下偏宽松，线上偏严。"
        "平均偏离 {error} 分（满分 10）。",
        "Answers grouped by the judge's score: the dot is their mean reference score with its 95% interval, its area "
        "grows with their number (n, above); on the dashed line a score means what it says, below it the judge is "
        "generous, above it strict. Mean distance {error} of 10 marks.",
    ),
    "calibration.table": (
        "按评分器的分数分组，每组参考分的均值与 95% 区间；参考高于评分器是偏严，低于是偏宽松。"
        "平均偏离 {error} 分（满分 10）。",
        "Answers grouped by the judge's score, with the mean of their reference scores and its 95% interval; where the "
        "reference is lower, the judge is generous. Mean distance {error} of 10 marks.",
    ),
    "calibration.x": ("评分器的分数", "judge's score"),
    "calibration.y": ("参考分", "reference score"),
    "point_calibration": ("要点得分是否名副其实", "Does the credit of a point mean what it says?"),
    "point_calibration.note": (
        "同样的图，换成单个要点：按评分器给的得分分组，点是参考得分的均值。平均偏离 {error}（满分 1）。",
        "The same for single rubric points: grouped by the credit that the judge gave, the dot is the mean credit "
        "of the reference. Mean distance {error} of 1.",
    ),
    "point_calibration.table": (
        "同样的表，换成单个要点：按评分器给的得分分组，每组参考得分的均值。平均偏离 {error}（满分 1）。",
        "The same for single rubric points: grouped by the credit that the judge gave, with the mean credit of the "
        "reference. Mean distance {error} of 1.",
    ),
    "point_calibration.x": ("评分器给的得分", "judge's credit"),
    "point_calibration.y": ("参考得分", "reference credit"),
    "bland_altman": ("差多少，差在哪里", "How far apart, and where?"),
    "bland_altman.note": (
        "每个点是一份回答：横轴是两个等级的均值，纵轴是评分器减参考；中线是偏差 {bias}，外侧两线之间约有 95% 的差"
        "（偏差 ± 1.96 标准差：{low} 至 {high}；Bland 与 Altman 1986），色带是它们的区间。点有最多 2 像素的随机错位，"
        "圈出的是下文列出的回答。",
        "Each dot is an answer: the mean of both grades across, judge less reference up; the middle line is the bias, "
        "{bias}, about 95% of differences lie between the outer ones (bias ± 1.96 sd: {low} to {high}; Bland & Altman "
        "1986), the bands are their intervals. Dots are moved by up to 2 pixels so that equal ones show; ringed "
        "ones are listed below.",
    ),
    "bland_altman.table": (
        "评分器减参考（0–5 级）：偏差，以及约 95% 的差所在的范围（偏差 ± 1.96 标准差；Bland 与 Altman 1986）。",
        "Judge less reference in grades of 0–5: the bias, and where about 95% of the differences lie (bias ± 1.96 sd; "
        "Bland & Altman 1986).",
    ),
    "bland_altman.bias": ("偏差", "bias"),
    "bland_altman.lower": ("下限", "lower limit"),
    "bland_altman.upper": ("上限", "upper limit"),
    "bland_altman.sd": ("标准差", "standard deviation"),
    "bland_altman.x": ("两个等级的均值", "mean of both grades"),
    "bland_altman.y": ("评分器减参考", "judge less reference"),
    "dot": ("{id}：{mode}，参考 {reference}，评分器 {score}", "{id}: {mode}, reference {reference}, judge {score}"),
    # beside, others, probes
    "beside": ("基线与消融", "Baselines and ablations"),
    "beside.note": (
        "同样的回答，由更简单的办法、或去掉一个部件的本评分器来评；差值是同一批重抽样上本评分器的 QWK 减去它的，"
        "区间全部大于零才说明本评分器更好。",
        "The same answers graded by simpler means, or by this judge without one of its parts; the difference is this "
        "judge's QWK less theirs on the same resamples, so an interval above zero says that this judge is better.",
    ),
    "what": ("是什么", "What it is"),
    "name": ("名称", "Name"),
    "difference": ("本评分器高出", "this judge is ahead by"),
    "others": ("其他评分器", "Other judges"),
    "others.note": (
        "同一批回答的一部分，由其他评分器来评；样本小而且各不相同，区间重叠时不要排名次。",
        "Other judges on a sample of the same answers; samples are small and differ, so do not rank what overlaps.",
    ),
    "cost": ("费用（美元）", "cost (US$)"),
    "seconds": ("每份回答秒数", "seconds per answer"),
    "probes": ("探测：能被说动吗", "Probes: what can it be talked into?"),
    "probes.note": (
        "用程序改动回答，看评分器作何反应：均值与 95% 区间，和必须守住的线。取自两半的回答和题库自己的文字。"
        "{passed} 项通过，{failed} 项没有通过。",
        "Answers changed by programs, and what the judge made of the change: mean with 95% interval, against the line "
        "that must hold. Answers are of both halves, other texts are the map's own. {passed} passed, {failed} failed.",
    ),
    "probe": ("探测", "Probe"),
    "line": ("通过线", "Pass line"),
    "outcome": ("结果", "Outcome"),
    "ok": ("通过", "ok"),
    "fail": ("未通过", "FAIL"),
    "cases": ("最突出的几例", "the most extreme cases"),
    # worst
    "worst": ("分歧最大的回答", "The worst disagreements"),
    "worst.note": (
        "评分器与参考相差最大的 {n} 份回答，最可能藏着一方的毛病。带色的文字是评分器引用的依据，编号对应下面的要点。",
        "The {n} answers on which judge and reference are furthest apart: the likeliest places of a fault in either. "
        "Tinted words are the evidence that the judge quoted, numbered like the points below.",
    ),
    "worst.head": ("参考 {reference}，评分器 {score}（0–5 级）", "reference {reference}, judge {score} of 5"),
    "worst.question": ("题目", "Question"),
    "worst.answer": ("回答", "Answer"),
    "worst.points": ("要点", "Rubric points"),
    "worst.reference": ("参考得分", "reference"),
    "worst.credit": ("评分器", "judge"),
    "worst.verdict": ("判定", "verdict"),
    "worst.evidence": ("依据", "evidence"),
    "worst.beliefs": ("误解", "Misconceptions"),
    "worst.found_by": ("由{who}发现", "found by {who}"),
    "worst.by_reference": ("参考", "the reference"),
    "worst.by_judge": ("评分器", "the judge"),
    "worst.by_both": ("双方", "both"),
    "worst.raters": ("标注者", "Raters"),
    "worst.rater": ("{rater}：{grade} 级", "{rater}: grade {grade}"),
    "bonus": ("加分点", "bonus"),
    "evidence_for": ("要点 {n} 的依据", "evidence for point {n}"),
    "misconception_at": ("误解 {n}", "misconception {n}"),
    # tail
    "failures": ("没有评分的回答", "Answers without a score"),
    "failures.note": (
        "没能评分的回答不是零分，也不计入上面任何数字。",
        "What could not be judged is not a zero, and is in none of the numbers above.",
    ),
    "more": ("另有 {n} 份", "and {n} more"),
    "timing": ("耗时与费用", "Time and cost"),
    "timing.note": (
        "取决于机器、缓存和当时的负载，因此不属于可以逐位复现的部分。",
        "These depend on the machine, the cache and its load, so they are not among what is reproduced to the digit.",
    ),
    "timing.median": ("每份回答的中位秒数", "median seconds per answer"),
    "timing.p95": ("95 百分位秒数", "95th percentile"),
    "timing.calls": ("模型调用次数", "model calls"),
    "timing.tokens": ("输入 / 输出 token", "tokens in / out"),
    "timing.cost": ("总费用（美元）", "total cost (US$)"),
    "timing.no_model": ("没有调用模型", "no model was asked"),
    "provenance": ("出处与版本", "Where this comes from"),
    "again": (
        "用 result.json 和 items.jsonl 可以重新生成这份报告：python -m evals report 文件夹",
        "This report is made again from result.json and items.jsonl by: python -m evals report DIR",
    ),
    "yes": ("是", "yes"),
}


class Words:
    """The catalogue in one language. An unknown language reads as English."""

    def __init__(self, lang: str) -> None:
        self.lang = "zh" if lang.lower().startswith("zh") else "en"
        self._column = 0 if self.lang == "zh" else 1
        self.comma, self.colon = ("、", "：") if self.lang == "zh" else (", ", ": ")

    def __call__(self, key: str, **values: object) -> str:
        text = (_CATALOGUE.get(key) or NAMES[key])[self._column]
        return text.format(**values) if values else text

    def named(self, group: str, value: str) -> str:
        """The name of an enumerated value, or the value itself where the catalogue has none."""
        entry = NAMES.get(f"{group}.{value}") or _CATALOGUE.get(f"{group}.{value}")
        return entry[self._column] if entry else value

    def probe(self, text: str) -> str:
        """A probe's name or pass line; those that are not known stay English."""
        return PROBES_ZH.get(text, text) if self.lang == "zh" else text
