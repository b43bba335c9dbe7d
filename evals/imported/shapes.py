"""What a file of graded answers is once it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evals.datasets import EvalAnswer, Item
from evals.imported.scales import Mark, Scale


@dataclass(frozen=True)
class Fault:
    """Something that was left out: a whole row, or one rater's rating in it."""

    row: int
    error: str
    id: str = ""
    rater: str | None = None
    file: str = ""
    """Where several files were read."""
    raw: str | None = None

    def __str__(self) -> str:
        return f"{self.file + ' ' if self.file else ''}row {self.row}: {self.error}"

    def as_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"row": self.row, "id": self.id or None, "rater": self.rater, "error": self.error}
        return out | ({"file": self.file} if self.file else {}) | ({"raw": self.raw} if self.raw else {})


@dataclass
class Graded:
    """An answer with its raters' marks; at least one."""

    id: str
    """Told apart from every other answer of the file."""
    row: int
    question: str
    """What tells its question from others: the question's id, else its text."""
    cells: dict[str, Any]
    """What a judge may see: question_id or question, points, reference, lang, choice_order, answer."""
    marks: dict[str, Mark] = field(default_factory=dict)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By rater: credits of `points`, `misconceptions` and `note`, where they were given."""
    of_the_set: Item | EvalAnswer | None = None
    """The answer of the eval set that it is, if it is one."""

    @property
    def answer(self) -> str:
        return str(self.cells["answer"])

    @property
    def known(self) -> dict[str, Mark]:
        """The grades that the eval set has for it already."""
        readers = self.of_the_set.readers if isinstance(self.of_the_set, Item) else ()
        return {r.rater: Mark(float(r.grade), SET_SCALE) for r in readers}


SET_SCALE = Scale(0.0, 5.0)


@dataclass(frozen=True)
class Imported:
    """Everything that was read, and everything that was not."""

    name: str
    rows: int
    answers: tuple[Graded, ...]
    faults: tuple[Fault, ...]
    notices: tuple[str, ...]
    """What was taken for what, and what else a person should know."""
    layout: Mapping[str, Any]
    hash: str
    """Of the answers with their marks, in whatever order they stood."""

    @property
    def raters(self) -> list[str]:
        return sorted({r for a in self.answers for r in a.marks})
