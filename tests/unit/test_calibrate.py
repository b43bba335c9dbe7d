"""Fitting: on the dev half alone, weights that never punish, intervals that hold what they say."""

from __future__ import annotations

import json

import numpy as np
import pytest

from evals.calibrate import _conformal, _quantiles, calibrate
from evals.datasets import load_dataset
from evals.fitting import Row, weighted
from interviewer.errors import UsageError
from interviewer.examiners import offline_judge
from interviewer.judge import OfflineJudge, own_rubric, question_rubric
from interviewer.judge.aggregate import fitted
from interviewer.judge.fusion import Band, Fusion, folder, load_fusion
from knowledge import load_map


def test_only_the_dev_half_is_fitted_on() -> None:
    judge = offline_judge()
    for split in ("test", "all"):
        with pytest.raises(UsageError):
            calibrate(load_dataset(), judge.with_fusion, load_fusion(), id="x", split=split)


def test_weights_are_found_and_never_below_zero() -> None:
    rng = np.random.default_rng(0)
    rows = []
    for n in range(600):
        good, bad, noise = rng.random(3)
        p = 1 / (1 + np.exp(-(6 * good - 4 * bad - 1)))
        rows.append(Row({"cover": good, "similar": bad, "mass": noise}, float(rng.random() < p), f"q{n % 20}"))
    start = load_fusion().model_copy(update={"weights": {"cover": 1.0, "similar": 1.0, "mass": 1.0}})
    found = weighted(start, rows)
    assert found.weights["cover"] > 3 and found.weights["similar"] == 0 and 0 <= found.weights["mass"] < 1


def test_the_interval_holds_the_nominal_share_of_what_comes_next() -> None:
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(200):
        low, high = _quantiles(rng.normal(size=80))
        fresh = rng.normal(size=200)
        inside.append(float(((low <= fresh) & (fresh <= high)).mean()))
    assert 0.86 < np.mean(inside) < 0.94


def test_every_score_has_a_band() -> None:
    rng = np.random.default_rng(2)
    scores = rng.random(400) * 10
    bands = list(_conformal(scores, rng.normal(size=400), silent=False))
    assert bands[-1].up_to == 10 and [b.up_to for b in bands] == sorted(b.up_to for b in bands)
    assert all(b.low <= 0 <= b.high for b in bands)
    assert fitted(10, bands)[1] == 10 and fitted(0, bands)[0] == 0
    assert list(_conformal(np.array([]), np.array([]), silent=True))[-1].up_to == 10


def test_the_version_in_use_says_where_it_comes_from() -> None:
    fusion = load_fusion()
    assert fusion.intervals and "dev half" in fusion.provenance and fusion.id == "fusion-v3"
    for path in folder().glob("fusion-v*.json"):
        assert Fusion.model_validate(json.loads(path.read_text("utf-8"))).id == path.stem
    assert isinstance(fusion.intervals[0], Band)


def test_another_fusion_shares_the_indexes() -> None:
    judge = offline_judge()
    other = judge.with_fusion(load_fusion(folder() / "fusion-v1.json"))
    assert isinstance(other, OfflineJudge) and other._indexes is judge._indexes and other.fusion.id == "fusion-v1"


def test_a_rubric_without_wordings_is_judged_by_the_version_that_holds_there() -> None:
    judge = offline_judge()
    own = own_rubric("什么是学习率预热？", reference="开头让学习率从很小线性升到峰值。这样二阶矩估计有时间变准。")
    mapped = question_rubric(load_map().question("lr-scheduling.how-to-set-lr"), "zh")
    said = "一开始学习率从很小慢慢升上去，让二阶矩先估准。"
    assert judge.judge_sync(own, said, "zh").judge.calibration == "fusion-v1"
    assert judge.judge_sync(mapped, said, "zh").judge.calibration == "fusion-v3"
