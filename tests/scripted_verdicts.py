"""What a loopback server says to the judge of `SAID`: a verdict for every point, with quotes, no doubt about any."""

from __future__ import annotations

import json
import re

from knowledge import load_map
from tests.llm.server import Received, Say, answer

_MARKER = re.compile(r"答卷(\d+)号")
_QUESTION = load_map().question("lr-scheduling.how-to-set-lr")
QUESTION = _QUESTION.id
SAID = _QUESTION.talk.zh
"""The question's own spoken answer. With `marked` no two are alike."""
_CLAUSES = [c.strip() for c in re.split("[。；，]", SAID) if len(c.strip()) > 8]


def marked(n: int) -> str:
    return f"{SAID} 答卷{n:05d}号。"


def marker_of(r: Received) -> int:
    """Which answer a call is about."""
    found = _MARKER.search(json.dumps(r.body, ensure_ascii=False))
    assert found, r.body
    return int(found[1])


def judged_reply(r: Received, *, delay: float = 0) -> Say:
    assert f"all {len(_QUESTION.points)} points" in json.dumps(r.body), "nothing is asked a second time"
    points = [
        {
            "id": f"P{n}",
            "quotes": [_CLAUSES[n]] if p.core else [],
            "verdict": "covered" if p.core else "missing",
            "reason": "says so",
            "confidence": 0.9,
        }
        for n, p in enumerate(_QUESTION.points, 1)
    ]
    levels = [{"id": i, "level": 4} for i in ("correctness", "depth", "clarity")]
    whole = {"points": points, "misconceptions": [], "dimensions": levels, "feedback": "抓住了核心，可补充数值的条件。"}
    return answer(json.dumps(whole, ensure_ascii=False), delay=delay)
