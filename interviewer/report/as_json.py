"""The report as one JSON object: the contract, nothing added and nothing left out."""

from __future__ import annotations

import json
import re

from pydantic import BaseModel

from interviewer.models import Report

# Legal in JSON, but not in UTF-8 (lone surrogates) or not safe on a terminal (the rest).
_ESCAPED = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def render_json(report: Report) -> str:
    """Indented JSON that reads back as the very same report, whatever the candidate typed."""
    return safe_json(report)


def safe_json(report: BaseModel) -> str:
    """Any model as indented JSON that is safe in a file and on a terminal."""
    text = json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=2)
    return _ESCAPED.sub(lambda m: f"\\u{ord(m.group()):04x}", text) + "\n"
