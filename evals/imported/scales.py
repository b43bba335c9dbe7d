"""The scale of a rating, brought to 0-1 and to grades 0-5; and which scale ratings are on when nobody says. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from interviewer.errors import UsageError

TOPS = (1.0, 5.0, 10.0, 100.0)
"""The tops of scales that are taken for granted when ratings reach them."""
ENOUGH = 20
"""Ratings from which on single ones may be taken for slips."""
STRAY = 0.02
"""Share of ratings that may lie far above a scale without being a sign of another."""
_SCALE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(?:-|–|—|~|\.\.|:|to|至|到)\s*(-?\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True, slots=True, order=True)
class Scale:
    """From the worst mark to the best."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"no scale from {self.low} to {self.high}")

    def __str__(self) -> str:
        return f"{self.low:g}-{self.high:g}"

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def unit(self, value: float) -> float:
        """0 for the lowest mark, 1 for the highest."""
        return (value - self.low) / (self.high - self.low)

    def value(self, unit: float) -> float:
        """The mark at this share of the scale: the inverse of `unit`."""
        return self.low + unit * (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Mark:
    """A rating with its scale."""

    value: float
    scale: Scale

    @property
    def unit(self) -> float:
        return self.scale.unit(self.value)


def band(unit: float) -> int:
    """The grade 0-5 of a share of the scale: five times it, halves up, as the eval set's own reference is rounded."""
    return min(max(math.floor(5 * unit + 0.5 + 1e-9), 0), 5)


def parse_scale(text: str) -> Scale:
    """`1-10`, `0..100`, `1~5`. Raises UsageError."""
    found = _SCALE.fullmatch(unicodedata.normalize("NFKC", text))
    try:
        if found:
            return Scale(float(found[1]), float(found[2]))
    except ValueError:
        pass
    raise UsageError(f"--scale {text!r} is not LOW-HIGH", hint="such as --scale 1-10 or --scale 0-100")


def parse_scales(options: Iterable[str]) -> dict[str, Scale]:
    """`["1-10", "TA=0-100"]` as scales by rater; the one for all others under "". Raises UsageError."""
    scales: dict[str, Scale] = {}
    for option in options:
        rater, _, text = option.rpartition("=")
        if rater.strip() in scales:
            raise UsageError(f"--scale names {rater.strip() or 'the scale of all'} twice")
        scales[rater.strip()] = parse_scale(text)
    return scales


def find_scale(values: Sequence[float]) -> Scale:
    """The scale these ratings are on: 0-1, 0-5, 1-5, 0-10, 1-10 or 0-100. Raises UsageError where it may be another.

    A few ratings far above it are taken for slips (85 among marks up to 10), so that they can be told.
    """
    seen = sorted(values)
    low, high = seen[0], seen[-1]
    if low < 0 or high > 2 * TOPS[-1] or low == high:
        raise _ambiguous(low, high)
    for below, top in zip((0.0, *TOPS), TOPS, strict=False):
        inside = [v for v in seen if v <= top]
        over = seen[len(inside) :]
        strays = len(seen) >= ENOUGH and len(over) <= STRAY * len(seen) and bool(over) and over[0] > 2 * top
        if inside and (not over or strays) and inside[-1] > below:
            return _ends(inside, below, top)
    raise _ambiguous(low, high)


def _ends(inside: Sequence[float], below: float, top: float) -> Scale:
    low, high = inside[0], inside[-1]
    # A top that hardly anyone reaches may be a slip on a lower scale.
    reached = sum(v > below for v in inside) > STRAY * len(inside) or len(inside) < ENOUGH
    near = {1.0: high == top or any(v % 1 for v in inside), 5.0: high == top, 10.0: high >= 8, 100.0: high >= 60}
    if not (near[top] and reached):
        raise _ambiguous(low, high)
    if top in (1.0, 100.0) or low < 1:
        return Scale(0.0, top)
    if low == 1:
        return Scale(1.0, top)
    raise _ambiguous(low, high, (Scale(0.0, top), Scale(1.0, top)))


def by_rater(values: Mapping[str, Sequence[float]], given: Mapping[str, Scale]) -> dict[str, Scale]:
    """Each rater's scale: the one that was given for them or for all, else one found of all the others together.

    Raises UsageError where they do not seem to share one.
    """
    scales = {r: given.get(r) or given.get("") for r in values}
    free = sorted(r for r in values if scales[r] is None and values[r])
    if free:
        scale = find_scale([v for r in free for v in values[r]])
        for rater in free:
            own = values[rater]
            outside = sum(not scale.holds(v) for v in own)
            if outside > 0.2 * len(own) or (len(own) >= ENOUGH and max(own) <= scale.high / 2):
                raise UsageError(
                    f"the ratings of {rater!r} run from {min(own):g} to {max(own):g}, all together would be {scale}: "
                    "are they on another scale?",
                    hint=f"say so: --scale {_quoted(rater)}=LOW-HIGH, and --scale {scale} for the others",
                )
            scales[rater] = scale
    return {r: s for r, s in scales.items() if s is not None}


def _quoted(name: str) -> str:
    return f'"{name}"' if re.search(r"\s", name) else name


def _ambiguous(low: float, high: float, either: Sequence[Scale] = ()) -> UsageError:
    between = " or ".join(map(str, either))
    return UsageError(
        f"ratings from {low:g} to {high:g} seen: {f'{between}?' if between else 'on what scale?'}",
        hint="say it: " + (" or ".join(f"--scale {s}" for s in either) or "--scale LOW-HIGH, such as --scale 0-10"),
    )
