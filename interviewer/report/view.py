"""From the stored report and the map to what the report shows. Pure: the same in, the same out."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import numpy as np

from interviewer.ability import THETA, grade_probabilities
from interviewer.models import JudgeInfo, Report, SkillStanding, StudyItem, Turn
from interviewer.report.parts import SkillRow, StudyRow, View
from interviewer.report.questions import question_part, took
from interviewer.report.words import Words
from knowledge import KnowledgeMap, Skill
from rubrics import load_rules

NINETY = 1.645
"""Standard errors on each side of a 90 % interval."""


def view_of(report: Report, lang: str | None, the_map: KnowledgeMap | None) -> View:
    """The report in `lang` (default: its own), with the map's teaching texts where there is a map."""
    t = Words(lang or report.lang)
    groups = grouped(report.turns)
    results = {r.question_id: r for r in report.questions}
    questions = [
        question_part(n, group, results.get(group[0].question_id), report, t, the_map)
        for n, group in enumerate(groups, 1)
    ]
    anchors = {q.id: q.anchor for q in questions}
    scored = sum(q.final is not None for q in questions)
    judges = judges_of(report)
    return View(
        t=t,
        role=_role(report.role, t, the_map),
        level=t.named("level", report.level),
        date=_date(report.started_at),
        duration=took(report.started_at, report.finished_at, t),
        score=report.score,
        grade=report.grade,
        grade_name=_grade(report.grade, t),
        counts=t("counts", questions=len(questions), scored=scored),
        ended=t("ended", why=report.why_ended) if report.finished and report.why_ended else "",
        notices=_notices(report, t),
        judge_lines=_judge_lines(report, judges, t),
        judge_card=report.judge_card,
        first=report.first_attempt,
        probe=report.after_probe,
        hints=report.hints or sum(q.hints for q in questions),
        skills=_skills(report.skills, t, the_map),
        unasked=sum(s.answers == 0 for s in report.skills),
        questions=questions,
        study=_study(report.study_next, anchors, t, the_map),
        session=report.session,
        provenance=[_provenance(info, n, t) for info, n in judges],
        usage=_usage(report, t),
    )


def grouped(turns: list[Turn]) -> list[list[Turn]]:
    """Turns by question, in the order asked; hints and follow-ups stay under their question."""
    groups: list[list[Turn]] = []
    for turn in turns:
        home = next((g for g in reversed(groups) if g[0].question_id == turn.question_id), None)
        if turn.kind == "question" or home is None:
            groups.append([turn])
        else:
            home.append(turn)
    return groups


def judges_of(report: Report) -> list[tuple[JudgeInfo, int]]:
    """Every judge that graded something, with how many answers; the most used first."""
    counted: Counter[str] = Counter()
    seen: dict[str, JudgeInfo] = {}
    for turn in report.turns:
        if turn.judgement is not None:
            key = repr(turn.judgement.judge)
            seen.setdefault(key, turn.judgement.judge)
            counted[key] += 1
    if not seen and report.judge is not None:
        return [(report.judge, 0)]
    return [(seen[key], n) for key, n in counted.most_common()]


def _judge_lines(report: Report, judges: list[tuple[JudgeInfo, int]], t: Words) -> list[str]:
    info = report.judge or (judges[0][0] if judges else None)
    if info is None:
        return [t("judge.none")]
    if info.kind == "offline":
        first = t("judge.offline")
    elif info.kind == "llm":
        first = t("judge.llm", model=info.model) if info.model else t("judge.llm_unnamed")
    else:
        first = t("judge.other", kind=info.kind, model=info.model or t("unknown"))
    fallbacks = sum(n for judge, n in judges if judge.fallback)
    lines = [first]
    if fallbacks:
        lines.append(t("judge.fallback", n=fallbacks))
    elif len({(judge.kind, judge.model) for judge, _ in judges}) > 1:
        lines.append(t("judge.mixed"))
    return lines


