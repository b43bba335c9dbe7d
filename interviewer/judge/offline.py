"""The judge that runs without a model: signals, fusion, aggregation.

It never raises for what a candidate wrote: a fault of its own becomes an unscored judgement.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from interviewer.judge import aggregate, choice, evidence
from interviewer.judge.code import CodeReading, read_code
from interviewer.judge.feedback import feedback
from interviewer.judge.fusion import Fusion, folder, load_fusion
from interviewer.judge.index import RubricIndex, build, encode
from interviewer.judge.lexicon import weight
from interviewer.judge.matching import match, opposing_clauses
from interviewer.judge.misconceptions import Held, held
from interviewer.judge.reading import Reading, read, without
from interviewer.judge.signals import OwnerSignals, measure
from interviewer.models import (
    Flag,
    JudgeInfo,
    Judgement,
    MisconceptionFound,
    PointVerdict,
    Rubric,
    Usage,
    Verdict,
)
from knowledge.models import Kind
from rubrics import Rules, load_rules

if TYPE_CHECKING:
    from interviewer.embeddings import Embedder

T = TypeVar("T")

CACHED_RUBRICS = 512
UNPARSED_SHARE = 0.5
"""Part of its lexical credit that a point keeps when the code cannot be parsed."""
ON_TOPIC = 0.15
"""Similarity with the rubric from which an answer without substance is vague rather than off the topic."""
SILENT = frozenset({"empty", "dont_know", "copied_question"})
"""Flags of answers that say nothing on the question, beyond much doubt."""
NOTHING = frozenset({"empty", "dont_know", "copied_question"})
"""Flags of answers in which no point can have been made."""


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


def rubric_hash(rubric: Rubric, rules: Rules) -> str:
    """What a judgement was made against; the order of options does not change it."""
    text = rubric.model_dump_json(exclude={"option_order"}) + rules.hash
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


class OfflineJudge:
    """Grades with words and vectors. `flags` go on every judgement (an embedder that fell back)."""

    kind = "offline"

    def __init__(
        self,
        embedder: Embedder,
        *,
        rules: Rules | None = None,
        fusion: Fusion | None = None,
        flags: Sequence[Flag] = (),
        model_answers: bool = True,
    ) -> None:
        self.embedder = embedder
        self.rules = rules or load_rules()
        self.fusion = fusion or load_fusion()
        self._bare = load_fusion(folder() / f"{self.fusion.bare}.json") if self.fusion.bare else self.fusion
        self.flags = tuple(flags)
        self._model_answers = model_answers
        self._indexes: OrderedDict[str, RubricIndex] = OrderedDict()
        self._lock = threading.Lock()
        # Words and vectors are pure Python for the most part: a second thread would only fight for the interpreter.
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="judge")

    def with_fusion(self, fusion: Fusion) -> OfflineJudge:
        """The same judge with other weights; embedder and indexes are shared."""
        other = OfflineJudge(
            self.embedder, rules=self.rules, fusion=fusion, flags=self.flags, model_answers=self._model_answers
        )
        other._indexes = self._indexes
        return other

    def fusion_for(self, rubric: Rubric) -> Fusion:
        """The weights for a rubric: those fitted on points with accepted wordings only where there are some."""
        return self.fusion if any(p.terms for p in rubric.points) else self._bare

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        """See `judge_sync`; off the event loop, since another embedder can take long."""
        return await self._aside(self.judge_sync, rubric, answer, lang)

    async def read(self, rubric: Rubric, answer: str, lang: str, digest: str | None = None) -> Examined:
        """See `examine`; off the event loop."""
        return await self._aside(self.examine, rubric, answer, lang, digest)

    async def _aside(self, work: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._reader, work, *args)

    def judge_sync(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        """The judgement of `answer`, with texts and feedback in `lang`."""
        began = time.perf_counter()
        info = JudgeInfo(
            kind=self.kind,
            rubric_hash=rubric_hash(rubric, self.rules),
            calibration=self.fusion_for(rubric).id,
            embedder=self.embedder.name,
            fallback="embedder_fallback" in self.flags,
        )
        try:
            if not rubric.points:
                out = self._unscored(info, "this question has no points to grade on", ("ungraded",))
            else:
                out = self._judge(rubric, answer, lang, info)
        except Exception as e:  # a fault of ours must not lose the answer
            out = self._unscored(info, f"the offline judge failed: {type(e).__name__}: {e}"[:300])
        out.usage = Usage(seconds=round(time.perf_counter() - began, 6))
        return out

    def index(self, rubric: Rubric, digest: str | None = None) -> RubricIndex:
        """The rubric's index, built once and kept while it is among the last used."""
        digest = digest or rubric_hash(rubric, self.rules)
        # The question is shown in one language; the other belongs to another rubric hash already.
        with self._lock:
            known = self._indexes.get(digest)
            if known is not None:
                self._indexes.move_to_end(digest)
                return known
        made = build(rubric, self.embedder, model_answers=self._model_answers)
        with self._lock:
            self._indexes[digest] = made
            while len(self._indexes) > CACHED_RUBRICS:
                self._indexes.popitem(last=False)
        return made

    def _unscored(self, info: JudgeInfo, why: str, flags: Sequence[Flag] = ()) -> Judgement:
        return Judgement(
            score=None,
            grade=None,
            needs_review=True,
            flags=list(dict.fromkeys([*flags, *self.flags])),
            judge=info,
            error=why,
        )

    def examine(self, rubric: Rubric, answer: str, lang: str, digest: str | None = None) -> Examined:
        """All that words and vectors say of an answer, before marks: what a judge with a model builds on."""
        index, fusion = self.index(rubric, digest), self.fusion_for(rubric)
        reading = read(answer, index, self.rules.policy.max_answer_chars)
        flags: list[Flag] = list(reading.flags)
        found = match(reading, index, encode(self.embedder, [reading.clean(p) for p in reading.parts]))
        opposing = opposing_clauses(reading, index, found)
        code = self._code(rubric, reading, flags)
        prose = reading if code is None else without(reading, code.spans_of_code())
        beliefs = [] if NOTHING & set(flags) else held(prose, index, found, opposing, fusion.misconception)
        for owner in opposing.values():  # code opposes nothing
            for i in [i for i in owner if prose.masked[i] and not reading.masked[i]]:
                del owner[i]
        taken = {i: 0.0 for b in beliefs for i in b.clauses}
        signals = [
            measure(n, reading, index, found, {**taken, **opposing.get(n, {})}) for n in range(len(index.points))
        ]
        best = max(fusion.probability(s.values) for s in signals)
        points = [self._point(n, s, best, reading, index, code, rubric, lang, flags) for n, s in enumerate(signals)]
        chosen, right = self._choice(rubric, reading, flags)
        wrong = self._misconceptions(rubric, reading, index, beliefs, chosen, lang)
        if not flags and _is_off_topic(points, reading, index, found.topic) and not wrong and chosen is None:
            flags.append("off_topic")
        tied = [] if right is None or right else self._misconceptions(rubric, reading, index, [], chosen, lang)
        return Examined(reading, index, code, points, wrong, tied, chosen, right, flags)

    def _judge(self, rubric: Rubric, answer: str, lang: str, info: JudgeInfo) -> Judgement:
        seen = self.examine(rubric, answer, lang, info.rubric_hash)
        points, wrong, flags = seen.points, seen.misconceptions, seen.flags
        credits = [aggregate.Credit(p.weight, p.core, p.credit, p.verdict == "contradicted") for p in points]
        marks = aggregate.marks(
            credits,
            [m.penalty for m in wrong],
            self.rules.policy,
            rubric.kind.value,
            chosen_right=seen.right,
            review=bool({"too_long", "no_choice", "injection", "code_unparsed"} & set(flags)),
            bands=[b for b in self.fusion_for(rubric).intervals if b.silent == bool(SILENT & set(flags))],
        )
        return Judgement(
            score=marks.score,
            grade=marks.grade,
            interval=marks.interval,
            needs_review=marks.needs_review,
            points=points,
            misconceptions=wrong,
            dimensions=aggregate.dimensions(credits, len(wrong)),
            flags=list(dict.fromkeys([*flags, *self.flags])),
            feedback=feedback(
                points, wrong, flags, lang, chosen_right=seen.right if rubric.kind is Kind.CHOICE else None
            ),
            chosen=seen.chosen.letter if seen.chosen else None,
            judge=info,
        )

    def _code(self, rubric: Rubric, reading: Reading, flags: list[Flag]) -> CodeReading | None:
        if rubric.kind is not Kind.CODE or rubric.question is None:
            return None
        head = reading.answer[: self.rules.policy.max_answer_chars]
        code = read_code(head, rubric.question.checks)
        if not code.parsed and not NOTHING & set(flags):
            flags.append("code_unparsed")
        return code

    def _choice(self, rubric: Rubric, reading: Reading, flags: list[Flag]) -> tuple[choice.Chosen | None, bool | None]:
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

    def _point(
        self,
        number: int,
        signals: OwnerSignals,
        best: float,
        reading: Reading,
        index: RubricIndex,
        code: CodeReading | None,
        rubric: Rubric,
        lang: str,
        flags: Sequence[Flag],
    ) -> PointVerdict:
        point = index.points[number]
        fusion = self.fusion_for(rubric)
        credit = 0.0 if NOTHING & set(flags) else fusion.credit(signals.values, best)
        spans = [reading.folded.span(reading.parts[i].start, reading.parts[i].end) for i in signals.clauses[:4]]
        values = dict(signals.values)
        against = values["against"] >= fusion.against_from
        if code is not None and rubric.question is not None:
            share, places = code.point(rubric.question.checks, point.id)
            values["checks"] = share
            if any(c.point == point.id for c in rubric.question.checks) and not code.parsed:
                credit *= UNPARSED_SHARE
            rules = self.rules.policy.kinds["code"]
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
        verdict = self._verdict(credit, against)
        if verdict == "contradicted":
            credit = 0.0
            spans = [reading.folded.span(reading.parts[i].start, reading.parts[i].end) for i in signals.opposing[:2]]
        credit = round(credit, 4)
        return PointVerdict(
            id=point.id,
            verdict=verdict,
            credit=credit,
            evidence=evidence.cite(reading.answer, spans) if credit > 0 or verdict == "contradicted" else [],
            text=point.text(lang),
            weight=point.weight,
            core=point.core,
            signals={k: round(v, 4) for k, v in values.items()},
        )

    def _verdict(self, credit: float, against: bool) -> Verdict:
        thresholds = self.rules.policy.thresholds
        if credit >= thresholds.covered:
            return "covered"
        if credit >= thresholds.partial:
            return "partial"
        return "contradicted" if against else "missing"

    def _misconceptions(
        self,
        rubric: Rubric,
        reading: Reading,
        index: RubricIndex,
        beliefs: list[Held],
        chosen: choice.Chosen | None,
        lang: str,
    ) -> list[MisconceptionFound]:
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


def _is_off_topic(points: Sequence[PointVerdict], reading: Reading, index: RubricIndex, topic: float) -> bool:
    """No point earns anything, hardly a word belongs to the topic, and the whole is not like it either."""
    if topic >= ON_TOPIC or any(p.credit > 0 for p in points):
        return False
    own = frozenset().union(*reading.words) if reading.words else frozenset()
    total = sum(map(weight, own))
    inside = sum(weight(w) for w in own if w in index.topic)
    return total > 2 and inside / total < 0.25
