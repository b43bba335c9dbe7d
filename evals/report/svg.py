"""Small pure drawings in SVG: numbers in, markup out. Colours come from the style sheet, all text is escaped.

Rows of forest plots are measured in percent, so that they stretch with their table cell while the letters beside them
keep their size; square plots have a view box of about the size at which they are shown.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from evals.report.numbers import short, signed
from evals.report.shapes import Interval
from interviewer.text import one_line

INSET = 3.0
"""Percent on each side of a forest row, so that a dot at the end is whole."""
ROW = 22
JITTER = 2.0
BEYOND = 1e9
"""What nothing that is drawn here reaches."""


@dataclass(frozen=True)
class Scale:
    """A linear axis."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where on the axis a value lies, 0-1; outside ones at its end."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def percent(self, value: float) -> str:
        return f"{INSET + (100 - 2 * INSET) * self.share(value):.2f}%"


def scale(values: Iterable[float | None], low: float, high: float, steps: int = 5) -> Scale:
    """An axis with round ticks that holds `low`, `high` and every value there is, but for absurd ones."""
    known = [v for v in values if v is not None and abs(v) < BEYOND]
    least, most = min([low, *known]), max([high, *known])
    rough = (most - least) / steps or 1.0
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(s * unit for s in (1, 2, 2.5, 5, 10) if s * unit >= rough * (1 - 1e-9))
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return Scale(first * step, last * step, tuple(round(n * step, 10) for n in range(first, last + 1)))


def forest_row(e: Interval, on: Scale, role: str, zero: float | None = None) -> str:
    """A dot with its interval; a diamond for `annotators`, a hollow dot for `other`. Only guides where undefined."""
    middle = ROW / 2
    out = [_line("zero" if t == zero else "guide", on.percent(t), 0, on.percent(t), ROW) for t in on.ticks]
    if e.value is not None:
        x = on.percent(e.value)
        if e.low is not None and e.high is not None:
            out.append(_line("ci", on.percent(e.low), middle, on.percent(e.high), middle))
        if role == "annotators":
            out.append(
                f'<svg x="{x}" y="{middle:g}" overflow="visible"><path class="dot" d="M0-6L6 0 0 6-6 0z"/></svg>'
            )
        else:
            out.append(f'<circle class="dot" cx="{x}" cy="{middle:g}" r="4.5"/>')
    return f'<svg class="row {_name(role)}" width="100%" height="{ROW}" aria-hidden="true">{"".join(out)}</svg>'


def forest_axis(on: Scale) -> str:
    """The numbers of the ticks, to stand over the rows."""
    labels = "".join(_text(on.percent(t), 11, short(t), "tick") for t in on.ticks)
    return f'<svg class="row" width="100%" height="16" aria-hidden="true">{labels}</svg>'


def heat_map(counts: Sequence[Sequence[int]], labels: Sequence[str], across: str, down: str, title: str) -> str:
    """Counts with their share of the row, reference down and judge across; the diagonal is outlined."""
    size = len(labels)
    width, height = 340 / size, 264 / size if size > 3 else 64
    left, top = 58, 40
    out = [
        _text(left + 170, 13, across, "axis"),
        _text(12, top + size * height / 2, down, "axis", turn=True),
    ]
    for k, label in enumerate(labels):
        out.append(_text(left + (k + 0.5) * width, top - 8, label, "tick"))
        out.append(_text(left - 8, top + (k + 0.5) * height + 4, label, "tick", "end"))
    for r, row in enumerate(counts):
        whole = sum(row)
        for g, count in enumerate(row):
            x, y = left + g * width, top + r * height
            share = count / whole if whole else 0.0
            on = " full" if share >= 0.75 else " half" if share >= 0.5 else ""
            out.append(
                f'<rect class="cell" x="{x + 1:.1f}" y="{y + 1:.1f}" width="{width - 2:.1f}" height="{height - 2:.1f}" '
                f'rx="3" fill-opacity="{share:.3f}"/>'
            )
            if count:
                out.append(_text(x + width / 2, y + height / 2 + 1, str(count), f"count{on}"))
                out.append(_text(x + width / 2, y + height / 2 + 14, f"{share:.0%}", f"share{on}"))
            else:
                out.append(_text(x + width / 2, y + height / 2 + 4, "·", "share"))
    out += [
        f'<rect class="same" x="{left + k * width + 1:.1f}" y="{top + k * height + 1:.1f}" '
        f'width="{width - 2:.1f}" height="{height - 2:.1f}" rx="3"/>'
        for k in range(size)
    ]
    return _figure("heat", 400, top + size * height + 4, title, out)