def _provenance(info: JudgeInfo, answers: int, t: Words) -> list[str]:
    return [
        info.kind,
        info.model or "–",
        info.rubric_hash or "–",
        info.prompt_hash or "–",
        info.calibration or "–",
        info.embedder or "–",
        t("yes") if info.fallback else t("no"),
        str(answers),
    ]


def _usage(report: Report, t: Words) -> str:
    used = [turn.judgement.usage for turn in report.turns if turn.judgement is not None]
    used += [turn.writing for turn in report.turns if turn.writing is not None]
    if not any(u.calls for u in used):
        return ""

    def total(values: list[int | None]) -> str:
        return t("unknown") if None in values else f"{sum(v or 0 for v in values):,}"

    costs = [u.cost for u in used]
    return t(
        "prov.usage",
        calls=sum(u.calls for u in used),
        input=total([u.input_tokens for u in used]),
        output=total([u.output_tokens for u in used]),
        cost=t("unknown") if None in costs else f"${sum(c or 0 for c in costs):.4f}",
        seconds=f"{sum(u.seconds for u in used):.1f}",
    )


def _notices(report: Report, t: Words) -> list[str]:
    if report.finished:
        return []
    notices = [t("unfinished")]
    if report.why_ended:
        notices.append(t("ended", why=report.why_ended))
    return notices


def _role(role: str, t: Words, the_map: KnowledgeMap | None) -> str:
    known = next((r for r in the_map.roles if r.id == role), None) if the_map else None
    return known.text(t.lang) if known else role


def _grade(grade: int | None, t: Words) -> str:
    return next((g.name.text(t.lang) for g in load_rules().grades if g.grade == grade), "")


def _date(stamp: str) -> str:
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    zone = at.tzname() if at.tzinfo else ""
    return f"{at:%Y-%m-%d %H:%M} {zone}".strip()


def _skills(standings: list[SkillStanding], t: Words, the_map: KnowledgeMap | None) -> list[tuple[str, list[SkillRow]]]:
    names = {c.id: c.text(t.lang) for c in the_map.categories} if the_map else {}
    groups: dict[str, list[SkillRow]] = {c: [] for c in names}
    for s in standings:
        if s.answers:
            groups.setdefault(s.category, []).append(_skill_row(s, t, the_map))
    return [(names.get(category, category), rows) for category, rows in groups.items() if rows]


def _skill_row(standing: SkillStanding, t: Words, the_map: KnowledgeMap | None) -> SkillRow:
    low, high = (_share(standing.ability + side * NINETY * standing.se) for side in (-1, 1))
    return SkillRow(
        name=_skill_name(standing.skill, standing.name, t, the_map),
        level=standing.level,
        low=min(low, standing.level),
        high=max(high, standing.level),
        answers=standing.answers,
    )


def _share(ability: float) -> float:
    """Expected share of marks, 0-100, on the question of difficulty 5 that `level` is about."""
    expected = grade_probabilities(5.0) @ np.arange(6) / 5 * 100
    return float(np.interp(ability, THETA, expected))


def _skill_name(skill: str, name: str, t: Words, the_map: KnowledgeMap | None) -> str:
    known: Skill | None = the_map.skills.get(skill) if the_map else None
    return known.text(t.lang) if known else name or skill


def _study(items: list[StudyItem], anchors: dict[str, str], t: Words, the_map: KnowledgeMap | None) -> list[StudyRow]:
    if the_map:
        place = {skill: n for n, skill in enumerate(the_map.order())}
        items = sorted(items, key=lambda i: place.get(i.skill, len(place)))
    listed = {i.skill for i in items}
    rows = []
    for i in items:
        known = the_map.skills.get(i.skill) if the_map else None
        before = [p for p in known.prerequisites if p in listed] if known else []
        rows.append(
            StudyRow(
                skill=i.skill,
                name=_skill_name(i.skill, i.name, t, the_map),
                why=i.why,
                builds_on=[_skill_name(p, p, t, the_map) for p in before],
                points=list(dict.fromkeys(i.points)),
                questions=[(q, anchors.get(q)) for q in i.question_ids],
            )
        )
    return rows
