"""From a model's verdict, its evidence and the signals to the credit of a point. Weights lie in a versioned file.

A located verdict puts the credit in its band; how far up is for evidence, confidence, similarity and words to say.
A verdict without located evidence is only a word: the point then has a share of what the signals alone would give.
`missing` and `contradicted` are such words too. Nothing here looks at text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from interviewer.errors import ConfigError
from interviewer.models import Verdict

DEFAULT = "fusion-llm-v1.json"
Signals = Literal["llm", "similarity", "llm+similarity"]
"""What the credit is made of: the model alone, the signals alone (no call is made), or both."""

Ramp = tuple[float, float]
Part = Literal["evidence", "confidence", "similarity", "lexical"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Unsupported(Strict):
    """When nothing but the model links a passage to the point."""

    similarity: float
    lexical: float
    """Both groups below these: unsupported."""
    topic: float
    """Least similarity of the whole answer with the rubric; below, it speaks of something else."""
    content: float = Field(ge=0)
    """Least content of its evidence: a set phrase shows nothing, whatever the model makes of it."""
    confirmed_cap: float = Field(ge=0, le=1)
    """Most credit when a second look gave the same verdict."""
    cap: float = Field(ge=0, le=1)
    """Most credit when there was no second look. With signs of steering there is none at all."""


class Doubt(Strict):
    confidence: float = Field(ge=0, le=1)
    """Below: asked again."""
    strong: float = Field(ge=0, le=1)
    """Credit of the signals alone from which `missing` is doubted."""


class LLMFusion(Strict):
    id: str
    provenance: str
    """How the weights came about: set by hand, or fitted on what."""
    similarity: dict[str, float]
    """Weights of the vector signals in their weighted mean."""
    lexical: dict[str, float]
    """The same for the signals made of words."""
    weights: dict[Part, float]
    """In the support of a verdict: a weighted mean of what the ramps make of each."""
    ramps: dict[Part, Ramp]
    """Values that count nothing, and in full."""
    bands: dict[Literal["covered", "partial"], Ramp]
    """Credit of a located verdict with no support, and with full."""
    full_at: float = Field(gt=0, le=1)
    """Support from which it is full."""
    alone: dict[Verdict, float]
    """Share of the signals' own credit that a point keeps when the verdict has no located evidence."""
    unsupported: Unsupported
    failed_check_cap: float = Field(ge=0, le=1)
    """Most credit for a point of a code question whose check does not hold."""
    doubt: Doubt

    def groups(self, signals: Mapping[str, float]) -> tuple[float, float]:
        """Similarity and words, each 0-1."""
        return _mean(self.similarity, signals), _mean(self.lexical, signals)

    def is_unsupported(self, signals: Mapping[str, float]) -> bool:
        similarity, lexical = self.groups(signals)
        return similarity < self.unsupported.similarity and lexical < self.unsupported.lexical

    def credit(
        self,
        verdict: Verdict,
        *,
        content: float,
        share: float,
        confidence: float,
        signals: Mapping[str, float] | None,
        alone: float,
        confirmed: bool,
        trusted: bool,
        broad: bool = False,
    ) -> float:
        """Credit 0-1. `content` and `share` are of the located evidence, `alone` the signals' own credit,
        `trusted` whether a verdict that the signals know nothing of may count at all, `broad` whether the
        evidence is most of the answer, so that it proves no more than the signals do.

        `signals` None leaves similarity and words out: the ablation to the model alone.
        """
        if verdict not in ("covered", "partial") or content <= 0:
            return 0.0 if signals is None else self.alone[verdict] * alone
        parts: dict[Part, float] = {
            "evidence": _ramp(content, self.ramps["evidence"]) * (0.5 + 0.5 * share),
            "confidence": _ramp(confidence, self.ramps["confidence"]),
        }
        if signals is not None:
            similarity, lexical = self.groups(signals)
            parts["similarity"] = _ramp(similarity, self.ramps["similarity"])
            parts["lexical"] = _ramp(lexical, self.ramps["lexical"])
        total = sum(self.weights[k] for k in parts)
        support = sum(self.weights[k] * v for k, v in parts.items()) / total if total else 0.0
        low, high = self.bands[verdict]
        credit = low + (high - low) * min(support / self.full_at, 1.0)
        # A passage that hardly says anything shows as little.
        credit *= min(1.0, 0.25 + parts["evidence"])
        if signals is None:
            return credit
        most = self.unsupported.confirmed_cap if confirmed else self.unsupported.cap
        if self.is_unsupported(signals):
            about = signals.get("topic", 0.0) >= self.unsupported.topic
            return min(credit, most) if trusted and about and content >= self.unsupported.content else 0.0
        return min(credit, max(most, alone)) if broad else credit


def _mean(weights: Mapping[str, float], signals: Mapping[str, float]) -> float:
    total = sum(weights.values())
    return sum(w * min(max(signals.get(k, 0.0), 0.0), 1.0) for k, w in weights.items()) / total if total else 0.0


def _ramp(value: float, ends: Ramp) -> float:
    """0 up to the first end, 1 from the second, straight between."""
    return min(max((value - ends[0]) / (ends[1] - ends[0]), 0.0), 1.0)


@cache
def load_llm_fusion(path: Path | None = None) -> LLMFusion:
    """The weights at `path` (default: the packaged ones). Raises ConfigError."""
    source = path or Path(str(files("interviewer.judge") / "data" / DEFAULT))
    try:
        return LLMFusion.model_validate(json.loads(source.read_text("utf-8")))
    except (OSError, ValueError) as e:
        raise ConfigError(f"{source}: the judge's weights cannot be used: {e}") from None
