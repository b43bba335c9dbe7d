"""Scripted answers: a YAML or JSONL file, by question id or as a list in order.

YAML by id:     lora.principle: 我的回答        (or a list: the answer, then one for each follow-up)
YAML in order:  - first answer
                - second answer
JSONL:          {"question_id": "lora.principle", "answer": "…", "follow_ups": ["…"]}  per line
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from interviewer.errors import InputError
from interviewer.models import Action, Turn
from knowledge import KnowledgeMap, UnknownNameError
from knowledge.errors import nearest
from knowledge.strict_yaml import Loader

MOST_BYTES = 32 << 20
"""Of a file of answers; an interview has fifty questions."""
KEYS = {"question_id", "answer", "follow_ups"}
COMMANDS: dict[str, Action] = {
    "/hint": "hint",
    "/skip": "skip",
    "/dont-know": "dont_know",
    "/不知道": "dont_know",
    "/quit": "finish",
}


class _Texts(Loader):
    """Every plain scalar but null is text as it was written: `no`, `1.10` and `2026-11-21` are answers."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, form) for tag, form in forms if tag.endswith(":null")]
        for first, forms in Loader.yaml_implicit_resolvers.items()
    }


@dataclass
class Script:
    """What to answer. By id when the file names questions, otherwise a queue in order."""

    by_id: dict[str, deque[str]] = field(default_factory=dict)
    in_order: deque[str] = field(default_factory=deque)

    def take(self, turn: Turn) -> tuple[Action, str | None]:
        """What the script does at this turn; without an answer for it, the turn is skipped.

        A list in order that has run out ends the interview.
        """
        if self.by_id:
            left = self.by_id.get(turn.question_id)
            return as_action(left.popleft()) if left else ("skip", None)
        return as_action(self.in_order.popleft()) if self.in_order else ("finish", None)

    def skip_done(self, turns: list[Turn]) -> None:
        """After a resume: drop what was already given, with the hints that were asked for on the way."""
        for turn in turns:
            queue = self.by_id.get(turn.question_id) if self.by_id else self.in_order
            if turn.kind == "hint" or turn.action is None or not queue:
                continue
            while len(queue) > 1 and as_action(queue[0])[0] == "hint":
                queue.popleft()
            queue.popleft()

    def question_ids(self) -> list[str]:
        """The questions that the file has answers for, in its order."""
        return list(self.by_id)


def as_action(text: str) -> tuple[Action, str | None]:
    """`/hint`, `/skip`, `/dont-know` and `/quit` are actions; everything else is an answer."""
    action = COMMANDS.get(text.strip().lower())
    return (action, None) if action else ("answer", text)


def read_answers(path: Path, the_map: KnowledgeMap) -> Script:
    """Raises InputError with the file and place, UnknownNameError for a question that is not there."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as e:
        raise InputError(f"{path}: cannot be read: {e.strerror}", hint="check --answers FILE") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8", hint="save the file as UTF-8") from None
    if len(data) > MOST_BYTES:
        raise InputError(f"{path}: larger than {MOST_BYTES >> 20} MB", hint="check --answers FILE")
    entries = _jsonl(path, text) if path.suffix in (".jsonl", ".ndjson") else _yaml(path, text)
    script = Script()
    for where, question_id, answers in entries:
        if question_id is None:
            script.in_order.extend(answers)
            continue
        if question_id not in the_map.questions:
            raise UnknownNameError(f"question (in {path}, {where})", question_id, the_map.questions)
        script.by_id.setdefault(question_id, deque()).extend(answers)
    if script.by_id and script.in_order:
        raise InputError(
            f"{path}: some answers name their question and some do not",
            hint="give question_id for all of them, or for none",
        )
    if not entries:
        raise InputError(f"{path}: no answers in it", hint="see `interviewer interview --help`")
    return script


Entry = tuple[str, str | None, list[str]]


def _jsonl(path: Path, text: str) -> list[Entry]:
    entries = []
    for n, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as e:
            why = e.msg if isinstance(e, json.JSONDecodeError) else str(e)
            raise InputError(f"{path}:{n}: not valid JSON: {why}", hint="one JSON object per line") from None
        entries.append(_entry(path, f"line {n}", value))
    return entries


def _yaml(path: Path, text: str) -> list[Entry]:
    bad = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        raise InputError(
            f"{path}:{line}: YAML does not allow the character U+{ord(bad[0]):04X}",
            hint="write it as an escape in double quotes, or use JSONL",
        )
    try:
        value = yaml.load(text, Loader=_Texts)  # noqa: S506 -- a safe loader, see there
    except (yaml.YAMLError, RecursionError) as e:
        mark = getattr(e, "problem_mark", None)
        place = f":{mark.line + 1}" if mark else ""
        why = getattr(e, "problem", None) or "nested too deeply"
        raise InputError(
            f"{path}{place}: not valid YAML: {why}", hint="quote answers that contain `: ` or `#`"
        ) from None
    if isinstance(value, dict):
        return [_entry(path, str(k), {"question_id": str(k), **_as_fields(v)}) for k, v in value.items()]
    if isinstance(value, list):
        return [_entry(path, f"item {n}", v) for n, v in enumerate(value, 1)]
    raise InputError(
        f"{path}: expected a mapping of question ids to answers, or a list", hint="see `interviewer --help`"
    )


def _as_fields(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return {"answer": value[0] if value else "", "follow_ups": value[1:]}
    return {"answer": value}


def _entry(path: Path, where: str, value: Any) -> Entry:
    if isinstance(value, str | int | float) or value is None:
        return where, None, [_text(path, where, value)]
    if not isinstance(value, dict):
        raise InputError(f"{path}, {where}: expected an answer or an object, not {type(value).__name__}")
    for key in value:
        if key not in KEYS:
            close = nearest(str(key), KEYS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"keys: {', '.join(sorted(KEYS))}"
            raise InputError(f"{path}, {where}: unknown key {str(key)[:60]!r}", hint=hint)
    follow_ups = value.get("follow_ups") or []
    if not isinstance(follow_ups, list):
        raise InputError(f"{path}, {where}: follow_ups must be a list")
    question_id = value.get("question_id")
    answers = [value.get("answer", ""), *follow_ups]
    return where, None if question_id is None else str(question_id), [_text(path, where, a) for a in answers]


def _text(path: Path, where: str, value: Any) -> str:
    if isinstance(value, str | int | float):
        return str(value)
    if value is None:
        return ""
    raise InputError(
        f"{path}, {where}: an answer must be text, not {type(value).__name__}",
        hint="give several answers to one question as `answer` and `follow_ups`",
    )
