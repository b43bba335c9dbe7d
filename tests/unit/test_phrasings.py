"""Other ways to say a point: there for every question of the map, of points and beliefs that exist, and heard."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from interviewer.examiners import offline_judge
from interviewer.judge import question_rubric, rubric_hash
from knowledge import load_map
from knowledge.errors import MapFileError
from rubrics import phrasings
from rubrics.phrasings import phrasings_of

MAP = load_map()


def test_every_point_and_every_belief_of_the_map_has_some_and_nothing_else_does() -> None:
    files = {p.stem for p in phrasings.folder().glob("*.yaml")}
    assert files == {q.split(".", 1)[0] for q in MAP.questions}
    for q in MAP.questions.values():
        found = phrasings_of(q.id)
        points, wrong = {p.id for p in q.points}, {m.id for m in q.misconceptions}
        assert set(found) == points | wrong, q.id
        for name, p in found.items():
            assert len(p.zh) >= 2 and len(p.en) >= 2, (q.id, name)
            assert set(p.denies) <= points and (name in wrong or not p.denies), (q.id, name)


def test_no_two_points_of_a_question_are_said_alike() -> None:
    for q in MAP.questions.values():
        counts = Counter(t for p in phrasings_of(q.id).values() for t in (*p.zh, *p.en))
        assert not [t for t, n in counts.items() if n > 1], q.id


@pytest.mark.parametrize("question", sorted(MAP.questions)[::13])
def test_a_point_said_in_its_other_words_is_heard(question: str) -> None:
    judge, q = offline_judge(), MAP.question(question)
    core = [p.id for p in q.points if p.core]
    said = "。".join(phrasings_of(question)[p].zh[0] for p in core)
    credit = {p.id: p.credit for p in judge.judge_sync(question_rubric(q, "zh"), said, "zh").points}
    checked = {c.point for c in q.checks}
    assert sum(credit[p] for p in core if p not in checked) >= 0.8 * len([p for p in core if p not in checked])


def test_a_belief_takes_back_the_points_that_it_denies() -> None:
    q = MAP.question("lora.what-memory-is-saved")
    rubric = question_rubric(q, "zh")
    wrong, denied = next((m, p) for m, p in rubric.denies.items() if m in {x.id for x in q.misconceptions})
    text = next(p for p in q.points if p.id == denied[0]).zh
    judge = offline_judge()
    alone = judge.judge_sync(rubric, text, "zh")
    both = judge.judge_sync(rubric, f"{text}。{phrasings_of(q.id)[wrong].zh[0]}。", "zh")
    before, after = (next(p.credit for p in j.points if p.id == denied[0]) for j in (alone, both))
    assert wrong in {m.id for m in both.misconceptions}
    assert before > 0.7 and after < before


def test_the_hash_of_a_judgement_knows_them_and_that_of_a_prompt_does_not() -> None:
    judge = offline_judge()
    rubric = question_rubric(MAP.question("lora.what-memory-is-saved"), "zh")
    bare = rubric.model_copy(update={"phrasings": {}, "denies": {}})
    assert rubric_hash(rubric, judge.rules) != rubric_hash(bare, judge.rules)
    assert rubric_hash(rubric, judge.rules, phrasings=False) == rubric_hash(bare, judge.rules, phrasings=False)


def test_a_file_that_cannot_be_used_is_told_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.yaml").write_text("x.y:\n  point:\n    zhh: [a]\n", "utf-8")
    monkeypatch.setattr(phrasings, "folder", lambda: tmp_path)
    phrasings._file.cache_clear()
    with pytest.raises(MapFileError, match="zhh"):
        phrasings_of("x.y")
    assert phrasings_of("nothing.here") == {}
    phrasings._file.cache_clear()
