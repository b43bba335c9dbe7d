"""From the turns of an interview to its report. Pure: the same turns give the same report.

First-attempt, after-probe and after-hint scores are kept apart. What probing brought out counts by
the policy's share; a hint costs what the policy says; a skipped question counts for nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean

from interviewer.ability import Outcome, belief, percent
from interviewer.graph.policy import covered_points
from interviewer.graph.selection import outcome_of, relation
from interviewer.judge.aggregate import Credit, grade, marks
from interviewer.models import (
    MisconceptionFound,
    PointVerdict,
    QuestionResult,
    Report,
    Setup,
    SkillStanding,
    StudyItem,
    Turn,
)
from interviewer.store import SessionRow
from knowledge import KnowledgeMap, Question
from rubrics import Rules

WEAK_SCORE = 6.0
"""A question scored below this puts its skill on the list of what to study next."""
CLEARED_SCORE = 7.0
"""A follow-up on a misconception answered at least this well takes the misconception back."""


def make_report(
    the_map: KnowledgeMap,
    rules: Rules,
    setup: Setup,
    *,
    session: SessionRow,
    turns: list[Turn],
    finished: bool,
    why_ended: str,
) -> Report:
    """The report on `turns`, which are in the order in which they were asked."""
    questions = question_results(the_map, rules, turns)
    finals = [q.final for q in questions if q.final is not None]
    firsts = [q.first_attempt for q in questions if q.first_attempt is not None]
    afters = [q.after_probe for q in questions if q.after_probe is not None]
    score = round(fmean(finals), 1) if finals else None
    judged = [t.judgement for t in turns if t.judgement]
    return Report(
        session=session.id,
        role=setup.role,
        level=setup.level,
        lang=setup.lang,
        score=score,
        grade=None if score is None else grade(score),
        first_attempt=round(fmean(firsts), 1) if firsts else None,
        after_probe=round(fmean(afters), 1) if afters else None,
        hints=sum(q.hints for q in questions),
        skills=skill_standings(the_map, setup, turns),
        questions=questions,
        turns=turns,
        study_next=study_next(the_map, setup, questions, turns),
        judge=judged[-1].judge if judged else None,
        started_at=session.created_at,
        finished_at=max((t.answered_at or "" for t in turns), default="") or None if finished else None,
        finished=finished,
        why_ended=why_ended,
    )


def question_results(the_map: KnowledgeMap, rules: Rules, turns: list[Turn]) -> list[QuestionResult]:
    """One result per question that was acted on, in order."""
    found: dict[str, list[Turn]] = {}
    for t in turns:
        found.setdefault(t.question_id, []).append(t)
    results = []
    for of_question in found.values():
        first = next((t for t in of_question if t.kind == "question"), None)
        if first is None or first.action is None or first.action == "finish":
            continue
        hints = sum(t.kind == "hint" for t in of_question)
        probes = [t for t in of_question if t.kind == "follow_up" and t.judgement and t.judgement.score is not None]
        results.append(_result(the_map, rules, first, probes, hints))
    return results


def _result(the_map: KnowledgeMap, rules: Rules, first: Turn, probes: list[Turn], hints: int) -> QuestionResult:
    question = the_map.question(first.question_id)
    base = QuestionResult(
        question_id=first.question_id,
        skill=the_map.skill_of(question.id).id,
        first_attempt=None,
        after_probe=None,
        hints=hints,
        final=None,
    )
    if first.action == "skip":
        return base.model_copy(update={"status": "skipped"})
    judgement = first.judgement
    if judgement is None or judgement.score is None:
        return base.model_copy(update={"status": "unscored"})
    after = after_probes(question, first, probes, rules) if probes else None
    final = judgement.score
    if after is not None:
        final += rules.policy.probe_share * (after - judgement.score)
    final = max(0.0, final - rules.policy.hint_cost * hints)
    return base.model_copy(
        update={
            "first_attempt": judgement.score,
            "after_probe": after,
            "final": round(final, 1),
            "status": "dont_know" if first.action == "dont_know" else "answered",
        }
    )


def after_probes(question: Question, first: Turn, probes: list[Turn], rules: Rules) -> float:
    """The score had the candidate said at once what the follow-ups brought out; never below the first."""
    judgement = first.judgement
    if judgement is None or judgement.score is None:
        raise ValueError("the first attempt was not scored")
    points = {p.id: p for p in judgement.points}
    cleared = set()
    for probe in probes:
        if probe.judgement is None:
            continue
        for p in probe.judgement.points:
            if p.id in points and p.credit > points[p.id].credit:
                points[p.id] = points[p.id].model_copy(update={"credit": p.credit, "verdict": p.verdict})
        target = _misconception_probed(question, probe)
        if target and (probe.judgement.score or 0) >= CLEARED_SCORE:
            cleared.add(target)

    def score(verdicts: Iterable[PointVerdict], beliefs: Iterable[MisconceptionFound]) -> float:
        credits = [Credit(p.weight, p.core, p.credit, p.verdict == "contradicted") for p in verdicts]
        penalties = [m.penalty for m in beliefs]
        right = _chosen_right(question, first)
        return marks(credits, penalties, rules.policy, question.kind.value, chosen_right=right).score

    kept = [m for m in judgement.misconceptions if m.id not in cleared]
    gain = score(points.values(), kept) - score(judgement.points, judgement.misconceptions)
    return round(min(10.0, judgement.score + max(0.0, gain)), 2)


def _chosen_right(question: Question, turn: Turn) -> bool | None:
    chosen = turn.judgement.chosen if turn.judgement else None
    if chosen is None or not turn.option_order:
        return None
    return turn.option_order[ord(chosen) - ord("A")] == question.key_index


def _misconception_probed(question: Question, probe: Turn) -> str | None:
    return None if probe.follow_up is None else question.follow_ups[probe.follow_up].when.misconception


def outcomes(the_map: KnowledgeMap, turns: list[Turn]) -> list[Outcome]:
    """What the judged turns say of the ability, as the machine counted them."""
    hinted = {t.question_id for t in turns if t.kind == "hint"}
    found = [outcome_of(the_map, t, t.question_id in hinted) for t in turns]
    return [o for o in found if o is not None]


def skill_standings(the_map: KnowledgeMap, setup: Setup, turns: list[Turn]) -> list[SkillStanding]:
    """The posterior of each skill that was asked about, in map order."""
    seen = outcomes(the_map, turns)
    related = relation(the_map)
    standings = []
    for s in the_map.skills.values():
        answers = sum(o.skill == s.id for o in seen)
        if not answers:
            continue
        b = belief(s.id, seen, setup.level, related)
        standings.append(
            SkillStanding(
                skill=s.id,
                name=s.text(setup.lang),
                category=s.category,
                ability=round(b.mean, 2),
                se=round(b.sd, 2),
                level=round(percent(b), 1),
                answers=answers,
            )
        )
    return standings


def study_next(
    the_map: KnowledgeMap, setup: Setup, questions: list[QuestionResult], turns: list[Turn]
) -> list[StudyItem]:
    """Skills to study, prerequisites first, with what was missed and the questions to try again."""
    order = the_map.order()
    by_skill: dict[str, list[QuestionResult]] = {}
    for q in questions:
        if q.status in ("skipped", "dont_know") or (q.final is not None and q.final < WEAK_SCORE):
            by_skill.setdefault(q.skill, []).append(q)
    items = []
    for skill_id in sorted(by_skill, key=order.index):
        skill = the_map.skills[skill_id]
        results = by_skill[skill_id]
        ids = [r.question_id for r in results]
        items.append(
            StudyItem(
                skill=skill_id,
                name=skill.text(setup.lang),
                why=_why(results, setup.lang),
                question_ids=ids,
                points=_missed(turns, ids, setup.lang, the_map),
            )
        )
    return items


def _why(results: list[QuestionResult], lang: str) -> str:
    scores = [r.final for r in results if r.final is not None]
    unanswered = sum(r.status in ("skipped", "dont_know") for r in results)
    zh, en = [], []
    if scores and not unanswered:
        zh.append(f"得分 {fmean(scores):.1f}/10")
        en.append(f"scored {fmean(scores):.1f}/10")
    if unanswered:
        zh.append(f"{unanswered} 题没有作答")
        en.append(f"{unanswered} left unanswered")
    return "，".join(zh) if lang == "zh" else ", ".join(en)


def _missed(turns: list[Turn], question_ids: list[str], lang: str, the_map: KnowledgeMap) -> list[str]:
    """Core points that no answer covered; for an unanswered question, all of its core points."""
    texts = []
    for question_id in question_ids:
        made = covered_points([t for t in turns if t.question_id == question_id])
        texts += [p.text(lang) for p in the_map.question(question_id).points if p.core and p.id not in made]
    return texts
