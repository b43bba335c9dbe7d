"""What a judge has to beat: similarity with the reference, and length, made into grades as well as can be.

A baseline is one number per answer, turned into a grade by isotonic regression fitted on the dev half (Barlow et al.
1972, Statistical Inference under Order Restrictions): the best that any growing function of that number can do there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evals.datasets import Item
from evals.metrics import Floats
from evals.splits import split_of
from interviewer.errors import UsageError

Numbers = Callable[[Sequence[Item], Sequence[Item]], tuple[Floats, Floats]]
"""Items to fit on and items to grade, each to one number per item."""


@dataclass(frozen=True)
class Baseline:
    name: str
    what: str
    numbers: Numbers

    def half_scores(self, dev: Sequence[Item], items: Sequence[Item]) -> Floats:
        """A grade 0-5, not rounded, for each of `items`. Raises UsageError when `dev` is not of the dev half."""
        from sklearn.isotonic import IsotonicRegression

        if any(split_of(i.question.id) != "dev" for i in dev):
            raise UsageError("a baseline is fitted on the dev half", hint="give it dataset.only('dev')")
        known, asked = self.numbers(dev, items)
        curve = IsotonicRegression(out_of_bounds="clip").fit(known, [i.mean_grade for i in dev])
        out: Floats = np.asarray(curve.predict(asked), dtype=np.float64)
        return out


def tfidf(dev: Sequence[Item], items: Sequence[Item]) -> tuple[Floats, Floats]:
    """Cosine of TF-IDF vectors of answer and reference, of character 2- to 4-grams: no word borders in Chinese.

    Salton & Buckley 1988, Inf. Process. Manage. 24, 513-523; inverse document frequencies of the dev half.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    vectorizer.fit([_reference(i) for i in dev] + [i.answer.answer for i in dev])

    def cosine(of: Sequence[Item]) -> Floats:
        answers = vectorizer.transform([i.answer.answer for i in of])
        references = vectorizer.transform([_reference(i) for i in of])
        return np.asarray(answers.multiply(references).sum(axis=1), dtype=np.float64).ravel()

    return cosine(dev), cosine(items)


def length(dev: Sequence[Item], items: Sequence[Item]) -> tuple[Floats, Floats]:
    """Logarithm of the number of characters."""

    def of(some: Sequence[Item]) -> Floats:
        return np.log1p(np.array([len(i.answer.answer) for i in some], dtype=np.float64))

    return of(dev), of(items)


def _reference(item: Item) -> str:
    """The reference in the language of the answer; mixed answers are mostly Chinese."""
    return item.question.reference.text("en" if item.answer.lang == "en" else "zh")


BASELINES = (
    Baseline("TF-IDF", "cosine of TF-IDF vectors with the reference, isotonic fit on dev", tfidf),
    Baseline("length", "logarithm of the answer's length, isotonic fit on dev", length),
)
