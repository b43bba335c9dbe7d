"""From claims to a judgement: credit per point, wrong beliefs, dimensions, marks, feedback. No model is asked here.

What code knows better than any model stays with code: the key of a choice, the checks of code, the arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from interviewer.judge.doubt import Claim
from interviewer.judge.evidence import Span
from interviewer.judge.examined import UNPARSED_SHARE, Examined, graded, verdict_of
from interviewer.judge.feedback import feedback
from interviewer.judge.feedback_check import checked
from interviewer.judge.fusion_llm import LLMFusion
from interviewer.judge.quotes import Found, Quotes
from interviewer.judge.verdicts import Verdicts
from interviewer.llm.cost import Spent
from interviewer.models import Evidence, Flag, JudgeInfo, Judgement, MisconceptionFound, PointVerdict, Rubric, Verdict
from knowledge.models import Kind
from rubrics.models import Rules

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
    digest: str = ""
    """Hash of the rubric as the model is shown it."""
    cut: bool = False
    trusted: bool = False
    """No sign that the answer speaks to the grader."""
    doubts_left: bool = False


class Grading:
    """`both`: similarity and words count beside the model. `flags` go on every judgement."""

    def __init__(self, fusion: LLMFusion, rules: Rules, *, both: bool, flags: Sequence[Flag] = ()) -> None:
        self.fusion = fusion
        self.policy = rules.policy
        self.both = both
        self.flags = tuple(flags)

    def judgement(
        self, run: Run, seen: Examined, verdicts: Verdicts | None, claims: Sequence[Claim], quotes: Quotes | None = None
    ) -> Judgement:
        rubric, policy = run.rubric, self.policy
        points = [self._point(run, seen, c) for c in claims] if verdicts else _nothing(seen.points)
        wrong = self._misconceptions(run, seen, verdicts, points, quotes) if verdicts and quotes else seen.tied
        if any(p.credit > 0 for p in points) and "off_topic" in seen.flags:
            seen.flags.remove("off_topic")
        out = graded(
            rubric, seen, points, list(wrong), policy, run.info,
            feedback=self._feedback(run, seen, verdicts, points, wrong), always=self.flags, doubts_left=run.doubts_left,
        )  # fmt: skip
        rated = {d.id: d.level for d in verdicts.dimensions} if verdicts else {}
        if not any(p.credit > 0 for p in points):
            rated = dict.fromkeys(rated, 1)
        out.dimensions = _levels(rated, out.dimensions)
        return out

    def _point(self, run: Run, seen: Examined, c: Claim) -> PointVerdict:
        offline = seen.points[c.number]
        credit = self.fusion.credit(
            c.verdict,
            content=c.found.content,
            share=c.found.share,
            confidence=c.confidence,
            signals=offline.signals if self.both else None,
            alone=offline.credit,
            confirmed=c.agreed,
            trusted=run.trusted,
            broad=c.found.broad,
        )
        said = list(c.found.evidence)
        if not said or (credit > 0 and c.verdict == "missing"):
            said = list(offline.evidence) if self.both and credit > 0 else []
        if run.rubric.kind is Kind.CODE and run.rubric.question is not None and seen.code is not None:
            credit, said = self._with_checks(run, seen, offline, credit, said)
        verdict = verdict_of(credit, self.policy, contradicted=c.verdict == "contradicted" and c.found.located)
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
        floor = self.policy.kinds["code"].check_share * share
        if floor <= credit:
            return credit, said
        return floor, [Evidence(start=s, end=e, text=run.answer[s:e]) for s, e in places[:3]] or said

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
        run.doubts_left |= bool(believed) and self.both
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
