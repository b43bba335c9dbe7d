"""The two pictures of the report as inline SVG: a skill's bar with its whisker, a question's marks.

All lengths across are percentages, so the pictures stretch with the page while the lines stay crisp.
Colours come from the style sheet. Only numbers go into the markup.
"""

from __future__ import annotations

from interviewer.report.parts import QuestionPart, SkillRow


def skill_bar(row: SkillRow) -> str:
    """0-100 from left to right; the whisker spans the confidence range."""
    level, low, high = (_percent(v) for v in (row.level, row.low, row.high))
    return (
        '<svg class="bar" width="100%" height="20" aria-hidden="true">'
        '<rect class="track" x="0" y="6" width="100%" height="8" rx="4"/>'
        f'<rect class="fill" x="0" y="6" width="{level}" height="8" rx="4"/>'
        '<line class="grid" x1="50%" x2="50%" y1="3" y2="17"/>'
        f'<line class="whisker" x1="{low}" x2="{high}" y1="10" y2="10"/>'
        f'<line class="whisker" x1="{low}" x2="{low}" y1="5" y2="15"/>'
        f'<line class="whisker" x1="{high}" x2="{high}" y1="5" y2="15"/>'
        f'<circle class="dot" cx="{level}" cy="10" r="3.5"/></svg>'
    )


def marks_line(part: QuestionPart) -> str:
    """0-10 from left to right: a ring for the first attempt, a dot after follow-ups, a bar for final."""
    shown = []
    if part.first is not None and part.probe is not None:
        a, b = sorted((part.first, part.probe))
        shown.append(f'<line class="gain" x1="{_percent(a * 10)}" x2="{_percent(b * 10)}" y1="8" y2="8"/>')
    if part.final is not None:
        x = _percent(part.final * 10)
        shown.append(f'<line class="final" x1="{x}" x2="{x}" y1="2" y2="14"/>')
    if part.first is not None:
        shown.append(f'<circle class="first" cx="{_percent(part.first * 10)}" cy="8" r="4"/>')
    if part.probe is not None:
        shown.append(f'<circle class="probe" cx="{_percent(part.probe * 10)}" cy="8" r="4"/>')
    if not shown:
        return ""
    axis = '<line class="axis" x1="0" x2="100%" y1="8" y2="8"/>'
    return f'<svg class="marks" width="100%" height="16" aria-hidden="true">{axis}{"".join(shown)}</svg>'


def _percent(value: float) -> str:
    return f"{min(max(value, 0.0), 100.0):.1f}%"
