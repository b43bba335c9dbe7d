"""Which question next, and why. Pure: a function of the map, the setup and the outcomes so far.

A question's value is the Fisher information it is expected to give (ability.py), times how much the
role cares for its skill, times what keeps an interview balanced: content, prerequisites, variety. The
factors of the winner are its reason, in words.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

from interviewer.ability import Belief, Outcome, Relation, belief, expected_information, relation_from
from interviewer.models import Setup, Turn
from knowledge import KnowledgeMap, Question, Role, Skill
from knowledge.depth import beyond

STANDING_VALUE = {"must": 1.0, "deep": 0.75, "nice": 0.45}
KIND_SHARE = {"open": 0.5, "scenario": 0.4, "choice": 0.2, "code": 0.15}
"""Above this share of the questions so far, a further one of that kind is worth less."""
LEVEL_DIFFICULTY = {"junior": 4.0, "mid": 5.5, "senior": 7.0}
BEYOND_LEVEL = 0.6
"""What a question is worth that is expected only of the level above."""
WARM_UP = 2
"""The first questions stay near the level's difficulty, so that nobody begins with the hardest."""
READY_LOGIT = -1.0
"""Below this, a prerequisite is not there yet, and what builds on it can wait."""
FOLLOW_UP_WEIGHT = 0.4
"""A follow-up's outcome counts for less: it depends on the answer before it."""
VARIATION = 0.35
"""How far (in log value) chance may lift a question: the order differs between interviews."""


@dataclass(frozen=True)
class Candidate:
    """A question with its value and the factors that made it."""

    question: Question
    skill: Skill
    value: float
    information: float
    sd: float
    weight: int
    standing: str


def relation(the_map: KnowledgeMap) -> Relation:
    return relation_from(
        {s.id: s.category for s in the_map.skills.values()},
        {s.id: list(s.prerequisites) for s in the_map.skills.values()},
    )


def beliefs(the_map: KnowledgeMap, setup: Setup, outcomes: list[Outcome]) -> dict[str, Belief]:
    """The posterior of every skill the role is asked about."""
    related = relation(the_map)
    return {
        s.id: belief(s.id, outcomes, setup.level, related) for s in the_map.skills.values() if s.weights[setup.role] > 0
    }


def outcome_of(the_map: KnowledgeMap, turn: Turn, hinted: bool) -> Outcome | None:
    """What a judged turn says of the ability; None when there is no grade to go by."""
    if turn.judgement is None or turn.judgement.grade is None or turn.kind == "hint":
        return None
    question = the_map.question(turn.question_id)
    grade, weight = turn.judgement.grade, 1.0
    if turn.kind == "follow_up":
        weight = FOLLOW_UP_WEIGHT
    elif hinted:
        grade = max(0, grade - 1)
    return Outcome(the_map.skill_of(question.id).id, question.difficulty, grade, weight)


def pool(the_map: KnowledgeMap, setup: Setup) -> list[tuple[Question, Skill]]:
    """The questions that may be asked at all: of the role, or of the skill to practise."""
    if setup.skill:
        wanted = [setup.skill]
        for skill_id in wanted:
            wanted += [p for p in the_map.skills[skill_id].prerequisites if p not in wanted]
        chosen = [(q, the_map.skills[s]) for s in wanted for q in the_map.skills[s].questions]
        return chosen
    return [
        (q, s)
        for s in the_map.skills.values()
        if s.weights[setup.role] > 0
        for q in s.questions
        if setup.role in q.roles
    ]