def pairs_of_bars(
    first: Sequence[int], second: Sequence[int], labels: Sequence[str], names: tuple[str, str], title: str
) -> str:
    """Two counts per label side by side, with their numbers on top and a key."""
    most = max([*first, *second, 1])
    left, top, bottom, room = 14.0, 44.0, 290.0, 372.0 / max(len(labels), 1)
    bar = room * 0.36
    out = [_line("zero", _n(left), _n(bottom), _n(left + 372), _n(bottom))]
    for k, (kind, name) in enumerate(zip(("first", "second"), names, strict=True)):
        out.append(f'<rect class="bar {kind}" x="{left + 130 * k:.1f}" y="4" width="12" height="12" rx="2"/>')
        out.append(_text(left + 130 * k + 18, 14, name, "axis", "start"))
    for n, label in enumerate(labels):
        middle = left + (n + 0.5) * room
        out.append(_text(middle, bottom + 16, label, "tick"))
        for kind, count, x in (("first", first[n], middle - bar - 1), ("second", second[n], middle + 1)):
            height = (bottom - top) * count / most
            out.append(
                f'<rect class="bar {kind}" x="{x:.1f}" y="{bottom - height:.1f}" width="{bar:.1f}" '
                f'height="{height:.1f}" rx="2"/>'
            )
            out.append(_text(x + bar / 2, bottom - height - 5, str(count), "share"))
    return _figure("bars", 400, 312, title, out)


@dataclass(frozen=True)
class Spot:
    """A dot of a scatter; `title` is what a pointer over it shows, `link` an id on the page."""

    x: float
    y: float
    title: str
    key: str
    link: str = ""


@dataclass(frozen=True)
class _Frame:
    """The inside of a plot 400 wide: where values come to lie."""

    x: Scale
    y: Scale
    left: float = 48
    right: float = 390
    top: float = 10
    bottom: float = 290

    def at(self, x: float, y: float) -> tuple[float, float]:
        return (
            self.left + (self.right - self.left) * self.x.share(x),
            self.bottom - (self.bottom - self.top) * self.y.share(y),
        )

    def axes(self, across: str, up: str) -> Iterator[str]:
        for t in self.x.ticks:
            x, _ = self.at(t, self.y.low)
            yield _line("guide", _n(x), _n(self.top), _n(x), _n(self.bottom))
            yield _text(x, self.bottom + 15, short(t), "tick")
        for t in self.y.ticks:
            _, y = self.at(self.x.low, t)
            yield _line("guide", _n(self.left), _n(y), _n(self.right), _n(y))
            yield _text(self.left - 7, y + 4, short(t), "tick", "end")
        yield _text((self.left + self.right) / 2, self.bottom + 34, across, "axis")
        yield _text(12, (self.top + self.bottom) / 2, up, "axis", turn=True)


