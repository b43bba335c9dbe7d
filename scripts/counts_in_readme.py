"""Put the counts of the map into both READMEs: python scripts/counts_in_readme.py [--check]

With --check nothing is written; the exit code says whether they are current.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

from knowledge import KnowledgeMap, load_map
from knowledge.depth import LEVELS, expected_from
from knowledge.lint import lint

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- counts -->", "<!-- /counts -->"
KINDS = {
    "open": ("问答", "open"),
    "scenario": ("场景", "scenario"),
    "choice": ("选择", "choice"),
    "code": ("代码", "code"),
}
LEVEL = {"junior": ("初级", "junior"), "mid": ("中级", "mid"), "senior": ("高级", "senior")}


def main() -> int:
    the_map = load_map()
    current = True
    for name, lang in (("README.md", "en"), ("README.zh.md", "zh")):
        path = ROOT / name
        text = path.read_text("utf-8")
        block = f"{BEGIN}\n{counts(the_map, lang)}\n{END}"
        made = re.sub(f"{BEGIN}.*?{END}", lambda _, b=block: b, text, flags=re.S)
        current &= made == text
        if made != text and "--check" not in sys.argv:
            path.write_text(made, "utf-8")
    if "--check" in sys.argv and not current:
        print("the READMEs' counts are out of date: python scripts/counts_in_readme.py", file=sys.stderr)
        return 1
    return 0


def counts(the_map: KnowledgeMap, lang: str) -> str:
    zh = lang == "zh"
    found = lint(the_map)
    n, by = found.questions, found.counts
    comma, colon, stop = ("，", "：", "。") if zh else (", ", " ", ".")

    def listed(pairs: list[tuple[str, int]]) -> str:
        return comma.join(f"{name}{colon if zh and name[0].isdigit() else ' '}{k}" for name, k in pairs)

    rows = [f"| {c.text(lang)} | {by['category'].get(c.id, 0)} |" for c in the_map.categories]
    kinds = [(KINDS[k][not zh], by["kind"].get(k, 0)) for k in KINDS]
    roles = [(r.text(lang), by["role"].get(r.id, 0)) for r in the_map.roles]
    levels = []
    for role in the_map.roles:
        of = Counter(expected_from(q, role.id) for q in the_map.questions.values() if role.id in q.roles)
        levels.append((role.text(lang), " / ".join(str(of[level]) for level in LEVELS)))
    names = " / ".join(LEVEL[level][not zh] for level in LEVELS)
    difficulty = [(k, v) for k, v in by["difficulty"].items()]
    if zh:
        head = f"{len(the_map.skills)} 项技能，{n} 道完整题目，每题中英双语，"
        head += f"覆盖来源文档 {found.sources} 条中的 {found.covered} 条。"
        lines = [
            f"题型：{listed(kinds)}{stop}",
            f"各岗题数：{listed(roles)}；每岗有一份 30 题清单（18 道必问、12 道深挖），附上榜理由。",
            f"期望从哪一级起答好（{names}）：" + "；".join(f"{r} {v}" for r, v in levels) + stop,
            f"难度（1-10）：{listed(difficulty)}{stop}",
        ]
    else:
        head = (
            f"{n} complete questions on {len(the_map.skills)} skills, each in both languages, covering "
            f"{found.covered} of the {found.sources} items of\nthe source documents."
        )
        lines = [
            f"By kind: {listed(kinds)}{stop}",
            f"Asked per role: {listed(roles)}; each role has a list of 30 (18 must-asks, 12 deep dives) with why.",
            f"Expected from which level on ({names}): " + "; ".join(f"{r} {v}" for r, v in levels) + stop,
            "By difficulty (1-10): " + ", ".join(f"{k}: {v}" for k, v in difficulty) + stop,
        ]
    heading = "| 类别 | 题数 |" if zh else "| category | questions |"
    return "\n".join([head, "", heading, "|---|---:|", *rows, "", "\\\n".join(lines)])


if __name__ == "__main__":
    sys.exit(main())
