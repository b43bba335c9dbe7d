"""What an answer comes to against its rubric, before and after marks: what both judges build on. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from interviewer.judge import aggregate, choice, evidence
from interviewer.judge.code import CodeReading, read_code
from interviewer.judge.fusion import Band, Fusion
from interviewer.judge.index import RubricIndex
from interviewer.judge.lexicon import weight
from interviewer.judge.misconceptions import Held
from interviewer.judge.reading import Reading
from interviewer.judge.signals import OwnerSignals
from interviewer.models import Flag, JudgeInfo, Judgement, MisconceptionFound, PointVerdict, Rubric, Verdict
from knowledge.models import Kind
from rubrics.models import Policy

UNPARSED_SHARE = 0.5
"""Part of its lexical credit that a point keeps when the code cannot be parsed."""
ON_TOPIC = 0.15
"""Similarity with the rubric from which an answer without substance is vague rather than off the topic."""
MOST_CITED = 12
"""Clauses that are cited for one point, in at most `MOST_PIECES` pieces."""
MOST_PIECES = 5
NOTHING = frozenset({"empty", "dont_know", "copied_question"})
"""Flags of answers in which no point can have been made."""
LOOK = frozenset({"too_long", "no_choice", "injection", "code_unparsed"})
"""Flags of answers that a person should look at."""


@dataclass
class Examined:
    """An answer read against its rubric."""

    reading: Reading
    index: RubricIndex
    code: CodeReading | None
    points: list[PointVerdict]
    """As the signals alone would have them."""
    misconceptions: list[MisconceptionFound]
    tied: list[MisconceptionFound]
    """Those of them that the chosen option stands for."""
    chosen: choice.Chosen | None
    right: bool | None
    """Whether the chosen option is the key; None when there is none."""
    flags: list[Flag]


def graded(
    rubric: Rubric,
    seen: Examined,
    points: list[PointVerdict],
    wrong: list[MisconceptionFound],
    policy: Policy,
    info: JudgeInfo,
    *,
    feedback: str,
    always: Sequence[Flag] = (),
    doubts_left: bool = False,
    bands: Sequence[Band] = (),
) -> Judgement:
    """Credits to a judgement; `always` are flags that go on every one, `bands` fitted intervals."""
    credits = [aggregate.Credit(p.weight, p.core, p.credit, p.verdict == "contradicted") for p in points]
    marks = aggregate.marks(
        credits,
        [m.penalty for m in wrong],
        policy,
        rubric.kind.value,
        chosen_right=seen.right,
        review=doubts_left or bool(LOOK & set(seen.flags)),
        bands=bands,
    )
    return Judgement(
        score=marks.score,
        grade=marks.grade,
        interval=marks.interval,
        needs_review=marks.needs_review,
        points=points,
        misconceptions=wrong,
        dimensions=aggregate.dimensions(credits, len(wrong)),
        flags=list(dict.fromkeys([*seen.flags, *always])),
        feedback=feedback,
        chosen=seen.chosen.letter if seen.chosen else None,
        judge=info,
    )


def code_of(rubric: Rubric, reading: Reading, flags: list[Flag], most: int) -> CodeReading | None:
    """The program in the first `most` characters of an answer to a code question; flagged when it does not parse."""
    if rubric.kind is not Kind.CODE or rubric.question is None:
        return None
    code = read_code(reading.answer[:most], rubric.question.checks)
    if not code.parsed and not NOTHING & set(flags):
        flags.append("code_unparsed")
    return code


def choice_of(rubric: Rubric, reading: Reading, flags: list[Flag]) -> tuple[choice.Chosen | None, bool | None]:
    """The option chosen, and whether it is the key; None, and a flag, where none can be made out."""
    if rubric.kind is not Kind.CHOICE or rubric.question is None:
        return None, None
    chosen = None if {"empty", "dont_know"} & set(flags) else choice.choose(rubric, reading.folded)
    if chosen is None:
        if not {"empty", "dont_know"} & set(flags):
            flags.append("no_choice")
        return None, None
    if "copied_question" in flags:
        flags.remove("copied_question")
    return chosen, chosen.index == rubric.question.key_index


def verdict_of(credit: float, policy: Policy, *, contradicted: bool) -> Verdict:
    if credit >= policy.thresholds.covered:
        return "covered"
    if credit >= policy.thresholds.partial:
        return "partial"
    return "contradicted" if contradicted else "missing"


def point_verdict(
    number: int,
    signals: OwnerSignals,
    best: float,
    reading: Reading,
    index: RubricIndex,
    code: CodeReading | None,
    rubric: Rubric,
    lang: str,
    flags: Sequence[Flag],
    fusion: Fusion,
    policy: Policy,
) -> PointVerdict:
    """A point as the signals alone would have it; `best` is the highest probability among the answer's points."""
    point = index.points[number]
    credit = 0.0 if NOTHING & set(flags) else fusion.credit(signals.values, best)
    spans = [reading.folded.span(reading.parts[i].start, reading.parts[i].end) for i in signals.clauses[:MOST_CITED]]
    values = dict(signals.values)
    against = values["against"] >= fusion.against_from
    if code is not None and rubric.question is not None:
        share, places = code.point(rubric.question.checks, point.id)
        values["checks"] = share
        if any(c.point == point.id for c in rubric.question.checks) and not code.parsed:
            credit *= UNPARSED_SHARE
        rules = policy.kinds["code"]
        floor = rules.check_share * share
        if code.parsed and any(c.point == point.id for c in rubric.question.checks):
            # Names of the interface stand in wrong programs too; the words beside one count as far as it does.
            credit = min(credit, rules.failed_check_cap + (1 - rules.failed_check_cap) * share)
        if floor > credit:
            credit, spans, against = floor, places or spans, False
    if not spans:
        credit = 0.0  # nothing can be shown for it
    if against and credit > 0:
        # Said and unsaid: the more surely it is taken back, the less is left.
        credit *= 1.0 - values["against"]
    verdict = verdict_of(credit, policy, contradicted=against)
    if verdict == "contradicted":
        credit = 0.0
        spans = [reading.folded.span(reading.parts[i].start, reading.parts[i].end) for i in signals.opposing[:2]]
    credit = round(credit, 4)
    return PointVerdict(
        id=point.id,
        verdict=verdict,
        credit=credit,
        evidence=evidence.cite(reading.answer, spans, MOST_PIECES) if credit > 0 or verdict == "contradicted" else [],
        text=point.text(lang),
        weight=point.weight,
        core=point.core,
        signals={k: round(v, 4) for k, v in values.items()},
    )


