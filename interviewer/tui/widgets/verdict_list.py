"""One judgement: each point with its verdict as sign and word, misconceptions, flags, the comment."""

from __future__ import annotations

from collections import Counter

from textual.app import ComposeResult
from textual.containers import Vertical

from interviewer.models import Judgement, PointVerdict, Verdict
from interviewer.text import cell_width
from interviewer.tui.paint import ICONS, TONES, line, safe
from interviewer.tui.widgets.marked_answer import letter
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.words import Words

GIVEN_AWAY: set[Verdict] = {"covered"}
"""The verdicts whose points may be shown while a follow-up is still to come."""


class VerdictList(Vertical):
    """`held_back` shows only what gives nothing away to the follow-up that comes next."""

    def __init__(self, words: Words, judgement: Judgement, *, held_back: bool = False) -> None:
        super().__init__()
        self.words = words
        self.judgement = judgement
        self.held_back = held_back

    def compose(self) -> ComposeResult:
        t, j = self.words, self.judgement
        if j.score is None:
            why = j.error or t("unscored_unknown")
            yield ProseView(
                line((f"! {t('unscored')}{t.colon}", "bold $warning"), safe(t("unscored_why", why=why))),
                hang=2,
            )
        if j.points:
            yield ProseView(points_count(t, j), classes="count")
        for n, p in enumerate(j.points, 1):
            if not self.held_back or p.verdict in GIVEN_AWAY:
                yield self._point(n, p)
        if not self.held_back:
            for n, m in enumerate(j.misconceptions):
                head = f"✗ {t('misconception')} [{letter(n)}] "
                cost = f" ({t('penalty', n=f'{m.penalty:g}')})" if m.penalty else ""
                yield ProseView(
                    line((head, "bold $error"), safe(m.text or m.id), (cost, "$quiet")), hang=cell_width(head)
                )
        if j.flags:
            flags = t.comma.join(t.named("flag", f) for f in j.flags)
            yield ProseView(line((f"! {t('flags')}{t.colon}", "bold $warning"), safe(flags)), hang=2, classes="gap")
        if j.feedback and not self.held_back:
            yield ProseView(line((f"{t('feedback')}{t.colon}", "bold"), safe(j.feedback)), classes="gap")

    def _point(self, n: int, p: PointVerdict) -> ProseView:
        t, tone = self.words, TONES[p.verdict]
        head = f"{ICONS[p.verdict]} {t(p.verdict)} "
        number = f"[{n}] "
        bonus = f" ({t('bonus')})" if not p.core else ""
        return ProseView(
            line(
                (head, f"bold {tone}"),
                (number, "bold $accent" if p.evidence and p.verdict != "missing" else "$quiet"),
                safe(p.text or p.id, "" if p.verdict != "missing" else "$foreground"),
                (bonus, "$quiet"),
            ),
            hang=cell_width(head + number),
        )


def points_count(t: Words, j: Judgement) -> str:
    counts = Counter(p.verdict for p in j.points)
    return t(
        "points_count",
        covered=counts["covered"],
        partial=counts["partial"],
        missing=counts["missing"],
        contradicted=counts["contradicted"],
    )
