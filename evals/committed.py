"""The committed report of the offline judge: what the gate holds the judge against, and every reader can reproduce."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.compare import Graded, compare, read_items
from interviewer.errors import InputError

FOLDER = Path(__file__).parent / "reports" / "offline-test"
ITEMS, RESULT, ABLATION, OTHERS = "grades.jsonl", "result.json", "ablation.json", "others.json"
CLOCK = frozenset({"timing", "versions"})
"""Parts of a result that depend on the machine and the day."""
BESIDE = frozenset({"probes", "beside", "others", "names"})
"""Parts that a plain `evals run` does not make."""
ANEW = "python -m evals gate --write makes the report anew"
TOLERANCE = 0.005
"""Numeric libraries differ in the last digits between machines; a real change is larger."""


def read(folder: Path, name: str) -> Any:
    """A file of the report, None when it is not there. Raises InputError for what is no JSON."""
    path = folder / name
    try:
        return json.loads(path.read_text("utf-8")) if path.is_file() else None
    except ValueError as e:
        raise InputError(f"{path} is no JSON: {e}", hint=ANEW) from None


def kept_result(folder: Path) -> dict[str, Any] | None:
    """The result that the gate compares with, None when there is none. Raises InputError for another shape."""
    kept = read(folder, RESULT)
    if kept is not None and not (isinstance(kept, dict) and _measures(kept.get("metrics")) and _probes(kept)):
        raise InputError(f"{folder / RESULT} is no result of `evals gate --write`", hint=ANEW)
    return kept


def _measures(metrics: Any) -> bool:
    return isinstance(metrics, dict) and "qwk" in metrics


def _probes(kept: Mapping[str, Any]) -> bool:
    probes = kept.get("probes", [])
    return isinstance(probes, list) and all(isinstance(p, dict) and {"name", "passed", "value"} <= {*p} for p in probes)


def kept_items(folder: Path) -> list[Graded]:
    """The grades that the gate compares with. Raises InputError for a file that holds something else."""
    path = folder / ITEMS
    try:
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        return read_items([json.loads(x) for x in lines if x.strip()])
    except (ValueError, KeyError, TypeError) as e:
        raise InputError(f"{path} holds no grades of a report: {type(e).__name__} {e}", hint=ANEW) from None


def short(line: Mapping[str, Any]) -> dict[str, Any]:
    """A line of items.jsonl with what comparing needs."""
    judgement = line["judgement"]
    return {
        "id": line["id"],
        "question_id": line["question_id"],
        "lang": line["lang"],
        "mode": line["mode"],
        "reference": {k: line["reference"][k] for k in ("mean_grade", "points")},
        "judgement": judgement
        and {"score": judgement["score"], "points": [{k: p[k] for k in ("id", "credit")} for p in judgement["points"]]},
    }


def ablation_of(folder: Path, judge: Mapping[str, Any], data: str) -> list[dict[str, Any]]:
    """The kept ablation, when it is of this very judge and data; else nothing."""
    kept = read(folder, ABLATION)
    if kept is None or (kept["calibration"], kept["embedder"], kept["data"]) != (
        judge.get("calibration"), judge.get("embedder"), data,
    ):  # fmt: skip
        return []
    rows: list[dict[str, Any]] = kept["rows"]
    return rows


def differences(kept: Any, now: Any, without: frozenset[str] = CLOCK, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Places where two results differ, with both values; keys in `without` are passed over at the top."""
    if isinstance(kept, Mapping) and isinstance(now, Mapping):
        for key in [*kept, *(k for k in now if k not in kept)]:
            if path or key not in without:
                yield from differences(kept.get(key), now.get(key), without, f"{path}.{key}" if path else str(key))
    elif isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        for n, (a, b) in enumerate(zip(kept, now, strict=True)):
            yield from differences(a, b, without, f"{path}[{n}]")
    elif kept != now:
        yield path, kept, now


def failures(
    kept: Mapping[str, Any], now: Mapping[str, Any], before: Sequence[Graded], after: Sequence[Graded]
) -> list[str]:
    """Why the judge may not pass: agreement below the kept one beyond chance, a probe lost, a report out of date."""
    out = []
    found = compare(after, before)
    if found["only_a"] or found["only_b"]:
        out.append(f"other answers than in the committed report: {found['only_a']} new, {found['only_b']} gone")
    for name, row in found["metrics"].items():
        best_case = _best_case(name, row["difference"])
        if best_case is not None and best_case < 0:
            was, is_now = row["b"]["value"], row["a"]["value"]
            out.append(f"{name} is worse than committed beyond chance: {was} -> {is_now}")
    probes = {p["name"]: p for p in now.get("probes") or ()}
    for p in kept.get("probes") or ():
        again = probes.get(p["name"])
        if p["passed"] and (again is None or not again["passed"]):
            out.append(f"the probe {p['name']!r} passed and does not: {p['value']} -> {again and again['value']}")
    far = [
        (path, a, b)
        for path, a, b in differences(kept["metrics"], now["metrics"])
        if not (isinstance(a, float) and isinstance(b, float) and abs(a - b) <= TOLERANCE)
    ]
    return out + [f"the committed report is out of date: {path} says {a}, now it is {b}" for path, a, b in far[:5]]


def _best_case(name: str, difference: Mapping[str, float | None]) -> float | None:
    """The end of the interval that is kindest to the judge of today; above zero is better."""
    if name == "mae":
        return None if difference["low"] is None else -difference["low"]
    return difference["high"]
