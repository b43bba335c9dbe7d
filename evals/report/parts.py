"""What the report is made of once everything has been looked up: plain values, ready to be laid out.

Every string here may still be hostile. The renderers escape; these shapes only carry.
"""

from __future__ import annotations

from dataclasses import dataclass

from evals.report.shapes import Interval, Result, Slice, Worst
from evals.report.svg import Scale, Spot
from evals.report.words import Words
from interviewer.report.highlight import Stretch


@dataclass(frozen=True)
class Figure:
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Criterion:
    text: str
    value: str
    met: bool | None
    """None where it cannot be said."""


@dataclass(frozen=True)
class ForestRow:
    """`role` is judge, annotators, beside or other."""

    label: str
    estimate: Interval
    role: str
    note: str = ""


@dataclass(frozen=True)
class MeasureRow:
    label: str
    value: str
    interval: str
    annotators: str = ""
    annotators_interval: str = ""


@dataclass(frozen=True)
class Plot:
    """A column of small forest rows: one measure of every part of a group."""

    measure: str
    label: str
    scale: Scale
    zero: float | None


@dataclass(frozen=True)
class SliceGroup:
    title: str
    restricted: bool
    """The parts are made by the reference itself or what follows from it, so kappa says nothing within them."""
    plots: tuple[Plot, ...]
    rows: tuple[tuple[str, Slice], ...]


@dataclass(frozen=True)
class PointRow:
    number: str
    text: str
    bonus: bool
    reference: str
    credit: str
    verdict: str
    """The verdict's id, for its colour; `word` is what it is called."""
    word: str
    quotes: tuple[str, ...]


@dataclass(frozen=True)
class BeliefRow:
    letter: str
    text: str
    found_by: str
    quotes: tuple[str, ...]


@dataclass(frozen=True)
class WorstPart:
    number: int
    anchor: str
    head: str
    difference: str
    tags: tuple[str, ...]
    question: str
    points: tuple[PointRow, ...]
    beliefs: tuple[BeliefRow, ...]
    stretches: tuple[Stretch, ...]
    worst: Worst


@dataclass(frozen=True)
class Chart:
    """A square plot's reliability diagram, in numbers."""

    bins: tuple[tuple[float, Interval, int], ...]
    ends: tuple[tuple[str, str], ...]
    top: float
    error: str


@dataclass(frozen=True)
class View:
    """The whole report, in one language."""

    t: Words
    result: Result
    name: str
    meta: tuple[str, ...]
    who: str
    figures: tuple[Figure, ...]
    forest: tuple[ForestRow, ...]
    forest_scale: Scale
    criteria: tuple[Criterion, ...]
    measures: tuple[MeasureRow, ...]
    slices: tuple[SliceGroup, ...]
    calibration: Chart | None
    point_calibration: Chart | None
    spots: tuple[Spot, ...]
    worst: tuple[WorstPart, ...]
    timing: tuple[tuple[str, str], ...]
    provenance: tuple[tuple[str, str], ...]
