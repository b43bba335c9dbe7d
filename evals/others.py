"""Other judges' runs for the report, each with the offline judge on the very same answers beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.compare import compare, read_items
from evals.rounding import rounded
from interviewer.errors import InputError

SHOWN = ("qwk", "mae", "point_f1")


def measured(folder: Path, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """{"name", "n", "metrics", "cost", "seconds_per_answer"} of the run in `folder` (`evals run --output`), and of the
    offline judge, whose answers are `lines`, on the answers that both scored. Raises InputError.
    """
    try:
        result = json.loads((folder / "result.json").read_text("utf-8"))
        items = [json.loads(x) for x in (folder / "items.jsonl").read_text("utf-8").splitlines() if x.strip()]
        theirs = read_items(items)
        timing, judge = result["timing"], result["judge"]
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise InputError(
            f"{folder} holds no run: {type(e).__name__} {e}", hint="`evals run --judge MODEL --split test --output DIR`"
        ) from None
    ours = read_items(lines)
    found = compare(theirs, ours)
    if not found["n"]:
        raise InputError(f"{folder}: no answer that the offline judge scored too", hint="run it with --split test")
    wall = timing.get("wall")
    metrics = {k: found["metrics"][k]["a"] for k in SHOWN if k in found["metrics"]}
    metrics["unscored"] = {"value": rounded(1 - len(theirs) / max(len(items), 1)), "low": None, "high": None}
    name = str(judge.get("model") or judge.get("kind"))
    return [
        {
            "name": name.rsplit("/", 1)[-1] if name.startswith("local/") else name,
            "n": len(theirs),
            "metrics": metrics,
            "cost": timing.get("cost"),
            "seconds_per_answer": round(wall / len(items), 1) if wall else timing.get("seconds_median"),
        },
        {
            "name": "offline, the same answers",
            "n": found["n"],
            "metrics": {k: found["metrics"][k]["b"] for k in SHOWN if k in found["metrics"]},
            "cost": 0.0,
            "seconds_per_answer": None,
        },
    ]
