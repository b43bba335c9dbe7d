"""The judge with a model: one call, verdicts whose quotes are looked up, doubtful points asked again, code's marks.

The offline judge reads the answer first: its flags, its signals, the key of a choice and the checks of code stand
whatever the model says. It never raises for what a candidate or a model wrote: what cannot be judged is unscored.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Literal

from interviewer.errors import ConfigError, Deferred, ProviderError, Truncated
from interviewer.judge import injection, prompts
from interviewer.judge.disarm import disarm, has_marks
from interviewer.judge.doubt import Claim, claim, doubtful, second
from interviewer.judge.evidence import Located, Span
from interviewer.judge.examined import NOTHING, Examined
from interviewer.judge.fingerprint import fingerprint
from interviewer.judge.fusion_llm import LLMFusion, Signals, load_llm_fusion
from interviewer.judge.grading import Grading, Run
from interviewer.judge.offline import OfflineJudge, rubric_hash
from interviewer.judge.quotes import Quotes
from interviewer.judge.verdicts import SecondLook, Verdicts
from interviewer.llm.cost import Spent
from interviewer.llm.protocol import Completion, Gateway, Request
from interviewer.models import Flag, JudgeInfo, Judgement, Rubric

ANSWER_CHARS = 12_000
"""Most characters of an answer that the model is shown."""
REASKS = 2
"""Most points of an answer that are asked again."""

Reader = Callable[[Rubric, str, str, str | None], Awaitable[Examined]]
"""`OfflineJudge.read`: rubric, answer, language, hash of the rubric."""


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
        self.grading = Grading(self.fusion, offline.rules, both=signals == "llm+similarity", flags=offline.flags)
        self.reasks = reasks
        self.answer_chars = answer_chars
        self.prompts = prompts.Prompts(offline.rules, max_tokens=max_tokens)
        self._read: Reader = offline.read

    @property
    def calls(self) -> bool:
        """Whether it asks a model at all."""
        return self.gateway is not None and self.signals != "similarity"

    def read_with(self, reader: Reader | None) -> None:
        """Have answers read by another than `offline`, to the same effect; None: by that again."""
        self._read = reader or self.offline.read

    @property
    def fingerprint(self) -> str:
        if self.gateway is None or not self.calls:
            return self.offline.fingerprint
        return fingerprint(
            kind=self.kind,
            models=getattr(self.gateway, "models", [self.gateway.model]),
            fallback=self.fallback,
            signals=self.signals,
            calibration=self.fusion.model_dump(mode="json"),
            prompts=[prompts.prompt_hash(), self.prompts.max_tokens, self.answer_chars, self.reasks],
            offline=self.offline.fingerprint,
            # A provider's batch whose first verdicts are final makes other judgements than one with second looks.
            escalate=getattr(self.gateway, "escalate", True),
        )

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        """The judgement of `answer`, with texts and feedback in `lang`."""
        if self.gateway is None or not self.calls:
            return await self.offline.judge(rubric, answer, lang)
        began = time.perf_counter()
        run = Run(rubric, answer, lang, self._info(rubric))
        try:
            if not rubric.points:
                out = self._unscored(run, "this question has no points to grade on", ("ungraded",))
            else:
                out = await self._judge(run, self.gateway)
        except Deferred as e:  # no failure: no other judge steps in
            out = self._unscored(run, e.message, ("waiting",))
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
        return JudgeInfo(
            kind=self.kind,
            model=self.gateway.model,
            rubric_hash=rubric_hash(rubric, self.offline.rules),
            prompt_hash=prompts.prompt_hash(),
            calibration=f"{self.fusion.id}+{self.offline.fusion_for(rubric).id}"
            if self.grading.both
            else f"{self.fusion.id} (llm alone)",
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
        seen = await self._read(run.rubric, run.answer, run.lang, run.info.rubric_hash)
        if NOTHING & set(seen.flags):
            return self.grading.judgement(run, seen, None, ())
        reading = seen.reading
        steering, barred = _masks(seen)
        limit = min(self.answer_chars, self.offline.rules.policy.max_answer_chars)
        run.cut = len(run.answer) > limit
        run.trusted = "injection" not in seen.flags and not has_marks(run.answer)
        run.shown = disarm(run.answer, steering, limit)
        if run.cut and "too_long" not in seen.flags:
            seen.flags.append("too_long")
        run.digest = rubric_hash(run.rubric, self.offline.rules, phrasings=False)
        request = self.prompts.judge(run.rubric, run.shown, run.lang, run.digest, cut=run.cut)
        completion = await self._ask(request, gateway, run.spent)
        run.info.model = completion.model or run.info.model
        verdicts = completion.parsed_as(Verdicts).checked(request.context or {})
        quotes = Quotes(Located(run.answer, reading.folded), barred)
        claims = await self._claims(run, verdicts, quotes, gateway)
        claims = await self._second_looks(run, seen, claims, quotes, gateway)
        return self.grading.judgement(run, seen, verdicts, claims, quotes)

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
                request = replace(request, max_tokens=2 * request.max_tokens, again=True)
            else:
                spent.add_completion(completion)
                return completion
        raise AssertionError("unreachable")

    async def _claims(self, run: Run, verdicts: Verdicts, quotes: Quotes, gateway: Gateway) -> list[Claim]:
        """A claim per point, in the rubric's order; a point that the reply left out is asked for by itself.

        Raises ProviderError when that fails: an answer is not graded on some of its points.
        """
        given = {p.id: p for p in verdicts.points}
        labels = [f"P{n}" for n in range(1, len(run.rubric.points) + 1)]
        absent = [n for n, label in enumerate(labels) if label not in given]
        asked = await asyncio.gather(
            *(self._ask(self._alone(run, n), gateway, run.spent) for n in absent), return_exceptions=True
        )
        looks: dict[int, SecondLook] = {}
        for n, got in zip(absent, asked, strict=True):
            if isinstance(got, BaseException):
                raise got
            looks[n] = got.parsed_as(SecondLook)
        return [claim(n, looks[n] if n in looks else given[label], quotes) for n, label in enumerate(labels)]

    def _alone(self, run: Run, number: int) -> Request:
        """The request for one point by itself."""
        point = run.rubric.points[number]
        return self.prompts.reask(run.rubric, point, run.shown, run.lang, run.digest, cut=run.cut)

    async def _second_looks(
        self, run: Run, seen: Examined, claims: list[Claim], quotes: Quotes, gateway: Gateway
    ) -> list[Claim]:
        """The claims with those that were doubtful looked at again, each by itself, within the budget."""
        found = self._doubtful(seen, claims)
        again = [c for c, _ in found[: self.reasks]]
        run.doubts_left = len(found) > len(again)
        # A look that fails leaves the first verdict, and the answer for a person to review.
        looks = await asyncio.gather(*(self._look(run, c, gateway) for c in again), return_exceptions=True)
        for first, look in zip(again, looks, strict=True):
            if isinstance(look, BaseException):  # all were asked: those of a batch go into one file
                raise look
            if look is not None:
                claims[first.number] = second(first, look, quotes)
                run.doubts_left |= not claims[first.number].agreed
            else:
                run.doubts_left = True
        run.doubts_left |= any(c.asked > 1 for c, _ in self._doubtful(seen, claims))
        return claims

    def _doubtful(self, seen: Examined, claims: Sequence[Claim]) -> list[tuple[Claim, str]]:
        covered = self.offline.rules.policy.thresholds.covered
        return [*doubtful(claims, seen.points, self.fusion, covered, similarity=self.grading.both)]

    async def _look(self, run: Run, first: Claim, gateway: Gateway) -> SecondLook | None:
        try:
            return (await self._ask(self._alone(run, first.number), gateway, run.spent)).parsed_as(SecondLook)
        except Deferred:
            raise
        except Exception:  # whatever else it was, the first verdict stands
            return None


def _masks(seen: Examined) -> tuple[list[Span], list[Span]]:
    """Ranges of the answer that steer the grader, and those in which no quote counts."""
    reading = seen.reading
    _, steering = injection.find(reading.folded, list(reading.parts))
    spans = [reading.folded.span(p.start, p.end) for p in reading.parts]
    return (
        [s for s, steers in zip(spans, steering, strict=True) if steers],
        [s for s, masked in zip(spans, reading.masked, strict=True) if masked],
    )