def taken_back(
    points: Sequence[PointVerdict],
    wrong: Sequence[MisconceptionFound],
    rubric: Rubric,
    fusion: Fusion,
    policy: Policy,
) -> list[PointVerdict]:
    """The points less what the beliefs held take back: nobody is credited with a claim and its opposite."""
    denied = {p: m for m in wrong for p in rubric.denies.get(m.id, ())}
    out = []
    for p in points:
        if p.id in denied and p.credit > 0:
            credit = round(p.credit * fusion.denied_share, 4)
            verdict = verdict_of(credit, policy, contradicted=True)
            said = p.evidence if credit > 0 else denied[p.id].evidence
            p = p.model_copy(update={"credit": credit, "verdict": verdict, "evidence": said})
        out.append(p)
    return out


def beliefs_found(
    rubric: Rubric,
    reading: Reading,
    index: RubricIndex,
    beliefs: Sequence[Held],
    chosen: choice.Chosen | None,
    lang: str,
) -> list[MisconceptionFound]:
    """The misconceptions held, and the one that a wrong option stands for, in the rubric's order."""
    spans = {
        index.misconceptions[b.number].id: [
            reading.folded.span(reading.parts[i].start, reading.parts[i].end) for i in b.clauses
        ]
        for b in beliefs
    }
    if chosen is not None and rubric.question is not None:
        tied = rubric.question.choices[chosen.index].misconception
        if tied is not None and chosen.index != rubric.question.key_index:
            spans.setdefault(tied, [chosen.span])
    return [
        MisconceptionFound(
            id=m.id,
            evidence=evidence.cite(reading.answer, spans[m.id]),
            text=m.text(lang),
            penalty=m.penalty,
        )
        for m in index.misconceptions
        if m.id in spans
    ]


def is_off_topic(points: Sequence[PointVerdict], reading: Reading, index: RubricIndex, topic: float) -> bool:
    """No point earns anything, hardly a word belongs to the topic, and the whole is not like it either."""
    if topic >= ON_TOPIC or any(p.credit > 0 for p in points):
        return False
    own = frozenset().union(*reading.words) if reading.words else frozenset()
    total = fsum(map(weight, own))
    inside = fsum(weight(w) for w in own if w in index.topic)
    return total > 2 and inside / total < 0.25
