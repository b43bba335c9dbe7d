"""A rubric made ready for matching: its wordings, their words and vectors, computed once per rubric.

Beside its own wordings a point gets the clauses of the reference and of the spoken script that make it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import fsum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interviewer.judge import lexicon
from interviewer.judge.normalise import fold
from interviewer.judge.polarity import stance
from interviewer.judge.wordings import (
    MIN_FACET,
    Draft,
    Term,
    Wording,
    WordingKind,
    drafts_of,
    holds,
    language_of,
    pieces_of,
    split_facets,
    squeeze,
)
from interviewer.judge.wordings import (
    terms_of as read_terms,
)
from interviewer.models import Rubric
from knowledge.models import Misconception, Point

if TYPE_CHECKING:
    from interviewer.embeddings import Embedder

Floats = NDArray[np.float32]

IN_QUESTION = 0.35
"""What is left of a word's weight when the question says it already."""
ENOUGH = 3.0
"""Content from which sharing a wording in full counts in full."""
ANCHORS = (
    "今天天气不错，我们下午去公园散步",
    "他昨天在超市买了三斤苹果",
    "这部电影的结局让人意外",
    "请把会议室的灯关一下",
    "The weather is nice today and we went for a walk",
    "She bought three apples at the market",
    "The film had a surprising ending",
    "Please turn off the lights in the meeting room",
)
"""Sentences that bear on no question; similarity to them is the floor of an embedder."""


@dataclass(frozen=True)
class RubricIndex:
    """`points` owners come first, then `misconceptions`."""

    points: tuple[Point, ...]
    misconceptions: tuple[Misconception, ...]
    wordings: tuple[Wording, ...]
    terms: tuple[Term, ...]
    vocabulary: dict[str, int]
    idf: Floats
    """Weight of each word of the vocabulary in this rubric."""
    weights: Floats
    """(wordings, vocabulary): the weight of each word that the wording has."""
    totals: Floats
    """Total weight of each wording."""
    vectors: Floats
    """(wordings, dim)."""
    floor: float
    centre: Floats
    """Mean vector of the points and the question: what the question is about."""
    asks: tuple[str, ...]
    ask_words: tuple[frozenset[str], ...]
    ask_vectors: Floats
    bags: Floats
    """(points, vocabulary): weight of each word that any wording of the point has, by how far it is its own."""
    substance: Floats
    """Per wording 0-1: how much there is to share; two common words shared in full show little."""
    topic: frozenset[str]
    """All words of points, question and reference: what the question is about."""

    @cached_property
    def term_texts(self) -> list[str]:
        return [t.text for t in self.terms]

    @cached_property
    def terms_of(self) -> dict[int, list[Term]]:
        out: dict[int, list[Term]] = {}
        for term in self.terms:
            out.setdefault(term.owner, []).append(term)
        return out

    @cached_property
    def owner_of(self) -> NDArray[np.int64]:
        return np.array([w.owner for w in self.wordings], dtype=np.int64)

    @cached_property
    def by_kind(self) -> dict[tuple[int, str], NDArray[np.int64]]:
        """Rows of the wordings of an owner, by kind, or by kind and language (`facet:zh`)."""
        rows: dict[tuple[int, str], list[int]] = {}
        for n, w in enumerate(self.wordings):
            rows.setdefault((w.owner, w.kind), []).append(n)
            rows.setdefault((w.owner, f"{w.kind}:{w.lang}"), []).append(n)
        return {k: np.array(v, dtype=np.int64) for k, v in rows.items()}

    @cached_property
    def shares(self) -> Floats:
        return np.array([w.share for w in self.wordings], dtype=np.float32)

    def rows(self, owner: int, kind: str) -> NDArray[np.int64]:
        return self.by_kind.get((owner, kind), _NONE)


_NONE: NDArray[np.int64] = np.zeros(0, dtype=np.int64)


