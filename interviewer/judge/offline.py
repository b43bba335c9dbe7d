"""The judge that runs without a model: signals, fusion, aggregation.

It never raises for what a candidate wrote: a fault of its own becomes an unscored judgement.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from interviewer.judge import background
from interviewer.judge.examined import (
    NOTHING,
    Examined,
    beliefs_found,
    choice_of,
    code_of,
    graded,
    is_off_topic,
    point_verdict,
    taken_back,
)
from interviewer.judge.feedback import feedback
from interviewer.judge.fingerprint import fingerprint
from interviewer.judge.fusion import Fusion, folder, load_fusion
from interviewer.judge.index import RubricIndex, build, encode
from interviewer.judge.matching import match, opposing_clauses
from interviewer.judge.misconceptions import held
from interviewer.judge.observed import Observed, all_support
from interviewer.judge.reading import read, without
from interviewer.judge.signals import measure
from interviewer.models import Flag, JudgeInfo, Judgement, Rubric, Usage
from knowledge.models import Kind
from rubrics import Rules, load_rules

if TYPE_CHECKING:
    from interviewer.embeddings import Embedder

T = TypeVar("T")

CACHED_RUBRICS = 512


def rubric_hash(rubric: Rubric, rules: Rules, *, phrasings: bool = True) -> str:
    """What a judgement was made against; the order of options does not change it.

    `phrasings=False`: what a model was shown.
    """
    text = rubric.model_dump_json(exclude={"option_order", "phrasings", "denies"}) + rules.hash
    if phrasings and rubric.phrasings:
        text += json.dumps([rubric.phrasings, rubric.denies], sort_keys=True)
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

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: all that it was made of; indexes are built anew there."""
        return _remade, (self.embedder, self.rules, self.fusion, self.flags, self._model_answers)

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(
            kind=self.kind,
            calibration=[self.fusion.model_dump(mode="json"), self._bare.model_dump(mode="json")],
            embedder=getattr(self.embedder, "key", self.embedder.name),
            rules=self.rules.hash,
            background=background.digest(),
            flags=sorted(self.flags),
            model_answers=self._model_answers,
        )

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
        return self.weigh(rubric, self.observe(rubric, answer, digest), lang)

    def observe(self, rubric: Rubric, answer: str, digest: str | None = None) -> Observed:
        """What can be measured of an answer, before any weight: the same for every fusion with one belief rule."""
        index, fusion = self.index(rubric, digest), self.fusion_for(rubric)
        reading = read(answer, index, self.rules.policy.max_answer_chars)
        flags: list[Flag] = list(reading.flags)
        found = match(reading, index, encode(self.embedder, [reading.clean(p) for p in reading.parts]))
        opposing = opposing_clauses(reading, index, found)
        code = code_of(rubric, reading, flags, self.rules.policy.max_answer_chars)
        prose = reading if code is None else without(reading, code.spans_of_code())
        beliefs = [] if NOTHING & set(flags) else held(prose, index, found, opposing, fusion.misconception)
        for owner in opposing.values():  # code opposes nothing
            for i in [i for i in owner if prose.masked[i] and not reading.masked[i]]:
                del owner[i]
        taken = {i: 0.0 for b in beliefs for i in b.clauses}
        away = tuple({**taken, **opposing.get(n, {})} for n in range(len(index.points)))
        signals = tuple(measure(n, reading, index, found, away[n]) for n in range(len(index.points)))
        return Observed(reading, index, found, code, away, signals, tuple(beliefs), tuple(flags))

    def weigh(self, rubric: Rubric, seen: Observed, lang: str) -> Examined:
        """The observations under this judge's weights."""
        reading, index, fusion, policy = seen.reading, seen.index, self.fusion_for(rubric), self.rules.policy
        flags = list(seen.flags)
        best = max(fusion.probability(s.values) for s in seen.signals)
        points = [
            point_verdict(
                n, all_support(n, s, seen, fusion, policy), best, reading, index, seen.code, rubric, lang, flags,
                fusion, policy,
            )
            for n, s in enumerate(seen.signals)
        ]  # fmt: skip
        chosen, right = choice_of(rubric, reading, flags)
        wrong = beliefs_found(rubric, reading, index, seen.beliefs, chosen, lang)
        points = taken_back(points, wrong, rubric, fusion, policy)
        if not flags and is_off_topic(points, reading, index, seen.found.topic) and not wrong and chosen is None:
            flags.append("off_topic")
        tied = [] if right is None or right else beliefs_found(rubric, reading, index, [], chosen, lang)
        return Examined(reading, index, seen.code, points, wrong, tied, chosen, right, flags)

    def judge_observed(self, rubric: Rubric, seen: Observed, lang: str) -> Judgement:
        """The judgement of what was observed, without provenance: for trying many weights on one observation."""
        return self._graded(rubric, self.weigh(rubric, seen, lang), lang, JudgeInfo(kind=self.kind))

    def _judge(self, rubric: Rubric, answer: str, lang: str, info: JudgeInfo) -> Judgement:
        return self._graded(rubric, self.examine(rubric, answer, lang, info.rubric_hash), lang, info)

    def _graded(self, rubric: Rubric, seen: Examined, lang: str, info: JudgeInfo) -> Judgement:
        nothing = bool(NOTHING & set(seen.flags))
        right = seen.right if rubric.kind is Kind.CHOICE else None
        said = feedback(seen.points, seen.misconceptions, seen.flags, lang, chosen_right=right)
        bands = [b for b in self.fusion_for(rubric).intervals if b.silent == nothing]
        return graded(
            rubric, seen, seen.points, seen.misconceptions, self.rules.policy, info,
            feedback=said, always=self.flags, bands=bands,
        )  # fmt: skip


def _remade(embedder: Embedder, rules: Rules, fusion: Fusion, flags: Sequence[Flag], answers: bool) -> OfflineJudge:
    return OfflineJudge(embedder, rules=rules, fusion=fusion, flags=flags, model_answers=answers)
