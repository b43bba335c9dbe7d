"""Two judges on the same answers, the baselines, and the committed report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.baselines import BASELINES
from evals.card import card_differs, make_card, write_card
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

    def test_somewhat_worse_beyond_chance_is_enough_and_within_it_is_not(self) -> None:
        whole = graded(REFERENCES, REFERENCES)
        some = graded([5 - r if n % 9 == 0 else r for n, r in enumerate(REFERENCES)], REFERENCES)
        assert any(f.startswith("qwk is worse") for f in failures(self.kept, self.kept, whole, some))
        one = graded([r - 1 if n == 5 else r for n, r in enumerate(REFERENCES)], REFERENCES)
        assert failures(self.kept, self.kept, whole, one) == []

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


def evals(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evals", *map(str, args)], capture_output=True, text=True, timeout=120,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("result.json", b"not json"),
        ("result.json", b"\xff\xfe\x00"),
        ("result.json", b"{}"),
        ("result.json", b"[]"),
        ("result.json", b'{"metrics": {"qwk": {"value": 1}}, "probes": [{"name": "of another version"}]}'),
        ("grades.jsonl", b'{"id": "a"}'),
        ("grades.jsonl", b"{"),
    ],
)
def test_the_gate_says_at_once_that_a_report_cannot_be_compared_with(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "result.json").write_text('{"metrics": {"qwk": {"value": 1, "low": 1, "high": 1}}, "probes": []}')
    (tmp_path / name).write_bytes(content)
    done = evals("gate", "--report", tmp_path)
    assert done.returncode == 1 and name in done.stderr and "gate --write" in done.stderr
    assert "Traceback" not in done.stderr and "judged" not in done.stderr


def test_a_gate_without_a_report_measures_nothing(tmp_path: Path) -> None:
    done = evals("gate", "--report", tmp_path)
    assert done.returncode == 2 and "holds no report" in done.stderr and "judged" not in done.stderr


class TestCard:
    card = {  # noqa: RUF012
        "qwk": {"value": 0.8, "low": 0.7, "high": 0.9}, "mae": 0.7, "annotators_qwk": 0.9, "answers": 3,
        "questions": 2, "calibration": "fusion-v3", "embedder": "e", "zh": "一致性 QWK 0.80", "en": "QWK 0.80",
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({}, None),
            ({"qwk": {"value": 0.805, "low": 0.7, "high": 0.9}}, None),
            ({"qwk": {"value": 0.82, "low": 0.7, "high": 0.9}}, "QWK, value: the card says 0.8, now it is 0.82"),
            ({"qwk": {"value": 0.8, "low": 0.6, "high": 0.9}}, "QWK, low"),
            ({"mae": 0.75}, "MAE"),
            ({"annotators_qwk": 0.8}, "annotators"),
            ({"answers": 4}, "answers: the card says 3, now it is 4"),
            ({"calibration": "fusion-v4"}, "calibration"),
            ({"en": "QWK of 0.80"}, "en: the card says 'QWK 0.80'"),
        ],
    )
    def test_what_makes_it_out_of_date(self, tmp_path: Path, change: dict[str, Any], told: str | None) -> None:
        kept = tmp_path / "card.json"
        write_card("offline", self.card, kept)
        found = card_differs("offline", self.card | change, kept)
        assert found is None if told is None else found is not None and found.startswith(told)
        assert "no card" in str(card_differs("other", self.card, kept))

    def test_the_packaged_card_says_what_the_committed_report_says(self) -> None:
        result = read(FOLDER, RESULT)
        assert card_differs("offline", make_card(result, load_dataset().only("test"))) is None


def test_compare_on_the_command_line(tmp_path: Path) -> None:
    items = FOLDER / "grades.jsonl"
    done = evals("compare", items, items, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["metrics"]["qwk"]["difference"]["value"] == 0
    assert "no items.jsonl" in evals("compare", items, FOLDER / "result.json").stderr
    missing = evals("compare", items, tmp_path)
    assert missing.returncode == 2 and "evals run --output" in missing.stderr
