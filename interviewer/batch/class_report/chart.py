"""The pictures of the class report as inline SVG: histogram, small histograms, stacked bars, scatter.

Lengths across are percentages, so that pictures stretch with the page. Colours come from the style sheet. Only numbers
go into the markup, and words through `escape`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import escape

from interviewer.batch.class_report.figures import Agreement, Distribution, Point
from interviewer.text import visible

_HIGH = 150
"""Pixels of the highest bar of the histogram."""
_BASE = _HIGH + 18
VERDICTS = ("covered", "partial", "missing", "contradicted")


def histogram(d: Distribution, label: str) -> str:
    """Bars of half a mark, their counts above them, and below the quartiles, median and mean."""
    most = max(b.n for b in d.histogram)
    width = 100 / len(d.histogram)
    out = [f'<svg class="hist" width="100%" height="{_BASE + 46}" role="img" aria-label="{_words(label)}">']
    for n, b in enumerate(d.histogram):
        high = b.n / most * _HIGH
        x = n * width
        if b.n:
            out.append(
                f'<rect class="fill" x="{x + width * 0.08:.2f}%" y="{_BASE - high:.1f}" width="{width * 0.84:.2f}%" '
                f'height="{high:.1f}" rx="2"><title>{b.low:g}–{b.high:g}: {b.n:,}</title></rect>'
                f'<text class="n" x="{x + width / 2:.2f}%" y="{_BASE - high - 5:.1f}">{_short(b.n)}</text>'
            )
    out.append(f'<line class="axis" x1="0" x2="100%" y1="{_BASE}" y2="{_BASE}"/>')
    y = _BASE + 12
    out.append(f'<line class="box" x1="{_x(d.q1)}" x2="{_x(d.q3)}" y1="{y}" y2="{y}"/>')
    out.append(f'<line class="median" x1="{_x(d.median)}" x2="{_x(d.median)}" y1="{y - 6}" y2="{y + 6}"/>')
    out.append(f'<circle class="dot" cx="{_x(d.mean)}" cy="{y}" r="4"/>')
    for mark in range(0, 11, 2):
        anchor = "start" if mark == 0 else "end" if mark == 10 else "middle"
        out.append(f'<text class="tick" x="{mark * 10}%" y="{_BASE + 42}" text-anchor="{anchor}">{mark}</text>')
    return "".join(out) + "</svg>"


def small(bins: Sequence[int], mean: float | None) -> str:
    """A question's scores at a glance: ten bars, and the mean below them."""
    most = max(bins, default=0)
    if not most:
        return ""
    width = 100 / len(bins)
    bars = "".join(
        f'<rect class="fill" x="{n * width + width * 0.1:.1f}%" width="{width * 0.8:.1f}%" '
        f'y="{24 - 22 * b / most:.1f}" height="{22 * b / most:.1f}" rx="1"/>'
        for n, b in enumerate(bins)
        if b
    )
    dot = "" if mean is None else f'<circle class="dot" cx="{_x(mean)}" cy="25" r="3.5"/>'
    axis = '<line class="axis" x1="0" x2="100%" y1="25" y2="25"/>'
    return f'<svg class="small-hist" width="100%" height="30" aria-hidden="true">{bars}{axis}{dot}</svg>'


def stacked(point: Point) -> str:
    """The share of each verdict, from covered on the left to contradicted on the right."""
    if not point.n:
        return ""
    x, parts = 0.0, []
    for verdict in VERDICTS:
        share = 100 * getattr(point, verdict) / point.n
        if share:
            parts.append(f'<rect class="b-{verdict}" x="{x:.2f}%" y="0" width="{share:.2f}%" height="12"/>')
            x += share
    return f'<svg class="stack" width="100%" height="12" aria-hidden="true">{"".join(parts)}</svg>'


def scatter(a: Agreement, human: str, judge: str, label: str) -> str:
    """The judge's score over the human one, 0-10 both; the area of a dot is the number of answers."""
    left, size = 34, 300
    most = max(d.n for d in a.scatter)
    largest = 12 if most > 1 else 4

    def at(mark: float) -> float:
        return mark / 10 * size

    out = [
        f'<svg class="scatter" viewBox="0 0 {left + size + 12} {size + 50}" role="img" aria-label="{_words(label)}">'
        f'<g transform="translate({left} 8)"><rect class="field" x="0" y="0" width="{size}" height="{size}"/>'
    ]
    for mark in range(0, 11, 2):
        if 0 < mark < 10:
            out.append(
                f'<line class="grid" x1="{at(mark)}" x2="{at(mark)}" y1="0" y2="{size}"/>'
                f'<line class="grid" x1="0" x2="{size}" y1="{at(mark)}" y2="{at(mark)}"/>'
            )
        out.append(
            f'<text class="tick" x="{at(mark)}" y="{size + 16}" text-anchor="middle">{mark}</text>'
            f'<text class="tick" x="-8" y="{size - at(mark) + 4}" text-anchor="end">{mark}</text>'
        )
    out.append(f'<line class="same" x1="0" x2="{size}" y1="{size}" y2="0"/>')
    for d in sorted(a.scatter, key=lambda d: -d.n):
        r = max(largest * math.sqrt(d.n / most), 2.2)
        out.append(
            f'<circle class="pair" cx="{at(d.human):.1f}" cy="{size - at(d.judge):.1f}" r="{r:.1f}">'
            f"<title>{d.human:g} / {d.judge:g}: {d.n:,}</title></circle>"
        )
    out.append(
        f'<text class="label" x="{size / 2}" y="{size + 36}" text-anchor="middle">{_words(human)}</text>'
        f'<text class="label" transform="translate(-26 {size / 2}) rotate(-90)" text-anchor="middle">'
        f"{_words(judge)}</text></g></svg>"
    )
    return "".join(out)


def _x(mark: float) -> str:
    return f"{min(max(mark, 0.0), 10.0) * 10:.2f}%"


def _short(n: int) -> str:
    """A count that fits above a bar."""
    for size, name in ((1_000_000, "M"), (1000, "k")):
        if n >= 10 * size or (size > 1000 and n >= size):
            return f"{n / size:.1f}{name}" if n < 10 * size else f"{n // size}{name}"
    return str(n)


def _words(text: str) -> str:
    return str(escape(visible(text)))