def build(rubric: Rubric, embedder: Embedder, *, model_answers: bool = True) -> RubricIndex:
    """The index of a rubric. `model_answers=False` leaves reference and script out (for measuring)."""
    asks = _asks(rubric)
    owners: list[Point | Misconception] = [*rubric.points, *rubric.misconceptions]
    drafts = drafts_of(owners, len(rubric.points))
    for n, owner in enumerate(owners):
        kind: WordingKind = "phrase" if n < len(rubric.points) else "facet"
        share = 1.0 if n < len(rubric.points) else 0.0
        drafts += [(n, kind, language_of(t), t, share) for t in rubric.phrasings.get(owner.id, ())]
    words = [frozenset(f for f, _, _ in lexicon.features(fold(d[3]))) for d in drafts]
    vocabulary: dict[str, int] = {}
    for ws in words:
        for w in sorted(ws):
            vocabulary.setdefault(w, len(vocabulary))
    ask_words = tuple(frozenset(f for f, _, _ in lexicon.features(fold(a))) for a in asks)
    idf = _weights(vocabulary, drafts, words, len(rubric.points), ask_words)
    vectors = encode(embedder, [d[3] for d in drafts])
    if model_answers:
        extra = _assigned(rubric, embedder, drafts, words, vocabulary, idf, vectors)
        drafts += [e[0] for e in extra]
        for draft, _ in extra:
            ws = frozenset(f for f, _, _ in lexicon.features(fold(draft[3])))
            words.append(ws)
            for w in sorted(ws):
                vocabulary.setdefault(w, len(vocabulary))
        idf = _weights(vocabulary, drafts, words, len(rubric.points), ask_words)
        if extra:
            vectors = np.vstack([vectors, np.stack([e[1] for e in extra])])
    wordings = tuple(
        Wording(o, k, lang, fold(t), ws, stance(fold(t)), pieces_of(fold(t)), share)
        for (o, k, lang, t, share), ws in zip(drafts, words, strict=True)
    )
    anchors = encode(embedder, list(ANCHORS))
    floor = float((vectors @ anchors.T).mean()) if len(vectors) else 0.0
    weights = _matrix(words, vocabulary, idf)
    ask_vectors = encode(embedder, list(asks))
    own_texts = [n for n, w in enumerate(wordings) if w.kind == "text" and w.owner < len(rubric.points)]
    centre = np.vstack([vectors[own_texts], ask_vectors]).mean(axis=0)
    topic = frozenset(vocabulary).union(*ask_words) if ask_words else frozenset(vocabulary)
    return RubricIndex(
        points=rubric.points,
        misconceptions=rubric.misconceptions,
        wordings=wordings,
        terms=tuple(read_terms(owners, len(rubric.points), asks)),
        vocabulary=vocabulary,
        idf=idf,
        weights=weights,
        totals=weights.sum(axis=1),
        bags=_bags(wordings, owners, len(rubric.points), vocabulary, idf),
        substance=np.array(
            [min(1.0, fsum(float(idf[vocabulary[w]]) for w in ws) / ENOUGH) for ws in words], dtype=np.float32
        ),
        vectors=vectors,
        floor=min(max(floor, 0.0), 0.9),
        centre=centre / max(float(np.linalg.norm(centre)), 1e-6),
        asks=tuple(fold(a) for a in asks),
        ask_words=ask_words,
        ask_vectors=ask_vectors,
        topic=topic,
    )


def encode(embedder: Embedder, texts: list[str]) -> Floats:
    """Unit rows; any embedder failure is the caller's to handle."""
    if not texts:
        return np.zeros((0, embedder.dim), dtype=np.float32)
    return np.asarray(embedder.encode(texts), dtype=np.float32)


def _asks(rubric: Rubric) -> tuple[str, ...]:
    asks = [rubric.ask]
    if rubric.question is not None:
        own = (rubric.question.ask.zh, rubric.question.ask.en)
        if rubric.ask in own:
            asks.extend(own)
    return tuple(dict.fromkeys(a for a in asks if a.strip()))


