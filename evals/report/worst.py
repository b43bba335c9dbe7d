"""The worst disagreements as the report shows them: evidence placed in the answer, points beside each other."""

from __future__ import annotations

from collections.abc import Sequence

from evals.report.numbers import number, signed
from evals.report.parts import BeliefRow, PointRow, WorstPart
from evals.report.shapes import Quote, Result, Worst
from evals.report.words import Words
from interviewer.models import Evidence
from interviewer.report.highlight import Mark, place, stretches
from interviewer.report.words import Words as InterviewWords

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def anchor(number: int) -> str:
    """The id on the page of the n-th of them."""
    return f"w{number}"


def worst_parts(result: Result, t: Words) -> tuple[WorstPart, ...]:
    return tuple(_part(n, w, t) for n, w in enumerate(result.worst, 1))


def _part(n: int, w: Worst, t: Words) -> WorstPart:
    marks: list[Mark] = []
    points = []
    for k, p in enumerate(w.points, 1):
        marks += _placed(w.answer, str(k), p.evidence)
        verdict = p.verdict or ""
        points.append(
            PointRow(
                str(k), p.text.text(t.lang) or p.id, not p.core, number(p.reference), number(p.credit), verdict,
                t.named("verdict", verdict) or "–", tuple(q.text for q in p.evidence),
            )
        )  # fmt: skip
    beliefs = []
    for k, b in enumerate(w.misconceptions):
        letter = LETTERS[k % len(LETTERS)]
        marks += _placed(w.answer, letter, b.evidence)
        who = "both" if b.reference and b.judge else "judge" if b.judge else "reference"
        found_by = t("worst.found_by", who=t(f"worst.by_{who}"))
        beliefs.append(BeliefRow(letter, b.text.text(t.lang) or b.id, found_by, tuple(q.text for q in b.evidence)))
    flags = InterviewWords(t.lang)
    tags = [
        t.named("mode", w.mode), t.named("lang", w.lang), t.named("kind", w.kind),
        *(flags.named("flag", f) for f in w.flags),
    ]  # fmt: skip
    half = None if w.score is None else w.score / 2
    return WorstPart(
        number=n,
        anchor=anchor(n),
        head=t("worst.head", reference=number(w.reference), score=number(half)),
        difference=signed(w.difference),
        tags=tuple(x for x in tags if x),
        question=w.question.text(t.lang) or w.question_id,
        points=tuple(points),
        beliefs=tuple(beliefs),
        stretches=tuple(stretches(w.answer, marks)),
        worst=w,
    )


def _placed(answer: str, key: str, quotes: Sequence[Quote]) -> list[Mark]:
    return place(answer, key, [Evidence(start=max(q.start, 0), end=max(q.end, 0), text=q.text) for q in quotes])
