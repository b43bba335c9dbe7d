"""A provider's batch service in small: takes files of requests, gives back files of results in every disorder."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.llm.server import Say, error

Model = Callable[[Mapping[str, Any]], Say]
"""What a body is answered with."""


def result_line(custom_id: str, say: Say, n: int = 0) -> dict[str, Any]:
    body = json.loads(say.body) if say.body else None
    return {
        "id": f"batch_req_{n}",
        "custom_id": custom_id,
        "response": {"status_code": say.status, "request_id": f"r{n}", "body": body},
        "error": None,
    }


def expired(custom_id: str) -> dict[str, Any]:
    """As OpenAI says it."""
    said = {"code": "batch_expired", "message": "This request could not be executed before the window expired."}
    return {"id": "batch_req_x", "custom_id": custom_id, "response": None, "error": said}


def vllm_error(custom_id: str, status: int, message: str) -> dict[str, Any]:
    """As vLLM's run-batch says it."""
    said = {"error": {"message": message, "type": "BadRequestError", "param": None, "code": status}}
    response = {"status_code": status, "request_id": "vllm-batch-1", "body": None}
    return {"id": "vllm-1", "custom_id": custom_id, "response": response, "error": said}


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def write(path: Path, lines: Sequence[Mapping[str, Any]], *, cut: int = 0) -> Path:
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    path.write_bytes(data[: len(data) - cut])
    return path


class BatchService:
    """Answers by `model`. With `trouble` it delivers in parts, out of order, some twice, some as errors, cut off."""

    def __init__(self, folder: Path, model: Model, *, seed: int | None = None) -> None:
        self.folder, self.model = folder, model
        self.trouble = random.Random(seed) if seed is not None else None
        self.pending: list[dict[str, Any]] = []
        self.seen: list[str] = []
        self.files: list[Path] = []

    def take(self, paths: Sequence[Path]) -> None:
        for path in paths:
            for line in lines_of(path):
                assert set(line) == {"custom_id", "method", "url", "body"}
                assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
                assert line["custom_id"] not in self.seen, "asked, and paid for, twice"
                self.seen.append(line["custom_id"])
                self.pending.append(line)

    def give(self) -> list[Path]:
        """All files of results so far, one more among them."""
        made: list[dict[str, Any]] = []
        kept: list[dict[str, Any]] = []
        chance = self.trouble
        for n, line in enumerate(self.pending):
            name = line["custom_id"]
            roll = chance.random() if chance else 1
            if roll < 0.2:
                kept.append(line)
            elif roll < 0.4 and len(name) == 40:  # the first attempt only, or it might never end
                made.append([expired(name), result_line(name, error(429), n), result_line(name, error(500), n)][n % 3])
            else:
                made.append(result_line(name, self.model(line["body"]), n))
                if roll < 0.5:
                    made.append(made[-1])
        if chance:
            chance.shuffle(made)
            if made and chance.random() < 0.5:  # a line that is cut off comes again with the next file
                last = made[-1]["custom_id"]
                kept += [p for p in self.pending if p["custom_id"] == last and p not in kept]
        cut = 9 if made and made[-1]["custom_id"] in [k["custom_id"] for k in kept] else 0
        self.pending = kept
        if made:
            self.files.append(write(self.folder / f"responses-{len(self.files)}.jsonl", made, cut=cut))
        return self.files
