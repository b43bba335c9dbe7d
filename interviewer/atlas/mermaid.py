"""The map as a Mermaid flowchart: a subgraph per category, an arrow from each prerequisite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from knowledge import KnowledgeMap


def as_mermaid(
    the_map: KnowledgeMap, lang: str, *, role: str | None = None, standing: Mapping[str, float] | None = None
) -> str:
    """Only skills that `role` is asked for, when one is given. `standing` is the level per skill, 0-100."""
    return "\n".join(_lines(the_map, lang, role, standing or {})) + "\n"


def _lines(the_map: KnowledgeMap, lang: str, role: str | None, standing: Mapping[str, float]) -> Iterator[str]:
    shown = {s.id for s in the_map.skills.values() if role is None or s.weights[role]}
    yield "flowchart LR"
    for c in the_map.categories:
        inside = [s for s in the_map.skills.values() if s.category == c.id and s.id in shown]
        if not inside:
            continue
        yield f'  subgraph cat_{_id(c.id)}["{_text(c.text(lang))}"]'
        for s in inside:
            level = f" · {standing[s.id]:.0f}%" if s.id in standing else ""
            yield f'    {_id(s.id)}["{_text(s.text(lang))} ({len(s.questions)}){level}"]'
        yield "  end"
    for s in the_map.skills.values():
        for before in s.prerequisites:
            if {s.id, before} <= shown:
                yield f"  {_id(before)} --> {_id(s.id)}"
    for name, low, high, fill in (
        ("weak", 0, 40, "#f6d5d1"),
        ("fair", 40, 70, "#f7e6c4"),
        ("strong", 70, 101, "#d3ecd9"),
    ):
        ids = [_id(s) for s, level in standing.items() if s in shown and low <= level < high]
        if ids:
            yield f"  classDef {name} fill:{fill},color:#1e2328"
            yield f"  class {','.join(ids)} {name}"


def _id(slug: str) -> str:
    """Never one of Mermaid's words (`end`, `class`)."""
    return "s_" + slug.replace("-", "_").replace(".", "_")


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
