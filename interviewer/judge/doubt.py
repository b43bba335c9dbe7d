"""Which verdicts are not to be believed at once, and in what order they are asked again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from interviewer.judge.fusion_llm import LLMFusion
from interviewer.judge.quotes import Found, Quotes
from interviewer.judge.verdicts import PointOut, SecondLook
from interviewer.models import PointVerdict, Verdict

Why = Literal["unlocated", "unlike", "unseen", "unsure"]
"""Quotes that are not in the answer; a verdict that similarity speaks against, either way; low confidence."""
_URGENT: dict[Why, int] = {"unlocated": 0, "unseen": 1, "unlike": 2, "unsure": 3}


@dataclass(frozen=True)
class Claim:
    """A verdict of the model on one point, with its quotes looked up."""

    number: int
    """Index of the point in the rubric."""
    verdict: Verdict
    found: Found
    confidence: float
    asked: int = 1
    """How often the model was asked about this point."""
    agreed: bool = False
    """A second look gave the same verdict."""


def claim(number: int, out: PointOut | SecondLook, quotes: Quotes) -> Claim:
    return Claim(number, out.verdict, quotes.find(out.quotes), out.confidence)


def second(first: Claim, look: SecondLook, quotes: Quotes) -> Claim:
    """The claim after a second look, which wins unless it only lost the evidence the first one had."""
    again = claim(first.number, look, quotes)
    if again.verdict == first.verdict and first.found.located and not again.found.located:
        again = replace(again, found=first.found)
    return replace(again, asked=2, agreed=again.verdict == first.verdict)


def why(claim: Claim, offline: PointVerdict, fusion: LLMFusion, covered: float, *, similarity: bool) -> Why | None:
    """What is wrong with a claim, most serious first. `offline` is what the signals make of the point."""
    if claim.verdict != "missing" and not claim.found.located:
        return "unlocated"
    if similarity:
        strong = max(fusion.doubt.strong, covered)
        if claim.verdict == "missing" and offline.credit >= strong:
            return "unseen"
        if claim.verdict == "contradicted" and offline.credit >= strong:
            return "unlike"
        if claim.verdict in ("covered", "partial") and (
            offline.verdict == "contradicted"
            or fusion.is_unsupported(offline.signals)
            or (claim.found.broad and offline.credit < covered)
        ):
            return "unlike"
    return "unsure" if claim.confidence < fusion.doubt.confidence else None


def doubtful(
    claims: Sequence[Claim],
    offline: Sequence[PointVerdict],
    fusion: LLMFusion,
    covered: float,
    *,
    similarity: bool,
) -> list[tuple[Claim, Why]]:
    """The doubtful claims, the one most worth asking again first: core points, grave doubts, heavy points."""
    found = [
        (c, reason)
        for c, p in zip(claims, offline, strict=True)
        if (reason := why(c, p, fusion, covered, similarity=similarity)) is not None
    ]
    return sorted(
        found, key=lambda f: (not offline[f[0].number].core, _URGENT[f[1]], -offline[f[0].number].weight, f[0].number)
    )
