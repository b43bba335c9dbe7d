"""How a part was made, so that a later run can tell whether it would come out the same.

A part is made of the rows of its partition, of options, of a judge, and of those rubrics of the map that its rows
were graded against. Knows no files of the output.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from interviewer.batch.packing import split_suffix
from interviewer.batch.partitioned.partitions import Content, Partition
from interviewer.batch.summary import Summary
from interviewer.judge.offline import rubric_hash
from interviewer.judge.rubric import question_rubric
from knowledge import KnowledgeMap
from knowledge.models import Lang
from rubrics import Rules

VERSION = 1
"""Raise it when parts are written in another way."""
_LANGS: tuple[Lang, ...] = ("zh", "en")


class Record(BaseModel):
    """Of one part that is finished. Field names are on disk."""

    key: str
    """What the part is made of, rubrics excepted."""
    rubrics: list[str]
    """Hashes of the rubrics of the map that were used."""
    again: bool
    """Some rows failed for a reason that may pass: the model was not to be had, the deadline."""
    file: str
    content: Content
    bytes: int
    """Of the part itself."""
    columns: str
    """A hash of the part's columns and their types."""
    score_sum: float
    """Of the graded rows: the mean of all parts is not a mean of rounded means."""
    summary: Summary


@dataclass(frozen=True)
class MapFacts:
    """What parts depend on in a map."""

    the_map: KnowledgeMap
    rules: Rules

    @cached_property
    def names(self) -> str:
        """A hash of all that a row can call a question: whether it is found depends on every one of them."""
        called = sorted((q.id, q.ask.zh, q.ask.en) for q in self.the_map.questions.values())
        return _hash(called)

    @cached_property
    def rubrics(self) -> frozenset[str]:
        """Of every question, in both languages, as judgements name them."""
        return frozenset(
            rubric_hash(question_rubric(q, lang, ()), self.rules)
            for q in self.the_map.questions.values()
            for lang in _LANGS
        )

    @cached_property
    def digest(self) -> str:
        return _hash([self.names, sorted(self.rubrics)])


def key_of(partition: Partition, options: Mapping[str, Any], fingerprint: str, names: str) -> str:
    """A hash of what a part is made of. Neither where the file lies is part of it, nor what it is called."""
    suffix, packing = split_suffix(Path(partition.file))
    rows = (partition.first, partition.rows) if partition.split else None
    return _hash(
        [VERSION, partition.content.sha256, suffix, packing, rows, partition.html, dict(options), fingerprint, names]
    )


def holds(record: Record, key: str, rubrics: Collection[str]) -> bool:
    """Whether the part would come out the same now."""
    return record.key == key and not record.again and all(r in rubrics for r in record.rubrics)


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
