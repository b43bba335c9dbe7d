"""Rubrics from a question of the map, from a follow-up, and from a row that brings its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from interviewer.errors import InputError
from interviewer.judge import lexicon
from interviewer.judge.normalise import fold, is_cjk
from interviewer.models import Rubric
from knowledge.models import FollowUp, Kind, Point, Question, When
from rubrics.phrasings import phrasings_of

MOST_POINTS = 8
_HINT = "give the row points ([{id, text, weight}]), or a reference, or the question_id of a question of the map"


def question_rubric(question: Question, lang: str, option_order: Sequence[int] = ()) -> Rubric:
    """The rubric of a question of the map, asked in `lang`."""
    return Rubric(
        id=question.id,
        kind=question.kind,
        ask=question.ask.text(lang),
        points=tuple(question.points),
        misconceptions=tuple(question.misconceptions),
        reference=question.reference.text(lang),
        question=question,
        option_order=tuple(option_order),
        **_beside(question, {p.id for p in question.points}),
    )


def follow_up_rubric(question: Question, follow_up: FollowUp, lang: str) -> Rubric:
    """The rubric of a follow-up: its own points and those of the question that it names.

    The result is an open question whatever the first one was. Without points its judgement is unscored.
    """
    by_id = {p.id: p for p in question.points}
    points = tuple(by_id[p] if isinstance(p, str) else p for p in follow_up.points)
    # A bonus point of the question is what this follow-up asks for, so here it is core.
    core = tuple(p if p.core else p.model_copy(update={"core": True}) for p in points)
    asked_for_all = any(p.core for p in points)
    return Rubric(
        id=question.id,
        kind=Kind.OPEN,
        ask=follow_up.text(lang),
        points=points if asked_for_all else core,
        misconceptions=tuple(question.misconceptions),
        reference=question.reference.text(lang) if any(isinstance(p, str) for p in follow_up.points) else "",
        question=question if any(isinstance(p, str) for p in follow_up.points) else None,
        **_beside(question, {p for p in follow_up.points if isinstance(p, str)}),
    )


def _beside(question: Question, points: set[str]) -> dict[str, Any]:
    """The phrasings of these points and of the question's misconceptions, and what the latter deny."""
    found = phrasings_of(question.id)
    wrong = {m.id for m in question.misconceptions}
    return {
        "phrasings": {k: (*p.zh, *p.en) for k, p in found.items() if k in points or k in wrong},
        "denies": {k: p.denies for k, p in found.items() if k in wrong and p.denies},
    }


def written_rubric(question: Question, targets: Sequence[str], ask: str, lang: str) -> Rubric:
    """The rubric of a follow-up that no one authored: `ask`, judged by these points of the question."""
    points: list[str | Point] = list(targets)
    probe = FollowUp(when=When(missing=targets[0]), rung="clarify", zh=ask, en=ask, points=points)
    return follow_up_rubric(question, probe, lang)


def own_rubric(
    question: str,
    points: Sequence[Mapping[str, Any]] | None = None,
    reference: str | None = None,
    *,
    id: str = "",
) -> Rubric:
    """The rubric of a row that brings its own question. Raises InputError with a hint."""
    ask = _clean(question)
    if not ask:
        raise InputError("the question is empty", hint="give the row a question, or a question_id of the map")
    reference = _clean(reference or "")
    if points:
        own = _points(points)
    elif reference:
        own = split_reference(reference)
    else:
        raise InputError("there is nothing to grade against: no points and no reference", hint=_HINT)
    return Rubric(
        id=_clean(id) or "own-" + hashlib.sha256(ask.encode("utf-8", "replace")).hexdigest()[:10],
        ask=ask,
        points=own,
        reference=reference,
    )


