"""The judge with a model: one call, verdicts whose quotes are looked up, doubtful points asked again, code's marks.

The offline judge reads the answer first: its flags, its signals, the key of a choice and the checks of code stand
whatever the model says. It never raises for what a candidate or a model wrote: what cannot be judged is unscored.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from interviewer.errors import ConfigError, ProviderError, Truncated
from interviewer.judge import aggregate, injection, prompts
from interviewer.judge.disarm import disarm
from interviewer.judge.doubt import Claim, claim, doubtful, second
from interviewer.judge.evidence import Located, Span
from interviewer.judge.feedback import feedback
from interviewer.judge.feedback_check import checked
from interviewer.judge.fusion_llm import LLMFusion, Signals, load_llm_fusion
from interviewer.judge.offline import NOTHING, UNPARSED_SHARE, Examined, OfflineJudge, rubric_hash
from interviewer.judge.quotes import Found, Quotes
from interviewer.judge.verdicts import SecondLook, Verdicts
from interviewer.llm.cost import Spent
from interviewer.llm.protocol import Completion, Gateway, Request
from interviewer.models import (
    Evidence,
    Flag,
    JudgeInfo,
    Judgement,
    MisconceptionFound,
    PointVerdict,
    Rubric,
    Verdict,
)
from knowledge.models import Kind

ANSWER_CHARS = 12_000
"""Most characters of an answer that the model is shown."""
REASKS = 2
"""Most points of an answer that are asked again."""
SAME = 0.6
"""Part of a misconception's passage that, being evidence for a covered point, clears it."""


@dataclass
class Run:
    """One answer on its way through the judge."""

    rubric: Rubric
    answer: str
    lang: str
    info: JudgeInfo
    spent: Spent = field(default_factory=Spent)
    shown: str = ""
    cut: bool = False
    doubts_left: bool = False


