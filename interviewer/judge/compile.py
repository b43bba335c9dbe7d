"""A reference answer taken apart into points: by a model, checked against the reference, or without one.

A point stands only when the passage it cites is in the reference and its figures are there too. What was compiled
is kept under a hash of question, reference, model and prompt, and can be printed, edited and used again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from interviewer.errors import InputError, ProviderError
from interviewer.judge import lexicon, prompts
from interviewer.judge.evidence import Located, merge
from interviewer.judge.normalise import fold
from interviewer.judge.rubric import MOST_POINTS, split_reference
from interviewer.judge.verdicts import CompiledPoint, CompiledPoints
from interviewer.llm.protocol import Gateway
from interviewer.models import Usage

FEWEST = 2
LEAST_COVERED = 0.4
"""Part of the reference's content that the cited passages must have together."""
MOST_TERMS = 6
LONGEST_TERM = 60
HINT = "the points are a list of {id, text, weight}, as JSON or YAML; `interviewer judge --show-points` prints one"


class OwnPoint(BaseModel):
    """A point of a question that is not of the map, as it is printed and read back."""

    model_config = ConfigDict(extra="ignore")

    id: str = ""
    text: str = ""
    zh: str = ""
    en: str = ""
    weight: float = 1
    core: bool = True
    terms: list[str] = []

    def row(self) -> dict[str, Any]:
        """For `own_rubric`, and for the file: what is empty is left out."""
        return {k: v for k, v in self.model_dump().items() if v not in ("", []) and (k, v) != ("core", True)}


class Compiled(BaseModel):
    """The points of a question and where they come from."""

    question: str
    points: list[OwnPoint]
    source: Literal["given", "model", "split"]
    model: str | None = None
    key: str = ""
    """Hash of all that the points depend on."""
    note: str = ""
    """Why the reference was split although there was a model."""
    usage: Usage = Usage()

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [p.row() for p in self.points]

    def as_yaml(self) -> str:
        """To be edited, and read back by `read_points`."""
        head = {"question": self.question, "source": self.source} | ({"model": self.model} if self.model else {})
        return yaml.safe_dump({**head, "points": self.rows}, allow_unicode=True, sort_keys=False, width=100)


async def compile_points(
    question: str, reference: str, gateway: Gateway | None, *, folder: Path | None = None
) -> Compiled:
    """The points of a reference. A model that fails or makes nothing of it leaves the split, with a note.

    `folder` is where compiled points are kept, under their key.
    """
    if not reference.strip():
        raise InputError("there is nothing to compile: the reference is empty", hint=HINT)
    if gateway is None:
        return split(question, reference)
    key = _key(question, reference, gateway.model)
    if kept := _kept(folder, key):
        return kept
    try:
        done = await gateway.complete(prompts.compile_request(question.strip(), reference.strip()))
        out, usage = done.parsed_as(CompiledPoints), done.usage
    except ProviderError as e:
        return split(question, reference, note=e.message)
    except Exception as e:  # whatever a gateway did: the reference can still be split
        return split(question, reference, note=f"{type(e).__name__}: {e}"[:200])
    points = _sound(out.points, reference)
    if not points:
        return split(
            question, reference, note=f"{gateway.model} gave points that are not in the reference", usage=usage
        )
    made = Compiled(
        question=question, points=points, source="model", model=done.model or gateway.model, key=key, usage=usage
    )
    _keep(folder, made)
    return made


def split(question: str, reference: str, *, note: str = "", usage: Usage | None = None) -> Compiled:
    """The points without a model: the reference's statements, in order."""
    points = [OwnPoint(id=p.id, text=p.zh, weight=p.weight) for p in split_reference(reference.strip())]
    key = hashlib.sha256(json.dumps(["split", question, reference]).encode()).hexdigest()[:16]
    return Compiled(question=question, points=points, source="split", key=key, note=note, usage=usage or Usage())


def _sound(points: Sequence[CompiledPoint], reference: str) -> list[OwnPoint]:
    """The points that the reference bears out; none when too little of it is left."""
    place = Located(reference)
    figures = set(lexicon.numbers(fold(reference)))
    out: list[OwnPoint] = []
    spans: list[tuple[int, int]] = []
    seen: set[str] = set()
    for p in points:
        text = " ".join(p.text.split())
        cited = place.find(p.quote)
        if cited is None or not any(c.isalnum() for c in text) or fold(text) in seen:
            continue
        if set(lexicon.numbers(fold(text))) - figures:  # a figure of the model's own
            text = " ".join(cited.text.split())
        seen.add(fold(text))
        spans.append((cited.start, cited.end))
        weight = p.weight if p.weight == p.weight else 1.0
        terms = [t.strip()[:LONGEST_TERM] for t in p.terms if t.strip()][:MOST_TERMS]
        out.append(
            OwnPoint(id=f"c{len(out) + 1}", text=text, weight=min(max(weight, 1.0), 3.0), core=p.core, terms=terms)
        )
        if len(out) == MOST_POINTS:
            break
    whole = lexicon.content(fold(reference))
    covered = sum(lexicon.content(fold(reference[s:e])) for s, e in merge(spans))
    return out if len(out) >= FEWEST and covered >= LEAST_COVERED * whole else []


def read_points(path: Path) -> list[dict[str, Any]]:
    """The points of a JSON or YAML file: a list, or an object with `points`; a text alone is a point of weight 1.

    Raises InputError with file and place.
    """
    try:
        data = yaml.safe_load(path.read_text("utf-8-sig"))  # JSON is YAML
    except (OSError, UnicodeDecodeError) as e:
        raise InputError(f"{path}: {e}", hint=HINT) from None
    except yaml.YAMLError as e:
        raise InputError(f"{path}: neither JSON nor YAML: {' '.join(str(e).split())[:200]}", hint=HINT) from None
    return parse_points(data.get("points") if isinstance(data, Mapping) else data, str(path))


def parse_points(data: Any, where: str = "points") -> list[dict[str, Any]]:
    """Points given as data, checked."""
    if not isinstance(data, list) or not data:
        raise InputError(f"{where}: there is no list of points", hint=HINT)
    out = []
    for n, row in enumerate(data, 1):
        try:
            point = OwnPoint.model_validate({"text": row} if isinstance(row, str) else row)
        except ValidationError as e:
            fault = e.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, fault["loc"]))
            raise InputError(f"{where}: point {n}: {place + ': ' if place else ''}{fault['msg']}", hint=HINT) from None
        out.append(point.row())
    return out


def _key(question: str, reference: str, model: str) -> str:
    text = json.dumps([prompts.compile_hash(), model, question.strip(), reference.strip()])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _kept(folder: Path | None, key: str) -> Compiled | None:
    if folder is None:
        return None
    try:
        kept = Compiled.model_validate_json((folder / f"{key}.json").read_bytes())
    except (OSError, ValueError):
        return None
    return kept.model_copy(update={"usage": Usage()}) if kept.key == key and kept.points else None


def _keep(folder: Path | None, made: Compiled) -> None:
    """Written whole or not at all; a folder that cannot be written costs a call next time, nothing else."""
    if folder is None:
        return
    with contextlib.suppress(OSError, UnicodeError):
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(made.model_dump_json())
            Path(name).replace(folder / f"{made.key}.json")
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
