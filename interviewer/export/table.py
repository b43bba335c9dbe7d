"""Questions as CSV, a row each, for a spreadsheet."""

from __future__ import annotations

import csv
import io

from interviewer.export.chosen import Chosen
from interviewer.text import csv_safe
from knowledge import Question


def render_csv(chosen: Chosen) -> str:
    """With a byte order mark: without it Excel reads Chinese as something else."""
    rows = [_row(chosen, q) for q in chosen.questions]
    out = io.StringIO()
    names = list(rows[0]) if rows else ["id", "question"]
    writer = csv.DictWriter(out, names)
    writer.writeheader()
    writer.writerows({k: csv_safe(v) for k, v in row.items()} for row in rows)
    return "\ufeff" + out.getvalue()


def _row(chosen: Chosen, q: Question) -> dict[str, str]:
    lang = chosen.lang
    row = {
        "id": q.id,
        "category": chosen.category(q),
        "skill": chosen.skill(q).text(lang),
        "kind": q.kind.value,
        "difficulty": str(q.difficulty),
        "roles": " ".join(f"{r}:{s}" for r, s in q.roles.items()),
        "question": q.ask.text(lang),
        "options": "\n".join(f"{chr(65 + n)}. {c.text(lang)}" for n, c in enumerate(q.choices)),
    }
    if chosen.role:
        row["expected"] = chosen.expected(q)
        row["why"] = chosen.why(q)
    if chosen.answers:
        bonus = chosen.t("bonus")
        row["key"] = q.key or ""
        row["points"] = "\n".join(f"{p.text(lang)}{'' if p.core else f' ({bonus})'}" for p in q.points)
        row["misconceptions"] = "\n".join(m.text(lang) for m in q.misconceptions)
        row["reference"] = q.reference.text(lang)
        row["solution"] = q.solution or ""
        row["sources"] = "\n".join(s.line for s in q.sources)
    if chosen.scripts:
        row["talk"] = q.talk.text(lang)
        row["bonus_line"] = q.bonus_line.text(lang)
    if chosen.follow_ups:
        row["follow_ups"] = "\n".join(text for _, text, _ in chosen.probes(q))
    return row