def _weights(
    vocabulary: dict[str, int],
    drafts: list[Draft],
    words: list[frozenset[str]],
    points: int,
    ask_words: tuple[frozenset[str], ...],
) -> Floats:
    """Own weight, less for words of the question and words that several points share."""
    owners: dict[str, set[int]] = {}
    for draft, ws in zip(drafts, words, strict=True):
        if draft[0] < points and draft[1] != "model":
            for w in ws:
                owners.setdefault(w, set()).add(draft[0])
    asked = frozenset().union(*ask_words) if ask_words else frozenset()
    idf = np.zeros(len(vocabulary), dtype=np.float32)
    for word, column in vocabulary.items():
        df = len(owners.get(word, ()))
        shared = (df - 1) / (points - 1) if points > 1 and df > 1 else 0.0
        idf[column] = lexicon.weight(word) * (1.0 - 0.75 * shared) * (IN_QUESTION if word in asked else 1.0)
    return idf


def _matrix(words: list[frozenset[str]], vocabulary: dict[str, int], idf: Floats) -> Floats:
    matrix = np.zeros((len(words), len(vocabulary)), dtype=np.float32)
    for row, ws in enumerate(words):
        columns = [vocabulary[w] for w in ws]
        matrix[row, columns] = idf[columns]
    return matrix


def _bags(
    wordings: tuple[Wording, ...],
    owners: Sequence[Point | Misconception],
    points: int,
    vocabulary: dict[str, int],
    idf: Floats,
) -> Floats:
    """A word that several points have counts for each of them by its share."""
    has = np.zeros((points, len(vocabulary)), dtype=np.float32)
    for w in wordings:
        if w.owner < points:
            has[w.owner, [vocabulary[x] for x in w.words]] = 1.0
    for n, owner in enumerate(owners[:points]):
        for term in owner.terms:
            for f, _, _ in lexicon.features(fold(term)):
                if f in vocabulary:
                    has[n, vocabulary[f]] = 1.0
    return np.asarray(has * idf / np.maximum(has.sum(axis=0), 1.0), dtype=np.float32)


def _assigned(
    rubric: Rubric,
    embedder: Embedder,
    drafts: list[Draft],
    words: list[frozenset[str]],
    vocabulary: dict[str, int],
    idf: Floats,
    vectors: Floats,
) -> list[tuple[Draft, Floats]]:
    """Clauses of the model answers, each given to the point that it speaks to most."""
    texts = [rubric.reference]
    q = rubric.question
    if q is not None:
        texts += [q.reference.zh, q.reference.en, q.talk.zh, q.talk.en]
    pieces: dict[str, str] = {}
    for text in dict.fromkeys(t for t in texts if t.strip()):
        lang = language_of(text)
        for piece, worth in split_facets(text):
            if worth >= MIN_FACET:
                pieces.setdefault(piece, lang)
    points = len(rubric.points)
    if not pieces or not points:
        return []
    rows = encode(embedder, list(pieces))
    weights = _matrix(words, vocabulary, idf)
    totals = np.maximum(weights.sum(axis=1), 1e-6)
    owner_of = np.array([d[0] for d in drafts])
    similar = rows @ vectors.T
    terms = read_terms(list(rubric.points), points, ())
    out: list[tuple[Draft, Floats]] = []
    for n, (piece, lang) in enumerate(pieces.items()):
        present = np.zeros(len(vocabulary), dtype=np.float32)
        for f, _, _ in lexicon.features(piece):
            if f in vocabulary:
                present[vocabulary[f]] = 1.0
        shared = weights @ present / totals
        score = np.array(
            [
                max((shared + 0.6 * similar[n])[owner_of == k].max(), 0.0)
                + 0.4 * any(t.owner == k and holds(t, piece, squeeze(piece)) for t in terms)
                for k in range(points)
            ]
        )
        order = np.argsort(-score, kind="stable")
        best = int(order[0])
        lead = score[best] - (score[order[1]] if points > 1 else 0.0)
        if score[best] >= 0.55 and lead >= 0.08:
            out.append(((best, "model", lang, piece, 1.0), rows[n]))
    return out