def rank(the_map: KnowledgeMap, setup: Setup, asked: list[str], outcomes: list[Outcome]) -> list[Candidate]:
    """The questions that were not asked yet: of the skill to practise, then the most valuable first."""
    known = beliefs(the_map, setup, outcomes)
    related = relation(the_map)
    target = _category_targets(the_map, setup.role)
    skills_asked = Counter(the_map.skill_of(a).id for a in asked)
    categories_asked = Counter(the_map.skill_of(a).category for a in asked)
    kinds_asked = Counter(the_map.question(a).kind.value for a in asked)
    found = []
    for q, s in pool(the_map, setup):
        if q.id in asked:
            continue
        b = known.get(s.id) or belief(s.id, outcomes, setup.level, related)
        information = expected_information(b, q.difficulty)
        weight = s.weights[setup.role]
        standing = q.roles.get(setup.role, "nice")
        value = information * max(weight, 1) / 3 * STANDING_VALUE[standing]
        value *= BEYOND_LEVEL ** beyond(q, setup.role, setup.level)
        value *= 0.45 ** skills_asked[s.id] * 0.6 ** setup.seen.get(q.id, 0)
        if asked:
            share = categories_asked[s.category] / len(asked)
            value *= max(0.25, 1 + 1.5 * (target.get(s.category, 0) - share))
            if (kinds_asked[q.kind.value] + 1) / (len(asked) + 1) > KIND_SHARE[q.kind.value]:
                value *= 0.55
        if len(asked) < WARM_UP:
            value *= 0.75 ** max(0.0, q.difficulty - LEVEL_DIFFICULTY[setup.level])
            value *= 0.6 if q.kind.value == "code" else 1
        for before in s.prerequisites:
            if any(o.skill == before for o in outcomes) and before in known and known[before].mean < READY_LOGIT:
                value *= 0.5
        value *= 2.718281828 ** (VARIATION * _chance(setup.seed, q.id))
        found.append(Candidate(q, s, value, information, b.sd, weight, standing))
    return sorted(found, key=lambda c: (c.skill.id != setup.skill, -c.value, c.question.id))


def choose(the_map: KnowledgeMap, setup: Setup, asked: list[str], outcomes: list[Outcome]) -> tuple[str, str] | None:
    """The next question's id and the reason in the interview's language; None when none is left."""
    if setup.only:
        left = [q for q in setup.only if q not in asked]
        why = {"zh": "按指定的题单提问", "en": "it is next on the list that was asked for"}[setup.lang]
        return (left[0], why) if left else None
    ranked = rank(the_map, setup, asked, outcomes)
    if not ranked:
        return None
    return ranked[0].question.id, reason(the_map, setup, ranked[0], asked)


def reason(the_map: KnowledgeMap, setup: Setup, c: Candidate, asked: list[str]) -> str:
    """Why this question, in one sentence with the numbers that decided."""
    role = the_map.role(setup.role)
    new = all(the_map.skill_of(a).category != c.skill.category for a in asked)
    if setup.lang == "zh":
        care = {3: "核心", 2: "常问", 1: "需了解"}.get(c.weight, "相关")
        parts = [
            f"「{c.skill.zh}」是{role.zh}的{care}技能",
            f"对它的估计还差 ±{c.sd:.1f}",
            f"难度 {c.question.difficulty} 的题预期信息量 {c.information:.2f}",
        ]
        if setup.skill == c.skill.id:
            parts[0] = f"你选择练习「{c.skill.zh}」"
        if asked and new:
            parts.append("这一类还没问过")
        return "；".join(parts)
    care = {3: "a core skill", 2: "a frequent skill", 1: "good to know"}.get(c.weight, "related")
    parts = [
        f"{c.skill.en} is {care} for {role.en}",
        f"its estimate is still uncertain by ±{c.sd:.1f}",
        f"a question of difficulty {c.question.difficulty} is expected to give {c.information:.2f} of information",
    ]
    if setup.skill == c.skill.id:
        parts[0] = f"you chose to practise {c.skill.en}"
    if asked and new:
        parts.append("its category has not come up yet")
    return "; ".join(parts)


def _category_targets(the_map: KnowledgeMap, role: Role) -> dict[str, float]:
    """Share of the interview each category should have: its part of the role's weights."""
    weights: Counter[str] = Counter()
    for s in the_map.skills.values():
        if any(role in q.roles for q in s.questions):
            weights[s.category] += s.weights[role]
    total = sum(weights.values()) or 1
    return {c: w / total for c, w in weights.items()}


def _chance(seed: int, question_id: str) -> float:
    """A number in [-1, 1) that depends on the seed and the question alone, so that resuming repeats it."""
    digest = hashlib.sha256(f"{seed}:{question_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**47 - 1
