"""Put the machine's current diagram into both READMEs: python scripts/graph_in_readme.py"""

from __future__ import annotations

import re
from pathlib import Path

from interviewer.graph.builder import mermaid

ROOT = Path(__file__).parents[1]

block = f"```mermaid\n{mermaid().strip()}\n```"
for name in ("README.md", "README.zh.md"):
    path = ROOT / name
    text = path.read_text("utf-8")
    path.write_text(re.sub(r"```mermaid\n(?:.*?\n)??```", lambda _: block, text, count=1, flags=re.S), "utf-8")