def _points(rows: Sequence[Mapping[str, Any]]) -> tuple[Point, ...]:
    out: list[Point] = []
    weights = [_weight(r, n) for n, r in enumerate(rows, 1)]
    # Rows may bring marks (30 of 100); only the ratios count.
    scale = min(1.0, 5.0 / max(weights))
    seen: set[str] = set()
    for n, (row, weight) in enumerate(zip(rows, weights, strict=True), 1):
        if not isinstance(row, Mapping):
            raise InputError(f"point {n} is not an object with id, text and weight", hint=_HINT)
        zh, en = (_clean(str(row.get(k) or row.get("text") or "")) for k in ("zh", "en"))
        if not (zh or en):
            raise InputError(f"point {n} has no text", hint=_HINT)
        terms = row.get("terms") or []
        if isinstance(terms, str):
            terms = [t.strip() for t in re.split(r"[,;、；，|]", terms)]
        out.append(
            Point(
                id=_slug(str(row.get("id") or ""), n, seen),
                weight=max(weight * scale, 1e-6),
                core=bool(row.get("core", True)),
                zh=zh or en,
                en=en or zh,
                terms=[_clean(str(t)) for t in terms if str(t).strip()],
            )
        )
    if not any(p.core for p in out):
        out = [p.model_copy(update={"core": True}) for p in out]
    return tuple(out)


def _clean(text: str) -> str:
    """Without lone surrogates, which no model and no file takes."""
    return text.encode("utf-8", "replace").decode("utf-8").strip()


def _weight(row: Any, n: int) -> float:
    value = row.get("weight", 1) if isinstance(row, Mapping) else 1
    try:
        weight = float(1 if value is None or value == "" else value)
    except (TypeError, ValueError):
        raise InputError(f"point {n}: weight {value!r} is not a number", hint=_HINT) from None
    if not 0 < weight < 1e6:
        raise InputError(f"point {n}: weight {value!r} must be above 0", hint=_HINT)
    return weight


def _slug(given: str, n: int, seen: set[str]) -> str:
    """The id as given when it is a slug, else made into one; ids stay distinct."""
    slug = re.sub(r"[^a-z0-9.]+", "-", fold(given)).strip("-.")[:70]
    slug = re.sub(r"\.+|-*\.-*", ".", slug) or f"p{n}"
    base, extra = slug, 2
    while slug in seen:
        slug, extra = f"{base}-{extra}", extra + 1
    seen.add(slug)
    return slug


_SENTENCE = re.compile(
    r"(?<=[。！？!?；;\n])|(?<=[.])(?=\s+[A-Z(\d\-•])|(?=[①②③④⑤⑥⑦⑧⑨⑩])|(?:^|(?<=\s))(?=(?:\d{1,2}[.)、]|[-•*])\s)"
)
_CLAUSE = re.compile(r"(?<=[，,：:])(?!\d)")
_LEAD = re.compile(r"^[\s,，;；。.、:：•*\-]*(?:[①②③④⑤⑥⑦⑧⑨⑩]|[(（]?\d{1,2}[.)）、](?!\d))?\s*")


def split_reference(reference: str, most: int = MOST_POINTS) -> tuple[Point, ...]:
    """Two to `most` statements of a reference, in order, weighted by how much they say."""
    pieces = _joined([_LEAD.sub("", p).strip() for p in _SENTENCE.split(reference)])
    if len(pieces) == 1:
        halves = _joined([p.strip() for p in _CLAUSE.split(pieces[0])])
        pieces = halves if len(halves) > 1 else pieces
    while len(pieces) > most:
        sizes = [lexicon.bulk(fold(a)) + lexicon.bulk(fold(b)) for a, b in pairwise(pieces)]
        at = sizes.index(min(sizes))
        glue = "" if is_cjk(pieces[at + 1][:1] or "。") else " "
        pieces[at : at + 2] = [pieces[at] + glue + pieces[at + 1]]
    worth = [max(lexicon.bulk(fold(p)), 0.5) ** 0.5 for p in pieces]
    top = max(worth)
    return tuple(
        Point(id=f"r{n}", zh=p, en=p, weight=round(5 * w / top, 3))
        for n, (p, w) in enumerate(zip(pieces, worth, strict=True), 1)
    )


def _joined(pieces: list[str], least: float = 2.0) -> list[str]:
    """Non-empty pieces; one that says too little joins the one before it, or after at the start."""
    out: list[str] = []
    for piece in pieces:
        if not piece:
            continue
        small = lexicon.bulk(fold(piece)) < least
        if out and (small or lexicon.bulk(fold(out[-1])) < least):
            glue = "" if is_cjk(piece[0]) or out[-1][-1:] in "，：" else " "
            out[-1] = out[-1] + glue + piece
        else:
            out.append(piece)
    return out or ["-"]