class LLMJudge:
    """Grades with a model behind `gateway` and the signals of `offline`.

    `signals` takes parts away: `llm` is the model and its located evidence alone, `similarity` the offline judge
    (no call is made, `gateway` may be None). With `fallback="offline"` an answer that the model cannot judge is
    judged by the offline judge, flagged in `judge.fallback`; else it is unscored.
    """

    kind = "llm"

    def __init__(
        self,
        gateway: Gateway | None,
        offline: OfflineJudge,
        *,
        signals: Signals = "llm+similarity",
        fallback: Literal["offline"] | None = None,
        fusion: LLMFusion | None = None,
        reasks: int = REASKS,
        answer_chars: int = ANSWER_CHARS,
        max_tokens: int | None = None,
    ) -> None:
        if gateway is None and signals != "similarity":
            raise ConfigError(
                "this judge needs a model", hint="name one with --model, or judge without: --signals similarity"
            )
        self.gateway = gateway
        self.offline = offline
        self.signals: Signals = signals
        self.fallback = fallback
        self.fusion = fusion or load_llm_fusion()
        self.reasks = reasks
        self.answer_chars = answer_chars
        self.prompts = prompts.Prompts(offline.rules, max_tokens=max_tokens)

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        """The judgement of `answer`, with texts and feedback in `lang`."""
        if self.gateway is None or self.signals == "similarity":
            return await self.offline.judge(rubric, answer, lang)
        began = time.perf_counter()
        run = Run(rubric, answer, lang, self._info(rubric))
        try:
            if not rubric.points:
                out = self._unscored(run, "this question has no points to grade on", ("ungraded",))
            else:
                out = await self._judge(run, self.gateway)
        except ProviderError as e:
            out = await self._failed(run, e.message + (f" ({e.hint})" if e.hint else ""))
        except Exception as e:  # a fault of ours must not lose the answer
            out = await self._failed(run, f"the judge failed: {type(e).__name__}: {e}"[:300])
        usage = run.spent.usage
        usage.seconds = round(time.perf_counter() - began, 6)
        out.usage = usage
        return out

    def _info(self, rubric: Rubric) -> JudgeInfo:
        assert self.gateway is not None
        both = self.signals == "llm+similarity"
        return JudgeInfo(
            kind=self.kind,
            model=self.gateway.model,
            rubric_hash=rubric_hash(rubric, self.offline.rules),
            prompt_hash=prompts.prompt_hash(),
            calibration=f"{self.fusion.id}+{self.offline.fusion.id}" if both else f"{self.fusion.id} (llm alone)",
            embedder=self.offline.embedder.name,
            fallback="embedder_fallback" in self.offline.flags,
        )

    async def _failed(self, run: Run, why: str) -> Judgement:
        if self.fallback != "offline":
            return self._unscored(run, why)
        out = await self.offline.judge(run.rubric, run.answer, run.lang)
        out.judge.fallback = True
        out.judge.note = why
        return out

    def _unscored(self, run: Run, why: str, flags: Sequence[Flag] = ()) -> Judgement:
        return Judgement(
            score=None,
            grade=None,
            needs_review=True,
            flags=list(dict.fromkeys([*flags, *self.offline.flags])),
            judge=run.info,
            error=why,
        )

    async def _judge(self, run: Run, gateway: Gateway) -> Judgement:
        seen = await asyncio.to_thread(self.offline.examine, run.rubric, run.answer, run.lang, run.info.rubric_hash)
        if NOTHING & set(seen.flags):
            return self._graded(run, seen, None, ())
        reading = seen.reading
        steering, barred = _masks(seen)
        limit = min(self.answer_chars, self.offline.rules.policy.max_answer_chars)
        run.cut = len(run.answer) > limit
        run.shown = disarm(run.answer, steering, limit)
        if run.cut and "too_long" not in seen.flags:
            seen.flags.append("too_long")
        request = self.prompts.judge(run.rubric, run.shown, run.lang, run.info.rubric_hash, cut=run.cut)
        completion = await self._ask(request, gateway, run.spent)
        run.info.model = completion.model or run.info.model
        verdicts = completion.parsed_as(Verdicts).checked(request.context or {})
        quotes = Quotes(Located(run.answer, reading.folded), barred)
        claims = [claim(n, p, quotes) for n, p in enumerate(verdicts.points)]
        claims = await self._second_looks(run, seen, claims, quotes, gateway)
        return self._graded(run, seen, verdicts, claims, quotes)

    async def _ask(self, request: Request, gateway: Gateway, spent: Spent) -> Completion:
        """The gateway's answer; once more with twice the room when it was cut off."""
        for last in (False, True):
            try:
                completion = await gateway.complete(request)
            except ProviderError as e:
                if isinstance(e.spent, Spent):
                    spent.add_spent(e.spent)
                else:
                    spent.add_failed(uncounted=e.uncounted)
                if last or not isinstance(e, Truncated) or request.max_tokens is None:
                    raise
                request = replace(request, max_tokens=2 * request.max_tokens)
            else:
                spent.add_completion(completion)
                return completion
        raise AssertionError("unreachable")

    async def _second_looks(
        self, run: Run, seen: Examined, claims: list[Claim], quotes: Quotes, gateway: Gateway
    ) -> list[Claim]:
        """The claims with those that were doubtful looked at again, each by itself, within the budget."""
        found = self._doubtful(seen, claims)
        again = [c for c, _ in found[: self.reasks]]
        run.doubts_left = len(found) > len(again)
        # A look that fails leaves the first verdict, and the answer for a person to review.
        looks = await asyncio.gather(*(self._look(run, c, gateway) for c in again))
        for first, look in zip(again, looks, strict=True):
            if look is not None:
                claims[first.number] = second(first, look, quotes)
                run.doubts_left |= not claims[first.number].agreed
            else:
                run.doubts_left = True
        run.doubts_left |= any(c.asked > 1 for c, _ in self._doubtful(seen, claims))
        return claims

    def _doubtful(self, seen: Examined, claims: Sequence[Claim]) -> list[tuple[Claim, str]]:
        covered = self.offline.rules.policy.thresholds.covered
        similarity = self.signals == "llm+similarity"
        return [*doubtful(claims, seen.points, self.fusion, covered, similarity=similarity)]

    async def _look(self, run: Run, first: Claim, gateway: Gateway) -> SecondLook | None:
        point = run.rubric.points[first.number]
        request = self.prompts.reask(run.rubric, point, run.shown, run.lang, run.info.rubric_hash, cut=run.cut)
        try:
            return (await self._ask(request, gateway, run.spent)).parsed_as(SecondLook)
        except ProviderError:
            return None

    def _graded(
        self, run: Run, seen: Examined, verdicts: Verdicts | None, claims: Sequence[Claim], quotes: Quotes | None = None
    ) -> Judgement:
        rubric, policy = run.rubric, self.offline.rules.policy
        points = [self._point(run, seen, c) for c in claims] if verdicts else _nothing(seen.points)
        wrong = self._misconceptions(run, seen, verdicts, points, quotes) if verdicts and quotes else seen.tied
        if any(p.credit > 0 for p in points) and "off_topic" in seen.flags:
            seen.flags.remove("off_topic")
        credits = [aggregate.Credit(p.weight, p.core, p.credit, p.verdict == "contradicted") for p in points]
        marks = aggregate.marks(
            credits,
            [m.penalty for m in wrong],
            policy,
            rubric.kind.value,
            chosen_right=seen.right,
            review=run.doubts_left or bool({"too_long", "no_choice", "injection", "code_unparsed"} & set(seen.flags)),
        )
        by_code = aggregate.dimensions(credits, len(wrong))
        rated = {d.id: d.level for d in verdicts.dimensions} if verdicts else {}
        if not any(p.credit > 0 for p in points):
            rated = dict.fromkeys(rated, 1)
        return Judgement(
            score=marks.score,
            grade=marks.grade,
            interval=marks.interval,
            needs_review=marks.needs_review,
            points=points,
            misconceptions=wrong,
            dimensions=_levels(rated, by_code),
            flags=list(dict.fromkeys([*seen.flags, *self.offline.flags])),
            feedback=self._feedback(run, seen, verdicts, points, wrong),
            chosen=seen.chosen.letter if seen.chosen else None,
            judge=run.info,
        )

    def _point(self, run: Run, seen: Examined, c: Claim) -> PointVerdict:
        offline = seen.points[c.number]
        both = self.signals == "llm+similarity"
        credit = self.fusion.credit(
            c.verdict,
            content=c.found.content,
            share=c.found.share,
            confidence=c.confidence,
            signals=offline.signals if both else None,
            alone=offline.credit,
            confirmed=c.agreed,
            steered="injection" in seen.flags,
        )
        said = list(c.found.evidence)
        if not said or (credit > 0 and c.verdict == "missing"):
            said = list(offline.evidence) if both and credit > 0 else []
        if run.rubric.kind is Kind.CODE and run.rubric.question is not None and seen.code is not None:
            credit, said = self._with_checks(run, seen, offline, credit, said)
        verdict = self._verdict(credit, contradicted=c.verdict == "contradicted" and c.found.located)
        if verdict == "contradicted":
            credit = 0.0
        measured = {
            **offline.signals,
            "offline": offline.credit,
            "model": _LEVEL[c.verdict],
            "confidence": c.confidence,
            "evidence": min(c.found.content, 99.0),
            "located": c.found.share,
            "asked": float(c.asked),
        }
        return PointVerdict(
            id=offline.id,
            verdict=verdict,
            credit=round(credit, 4),
            evidence=said if credit > 0 or verdict == "contradicted" else [],
            text=offline.text,
            weight=offline.weight,
            core=offline.core,
            signals={k: round(v, 4) for k, v in measured.items()},
        )

    def _with_checks(
        self, run: Run, seen: Examined, offline: PointVerdict, credit: float, said: list[Evidence]
    ) -> tuple[float, list[Evidence]]:
        """The syntax tree has the last word on the points that it checks."""
        assert run.rubric.question is not None and seen.code is not None
        if not any(k.point == offline.id for k in run.rubric.question.checks):
            return credit, said
        if not seen.code.parsed:
            return credit * UNPARSED_SHARE, said
        share, places = seen.code.point(run.rubric.question.checks, offline.id)
        if share <= 0:
            return min(credit, self.fusion.failed_check_cap), said
        floor = self.offline.rules.policy.kinds["code"].check_share * share
        if floor <= credit:
            return credit, said
        return floor, [Evidence(start=s, end=e, text=run.answer[s:e]) for s, e in places[:3]] or said

    def _verdict(self, credit: float, *, contradicted: bool) -> Verdict:
        thresholds = self.offline.rules.policy.thresholds
        if credit >= thresholds.covered:
            return "covered"
        if credit >= thresholds.partial:
            return "partial"
        return "contradicted" if contradicted else "missing"

    def _misconceptions(
        self, run: Run, seen: Examined, verdicts: Verdicts, points: Sequence[PointVerdict], quotes: Quotes
    ) -> list[MisconceptionFound]:
        """Those that the model shows in the answer, and the one that the chosen option stands for.

        A passage that proves a point cannot show a wrong belief as well: that is for a person to settle.
        """
        proofs = [(e.start, e.end) for p in points if p.verdict == "covered" for e in p.evidence]
        named: dict[str, Found] = {}
        for m in verdicts.misconceptions:
            found = quotes.find(m.quotes)
            if not found.located:
                continue
            if all(_inside((e.start, e.end), proofs) for e in found.evidence):
                run.doubts_left = True
                continue
            named.setdefault(m.id, found)
        tied = {m.id: m for m in seen.tied}
        out = []
        for n, wrong in enumerate(run.rubric.misconceptions, 1):
            if wrong.id in tied:
                out.append(tied[wrong.id])
            elif here := named.get(f"M{n}"):
                out.append(
                    MisconceptionFound(
                        id=wrong.id, evidence=list(here.evidence), text=wrong.text(run.lang), penalty=wrong.penalty
                    )
                )
        believed = {m.id for m in seen.misconceptions} - {m.id for m in out}
        run.doubts_left |= bool(believed) and self.signals == "llm+similarity"
        return out

    def _feedback(
        self,
        run: Run,
        seen: Examined,
        verdicts: Verdicts | None,
        points: Sequence[PointVerdict],
        wrong: Sequence[MisconceptionFound],
    ) -> str:
        """The model's words when they hold, else those made of the verdicts; never the model's after an attack."""
        if verdicts and "injection" not in seen.flags and any(p.credit > 0 for p in points):
            said = checked(verdicts.feedback, points, wrong, seen.index, run.lang)
            if said is not None:
                return said
        right = seen.right if run.rubric.kind is Kind.CHOICE else None
        return feedback(points, wrong, seen.flags, run.lang, chosen_right=right)


