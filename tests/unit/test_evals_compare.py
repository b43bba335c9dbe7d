"""Two judges on the same answers, the baselines, and the committed report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.baselines import BASELINES
from evals.committed import FOLDER, RESULT, differences, failures, kept_items, read
from evals.compare import Graded, compare
from evals.datasets import load_dataset
from evals.metrics import qwk
from interviewer.errors import UsageError


def graded(scores: list[float], references: list[float]) -> list[Graded]:
    return [
        Graded(f"a{n}", f"q{n % 7}", r, s, ((float(r >= 2.5), s / 5),), (("lang", "zh" if n % 2 else "en"),))
        for n, (s, r) in enumerate(zip(scores, references, strict=True))
    ]


REFERENCES = [float(n % 6) for n in range(42)]


def test_a_judge_against_itself_differs_by_nothing() -> None:
    same = graded([min(r + 0.3, 5) for r in REFERENCES], REFERENCES)
    found = compare(same, same, resamples=50)
    assert found["n"] == 42 and found["questions"] == 7 and set(found["slices"]["lang"]) == {"zh", "en"}
    for row in found["metrics"].values():
        assert row["a"] == row["b"] and row["difference"] == {"value": 0, "low": 0, "high": 0}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 5), min_size=42, max_size=42), st.lists(st.floats(0, 5), min_size=42, max_size=42))
def test_the_other_way_round_turns_the_signs(x: list[float], y: list[float]) -> None:
    a, b = graded(x, REFERENCES), graded(y, REFERENCES)
    there, back = compare(a, b, resamples=20)["metrics"], compare(b, a, resamples=20)["metrics"]
    for name, row in there.items():
        assert row["difference"]["value"] == pytest.approx(-(back[name]["difference"]["value"]))


def test_only_answers_that_both_scored_count_and_a_worse_judge_is_told() -> None:
    good = graded(REFERENCES, REFERENCES)
    bad = graded([5 - r for r in REFERENCES], REFERENCES)[:40]
    found = compare(good, bad, resamples=200)
    assert (found["n"], found["only_a"], found["only_b"]) == (40, 2, 0)
    assert found["metrics"]["qwk"]["a"]["value"] == 1 and found["metrics"]["qwk"]["difference"]["low"] > 0


def test_a_baseline_grows_with_its_number_and_is_fitted_on_dev_alone() -> None:
    data = load_dataset()
    dev, test = data.only("dev").items, data.only("test").items
    for b in BASELINES:
        known, _ = b.numbers(dev, test)
        scores = b.half_scores(dev, dev)
        assert np.all(np.diff(scores[np.argsort(known, kind="stable")]) >= -1e-9)
        assert scores.min() >= 0 and scores.max() <= 5
        with pytest.raises(UsageError, match="dev half"):
            b.half_scores(test, dev)


def test_the_committed_report_says_what_its_own_grades_say() -> None:
    kept, items = read(FOLDER, RESULT), kept_items(FOLDER)
    assert kept["split"] == "test" and kept["n"] == len(items) == len({i.id for i in items})
    reference = np.array([int(i.reference + 0.5) for i in items])
    assert qwk(reference, np.array([i.grade for i in items]), 6) == pytest.approx(
        kept["metrics"]["qwk"]["value"], abs=0.01
    )
    assert kept["probes"] and {b["name"] for b in kept["beside"]} >= {"TF-IDF", "words alone", "vectors alone"}
    tfidf = next(b for b in kept["beside"] if b["name"] == "TF-IDF")
    assert tfidf["difference"]["low"] >= 0.10


class TestGate:
    before = graded([r if n % 5 else 5 - r for n, r in enumerate(REFERENCES)], REFERENCES)
    kept = {  # noqa: RUF012
        "metrics": {"qwk": {"value": 0.8, "low": 0.7, "high": 0.9}},
        "probes": [{"name": "p", "passed": True, "value": 0.0}, {"name": "r", "passed": False, "value": 0.5}],
    }

    def test_nothing_changed(self) -> None:
        assert failures(self.kept, self.kept, self.before, self.before) == []

    def test_worse_beyond_chance(self) -> None:
        worse = graded([5 - r for r in REFERENCES], REFERENCES)
        found = failures(self.kept, self.kept, self.before, worse)
        assert any(f.startswith("qwk is worse") for f in found) and any(f.startswith("mae is worse") for f in found)
        assert failures(self.kept, self.kept, worse, self.before) == [], "better is no failure"

    def test_a_probe_lost_and_a_number_that_moved(self) -> None:
        now = {
            "metrics": {"qwk": {"value": 0.82, "low": 0.7, "high": 0.9}},
            "probes": [{"name": "p", "passed": False, "value": 0.2}],
        }
        found = failures(self.kept, now, self.before, self.before)
        assert len(found) == 2 and "'p' passed and does not" in found[0] and "out of date: qwk.value" in found[1]

    def test_other_answers(self) -> None:
        assert "2 gone" in failures(self.kept, self.kept, self.before, self.before[:-2])[0]


def test_differences_name_the_place() -> None:
    was = {"timing": 1, "a": {"b": [1, 2], "c": 3}}
    assert list(differences(was, {"timing": 9, "a": {"b": [1, 5], "c": 3}})) == [("a.b[1]", 2, 5)]
    assert list(differences(was, {"timing": 9, "a": {"b": [1, 2]}})) == [("a.c", 3, None)]


def test_compare_on_the_command_line(tmp_path: Path) -> None:
    def evals(*args: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "evals", *map(str, args)], capture_output=True, text=True, timeout=120,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip

    items = FOLDER / "grades.jsonl"
    done = evals("compare", items, items, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["metrics"]["qwk"]["difference"]["value"] == 0
    assert "no items.jsonl" in evals("compare", items, FOLDER / "result.json").stderr
    missing = evals("compare", items, tmp_path)
    assert missing.returncode == 2 and "evals run --output" in missing.stderr
