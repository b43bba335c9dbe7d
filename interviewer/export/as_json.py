"""Questions as JSON, in both languages and whole, for other programs."""

from __future__ import annotations

import json
from typing import Any

from interviewer.export.chosen import Chosen
from knowledge import Question
from knowledge.depth import expected_from

ANSWERS = ("points", "misconceptions", "reference", "sources", "key", "checks", "solution")
SCRIPTS = ("talk", "bonus_line")


def render_json(chosen: Chosen) -> str:
    return json.dumps([_row(chosen, q) for q in chosen.questions], ensure_ascii=False, indent=2) + "\n"


def _row(chosen: Chosen, q: Question) -> dict[str, Any]:
    skill = chosen.skill(q)
    row = {"skill": skill.id, "category": skill.category, **q.model_dump(mode="json", by_alias=True)}
    left_out = [*(() if chosen.answers else ANSWERS), *(() if chosen.scripts else SCRIPTS)]
    left_out += [] if chosen.follow_ups else ["follow_ups"]
    for name in left_out:
        row.pop(name, None)
    if not chosen.answers:
        for option in row["choices"]:
            option.pop("why", None)
            option.pop("misconception", None)
        for probe in row.get("follow_ups", []):
            probe.pop("points", None)
    if chosen.role:
        row["expected_from"] = expected_from(q, chosen.role)
        row["why"] = chosen.why(q) or None
    return row
