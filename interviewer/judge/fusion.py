"""From signals to credit: a logistic model whose weights lie in a versioned file with their provenance."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from interviewer.errors import ConfigError

DEFAULT = "fusion-v3.json"


class Fusion(BaseModel):
    """credit = ramp(sigmoid(bias + Σ weight · signal)), before what counts against the point."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    provenance: str
    """How the weights came about: set by hand, or fitted on what."""
    bias: float
    weights: dict[str, float]
    floor: float = Field(ge=0, lt=1)
    """Probability that earns nothing; what unrelated text reaches."""
    ceiling: float = Field(gt=0, le=1)
    """Probability that earns full credit; what a paraphrase of the point reaches."""
    hedge_cost: float = Field(ge=0, le=1)
    gate: tuple[float, float]
    """Probability of the best point up to which, and from which, an answer earns nothing, and all."""
    topic: tuple[float, float]
    """Similarity of answer and rubric up to which the answer is beside the subject, and from which not."""
    off_topic_cost: float = Field(ge=0, le=1)
    """Share of the credit that an answer beside the subject loses."""
    against_from: float = Field(ge=0, le=1)
    """`against` from which a point with no other evidence is contradicted."""
    misconception: MisconceptionRule
    denied_share: float = Field(default=1.0, ge=0, le=1)
    """What is left of a point's credit when the answer also holds a belief that says its opposite."""
    bare: str | None = None
    """Id of the version for rubrics that bring points and no wordings: signals mean other things there."""
    intervals: tuple[Band, ...] = ()
    """By score, lowest first; none: the default rule of `aggregate`."""

    def probability(self, signals: dict[str, float]) -> float:
        """How likely the point is made. Monotone in every signal by the sign of its weight."""
        z = self.bias + sum(w * signals.get(name, 0.0) for name, w in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(min(z, 30.0), -30.0)))

    def credit(self, signals: dict[str, float], best: float = 1.0) -> float:
        """Credit 0-1 of a point, where `best` is the highest probability among the answer's points.

        Text that brushes every point and makes none is off the subject: the gate closes on it.
        """
        opened = _ramp(best, self.gate) * (
            1.0 - self.off_topic_cost * (1.0 - _ramp(signals.get("topic", 1.0), self.topic))
        )
        credit = _ramp(self.probability(signals), (self.floor, self.ceiling))
        return opened * credit * (1.0 - self.hedge_cost * signals.get("hedge", 0.0))


def _ramp(value: float, ends: tuple[float, float]) -> float:
    """0 up to the first end, 1 from the second, straight between."""
    return min(max((value - ends[0]) / (ends[1] - ends[0]), 0.0), 1.0)


class Band(BaseModel):
    """Where the reference lay for scores up to `up_to`: from score + low to score + high, at 90 %."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    up_to: float
    low: float = Field(le=0)
    high: float = Field(ge=0)
    silent: bool = False
    """For answers with a flag that says there is nothing in them; about these there is little doubt."""


class MisconceptionRule(BaseModel):
    """When an answer is taken to hold a wrong belief."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    threshold: float = Field(gt=0, le=2)
    """Least score: harmonic mean of shared and precise, plus part of the similarity."""
    margin: float = Field(ge=0, le=1)
    """By how much it must beat every correct wording in the same window."""
    similar: float = Field(ge=0, le=1)
    """Weight of embedding similarity beside words."""
    term: float = Field(ge=0, le=2)
    """What an asserted term of full strength adds."""


Fusion.model_rebuild()


def folder() -> Path:
    """Where the versions lie."""
    return Path(str(files("interviewer.judge") / "data"))


@cache
def load_fusion(path: Path | None = None) -> Fusion:
    """The weights at `path` (default: the packaged ones). Raises ConfigError."""
    source = path or folder() / DEFAULT
    try:
        return Fusion.model_validate(json.loads(source.read_text("utf-8")))
    except (OSError, ValueError) as e:
        raise ConfigError(f"{source}: the judge's weights cannot be used: {e}") from None
