"""Files of requests: how the rounds of one run are called, and their parts where a round is too large for one file.

`requests.jsonl` is the first round, `requests-2.jsonl` the second; a large one lies in `requests-001.jsonl`,
`requests-002.jsonl`, … Knows names, lines and sizes; nothing of what is asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from interviewer.batch.writers import Output
from interviewer.errors import UsageError
from interviewer.llm.batch_lines import ID, MOST_BYTES, MOST_REQUESTS

_STEM = re.compile(r"(?P<base>.+?)(?:-(?P<round>[1-9]\d?))?(?:-(?P<part>\d{3}))?")
_START = re.compile(rb'\{"custom_id":"([0-9a-f]{40})(?:-([1-9]\d{0,5}))?"')


class Rounds:
    """The files that belong together by name, on the strength of one of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._base, self._round = _parts(path.stem)

    @property
    def first(self) -> Path:
        """What the first round is called, when it lies in one file."""
        return self.path.with_name(f"{self._base}{self.path.suffix}")

    def existing(self) -> list[Path]:
        """All rounds that are there, in order."""
        found = [
            (number, p.name, p)
            for p in self.path.parent.iterdir()
            if p.suffix == self.path.suffix and p.is_file() and (number := self._number(p))
        ]
        return [p for *_, p in sorted(found)]

    def next(self) -> Path:
        """The name that was given where it is free, else that of the next round."""
        taken = {self._number(p) for p in self.existing()}
        if self._round not in taken and not self.path.exists():
            return self.path
        return self.path.with_name(f"{self._base}-{max(taken) + 1}{self.path.suffix}")

    def _number(self, path: Path) -> int:
        """Which round a file is of; 0 for a file of something else."""
        base, number = _parts(path.stem)
        return number if base == self._base else 0


def _parts(stem: str) -> tuple[str, int]:
    found = _STEM.fullmatch(stem)
    return (found["base"], int(found["round"] or 1)) if found else (stem, 1)


def requests_in(path: Path, served: str) -> Iterator[tuple[str, int]]:
    """Key and attempt of every request of a file that was written here.

    Raises UsageError when it is no such file, or asks another model.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            found = _START.match(line)
            if found:
                key, attempt = found[1].decode(), int(found[2] or 1)
            elif line.strip():
                key, attempt = _rewritten(path, number, line)
            else:
                continue
            if number == 1:
                _check_model(path, line, served)
            yield key, attempt


def _rewritten(path: Path, number: int, line: bytes) -> tuple[str, int]:
    """The same of a line that another program has written anew."""
    try:
        whole = json.loads(line)
        found = ID.fullmatch(whole["custom_id"])
        if found and "body" in whole:
            return found[1], int(found[2] or 1)
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise UsageError(
        f"{path} is there and is no file of requests (line {number})", hint="give the requests another name"
    )


def _check_model(path: Path, line: bytes, served: str) -> None:
    try:
        model = json.loads(line)["body"]["model"]
    except (ValueError, TypeError, KeyError, RecursionError):
        model = None
    if model != served:
        raise UsageError(
            f"the requests in {path} are for {str(model)[:80]}, not for {served}",
            hint="give the --model that they were written for, or the requests another name",
        )


class RequestWriter:
    """Lines to one file or, where the provider takes no more in one, to several; whole or not at all."""

    def __init__(self, target: Path, *, most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES) -> None:
        self.target = target
        self._most = (most_requests, most_bytes)
        self._parts: list[Output] = []
        self._held = (0, 0)

    def write(self, line: bytes) -> None:
        """Raises OSError or ConfigError."""
        requests, size = self._held
        if not self._parts or requests == self._most[0] or size + len(line) > self._most[1]:
            if self._parts:
                self._parts[-1].file.flush()
            self._parts.append(Output(self.target))
            requests = size = 0
        self._parts[-1].file.write(line)
        self._held = (requests + 1, size + len(line))

    def finish(self) -> list[Path]:
        """Move the files to their places. Raises ConfigError."""
        paths = []
        for number, part in enumerate(self._parts, 1):
            path = self.target
            if len(self._parts) > 1:
                path = path.with_name(f"{path.stem}-{number:03d}{path.suffix}")
            part.path = path
            part.finish()
            paths.append(path)
        self._parts = []
        return paths

    def discard(self) -> None:
        for part in self._parts:
            part.discard()
        self._parts = []
