"""Every window of an answer against every wording of a rubric, and which clauses turn a wording round.

Knows words, vectors and polarity; what they say about a point is for `signals`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interviewer.judge import lexicon
from interviewer.judge.index import Floats, RubricIndex
from interviewer.judge.polarity import opposed
from interviewer.judge.reading import Reading
from interviewer.judge.windows import runs
from interviewer.judge.wordings import Wording

OPPOSED_FROM = 0.42
"""Share of a facet's words in a clause from which its polarity is compared."""
MASS_SCALE = 4.0
"""Content at which `mass` reaches 1 - 1/e."""
NEAREST = 0.8
"""Part of the best fit from which a wording counts among the nearest to a clause."""


@dataclass(frozen=True)
class Windows


@dataclass(frozen=True)
class Matches


def match


def _topic


def _windows


def opposing_clauses


def _turns
