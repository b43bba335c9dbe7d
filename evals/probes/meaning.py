"""Meaning: what must not change when an answer says the same, and must when it says something else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

from evals.probes import texts
from evals.probes.bench import GOOD, LANGS, Bench, Outcome, by_question, lang_of, mean, rubric_of
from evals.table import HALF
from interviewer.judge import question_rubric

FORMS = Path(__file__).parents[1] / "data" / "denials.json"


def lower(value: float) -> float:
    """The badness of a value that should be high."""
    return -value


async def criterion_order(bench: Bench) -> Outcome:
    items = bench.items(lambda i: True)
    flips: dict[str, list[float]] = {}
    for i in items:
        rubric = rubric_of(i)
        turned = rubric.model_copy(update={"points": tuple(reversed(rubric.points))})
        first = await bench.score(rubric, i.answer.answer, lang_of(i))
        again = await bench.score(turned, i.answer.answer, lang_of(i))
        verdicts = {p.id: p.verdict for p in first.points}
        flips.setdefault(i.question.id, []).extend(float(verdicts.get(p.id) != p.verdict) for p in again.points)
    return mean("criteria in another order", "at most 5 % of verdicts change", flips, lambda v: v <= 0.05)


async def test_retest(bench: Bench) -> Outcome:
    items = bench.items(lambda i: True)
    same: dict[str, list[float]] = {}
    for i in items:
        first = await bench.score(rubric_of(i), i.answer.answer, lang_of(i))
        again = await bench.score(rubric_of(i), i.answer.answer, lang_of(i))
        verdicts = {p.id: p.verdict for p in first.points}
        same.setdefault(i.question.id, []).extend(float(verdicts[p.id] == p.verdict) for p in again.points)
    return mean("judged twice", "at least 95 % of verdicts the same", same, lambda v: v >= 0.95, lower)


async def deletion(bench: Bench) -> Outcome:
    """The evidence of one covered core point is cut out of a good answer: that point must lose credit."""
    items = bench.items(lambda i: i.grade >= GOOD)
    drops: dict[str, list[float]] = {}
    for i in items:
        first = await bench.score(rubric_of(i), i.answer.answer, lang_of(i))
        made = [p for p in first.points if p.core and p.credit >= 0.7 and p.evidence]
        whole = i.answer.answer
        made = [p for p in made if sum(e.end - e.start for e in p.evidence) <= 0.6 * len(whole)]
        for p in made[:2]:
            cut = whole
            for e in sorted(p.evidence, key=lambda e: -e.start):
                cut = cut[: e.start] + cut[e.end :]
            left = await bench.credit(rubric_of(i), cut, lang_of(i), p.id)
            drops.setdefault(i.question.id, []).append(float(left <= p.credit - 0.3))
    return mean("evidence deleted", "in at least 90 % the point loses 0.3 or more", drops, lambda v: v >= 0.90, lower)


async def negation(bench: Bench) -> Outcome:
    """A point said, and the same sentence denied in the plainest ways: the denied one must not be covered."""
    return await _denied(bench, "points denied", texts.NEGATED)


async def denial(bench: Bench) -> Outcome:
    """The same, denied in sixty ways in each language that whoever made the judge's words had not seen.

    Whoever adds words to the judge after having read them should have others written.
    """
    return await _denied(bench, "denied in other forms", json.loads(FORMS.read_text("utf-8")))


async def _denied(bench: Bench, name: str, forms: Mapping[str, Sequence[str]]) -> Outcome:
    """Credit of the denied claim over that of the claim, where the claim earns half or more: else nothing is lost."""
    kept: dict[str, list[float]] = {}
    turn = {lang: cycle(forms[lang]) for lang in LANGS}
    for q in bench.questions:
        for lang in LANGS:
            rubric = question_rubric(q, lang)
            for p in (x for x in q.points if x.core):
                claim = _first_claim(p.text(lang))
                said = await bench.credit(rubric, claim + ("。" if lang == "zh" else "."), lang, p.id)
                if said >= HALF:
                    form = next(turn[lang])
                    denied = _filled(form, claim, lang)
                    kept.setdefault(q.id, []).append(await bench.credit(rubric, denied, lang, p.id) / said)
    return mean(name, "keep at most 10 % of their credit", kept, lambda v: v <= 0.10)


def _filled(form: str, claim: str, lang: str) -> str:
    """`{X}` begins a sentence."""
    lower = claim if lang == "zh" or claim[:2].isupper() else claim[0].lower() + claim[1:]
    return form.replace("{X}", claim).replace("{x}", lower)


def _first_claim(text: str) -> str:
    """The point up to where it goes on to something else: nobody denies a whole paragraph in one breath."""
    return re.split(r"[;:；：。]|, (?:so|and|but|or|which|because|since|as) |\.(?=\s|$)", text)[0].strip()


async def other_words(bench: Bench) -> Outcome:
    """Right answers in none of the rubric's words: judged against their reference grade."""
    items = [i for i in bench.dataset.items if i.answer.mode == "other-words"]
    marks = await bench.marks([(rubric_of(i), i.answer.answer, lang_of(i)) for i in items])
    gaps = [m - i.mean_grade / 5 for m, i in zip(marks, items, strict=True)]
    return mean(
        "in other words",
        "at most 15 % of the scale below reference",
        by_question(items, gaps),
        lambda v: v >= -0.15,
        lower,
    )


async def languages(bench: Bench) -> Outcome:
    """The same spoken answer in Chinese and in English."""
    cases = [(q, lang) for q in bench.questions for lang in LANGS]
    marks = await bench.marks([(question_rubric(q, lang), q.talk.text(lang), lang) for q, lang in cases])
    gaps = {q.id: [marks[2 * n] - marks[2 * n + 1]] for n, q in enumerate(bench.questions)}
    return mean("zh against en", "mean gap at most 5 % of the scale", gaps, lambda v: abs(v) <= 0.05)
