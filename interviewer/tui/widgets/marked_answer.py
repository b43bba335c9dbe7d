"""The candidate's own words with the evidence marked: tint, underline, and a number or letter at its end."""

from __future__ import annotations

from textual.content import Content

from interviewer.models import Evidence, Judgement, Turn, Verdict
from interviewer.report.highlight import Mark, place, stretches
from interviewer.text import visible
from interviewer.tui.paint import line
from interviewer.tui.words import Words

SHOWN = 6_000
"""Characters of an answer that a screen shows; the report has all of it."""
TINTS = {
    "covered": "underline on $mark-good",
    "partial": "underline on $mark-part",
    "contradicted": "underline on $mark-bad",
}
WRONG = "underline on $mark-bad"


def marked_answer(t: Words, turn: Turn, *, only: set[Verdict] | None = None) -> Content:
    """The answer of a turn. `only` keeps the marks of some verdicts, and drops misconceptions."""
    answer = turn.answer or ""
    if not answer.strip():
        return line(
            (
                t.named("status", turn.action or "") if turn.action in ("dont_know",) else t("no_answer"),
                "$quiet",
            )
        )
    marks, tints = _marks(turn.judgement, answer, only)
    cut = len(answer) > SHOWN
    parts: list[Content | str | tuple[str, str]] = []
    at = 0
    for stretch in stretches(answer, marks):
        text = stretch.text[: max(0, SHOWN - at)]
        at += len(stretch.text)
        if not text:
            break
        style = next((tints[k] for k in stretch.keys), "")
        parts.append(Content.styled(visible(text), style) if style else Content(visible(text)))
        parts += [(f"[{key}]", "bold $accent") for key in stretch.ends if len(text) == len(stretch.text)]
    if cut:
        parts.append((t("more_text", n=len(answer) - SHOWN), "$quiet"))
    return line(*parts)


def _marks(judgement: Judgement | None, answer: str, only: set[Verdict] | None) -> tuple[list[Mark], dict[str, str]]:
    marks: list[Mark] = []
    tints: dict[str, str] = {}
    if judgement is None:
        return marks, tints

    def add(key: str, evidence: list[Evidence], tint: str) -> None:
        tints[key] = tint
        marks.extend(place(answer, key, evidence))

    for n, p in enumerate(judgement.points, 1):
        if p.verdict != "missing" and (only is None or p.verdict in only):
            add(str(n), p.evidence, TINTS[p.verdict])
    if only is None:
        for n, m in enumerate(judgement.misconceptions):
            add(letter(n), m.evidence, WRONG)
    return marks, tints


def letter(n: int) -> str:
    """The mark of the nth misconception."""
    return chr(ord("a") + n % 26)
