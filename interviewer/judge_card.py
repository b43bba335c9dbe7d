"""The judge card: how far a judge was found to agree with reference grades, in one line.

The evaluation harness writes the file (`python -m evals run --split test --card`); the product only reads it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files


@cache
def card_line(kind: str, lang: str) -> str:
    """One line for the judge `kind`, or "" when it was never measured."""
    source = files("interviewer") / "data" / "judge_card.json"
    try:
        card = json.loads(source.read_text("utf-8")).get(kind)
    except (OSError, ValueError):
        return ""
    if not card:
        return ""
    return str(card[lang])
