"""evals.metrics against published worked examples, against scikit-learn and scipy, and against their laws."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import cohen_kappa_score, f1_score, mean_absolute_error, mean_squared_error

from evals import metrics as m

# irr::kappa2 (R), data set `anxiety`: 20 persons rated 1-6.
ANXIETY_1 = [3, 3, 3, 4, 5, 5, 2, 3, 5, 2, 2, 6, 1, 5, 2, 2, 1, 2, 4, 3]
ANXIETY_2 = [3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4]
# irrCAC::cont3x3abstractors (R), from Gwet's Handbook of Inter-Rater Reliability.
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
# Agresti 1990, Categorical Data Analysis, p. 367; vcd::SexualFun (R).
COUPLES = [[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]
# Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section C: four observers, twelve units.
NAN = float("nan")
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]

grades = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=60)
numbers = st.lists(st.tuples(*(st.integers(-20, 20).map(lambda n: n / 4),) * 2), min_size=2, max_size=50)


def spread(table: list[list[int]]) -> tuple[list[int], list[int]]:
    """The two ratings that a table counts."""
    cells = [(r, c) for r, row in enumerate(table) for c, n in enumerate(row) for _ in range(n)]
    return [r for r, _ in cells], [c for _, c in cells]


def columns(pairs: list[tuple[Any, Any]]) -> tuple[list[Any], list[Any]]:
    return [p[0] for p in pairs], [p[1] for p in pairs]


def same(a: float, b: float) -> bool:
    return (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, abs_tol=1e-9)


class TestPublished:
    def test_kappa(self) -> None:
        # Cohen's kappa in Wikipedia: 50 grant proposals, two readers.
        assert m.kappa(*spread([[20, 5], [10, 15]])) == pytest.approx(0.4)
        assert m.kappa(*spread(ABSTRACTORS), 3) == pytest.approx(0.7964094, abs=1e-7)
        assert m.kappa(*spread(COUPLES), 4) == pytest.approx(0.1293, abs=5e-5)

    def test_qwk(self) -> None:
        assert m.qwk(*spread(ABSTRACTORS), 3) == pytest.approx(0.8921569, abs=1e-7)
        assert m.qwk(np.array(ANXIETY_1) - 1, np.array(ANXIETY_2) - 1, 6) == pytest.approx(0.297, abs=5e-4)

    def test_correlations(self) -> None:
        # Anscombe 1973, The American Statistician 27, first set.
        x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
        y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
        assert m.pearson(x, y) == pytest.approx(0.816, abs=5e-4)
        # Spearman's ρ in Wikipedia: IQ and hours of television, -29/165.
        iq, tv = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110], [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
        assert m.spearman(iq, tv) == pytest.approx(-29 / 165)
        # The example of scipy.stats.kendalltau.
        assert m.kendall_tau_b([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]) == pytest.approx(-0.4714045, abs=1e-7)

    def test_errors(self) -> None:
        # The examples of sklearn's mean_absolute_error and mean_squared_error.
        truth, said = [3, -0.5, 2, 7], [2.5, 0.0, 2, 8]
        assert m.mae(truth, said) == 0.5
        assert m.rmse(truth, said) == pytest.approx(math.sqrt(0.375))
        assert m.mean_signed_error(truth, said) == 0.25

    @pytest.mark.parametrize(("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
    def test_alpha(self, level: Any, value: float) -> None:
        assert m.krippendorff_alpha(OBSERVERS, level) == pytest.approx(value, abs=5e-4)

    def test_f1(self) -> None:
        # Three right of four found, of six there are: precision 3/4, recall 1/2, F1 3/5.
        found = m.precision_recall_f1([1, 1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0, 1, 0])
        assert found == pytest.approx((0.75, 0.5, 0.6))


class TestAgainstLibraries:
    @given(grades)
    def test_kappas(self, pairs: list[tuple[int, int]]) -> None:
        a, b = columns(pairs)
        for ours, weights in ((m.qwk(a, b, 6), "quadratic"), (m.kappa(a, b, 6), None)):
            with warnings.catch_warnings(action="ignore"):
                theirs = cohen_kappa_score(a, b, labels=list(range(6)), weights=weights)
            assert same(ours, theirs)

    @given(numbers)
    def test_correlations_and_errors(self, pairs: list[tuple[float, float]]) -> None:
        x, y = columns(pairs)
        assert m.mae(x, y) == pytest.approx(mean_absolute_error(x, y))
        assert m.rmse(x, y) == pytest.approx(math.sqrt(mean_squared_error(x, y)))
        if len(set(x)) < 2 or len(set(y)) < 2:
            assert all(math.isnan(f(x, y)) for f in (m.pearson, m.spearman, m.kendall_tau_b))
            return
        assert m.pearson(x, y) == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-9)
        assert m.spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-9)
        assert m.kendall_tau_b(x, y) == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-9)

    @given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
    def test_f1(self, pairs: list[tuple[bool, bool]]) -> None:
        a, b = columns(pairs)
        ours = m.precision_recall_f1(a, b).f1
        assert math.isnan(ours) if not any(a + b) else ours == pytest.approx(f1_score(a, b, zero_division=0))

    def test_large(self) -> None:
        rng = np.random.default_rng(3)
        x = rng.integers(0, 11, 20_000) / 2
        y = np.round(x + rng.normal(0, 1, 20_000), 2)
        assert m.kendall_tau_b(x, y) == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-9)


class TestLaws:
    @given(grades)
    def test_qwk_is_the_concordance_correlation(self, pairs: list[tuple[int, int]]) -> None:
        """2 cov / (var + var + (difference of means)²), with moments over n (Fleiss & Cohen 1973)."""
        a, b = (np.array(c, dtype=float) for c in columns(pairs))
        below = a.var() + b.var() + (a.mean() - b.mean()) ** 2
        expected = 2 * ((a - a.mean()) * (b - b.mean())).mean() / below if below else NAN
        assert same(m.qwk(a.astype(int), b.astype(int), 6), expected)

    @given(grades)
    def test_qwk_is_symmetric_bounded_and_blind_to_direction(self, pairs: list[tuple[int, int]]) -> None:
        a, b = (np.array(c) for c in columns(pairs))
        value = m.qwk(a, b, 6)
        assert same(value, m.qwk(b, a, 6))
        assert same(value, m.qwk(5 - a, 5 - b, 6))
        assert math.isnan(value) or -1 - 1e-12 <= value <= 1
        if len(set(a.tolist())) > 1:
            assert m.qwk(a, a, 6) == 1

    @given(grades)
    def test_labels_that_do_not_occur_change_nothing(self, pairs: list[tuple[int, int]]) -> None:
        a, b = columns(pairs)
        assert same(m.qwk(a, b, 6), m.qwk(a, b, 9))

    def test_distances_count_even_when_levels_are_not_seen(self) -> None:
        assert m.qwk([0, 10, 0, 1], [0, 10, 1, 0], 11) == pytest.approx(0.986, abs=5e-4)

    @given(numbers)
    def test_errors(self, pairs: list[tuple[float, float]]) -> None:
        x, y = columns(pairs)
        assert abs(m.mean_signed_error(x, y)) <= m.mae(x, y) + 1e-9 <= m.rmse(x, y) + 2e-9
        assert same(m.mean_signed_error(x, y), -m.mean_signed_error(y, x))

    @given(grades)
    def test_agreement_grows_with_its_reach(self, pairs: list[tuple[int, int]]) -> None:
        a, b = columns(pairs)
        shares = [m.agreement(a, b, w) for w in range(6)]
        assert shares == sorted(shares)
        assert shares[-1] == 1
        assert shares[0] == pytest.approx(np.trace(m.confusion(a, b, 6)) / len(a))

    @given(numbers)
    def test_rank_correlations_see_order_only(self, pairs: list[tuple[float, float]]) -> None:
        x, y = columns(pairs)
        stretched = [v**3 + 2 * v for v in x]
        for f in (m.spearman, m.kendall_tau_b):
            assert same(f(x, y), f(stretched, y))
            assert same(f(x, y), f(y, x))


class TestBootstrap:
    def test_the_value_is_that_of_all_items_and_lies_inside(self) -> None:
        x = np.arange(40) % 7
        found = m.bootstrap({"mean": lambda at: float(x[at].mean())}, [i // 4 for i in range(40)])["mean"]
        assert found.value == x.mean()
        assert found.low < found.value < found.high

    def test_the_same_seed_gives_the_same_digits(self) -> None:
        x = np.sin(np.arange(60))
        runs = [m.bootstrap({"s": lambda at: float(x[at].sum())}, list(range(60)), seed=5) for _ in range(2)]
        assert runs[0] == runs[1]

    def test_clusters_make_the_interval_wider(self) -> None:
        """Ten questions with four equal answers each hold ten facts, not forty."""
        x = np.repeat(np.random.default_rng(0).normal(size=10), 4)
        mean = {"mean": lambda at: float(x[at].mean())}
        alone = m.bootstrap(mean, list(range(40)))["mean"]
        together = m.bootstrap(mean, [i // 4 for i in range(40)])["mean"]
        assert together.high - together.low > 1.5 * (alone.high - alone.low)

    def test_coverage_is_near_its_name(self) -> None:
        rng = np.random.default_rng(1)

        def holds(x: m.Floats) -> bool:
            e = m.bootstrap({"mean": lambda at: float(x[at].mean())}, list(range(50)), resamples=400)["mean"]
            return e.low <= 0 <= e.high

        assert 0.87 <= np.mean([holds(rng.normal(size=50)) for _ in range(120)]) <= 1

    def test_the_interval_of_a_mean_is_as_wide_as_theory_has_it(self) -> None:
        """±1.96 s/√n: neither of another confidence nor of resamples of another size."""
        x = np.random.default_rng(3).normal(size=400)
        e = m.bootstrap({"mean": lambda at: float(x[at].mean())}, list(range(400)), resamples=4000)["mean"]
        assert (e.high - e.low) / 2 == pytest.approx(1.96 * x.std() / 20, rel=0.07)

    def test_one_cluster_has_no_interval(self) -> None:
        found = m.bootstrap({"one": lambda at: 1.0}, ["q", "q"])["one"]
        assert found.value == 1
        assert math.isnan(found.low)

    def test_undefined_resamples_are_left_out(self) -> None:
        found = m.bootstrap({"q": lambda at: m.qwk([0, 5, 1], [0, 5, 1], 6) if 1 in at else NAN}, [0, 1, 2])
        assert found["q"] == (1, 1, 1)


class TestEdges:
    def test_undefined_is_nan(self) -> None:
        assert math.isnan(m.qwk([3, 3], [3, 3], 6))
        assert math.isnan(m.qwk([], [], 6))
        assert math.isnan(m.krippendorff_alpha([[3, 3], [3, 3]]))
        assert math.isnan(m.krippendorff_alpha([[1, NAN], [NAN, 2]]))
        assert math.isnan(m.precision_recall_f1([0], [0]).f1)
        assert math.isnan(m.pearson([0.1] * 3, [1, 2, 3]))

    def test_what_is_no_grade_is_refused(self) -> None:
        for bad in ([0.5], [6], [-1]):
            with pytest.raises(ValueError, match="whole numbers"):
                m.qwk(bad, [1], 6)
        with pytest.raises(ValueError, match="same length"):
            m.mae([1], [1, 2])

    def test_it_is_a_leaf(self) -> None:
        code = (
            "import sys, evals.metrics; print([n for n in sys.modules if n.split('.')[0] in ('interviewer', 'scipy')])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


settings.register_profile("metrics", deadline=None)
settings.load_profile("metrics")
