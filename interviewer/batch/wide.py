"""Files with one column per question and one row per person, as survey tools export them.

Recognises a question of the map by its text in the header. Pure: knows names and the map.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from interviewer.batch.columns import find_column, fold
from interviewer.errors import UsageError
from knowledge import KnowledgeMap, UnknownNameError

_NUMBERED = re.compile(r"\s*(?:第\s*\d+\s*[题問问]|[Qq]?\s*\d+)\s*[.、,，:：)）_\-]\s*")
_MARKED = re.compile(r"\s*(?:[（(\[【][^（()）\[\]【】]{0,20}[）)\]】]|\*)\s*\Z")


class QuestionNames:
    """The questions of a map by what they ask, in either language, and by id."""

    def __init__(self, the_map: KnowledgeMap) -> None:
        self._map = the_map

    @cached_property
    def _texts(self) -> dict[str, str]:
        texts = {fold(t): q.id for q in self._map.questions.values() for t in (q.ask.zh, q.ask.en) if t}
        return texts | {fold(id): id for id in self._map.questions}

    def find(self, name: str) -> str | None:
        """The id of the question that is called so.

        Width, case, blanks and punctuation do not count, nor does a number before the text or a mark in
        brackets after it, as surveys add them: "3. What is LoRA? (10 points)".
        """
        return next((self._texts[n] for n in map(fold, _bare(name)) if n in self._texts), None)


def find_asked(columns: Sequence[str], names: QuestionNames) -> dict[str, str]:
    """Column to question id, for the columns that are called like a question."""
    return {c: found for c in columns if (found := names.find(c))}


def check_asked(asked: Mapping[str, str], columns: Sequence[str], the_map: KnowledgeMap) -> dict[str, str]:
    """Column to question id as options name them. Raises UsageError for a column or a question that is not there."""
    found: dict[str, str] = {}
    for wanted, question in asked.items():
        column = find_column(columns, wanted, f"--ask {wanted}={question}")
        try:
            found[column] = the_map.question(question).id
        except UnknownNameError as e:
            raise UsageError(f"--ask {wanted}: {e}", hint="`interviewer questions` lists them") from None
    return found


def _bare(name: str) -> Iterator[str]:
    yield name
    without_number = _NUMBERED.sub("", name, count=1) if _NUMBERED.match(name) else name
    yield without_number
    yield _MARKED.sub("", name)
    yield _MARKED.sub("", without_number)
