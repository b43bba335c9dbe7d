"""What the help screen says, in Chinese and in English; a line that is not indented is a heading."""

from __future__ import annotations

from knowledge.models import Lang

HELP: dict[Lang, str] = {
    "zh": """\
作答
  Ctrl+S   提交            F2  提示（扣分，每题一次）
  F3       跳过，不计分    F4  不会：记 0 分，看参考答案
  F5       暂停，停表      F6  再看上一题的点评
  F10      提前结束        Esc 菜单，列出全部操作
  Ctrl+Q、Ctrl+C 退出，一切都已保存；Ctrl+Z 挂起，fg 回来
  撤销用 Ctrl+_，重做用 Ctrl+Y；题目太长用 Ctrl+↑/↓ 滚动

看点评和报告
  ←/→ 换页签   ↑/↓ PgUp/PgDn 滚动   回车 继续   S 保存报告

怎么评分
  每道题有若干评分要点。逐点判断 ✓讲到 ◐部分 ○缺失 ✗说反，依据
  标在你的原话上。分数 0–10 由代码按要点算出，谁也不能直接给分。
  追问只问没讲到的；首答、追问后的得分分开记，追问补上的计一部分。
  跳过的题不计分；没评成的题记为“未评分”，绝不记 0 分。

保存
  答案先落盘再评分，草稿边写边存。断电或被杀掉，再开就在原处。""",
    "en": """\
Answering
  Ctrl+S   submit               F2  hint (costs marks, once)
  F3       skip, not graded     F4  don't know: 0, see the reference
  F5       pause, clock stops   F6  the last verdict again
  F10      end early            Esc menu of all actions
  Ctrl+Q, Ctrl+C quit, all is kept; Ctrl+Z suspends, fg returns
  Ctrl+_ undoes, Ctrl+Y redoes; Ctrl+↑/↓ scroll a long question

Verdict and report
  ←/→ tabs   ↑/↓ PgUp/PgDn scroll   Enter go on   S save the report

How answers are graded
  Each question has rubric points: ✓covered ◐partial ○missing
  ✗contradicted, with the evidence marked in your own words. Code
  computes the 0–10 score from the points; nobody names it.
  Follow-ups ask for what is missing. First attempt and after
  follow-ups are kept apart; what probing adds counts in part.
  A skipped question is not graded; one that could not be graded
  is “unscored”, never 0.

Safe
  An answer is on disk before it is graded, a draft as you type.
  Whatever happens, the next start goes on where you were.""",
}
