"""A judge whose code grades otherwise is another judge: nothing that it once said may stand for what it says now."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from evals.committed import FOLDER, ITEMS, kept_items
from evals.datasets import load_dataset
from interviewer.embeddings import load_embedder
from interviewer.judge import OfflineJudge, background, question_rubric

KNOWN = {"28ea628999086a51": "c3a8a82d8b229f8c"}
"""What the offline judge and the rubrics of the test half are (their hash), and the grades that come of them."""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _judge() -> str:
    judge = OfflineJudge(load_embedder(None, cache_dir=None, notice=print)[0])
    items = load_dataset().only("test").items
    rubrics = {i.question.id: question_rubric(i.question, lang) for i in items for lang in ("zh", "en")}
    return _digest(judge.fingerprint, *(r.model_dump_json() for _, r in sorted(rubrics.items())))


def _grades(folder: Path) -> str:
    lines = [json.loads(x)["judgement"] for x in (folder / ITEMS).read_text("utf-8").splitlines()]
    return _digest(json.dumps(lines, sort_keys=True))


def test_other_grades_have_another_fingerprint() -> None:
    judge, grades = _judge(), _grades(FOLDER)
    assert len(kept_items(FOLDER)) > 300
    assert judge in KNOWN, f"another judge or other rubrics: KNOWN = {{{judge!r}: {grades!r}}}"
    assert KNOWN[judge] == grades, (
        "the same weights, rules and rubrics give other grades: raise GRADING in interviewer/judge/fingerprint.py, "
        "or journals of `interviewer grade` will mix judgements of both; then mend KNOWN"
    )


def test_another_table_of_common_words_is_another_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    embedder, _ = load_embedder(None, cache_dir=None, notice=print)
    before = OfflineJudge(embedder).fingerprint
    assert OfflineJudge(embedder).fingerprint == before
    monkeypatch.setattr(background, "digest", lambda: "rebuilt")
    assert OfflineJudge(embedder).fingerprint != before
