"""The map as one SVG: a lane per category, skills from left to right by what they build on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape

from interviewer.text import cell_width, truncate
from knowledge import KnowledgeMap, Skill

BOX_W, BOX_H, GAP_X, GAP_Y = 204, 40, 44, 10
LANE_PAD, LABEL_H, MARGIN, HEAD = 12, 22, 20, 34
NAME_CELLS = 27
COLOURS = ("#2b6cb0", "#267045", "#96500c", "#7b4ab5", "#0b6b72", "#b03a73", "#62610f", "#4a5bb8", "#7a5238")
FONT = "system-ui,-apple-system,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','WenQuanYi Micro Hei',sans-serif"


@dataclass(frozen=True)
class Place:
    x: int
    y: int


def as_svg(
    the_map: KnowledgeMap, lang: str, *, role: str | None = None, standing: Mapping[str, float] | None = None
) -> str:
    """A drawing that needs nothing but itself. Only skills that `role` is asked for, when one is given."""
    shown = {s.id: s for s in the_map.skills.values() if role is None or s.weights[role]}
    places, lanes, width, height = _layout(the_map, shown)
    title = escape("知识地图" if lang == "zh" else "Knowledge map")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="{FONT}" role="img"><title>{title}</title>',
        f'<rect width="{width}" height="{height}" fill="#fbfaf7"/>',
    ]
    for n, (category, top, deep) in enumerate(lanes):
        name = escape(next(c.text(lang) for c in the_map.categories if c.id == category))
        colour = COLOURS[n % len(COLOURS)]
        parts.append(
            f'<rect x="{MARGIN}" y="{top}" width="{width - 2 * MARGIN}" height="{deep}" rx="8" fill="{colour}" '
            f'fill-opacity="0.06"/><text x="{MARGIN + LANE_PAD}" y="{top + 17}" font-size="13" font-weight="600" '
            f'fill="{colour}">{name}</text>'
        )
    parts += _edges(shown, places)
    colours = {category: COLOURS[n % len(COLOURS)] for n, (category, _, _) in enumerate(lanes)}
    for s in shown.values():
        parts.append(_box(s, lang, places[s.id], colours[s.category], (standing or {}).get(s.id)))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _layout(
    the_map: KnowledgeMap, shown: Mapping[str, Skill]
) -> tuple[dict[str, Place], list[tuple[str, int, int]], int, int]:
    """Where each box stands, the lanes as (category, top, height), and the size of the whole."""
    depth: dict[str, int] = {}
    for skill_id in the_map.order():
        if skill_id in shown:
            before = [depth[p] for p in shown[skill_id].prerequisites if p in depth]
            depth[skill_id] = 1 + max(before, default=-1)
    places: dict[str, Place] = {}
    lanes: list[tuple[str, int, int]] = []
    y = MARGIN
    for c in the_map.categories:
        columns: dict[int, list[str]] = defaultdict(list)
        for s in shown.values():
            if s.category == c.id:
                columns[depth[s.id]].append(s.id)
        if not columns:
            continue
        for column, ids in columns.items():
            for row, skill_id in enumerate(ids):
                x = MARGIN + LANE_PAD + column * (BOX_W + GAP_X)
                places[skill_id] = Place(x, y + LABEL_H + LANE_PAD // 2 + row * (BOX_H + GAP_Y))
        rows = max(map(len, columns.values()))
        deep = LABEL_H + LANE_PAD + rows * (BOX_H + GAP_Y)
        lanes.append((c.id, y, deep))
        y += deep + GAP_Y
    columns_used = 1 + max(depth.values(), default=0)
    return places, lanes, 2 * (MARGIN + LANE_PAD) + columns_used * (BOX_W + GAP_X) - GAP_X, y + MARGIN - GAP_Y


def _edges(shown: Mapping[str, Skill], places: Mapping[str, Place]) -> Iterator[str]:
    for s in shown.values():
        for before in s.prerequisites:
            if before not in places:
                continue
            a, b = places[before], places[s.id]
            x1, y1, x2, y2 = a.x + BOX_W, a.y + BOX_H // 2, b.x, b.y + BOX_H // 2
            bend = max(24, (x2 - x1) // 2)
            yield (
                f'<path d="M{x1},{y1} C{x1 + bend},{y1} {x2 - bend},{y2} {x2},{y2}" fill="none" stroke="#596068" '
                'stroke-opacity="0.28" stroke-width="1.3"/>'
                f'<circle cx="{x2}" cy="{y2}" r="2.6" fill="#596068" fill-opacity="0.55"/>'
            )


def _box(s: Skill, lang: str, at: Place, colour: str, level: float | None) -> str:
    name = truncate(s.text(lang), NAME_CELLS)
    size = 13 if cell_width(name) <= NAME_CELLS - 2 else 12
    n = len(s.questions)
    under = f"{n} 题" if lang == "zh" else f"{n} question{'' if n == 1 else 's'}"
    bar = ""
    if level is not None:
        under += f" · {level:.0f}%"
        bar = (
            f'<rect x="{at.x}" y="{at.y + BOX_H - 4}" width="{BOX_W * level / 100:.0f}" height="4" rx="2" '
            f'fill="{colour}" fill-opacity="0.8"/>'
        )
    return (
        f"<g><title>{escape(f'{s.text(lang)} [{s.id}]: {s.scope.text(lang)}')}</title>"
        f'<rect x="{at.x}" y="{at.y}" width="{BOX_W}" height="{BOX_H}" rx="6" fill="#ffffff" stroke="{colour}" '
        f'stroke-opacity="0.55"/>{bar}'
        f'<text x="{at.x + 10}" y="{at.y + 17}" font-size="{size}" fill="#1e2328">{escape(name)}</text>'
        f'<text x="{at.x + 10}" y="{at.y + 31}" font-size="10.5" fill="#596068">{escape(under)}</text></g>'
    )
