"""The halves never move, no question is in both, and nothing is fitted on the one that counts."""

from __future__ import annotations

import pytest

from evals.datasets import load_dataset
from evals.splits import SPLITS, for_fitting, split_of
from interviewer.errors import UsageError
from knowledge import load_map


def test_a_question_stays_where_it_is() -> None:
    assert {q: split_of(q) for q in ("lora.principle-and-starting-point", "sft-fundamentals.loss")} == {
        "lora.principle-and-starting-point": "test",
        "sft-fundamentals.loss": "dev",
    }


def test_the_halves_are_halves() -> None:
    every = [split_of(q) for q in load_map().questions]
    assert 0.4 < every.count("dev") / len(every) < 0.6


def test_every_answer_is_in_one_half() -> None:
    whole = load_dataset()
    halves = {s: whole.only(s) for s in SPLITS}
    assert sum(len(h.items) + len(h.ungraded) for h in halves.values()) == len(whole.items) + len(whole.ungraded)
    questions = [{i.question.id for i in h.items} for h in halves.values()]
    assert not questions[0] & questions[1] and all(questions)
    assert whole.only(None) is whole


def test_nothing_is_fitted_on_the_test_half() -> None:
    assert for_fitting("dev") == "dev"
    for other in ("test", "all", ""):
        with pytest.raises(UsageError):
            for_fitting(other)
