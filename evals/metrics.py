"""Agreement between two gradings. Pure: arrays in, numbers out; knows nothing of judges or files.

A statistic that is undefined for its input (one label only, no spread) is nan, never a made-up number.
Each function names where its formula comes from; the tests hold published worked examples.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Statistic = Callable[[Ints], float]
"""A number from the items at these indexes."""


class Estimate(NamedTuple):
    """A number with the ends of its confidence interval."""

    value: float
    low: float
    high: float


class Limits(NamedTuple):
    """Bias of one measurement against another, and where 95 % of their differences lie."""

    bias: float
    sd: float
    low: float
    high: float


class Prf(NamedTuple):
    precision: float
    recall: float
    f1: float


def confusion(reference: ArrayLike, given: ArrayLike, levels: int) -> Ints:
    """Counts[r, g] of items graded r by the reference and g by the other, for grades 0 to levels - 1."""
    r, g = _grades(reference, levels), _grades(given, levels)
    _same_length(r, g)
    counts: Ints = np.bincount(r * levels + g, minlength=levels * levels).reshape(levels, levels)
    return counts


def qwk(reference: ArrayLike, given: ArrayLike, levels: int) -> float:
    """Quadratically weighted kappa over grades 0 to levels - 1, whether or not each of them occurs.

    1 - Σ w·observed / Σ w·expected with w = (i - j)² (Cohen 1968, Psychological Bulletin 70, 213-220).
    """
    observed = confusion(reference, given, levels).astype(np.float64)
    n = observed.sum()
    if not n:
        return float("nan")
    weights = np.subtract.outer(np.arange(levels), np.arange(levels)) ** 2
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / n
    return _one_minus(float((weights * observed).sum()), float((weights * expected).sum()))


def kappa(reference: ArrayLike, given: ArrayLike, levels: int = 2) -> float:
    """Unweighted kappa: (p_o - p_e) / (1 - p_e) (Cohen 1960, Educ. Psychol. Meas. 20, 37-46)."""
    observed = confusion(reference, given, levels).astype(np.float64)
    n = observed.sum()
    if not n:
        return float("nan")
    agreed = float(np.trace(observed)) / n
    chance = float(observed.sum(axis=1) @ observed.sum(axis=0)) / n**2
    return _one_minus(1 - agreed, 1 - chance)


def precision_recall_f1(reference: ArrayLike, given: ArrayLike) -> Prf:
    """Of yes-or-no calls; F1 is their harmonic mean (van Rijsbergen 1979, Information Retrieval, ch. 7)."""
    r, g = np.asarray(reference, dtype=bool), np.asarray(given, dtype=bool)
    _same_length(r, g)
    hits = int((r & g).sum())
    precision = _ratio(hits, int(g.sum()))
    recall = _ratio(hits, int(r.sum()))
    return Prf(precision, recall, _ratio(2 * hits, int(r.sum()) + int(g.sum())))


def pearson(x: ArrayLike, y: ArrayLike) -> float:
    """Product-moment correlation (Pearson 1895)."""
    a, b = _pair(x, y)
    if len(a) < 2:
        return float("nan")
    # A mean of equal floats need not equal them, so "no spread" is asked of the values.
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    da, db = a - a.mean(), b - b.mean()
    scale = float(np.sqrt(da @ da) * np.sqrt(db @ db))
    return float(np.clip(da @ db / scale, -1, 1)) if scale > 0 else float("nan")


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Pearson of the ranks, ties at their mean rank (Spearman 1904, Am. J. Psychol. 15, 72-101)."""
    a, b = _pair(x, y)
    return pearson(_ranks(a), _ranks(b))


def kendall_tau_b(x: ArrayLike, y: ArrayLike) -> float:
    """(concordant - discordant) / √((pairs - ties in x)(pairs - ties in y)) (Kendall 1945, Biometrika 33)."""
    a, b = _pair(x, y)
    if len(np.unique(a)) > len(np.unique(b)):
        a, b = b, a
    _, place_a, ties_a = np.unique(a, return_inverse=True, return_counts=True)
    levels_b, place_b, ties_b = np.unique(b, return_inverse=True, return_counts=True)
    below = np.zeros(len(levels_b), dtype=np.int64)
    balance = 0
    for group in np.split(np.argsort(place_a, kind="stable"), np.cumsum(ties_a)[:-1]):
        here = np.bincount(place_b[group], minlength=len(levels_b))
        smaller = np.cumsum(below) - below
        larger = below.sum() - smaller - below
        balance += int(here @ (smaller - larger))
        below += here
    untied_a, untied_b = _pairs(len(a)) - _pairs(ties_a).sum(), _pairs(len(b)) - _pairs(ties_b).sum()
    if not untied_a or not untied_b:
        return float("nan")
    return float(np.clip(balance / (np.sqrt(float(untied_a)) * np.sqrt(float(untied_b))), -1, 1))


def mae(reference: ArrayLike, given: ArrayLike) -> float:
    """Mean absolute error: mean |given - reference| (Willmott & Matsuura 2005, Clim. Res. 30, 79-82)."""
    r, g = _pair(reference, given)
    return float(np.abs(g - r).mean()) if len(r) else float("nan")


def rmse(reference: ArrayLike, given: ArrayLike) -> float:
    """Root mean square error: √ mean (given - reference)² (same source as `mae`)."""
    r, g = _pair(reference, given)
    return float(np.sqrt(((g - r) ** 2).mean())) if len(r) else float("nan")


def mean_signed_error(reference: ArrayLike, given: ArrayLike) -> float:
    """mean (given - reference), above zero lenient: the bias of Bland & Altman 1986, Lancet 327, 307-310."""
    r, g = _pair(reference, given)
    return float((g - r).mean()) if len(r) else float("nan")