def calibration(bins: Sequence[tuple[float, Interval, int]], top: float, across: str, up: str, title: str) -> str:
    """Mean reference over mean given per bin, with its interval, on the scale 0 to `top` both ways."""
    on = Scale(0, top, tuple(round(top * k / 5, 10) for k in range(6)))
    frame = _Frame(on, on, top=24)
    most = max((n for *_, n in bins), default=1) or 1
    out = list(frame.axes(across, up))
    (x1, y1), (x2, y2) = frame.at(0, 0), frame.at(top, top)
    out.append(_text(12, 14, "n", "axis"))
    out.append(_line("ideal", _n(x1), _n(y1), _n(x2), _n(y2)))
    for given, reference, n in bins:
        if reference.value is None:
            continue
        x, y = frame.at(given, reference.value)
        if reference.low is not None and reference.high is not None:
            out.append(_line("ci", _n(x), _n(frame.at(0, reference.low)[1]), _n(x), _n(frame.at(0, reference.high)[1])))
        radius = 3 + 5 * math.sqrt(n / most)
        out.append(f'<circle class="dot" cx="{_n(x)}" cy="{_n(y)}" r="{radius:.1f}"/>')
        out.append(_text(x, 14, str(n), "share"))
    return _figure("plot", 400, 332, title, out)


def bland_altman(
    spots: Sequence[Spot], bias: Interval, lower: Interval, upper: Interval, across: str, up: str, title: str
) -> str:
    """Differences over means, 0-5, with bias and limits as lines in the bands of their intervals."""
    lines = (("bias", bias), ("limit", lower), ("limit", upper))
    values = [s.y for s in spots] + [v for _, e in lines for v in (e.value, e.low, e.high) if v is not None]
    reach = max(2.0, math.ceil(max((abs(v) for v in values if abs(v) < BEYOND), default=2.0) - 1e-9))
    up_and_down = scale((), -reach, reach, steps=2 * int(reach) if reach <= 6 else 8)
    frame = _Frame(scale([s.x for s in spots], 0, 5), up_and_down)
    out = list(frame.axes(across, up))
    for kind, e in lines:
        if e.low is not None and e.high is not None:
            y = frame.at(0, e.high)[1]
            out.append(
                f'<rect class="band {kind}" x="{_n(frame.left)}" y="{_n(y)}" width="{_n(frame.right - frame.left)}" '
                f'height="{_n(frame.at(0, e.low)[1] - y)}"/>'
            )
    zero = frame.at(0, 0)[1]
    out.append(_line("zero", _n(frame.left), _n(zero), _n(frame.right), _n(zero)))
    for spot in spots:
        dx, dy = _moved(spot.key)
        x, y = frame.at(spot.x, spot.y)
        ring = " ringed" if spot.link else ""
        dot = (
            f'<circle class="spot{ring}" cx="{_n(x + dx)}" cy="{_n(y + dy)}" r="{3.4 if ring else 2.6}">'
            f"<title>{escape(one_line(spot.title))}</title></circle>"
        )
        out.append(f'<a href="#{escape(spot.link)}">{dot}</a>' if spot.link else dot)
    for kind, e in lines:
        if e.value is not None:
            y = frame.at(0, e.value)[1]
            out.append(_line(kind, _n(frame.left), _n(y), _n(frame.right), _n(y)))
            out.append(_text(frame.right - 3, y - 4, signed(e.value), "mark", "end"))
    return _figure("plot", 400, 332, title, out)


def _moved(key: str) -> tuple[float, float]:
    """Up to JITTER pixels both ways, the same for the same key."""
    digest = hashlib.sha256(key.encode("utf-8", "replace")).digest()
    return (digest[0] / 127.5 - 1) * JITTER, (digest[1] / 127.5 - 1) * JITTER


def _figure(kind: str, width: float, height: float, title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(one_line(title))}">{"".join(parts)}</svg>'
    )


def _line(kind: str, x1: str, y1: float | str, x2: str, y2: float | str) -> str:
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _text(x: float | str, y: float, text: str, kind: str, anchor: str = "middle", *, turn: bool = False) -> str:
    at = x if isinstance(x, str) else _n(x)
    turned = f' transform="rotate(-90 {at} {_n(y)})"' if turn else ""
    return f'<text class="{kind}" x="{at}" y="{_n(y)}" text-anchor="{anchor}"{turned}>{escape(one_line(text))}</text>'


def _n(value: float) -> str:
    return f"{value:.1f}"


def _name(role: str) -> str:
    return "".join(c for c in role if c.isalnum() or c == "-")
