"""Does the offline judge find in a question's own texts what the question says is in them?

The author's last check: a reference answer that the judge does not recognise has points that are not
in it, or wordings that nobody uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from interviewer.judge.offline import OfflineJudge
from interviewer.judge.rubric import question_rubric
from interviewer.models import Judgement
from knowledge import KnowledgeMap
from knowledge.models import Kind, Question

REFERENCE_AT_LEAST = 9.0
"""Marks of 10 that a question's own reference answer must get, in both languages."""
TALK_AT_LEAST = 7.0
"""Marks of 10 that its spoken version must get."""
LANGUAGES = ("zh", "en")
DONT_KNOW = {"zh": "不知道。", "en": "I don't know."}


@dataclass(frozen=True)
class Finding:
    """One of a question's own texts that was judged otherwise than its author said."""

    question_id: str
    what: str
    """`reference`, `talk`, `dont_know` or a misconception's id."""
    lang: str
    score: float | None
    why: str

    def __str__(self) -> str:
        return f"{self.question_id}: {self.what} ({self.lang}): {self.why}"


def check_map(judge: OfflineJudge, the_map: KnowledgeMap, only: Iterable[str] = ()) -> Iterator[list[Finding]]:
    """The findings of each question in turn; of the skills in `only`, or of all."""
    chosen = set(only)
    for skill in the_map.skills.values():
        if not chosen or skill.id in chosen:
            for question in skill.questions:
                yield list(check_question(judge, question))


def check_question(judge: OfflineJudge, question: Question) -> Iterator[Finding]:
    for lang in LANGUAGES:
        yield from _texts(judge, question, lang)
        yield from _beliefs(judge, question, lang)


def model_answer(question: Question, text: str, lang: str) -> str:
    """What a candidate hands in: for a choice also the letter of the key, for code also the program."""
    if question.kind is Kind.CHOICE:
        letter = "ABCDEF"[question.key_index or 0]
        return f"选 {letter}。{text}" if lang == "zh" else f"Option {letter}. {text}"
    if question.kind is Kind.CODE:
        return f"{text}\n\n```python\n{question.solution}\n```"
    return text


def _judged(judge: OfflineJudge, question: Question, text: str, lang: str) -> Judgement:
    return judge.judge_sync(question_rubric(question, lang), text, lang)


def _texts(judge: OfflineJudge, question: Question, lang: str) -> Iterator[Finding]:
    for what, text, least in (
        ("reference", question.reference.text(lang), REFERENCE_AT_LEAST),
        ("talk", question.talk.text(lang), TALK_AT_LEAST),
    ):
        got = _judged(judge, question, model_answer(question, text, lang), lang)
        if got.score is None or got.score < least:
            lost = [f"{p.id} {p.verdict} {p.credit:.2f}" for p in got.points if p.credit < 1]
            wrong = [f"holds {m.id}" for m in got.misconceptions]
            flags = [f"flag {f}" for f in got.flags]
            yield Finding(
                question.id, what, lang, got.score,
                f"{got.score} of 10, at least {least:g} expected; {', '.join(lost + wrong + flags)}",
            )  # fmt: skip
    got = _judged(judge, question, DONT_KNOW[lang], lang)
    if got.score != 0:
        yield Finding(question.id, "dont_know", lang, got.score, f"{got.score} of 10, 0 expected")


def _beliefs(judge: OfflineJudge, question: Question, lang: str) -> Iterator[Finding]:
    for m in question.misconceptions:
        got = _judged(judge, question, m.text(lang), lang)
        if m.id not in {f.id for f in got.misconceptions}:
            yield Finding(question.id, m.id, lang, got.score, f"not detected when said as it stands: {m.text(lang)!r}")
