"""Other ways to say a point or a wrong belief, in words that its own text does not have.

`data/phrasings/<first part of the question's id>.yaml` holds question id -> id of a point or a misconception ->
{zh: [...], en: [...], denies: [...]}. A judge that goes by words and vectors takes them beside the text; a model is not
shown them. They are read when a question is first judged, not with the map.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from knowledge.models import Slug
from knowledge.yaml_file import Parsed, read_yaml

NonEmpty = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Phrasings(BaseModel):
    """Of one point or one misconception."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: tuple[NonEmpty, ...] = ()
    en: tuple[NonEmpty, ...] = ()
    denies: tuple[Slug, ...] = ()
    """For a misconception: points of its question that say the opposite, so that no one can hold both."""


OfQuestion = Mapping[str, Phrasings]
FILE_SHAPE: Any = dict[str, dict[str, Phrasings]]


def folder() -> Path:
    return Path(str(files("rubrics") / "data" / "phrasings"))


def phrasings_of(question_id: str) -> OfQuestion:
    """By id of a point or a misconception; empty for a question that has none.

    Raises knowledge.errors.MapFileError with file and line for a file that cannot be used.
    """
    return _file(question_id.split(".", 1)[0]).get(question_id, {})


@cache
def _file(name: str) -> dict[str, dict[str, Phrasings]]:
    path = folder() / f"{name}.yaml"
    if not path.is_file():
        return {}
    found: dict[str, dict[str, Phrasings]] = read_yaml(path, FILE_SHAPE, Parsed(None))
    return found
