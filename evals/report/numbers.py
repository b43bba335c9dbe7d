"""Numbers as the report writes them: a real minus, no negative zero, a dash for what is not known."""

from __future__ import annotations

from evals.report.shapes import Interval

DASH = "–"
SHARES = frozenset({"exact", "adjacent", "unscored", "needs_review", "interval_coverage", "quote_validity"})
"""Measures that are told in percent."""
SIGNED = frozenset({"mean_signed_error", "smd", "residual_length", "difference"})


def number(value: float | None, digits: int = 2) -> str:
    if value is None:
        return DASH
    text = f"{value:,.{digits}f}"
    return (text.lstrip("-") if not float(text.replace(",", "")) else text).replace("-", "\N{MINUS SIGN}")


def signed(value: float | None, digits: int = 2) -> str:
    text = number(value, digits)
    return f"+{text}" if value is not None and value > 0 and any(c in text for c in "123456789") else text


def share(value: float | None) -> str:
    return DASH if value is None else f"{number(100 * value, 1)}%"


def measured(name: str, value: float | None, digits: int = 3) -> str:
    """A measure's value in its own way of writing."""
    if name in SHARES:
        return share(value)
    return signed(value, digits) if name in SIGNED else number(value, digits)


def span(name: str, e: Interval, digits: int = 3) -> str:
    """`[low, high]`, or nothing where there is no interval."""
    if e.low is None or e.high is None:
        return ""
    return f"[{measured(name, e.low, digits)}, {measured(name, e.high, digits)}]"


def short(value: float) -> str:
    """As few digits as it needs: weights, ends of bins, ticks."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")
