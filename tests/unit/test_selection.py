"""Which question next: on the packaged map, with made-up grades."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from interviewer.ability import Outcome, belief
from interviewer.graph import selection
from interviewer.graph.selection import rank
from interviewer.models import Setup
from knowledge import KnowledgeMap, load_map
from knowledge.depth import LEVELS, beyond, expected_from
from tests.unit.judged import hint, judgement, turn

ROLES = ["algo", "eng", "app", "testdev"]
SEEDS = range(6)


@pytest.fixture(scope="module")
def the_map() -> KnowledgeMap:
    return load_map()


def setup(**changes: Any) -> Setup:
    return Setup(**{"role": "algo", "questions": 12, "seed": 1, **changes})


def held(the_map: KnowledgeMap, s: Setup, n: int, grade: int = 3) -> list[str]:
    """The questions of an interview in which every answer gets the same grade."""
    asked: list[str] = []
    outcomes: list[Outcome] = []
    for _ in range(n):
        choice = selection.choose(the_map, s, asked, outcomes)
        if choice is None:
            break
        question_id, why = choice
        assert why.strip()
        asked.append(question_id)
        question = the_map.question(question_id)
        outcomes.append(Outcome(the_map.skill_of(question_id).id, question.difficulty, grade))
    return asked


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_asked_twice_until_nothing_is_left(the_map: KnowledgeMap, role: str) -> None:
    s = setup(role=role)
    asked = held(the_map, s, 500)
    assert len(asked) == len(set(asked))
    assert set(asked) == {q.id for q, _ in selection.pool(the_map, s)}


@pytest.mark.parametrize("role", ROLES)
def test_only_what_the_role_is_asked(the_map: KnowledgeMap, role: str) -> None:
    for question_id in held(the_map, setup(role=role), 20):
        assert role in the_map.question(question_id).roles
        assert the_map.skill_of(question_id).weights[role] > 0


def test_a_list_is_asked_in_its_order(the_map: KnowledgeMap) -> None:
    only = list(the_map.questions)[5:0:-1]
    assert held(the_map, setup(only=only), 10) == only
    assert held(the_map, setup(only=[only[0], only[0], only[1]]), 10) == only[:2]


@pytest.mark.parametrize("role", ROLES)
def test_practising_a_skill_asks_it_first(the_map: KnowledgeMap, role: str) -> None:
    for skill in the_map.skills.values():
        for seed in SEEDS:
            asked = held(the_map, setup(role=role, skill=skill.id, seed=seed), len(skill.questions))
            assert set(asked) == {q.id for q in skill.questions}, skill.id


def test_practising_goes_on_with_the_prerequisites_only(the_map: KnowledgeMap) -> None:
    skill = next(s for s in the_map.skills.values() if s.questions and s.prerequisites)
    before, todo = set(), [skill.id]
    while todo:
        at = todo.pop()
        before.add(at)
        todo += [p for p in the_map.skills[at].prerequisites if p not in before]
    asked = held(the_map, setup(skill=skill.id), 500)
    assert {the_map.skill_of(a).id for a in asked} <= before
    assert len(asked) == sum(len(the_map.skills[s].questions) for s in before)


def test_the_same_seed_asks_the_same_and_another_does_not(the_map: KnowledgeMap) -> None:
    assert held(the_map, setup(seed=3), 6) == held(the_map, setup(seed=3), 6)
    assert len({tuple(held(the_map, setup(seed=n), 6)) for n in range(10)}) >= 5


@pytest.mark.parametrize("role", ROLES)
def test_twelve_questions_are_balanced(the_map: KnowledgeMap, role: str) -> None:
    possible = {s.category for _, s in selection.pool(the_map, setup(role=role))}
    weights: Counter[str] = Counter()
    for s in {s.id: s for _, s in selection.pool(the_map, setup(role=role))}.values():
        weights[s.category] += s.weights[role]
    for seed in SEEDS:
        asked = held(the_map, setup(role=role, seed=seed), 12)
        categories = Counter(the_map.skill_of(a).category for a in asked)
        assert len(categories) >= min(5, len(possible))
        for category, n in categories.items():
            assert n / 12 <= weights[category] / weights.total() + 0.3, (seed, category)
        assert len({the_map.skill_of(a).id for a in asked}) >= 10
        assert len({the_map.question(a).kind for a in asked}) >= 2


@pytest.mark.parametrize("role", ROLES)
def test_the_first_questions_are_near_the_level(the_map: KnowledgeMap, role: str) -> None:
    mean = {}
    for level, start in selection.LEVEL_DIFFICULTY.items():
        found = []
        for seed in range(12):
            first = held(the_map, setup(role=role, level=level, seed=seed), selection.WARM_UP)
            found += [the_map.question(a).difficulty for a in first]
        assert max(found) <= start + 2
        mean[level] = sum(found) / len(found)
    assert mean["junior"] < mean["mid"] < mean["senior"]


@pytest.mark.parametrize("role", ROLES)
def test_better_answers_bring_harder_questions(the_map: KnowledgeMap, role: str) -> None:
    def later(grade: int) -> float:
        asked = [held(the_map, setup(role=role, seed=n), 8, grade)[3:] for n in range(8)]
        return sum(the_map.question(a).difficulty for one in asked for a in one)

    assert later(5) > later(0)


def test_a_question_that_was_seen_loses(the_map: KnowledgeMap) -> None:
    first = held(the_map, setup(), 1)[0]
    values = {c.question.id: c.value for c in selection.rank(the_map, setup(), [], [])}
    again = {c.question.id: c.value for c in selection.rank(the_map, setup(seen={first: 1}), [], [])}
    assert again[first] == pytest.approx(0.6 * values[first])
    assert {q: v for q, v in again.items() if q != first} == {q: v for q, v in values.items() if q != first}
    assert held(the_map, setup(seen={first: 6}), 1) != [first]


def test_what_builds_on_a_weak_prerequisite_waits(the_map: KnowledgeMap) -> None:
    s = setup()
    skill, before = next(
        (sk, the_map.skills[p])
        for _, sk in selection.pool(the_map, s)
        for p in sk.prerequisites
        if the_map.skills[p].weights[s.role] > 0
    )

    def share(grade: int) -> float:
        ranked = selection.rank(the_map, s, [], [Outcome(before.id, 3, grade)] * 4)
        c = next(c for c in ranked if c.skill.id == skill.id)
        chance = 2.718281828 ** (selection.VARIATION * selection._chance(s.seed, c.question.id))
        return c.value / c.information / chance

    assert share(0) == pytest.approx(share(5) / 2)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("role", ROLES)
def test_every_reason_says_something(the_map: KnowledgeMap, role: str, lang: str) -> None:
    s = setup(role=role, lang=lang)
    asked = held(the_map, s, 3)
    for c in selection.rank(the_map, s, asked, []):
        why = selection.reason(the_map, s, c, asked)
        assert c.skill.text(lang) in why
        assert f"{c.sd:.1f}" in why and f"{c.information:.2f}" in why
        assert ("技能" in why) == (lang == "zh")
    practised = selection.choose(the_map, setup(role=role, lang=lang, skill="lora"), [], [])
    assert practised is not None and ("练习" in practised[1] or "practise" in practised[1])
    listed = selection.choose(the_map, setup(role=role, lang=lang, only=["lora.core-advantage"]), [], [])
    assert listed is not None and listed[1]


def test_nothing_left_is_none(the_map: KnowledgeMap) -> None:
    everything = list(the_map.questions)
    assert selection.choose(the_map, setup(), everything, []) is None
    assert selection.choose(the_map, setup(only=everything[:2]), everything[:2], []) is None


def test_what_a_turn_says_of_the_ability(the_map: KnowledgeMap) -> None:
    q = the_map.question("sft-fundamentals.loss")
    asked = turn(q, judgement(q, 8))
    probe = turn(q, judgement(q, 8), follow_up=0)
    assert selection.outcome_of(the_map, asked, False) == Outcome("sft-fundamentals", q.difficulty, 4, 1.0)
    hinted = selection.outcome_of(the_map, asked, True)
    assert hinted is not None and hinted.grade == 3
    probed = selection.outcome_of(the_map, probe, True)
    assert probed is not None and (probed.grade, probed.weight) == (4, selection.FOLLOW_UP_WEIGHT)
    nothing = turn(q, judgement(q, 0))
    floor = selection.outcome_of(the_map, nothing, True)
    assert floor is not None and floor.grade == 0
    for silent in (turn(q), turn(q, judgement(q, None)), hint(q)):
        assert selection.outcome_of(the_map, silent, False) is None


def test_every_skill_of_the_role_has_a_belief(the_map: KnowledgeMap) -> None:
    s = setup()
    found = selection.beliefs(the_map, s, [])
    assert set(found) == {k.id for k in the_map.skills.values() if k.weights[s.role] > 0}
    alone = belief("lora", [], s.level, selection.relation(the_map))
    assert found["lora"].mean == alone.mean


@pytest.mark.parametrize("role", ROLES)
def test_more_is_expected_of_the_experienced(the_map: KnowledgeMap, role: str) -> None:
    asked = [q for q in the_map.questions.values() if role in q.roles]
    counts = [sum(not beyond(q, role, level) for q in asked) for level in LEVELS]
    assert 0 < counts[0] < counts[1] < counts[2] == len(asked)
    for standing in ("must", "deep", "nice"):
        levels = [LEVELS.index(expected_from(q, role)) for q in sorted(asked, key=lambda q: q.difficulty)
                  if q.roles[role] == standing]  # fmt: skip
        assert levels == sorted(levels), "harder is never expected earlier"


@pytest.mark.parametrize("role", ROLES)
def test_juniors_are_seldom_asked_what_is_expected_of_seniors(the_map: KnowledgeMap, role: str) -> None:
    def senior_only(level: str) -> int:
        firsts = [rank(the_map, setup(role=role, level=level, seed=n), [], [])[:8] for n in range(10)]
        return sum(expected_from(c.question, role) == "senior" for first in firsts for c in first)

    assert senior_only("junior") < senior_only("senior")