def standardised_mean_difference(reference: ArrayLike, given: ArrayLike) -> float:
    """(mean given - mean reference) / √((s²_given + s²_reference) / 2), with sample variances; above zero lenient.

    Of Williamson, Xi & Breyer 2012 (see `agreement`), who want at most .15 overall and .10 within a subgroup.
    """
    r, g = _pair(reference, given)
    if len(r) < 2 or (np.ptp(r) == 0 and np.ptp(g) == 0):
        return float("nan")
    return float((g.mean() - r.mean()) / np.sqrt((g.var(ddof=1) + r.var(ddof=1)) / 2))


def limits_of_agreement(reference: ArrayLike, given: ArrayLike) -> Limits:
    """bias ± 1.96 s of the differences given - reference (Bland & Altman 1986, Lancet 327, 307-310)."""
    r, g = _pair(reference, given)
    if len(r) < 2:
        return Limits(mean_signed_error(r, g), *(float("nan"),) * 3)
    bias, sd = float((g - r).mean()), float((g - r).std(ddof=1))
    return Limits(bias, sd, bias - 1.96 * sd, bias + 1.96 * sd)


def bin_of(values: ArrayLike, top: float, bins: int = 10) -> Ints:
    """Which of `bins` equal parts of 0 to `top` each value lies in: lower ends belong, and `top` to the last."""
    at = np.floor(np.round(np.asarray(values, dtype=np.float64) * bins / top, 9))
    found: Ints = np.clip(at, 0, bins - 1).astype(np.int64)
    return found


def calibration_error(reference: ArrayLike, given: ArrayLike, top: float, bins: int = 10) -> float:
    """Σ share of the bin · |mean given - mean reference in it|, in the unit of the values.

    The expected calibration error of Naeini, Cooper & Hauskrecht 2015 (AAAI), for values from 0 to `top`.
    """
    r, g = _pair(reference, given)
    if not len(r):
        return float("nan")
    gaps = np.bincount(bin_of(g, top, bins), weights=g - r, minlength=bins)
    return float(np.abs(gaps).sum() / len(r))


def agreement(reference: ArrayLike, given: ArrayLike, within: float = 0) -> float:
    """Share of items at most `within` apart: 0 exact, 1 adjacent.

    As used for automated scoring by Williamson, Xi & Breyer 2012, Educ. Meas.: Issues and Practice 31, 2-13.
    """
    r, g = _pair(reference, given)
    return float((np.abs(g - r) <= within).mean()) if len(r) else float("nan")


def krippendorff_alpha(
    ratings: ArrayLike, level: Literal["nominal", "ordinal", "interval", "ratio"] = "ordinal"
) -> float:
    """1 - observed / expected disagreement over raters × items, nan for a rating that is not there.

    Krippendorff 2011, Computing Krippendorff's Alpha-Reliability. The package needs memory in the square
    of the distinct values, so give it grades, not fine scores.
    """
    import krippendorff

    data = np.asarray(ratings, dtype=np.float64)
    paired = data[:, np.count_nonzero(~np.isnan(data), axis=0) > 1]
    if len(np.unique(paired[~np.isnan(paired)])) < 2:
        return float("nan")
    return float(krippendorff.alpha(reliability_data=data, level_of_measurement=level))


def bootstrap(
    statistics: Mapping[str, Statistic],
    clusters: Sequence[Hashable],
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Each statistic on all items, with a percentile interval over resampled clusters.

    Items of one cluster (the answers to one question) are not independent, so whole clusters are drawn with
    replacement (Davison & Hinkley 1997, Bootstrap Methods, §3.8; percentile interval of Efron & Tibshirani
    1993, ch. 13). All statistics see the same draws. Resamples where one is undefined are left out of its
    interval; with fewer than two clusters there is no interval.
    """
    members: dict[Hashable, list[int]] = {}
    for index, cluster in enumerate(clusters):
        members.setdefault(cluster, []).append(index)
    groups = [np.asarray(m, dtype=np.int64) for m in members.values()]
    everything = np.arange(len(clusters), dtype=np.int64)
    values = {name: statistic(everything) for name, statistic in statistics.items()}
    if len(groups) < 2:
        return {name: Estimate(v, float("nan"), float("nan")) for name, v in values.items()}
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {name: [] for name in statistics}
    for _ in range(resamples):
        chosen = np.concatenate([groups[g] for g in rng.integers(len(groups), size=len(groups))])
        for name, statistic in statistics.items():
            drawn[name].append(statistic(chosen))
    tail = (1 - confidence) / 2
    out = {}
    for name, value in values.items():
        sample = np.asarray(drawn[name])
        sample = sample[~np.isnan(sample)]
        low, high = np.quantile(sample, [tail, 1 - tail]) if len(sample) else (float("nan"),) * 2
        out[name] = Estimate(value, float(low), float(high))
    return out


def _grades(values: ArrayLike, levels: int) -> Ints:
    array = np.asarray(values)
    whole: Ints = array.astype(np.int64)
    if array.size and (np.any(whole != array) or whole.min() < 0 or whole.max() >= levels):
        raise ValueError(f"grades must be whole numbers from 0 to {levels - 1}")
    return whole


def _pair(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    _same_length(a, b)
    return a, b


def _same_length(a: NDArray[np.generic], b: NDArray[np.generic]) -> None:
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"two lists of the same length are needed, not {a.shape} and {b.shape}")


def _ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[inverse]
    return ranks


def _pairs(count: Any) -> Any:
    return count * (count - 1) // 2


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _one_minus(observed: float, expected: float) -> float:
    return 1 - observed / expected if expected else float("nan")
