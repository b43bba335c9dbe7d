"""What is kept of rows that cannot all be kept: samples that do not depend on the order of the rows.

Each thing gets an evenly spread number out of its own content, and the lowest numbers stay (bottom-k sampling, Cohen &
Kaplan 2007, PODC). So a sample is uniform, equal input gives an equal sample, and samples of two halves merge into
exactly the sample of the whole. Pure.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from hashlib import blake2b
from typing import NamedTuple

from pydantic import BaseModel, PrivateAttr

MOST_PAIRS = 20_000
"""Of which a correlation is known to the second digit, and bootstrapped in seconds."""
MOST_CELLS = 50_000
_LIMIT = 1 << 53
HUNDRED = 100
"""Scores are counted in hundredths, as whole numbers: sums are then exact in any order."""


def place_of(*parts: object) -> int:
    """A number below 2**53 that is the same for the same parts everywhere, and evenly spread otherwise."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "replace")
    return int.from_bytes(blake2b(text, digest_size=8).digest()) >> 11


class Pair(NamedTuple):
    """A score that a person gave, and the judge's for the same answer."""

    order: int
    """Its place, negative, so that the root of a heap is the first to go."""
    number: int
    """The row."""
    id: str
    question: str
    human: float
    """As it stood in the file."""
    top: float
    """The most marks that the row says there are; 0 when it does not."""
    score: float


class PairSample(BaseModel):
    """At most `most` pairs, drawn with `seed` from all that were seen."""

    most: int = MOST_PAIRS
    seed: int = 0
    seen: int = 0
    highest: float = 0
    """The highest human score of all pairs whose row does not say how many marks there are."""
    kept: list[Pair] = []

    def add(self, number: int, id: str, question: str, human: float, top: float, score: float) -> None:
        self.seen += 1
        if not top:
            self.highest = max(self.highest, human)
        place = place_of(self.seed, number, id, question, human, score)
        self._keep(Pair(-place, number, id, question, human, top, score))

    def merge(self, other: PairSample) -> None:
        self.seen += other.seen
        self.highest = max(self.highest, other.highest)
        for pair in other.kept:
            self._keep(pair)

    def pairs(self) -> list[Pair]:
        """Those kept, by row."""
        return sorted(self.kept, key=lambda p: (p.number, p.id, p.question, p.order, p.human, p.score))

    def _keep(self, pair: Pair) -> None:
        if len(self.kept) < self.most:
            heapq.heappush(self.kept, pair)
        else:
            heapq.heappushpop(self.kept, pair)


class Cell(NamedTuple):
    """The scored answers of one person to one question."""

    answers: int
    total: int
    """In hundredths of a mark."""


class Person(NamedTuple):
    """What one person did, without the single answers."""

    unscored: int = 0
    review: int = 0


class People(BaseModel):
    """Scores by person and question, of whole persons, as many as fit into `most` scores."""

    most: int = MOST_CELLS
    seed: int = 0
    limit: int = _LIMIT
    """Persons whose place is below it are kept; those at or above were let go."""
    size: int = 0
    cells: dict[str, dict[str, Cell]] = {}
    others: dict[str, Person] = {}
    """For persons with rows that are unscored or to review."""

    _heap: list[tuple[int, str]] = PrivateAttr(default_factory=list)

    @property
    def sampled(self) -> bool:
        """Whether persons had to be left out."""
        return self.limit < _LIMIT

    def add(self, person: str, question: str, score: float | None, *, review: bool) -> None:
        cells = self._of(person)
        if cells is None:
            return
        if score is None or review:
            was = self.others.get(person, Person())
            self.others[person] = Person(was.unscored + (score is None), was.review + review)
        if score is not None:
            self._count(cells, question, Cell(1, round(score * HUNDRED)))
        self._shrink()

    def merge(self, other: People) -> None:
        self.limit = min(self.limit, other.limit)
        for person, found in other.cells.items():
            cells = self._of(person)
            if cells is None:
                continue
            for question, cell in found.items():
                self._count(cells, question, cell)
            if person in other.others:
                was, more = self.others.get(person, Person()), other.others[person]
                self.others[person] = Person(was.unscored + more.unscored, was.review + more.review)
        self._drop_from_limit()
        self._shrink()

    def items(self) -> Iterator[tuple[str, dict[str, Cell], Person]]:
        for person, cells in self.cells.items():
            yield person, cells, self.others.get(person, Person())

    def _of(self, person: str) -> dict[str, Cell] | None:
        cells = self.cells.get(person)
        if cells is None:
            place = place_of(self.seed, person)
            if place >= self.limit:
                return None
            self._order()
            cells = self.cells[person] = {}
            heapq.heappush(self._heap, (-place, person))
            self.size += 1
        return cells

    def _count(self, cells: dict[str, Cell], question: str, more: Cell) -> None:
        was = cells.get(question)
        self.size += was is None
        cells[question] = more if was is None else Cell(was.answers + more.answers, was.total + more.total)

    def _shrink(self) -> None:
        while self.size > self.most:
            self._order()
            self.limit = -self._heap[0][0]
            self._drop_from_limit()

    def _drop_from_limit(self) -> None:
        self._order()
        while self._heap and -self._heap[0][0] >= self.limit:
            _, person = heapq.heappop(self._heap)
            self.size -= 1 + len(self.cells.pop(person))
            self.others.pop(person, None)

    def _order(self) -> None:
        """The heap, made again where this was read from JSON."""
        if len(self._heap) != len(self.cells):
            self._heap = [(-place_of(self.seed, p), p) for p in self.cells]
            heapq.heapify(self._heap)
