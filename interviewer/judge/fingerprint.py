"""What a judge's grades depend on beside rubric, answer and language, as one hash.

Two judges with one fingerprint give one answer the same marks, so that a judgement made by one may stand for the
other's. What changes no grade (concurrency, caches, keys) is no part of it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

GRADING = 2
"""Raise it when code grades differently from the same weights, rules and prompts."""


def fingerprint(**parts: Any) -> str:
    """64 hex digits. `parts` are JSON values."""
    text = json.dumps({"grading": GRADING, **parts}, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
