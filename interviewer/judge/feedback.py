"""Up to three sentences for the candidate, written from the verdicts and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from interviewer.models import Flag, MisconceptionFound, PointVerdict

LONGEST = 90
"""Characters of a point's text that are quoted (Chinese; twice that for English)."""


def feedback(
    points: Sequence[PointVerdict],
    misconceptions: Sequence[MisconceptionFound],
    flags: Sequence[Flag],
    lang: str,
    *,
    chosen_right: bool | None = None,
) -> str:
    """What was made, the most important miss, the wrong belief: at most three sentences."""
    zh = lang == "zh"
    opening = _opening(flags, zh)
    if opening and not any(p.credit > 0 for p in points):
        return opening
    made = [p for p in points if p.verdict == "covered"]
    missed = sorted(
        (p for p in points if p.core and p.verdict in ("missing", "contradicted", "partial")),
        key=lambda p: -p.weight * (1 - p.credit),
    )
    core = [p for p in points if p.core]
    out = [_made(made, core, zh, chosen_right)]
    if missed:
        out.append(_missed(missed[0], zh))
    if misconceptions:
        out.append(_wrong(misconceptions[0], zh))
    elif not missed and (extra := [p for p in points if not p.core and p.verdict == "missing"]):
        text = _short(extra[0].text, zh)
        out.append(f"还可以补一句加分点：{text}。" if zh else f"For extra credit you could add: {text}.")
    return "".join(out[:3]) if zh else " ".join(out[:3])


def _opening(flags: Sequence[Flag], zh: bool) -> str:
    if "empty" in flags:
        return "没有作答。" if zh else "No answer was given."
    if "dont_know" in flags:
        return (
            "坦白说不知道没有问题，看一遍参考答案再来。"
            if zh
            else "Saying so honestly is fine; read the reference and come back to it."
        )
    if "copied_question" in flags:
        return (
            "这里主要是在重复题目，还没有作答。"
            if zh
            else "This mostly repeats the question and does not answer it yet."
        )
    if "stuffing" in flags:
        return (
            "只列了名词，没有讲它们之间的关系，所以无法给分。"
            if zh
            else "This lists terms without saying anything about them, so it earns nothing."
        )
    if "off_topic" in flags:
        return "回答和这道题的内容对不上。" if zh else "This does not bear on the question asked."
    return ""


def _made(made: Sequence[PointVerdict], core: Sequence[PointVerdict], zh: bool, right: bool | None) -> str:
    done = sum(p.verdict == "covered" for p in core)
    partly = sum(p.verdict == "partial" for p in core)
    lead = ""
    if right is not None:
        lead = ("选项正确，" if right else "选项不对，") if zh else ("Right option; " if right else "Wrong option; ")
    if made:
        best = _short(max(made, key=lambda p: (p.core, p.weight * p.credit)).text, zh)
        if zh:
            return f"{lead}{len(core)} 个核心要点讲到了 {done} 个，例如：{best}。"
        return f"{lead}{done} of {len(core)} core points made, for example: {best}."
    if zh:
        return f"{lead}{'有几处沾边，但' if partly else ''}还没有哪个要点讲清楚。"
    return f"{lead}{'some points are touched, but ' if partly else ''}no point is made clearly yet.".capitalize()


def _missed(point: PointVerdict, zh: bool) -> str:
    text = _short(point.text, zh)
    if point.verdict == "contradicted":
        return f"有一点说反了，应当是：{text}。" if zh else f"One claim is the wrong way round; it should be: {text}."
    if point.verdict == "partial":
        return f"这一点只讲到一部分：{text}。" if zh else f"This point is only partly made: {text}."
    return f"最重要的遗漏是：{text}。" if zh else f"The most important miss: {text}."


def _wrong(found: MisconceptionFound, zh: bool) -> str:
    text = _short(found.text, zh)
    return f"另外要纠正一个误解：{text}。" if zh else f"One belief to correct: {text}."


def _short(text: str, zh: bool) -> str:
    """One line without a closing stop, cut at a length."""
    line = " ".join(text.split()).rstrip("。.;；,， ")
    # A stop inside would make two sentences of one.
    line = line.replace("。", "；").replace("！", "；").replace("？", "；").replace(". ", "; ")
    most = LONGEST if zh else 2 * LONGEST
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
