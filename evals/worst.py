"""The answers on which judge and reference are furthest apart, each with all that explains it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.rounding import rounded
from evals.table import Judged, Table
from knowledge.models import Bilingual

MOST = 20


def worst(table: Table, most: int = MOST) -> list[dict[str, Any]]:
    """The largest |judge - reference| in grades 0-5, equal ones by the answer's id.

    Everything in them that an answer or a rater wrote is hostile text.
    """
    differences = table.half_score - table.mean
    order = sorted(range(len(table.rows)), key=lambda i: (-round(abs(float(differences[i])), 9), _id(table.rows[i])))
    return [_shown(table.rows[i], float(differences[i])) for i in order[:most]]


def _id(judged: Judged) -> str:
    return judged.item.answer.id


def _shown(judged: Judged, difference: float) -> dict[str, Any]:
    item, verdict = judged.item, judged.verdict
    return {
        "answer_id": item.answer.id,
        "question_id": item.question.id,
        "question": _both(item.question.ask),
        "answer": item.answer.answer,
        "lang": item.answer.lang,
        "kind": item.question.kind.value,
        "mode": item.answer.mode,
        "reference": rounded(item.mean_grade),
        "grade": item.grade,
        "score": verdict.score,
        "difference": rounded(difference),
        "flags": list(verdict.flags),
        "points": list(_points(judged)),
        "misconceptions": list(_misconceptions(judged)),
        "raters": [{"rater": r.rater, "grade": r.grade, "note": r.note} for r in item.ratings],
    }


def _points(judged: Judged) -> Iterator[dict[str, Any]]:
    found = {p.id: p for p in judged.verdict.points}
    for point in judged.item.question.points:
        verdict = found.get(point.id)
        yield {
            "id": point.id,
            "text": _both(point),
            "weight": point.weight,
            "core": point.core,
            "reference": rounded(judged.item.points[point.id]),
            "credit": verdict.credit if verdict else 0.0,
            "verdict": verdict.verdict if verdict else None,
            "evidence": [e.model_dump() for e in verdict.evidence] if verdict else [],
        }


def _misconceptions(judged: Judged) -> Iterator[dict[str, Any]]:
    """Those that the reference or the judge found."""
    found = {m.id: m for m in judged.verdict.misconceptions}
    for misconception in judged.item.question.misconceptions:
        held = misconception.id in judged.item.misconceptions
        if held or misconception.id in found:
            told = found.get(misconception.id)
            yield {
                "id": misconception.id,
                "text": _both(misconception),
                "reference": held,
                "judge": told is not None,
                "evidence": [e.model_dump() for e in told.evidence] if told else [],
            }


def _both(text: Bilingual) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