_LEVEL: dict[Verdict, float] = {"covered": 1.0, "partial": 0.5, "missing": 0.0, "contradicted": -1.0}


def _masks(seen: Examined) -> tuple[list[Span], list[Span]]:
    """Ranges of the answer that steer the grader, and those in which no quote counts."""
    reading = seen.reading
    _, steering = injection.find(reading.folded, list(reading.parts))
    spans = [reading.folded.span(p.start, p.end) for p in reading.parts]
    return (
        [s for s, steers in zip(spans, steering, strict=True) if steers],
        [s for s, masked in zip(spans, reading.masked, strict=True) if masked],
    )


def _nothing(points: Sequence[PointVerdict]) -> list[PointVerdict]:
    """Points of an answer that says nothing."""
    return [p.model_copy(update={"verdict": "missing", "credit": 0.0, "evidence": []}) for p in points]


def _inside(span: Span, others: Sequence[Span]) -> bool:
    return any(min(span[1], e) - max(span[0], s) >= SAME * (span[1] - span[0]) for s, e in others)


def _levels(rated: dict[str, int], by_code: dict[str, int]) -> dict[str, int]:
    """The model's levels within what the verdicts say: completeness is theirs, correctness at most theirs."""
    out = {**rated, **by_code}
    if "correctness" in rated and "correctness" in by_code:
        out["correctness"] = min(rated["correctness"], by_code["correctness"])
    return out
