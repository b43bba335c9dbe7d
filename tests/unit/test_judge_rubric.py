"""Rubrics from the map, from follow-ups, and from rows that bring their own."""

from __future__ import annotations

import pytest

from interviewer.embeddings import StaticTable
from interviewer.errors import InputError
from interviewer.judge import (
    OfflineJudge,
    follow_up_rubric,
    own_rubric,
    question_rubric,
    rubric_hash,
    split_reference,
)
from interviewer.models import Rubric
from knowledge import FollowUp, Kind, load_map
from rubrics import load_rules

REFERENCE = "顺序表的存储空间连续，支持随机访问。链表的存储空间不连续，插入和删除不需要移动元素；但访问要从头遍历。"


def test_points_of_a_row() -> None:
    rubric = own_rubric(
        "Q?", [{"id": "P1", "text": "连续存储", "weight": 30}, {"text": "链表", "weight": 60}], id="row-7"
    )
    assert rubric.id == "row-7"
    assert [(p.id, p.zh, p.en) for p in rubric.points] == [("p1", "连续存储", "连续存储"), ("p2", "链表", "链表")]
    assert rubric.points[1].weight == 5 and rubric.points[0].weight == pytest.approx(2.5)
    assert Rubric.model_validate_json(rubric.model_dump_json()) == rubric


def test_ids_stay_distinct_and_bonus_alone_becomes_core() -> None:
    rubric = own_rubric(
        "Q?", [{"id": "要点", "text": "a"}, {"id": "要点", "text": "b", "core": False}, {"id": "p1", "text": "c"}]
    )
    assert [p.id for p in rubric.points] == ["p1", "p2", "p1-2"]
    assert all(p.core for p in own_rubric("Q?", [{"text": "a", "core": False}]).points)


def test_a_reference_is_split_into_statements() -> None:
    points = split_reference(REFERENCE)
    assert 2 <= len(points) <= 8
    assert "".join(p.zh for p in points) == REFERENCE
    assert split_reference(REFERENCE) == points, "deterministic"
    numbered = split_reference(
        "1. It freezes the base weights. 2. It trains a low-rank update. 3. It merges at inference."
    )
    assert [p.en for p in numbered] == [
        "It freezes the base weights.",
        "It trains a low-rank update.",
        "It merges at inference.",
    ]
    assert len(split_reference("要点。" + "顺序表的存储空间连续，支持随机访问。" * 30)) <= 8
    assert len(split_reference("是")) == 1


@pytest.mark.parametrize(
    ("question", "points", "reference"),
    [("Q?", None, None), ("Q?", [], "  "), (" ", None, "a"), ("Q?", [{"text": ""}], None), ("Q?", [{"text": "a",
     "weight": -1}], None),
     ("Q?", [{"text": "a", "weight": "many"}], None), ("Q?", ["a"], None)],
)  # fmt: skip
def test_rows_that_cannot_be_graded(question: str, points: list[dict[str, str]] | None, reference: str | None) -> None:
    with pytest.raises(InputError) as fault:
        own_rubric(question, points, reference)
    assert fault.value.hint


def test_follow_ups_resolve_their_points_and_may_have_none() -> None:
    judge = OfflineJudge(StaticTable())
    for q in load_map().questions.values():
        for n, f in enumerate(q.follow_ups):
            rubric = follow_up_rubric(q, f, "en")
            assert rubric.kind is Kind.OPEN and rubric.ask == f.en and len(rubric.points) == len(f.points)
            if f.points:
                assert any(p.core for p in rubric.points)
            if f.points and n == 0:  # each takes an index of its own
                assert judge.judge_sync(rubric, "It depends on the data.", "en").score is not None
    bare = FollowUp.model_validate(
        {"when": {"score_at_least": 8}, "rung": "transfer", "zh": "换个场景呢？", "en": "And elsewhere?", "points": []}
    )
    out = judge.judge_sync(follow_up_rubric(q, bare, "en"), "It depends on the data.", "en")
    assert out.score is None and out.flags == ["ungraded"] and out.error


def test_the_hash_follows_the_content_and_not_the_order_of_options() -> None:
    rules = load_rules()
    q = next(q for q in load_map().questions.values() if q.kind is Kind.CHOICE)
    one, other = question_rubric(q, "zh", (0, 1, 2)), question_rubric(q, "zh", (2, 1, 0))
    assert rubric_hash(one, rules) == rubric_hash(other, rules)
    assert rubric_hash(one, rules) != rubric_hash(question_rubric(q, "en"), rules)
