"""The judge card: what the harness found, as the one line that the product shows beside every report.

`python -m evals run --split test --card` writes it into the package; `--check-card` fails when what is measured now
differs from it, so that a change of the judge cannot keep an old card.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evals.datasets import Dataset

CARD = Path(__file__).parents[1] / "interviewer" / "data" / "judge_card.json"
TOLERANCE = 0.01
"""Numeric libraries differ in the last digits between machines; a real change is larger."""


def make_card(result: Mapping[str, Any], dataset: Dataset) -> dict[str, Any]:
    """The numbers of the card, and its line in both languages."""
    metrics = result["metrics"]
    qwk, mae = metrics["qwk"], metrics["mae"]
    ceiling = result["annotators"]["metrics"]["qwk"]["value"]
    questions = len({i.answer.question_id for i in dataset.items})
    answers = len(dataset.items)
    interval = f"[{qwk['low']:.2f}, {qwk['high']:.2f}]"
    return {
        "qwk": {k: round(qwk[k], 3) for k in ("value", "low", "high")},
        "mae": round(mae["value"], 3),
        "annotators_qwk": round(ceiling, 3),
        "answers": answers,
        "questions": questions,
        "calibration": result["judge"].get("calibration"),
        "embedder": result["judge"].get("embedder"),
        "zh": f"与参考评分的一致性 QWK {qwk['value']:.2f} {interval}，平均差 {mae['value']:.1f} 级（0-5 级）；"
        f"{answers} 份回答、{questions} 道题，参考评分由语言模型标注（标注者之间 {ceiling:.2f}）",
        "en": f"agreement with reference grades: QWK {qwk['value']:.2f} {interval}, "
        f"off by {mae['value']:.1f} grades of 5 on average; {answers} answers to {questions} questions "
        f"graded by language-model annotators ({ceiling:.2f} between themselves)",
    }


def write_card(kind: str, card: Mapping[str, Any], path: Path = CARD) -> None:
    cards = json.loads(path.read_text("utf-8")) if path.exists() else {}
    cards[kind] = card
    path.write_text(json.dumps(cards, ensure_ascii=False, indent=1) + "\n", "utf-8")


def card_differs(kind: str, card: Mapping[str, Any], path: Path = CARD) -> str | None:
    """What the kept card says otherwise than `card`; None when they agree."""
    kept = json.loads(path.read_text("utf-8")).get(kind) if path.exists() else None
    if kept is None:
        return f"there is no card for the judge {kind!r}"
    for name in ("answers", "questions", "calibration", "embedder"):
        if kept[name] != card[name]:
            return f"{name}: the card says {kept[name]}, now it is {card[name]}"
    for name in ("zh", "en"):
        if _words(kept[name]) != _words(card[name]):
            return f"{name}: the card says {kept[name]!r}, now it is {card[name]!r}"
    numbers = [(f"QWK, {k}", kept["qwk"][k], card["qwk"][k]) for k in ("value", "low", "high")]
    numbers += [(name, kept[key], card[key]) for name, key in (("MAE", "mae"), ("annotators", "annotators_qwk"))]
    for name, was, now in numbers:
        if abs(was - now) > TOLERANCE:
            return f"{name}: the card says {was}, now it is {now}"
    return None


def _words(line: str) -> str:
    """The line without its numbers."""
    return re.sub(r"[0-9.]+", "#", line)
