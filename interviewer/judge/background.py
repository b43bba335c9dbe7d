"""How common a word is in talk about fine-tuning: document frequencies over the knowledge map.

A word that half of all questions use (model, 训练) shows little about one point. Words never seen keep
their full weight, so questions of other fields are judged as before. When the map has grown,
`python -c "from interviewer.judge.background import main; main()"` rebuilds the table; it holds counts of
words and no texts.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from interviewer.judge.normalise import fold

FILE = "background-v1.json"
LEAST = 0.25
"""Weight that even the commonest word keeps."""
POWER = 0.6


def _path() -> Path:
    return Path(str(files("interviewer.judge") / "data" / FILE))


@cache
def rarity() -> dict[str, float]:
    """Factor 0-1 per known word; 1 for words that are not in it."""
    table: dict[str, Any] = json.loads(_path().read_text("utf-8"))
    n = table["documents"]
    return {
        word: max(LEAST, (math.log((n + 1) / (df + 0.5)) / math.log(n + 1)) ** POWER) if df <= n else LEAST
        for word, df in table["df"].items()
    }


@cache
def digest() -> str:
    """Of the table: whoever rebuilds it has another judge."""
    return hashlib.sha256(_path().read_bytes()).hexdigest()[:16]


def build(documents: list[str], source: str) -> dict[str, Any]:
    """The table of words that occur in three or more documents."""
    from interviewer.judge.lexicon import features

    df: Counter[str] = Counter()
    for text in documents:
        df.update({f for f, _, _ in features(fold(text))})
    kept = {w: c for w, c in sorted(df.items()) if c >= 3}
    return {"id": "background-v1", "provenance": source, "documents": len(documents), "df": kept}


def main() -> None:
    from knowledge import load_map

    the_map = load_map()
    documents = []
    for q in the_map.questions.values():
        texts = [q.ask, q.reference, q.talk, *q.points, *q.misconceptions, *q.follow_ups]
        documents.append("\n".join(f"{t.zh}\n{t.en}" for t in texts))
    table = build(documents, f"word counts over the {len(documents)} questions of knowledge/data")
    _path().write_text(json.dumps(table, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")
    sys.stdout.write(f"{_path()}: {len(table['df'])} words of {len(documents)} questions\n")


if __name__ == "__main__":
    main()
