"""What both layouts of the report say alike: names, reasons, notes, numbers as people write them."""

from __future__ import annotations

from dataclasses import dataclass, field

from interviewer.batch.class_report.figures import Agreement, Figures, Review
from interviewer.batch.class_report.words import ClassWords
from interviewer.text import truncate

METRICS = ("qwk", "pearson", "spearman", "mae", "bias", "exact", "adjacent")
SHARES = ("exact", "adjacent")
LISTED_QUESTIONS = 200
LISTED_PEOPLE = 500
LISTED_REVIEW = 30
_LABEL = 90
"""Terminal cells of a question's text where it stands for the question."""


def marks(value: float | None, digits: int = 1) -> str:
    """A score, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def plain_number(value: float) -> str:
    """5 for 5.0, 17.5 for 17.5."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f}%"


def signed(value: float | None, digits: int = 2) -> str:
    """With its sign, a minus as wide as the plus; nothing is never negative."""
    if value is None:
        return "–"
    text = f"{value:+.{digits}f}"
    return text[1:] if not float(text) else text.replace("-", "−")


def count(value: int) -> str:
    return f"{value:,}"


@dataclass
class Wording:
    """The figures in one language. Strings may be hostile; the layouts escape."""

    f: Figures
    t: ClassWords
    _asks: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._asks = {q.id: q.ask for q in self.f.questions}

    def label(self, question: str) -> str:
        """A question in a few words: what it asks, else its id."""
        return truncate(self._asks.get(question) or question or self.t("question_none"), _LABEL)

    def asked(self) -> int:
        """Questions with a graded answer; a name that is no question has none."""
        return sum(q.n > 0 for q in self.f.questions)

    def judge_lines(self) -> list[str]:
        f, t = self.f, self.t
        if not f.judges:
            return [t("judge.none")]
        info = f.judges[0][0]
        if info.kind == "offline":
            lines = [t("judge.offline")]
        elif info.kind == "llm":
            lines = [t("judge.llm", model=info.model) if info.model else t("judge.llm_unnamed")]
        else:
            lines = [t("judge.other", kind=info.kind, model=info.model or t("unknown"))]
        if fallbacks := sum(rows for judge, rows in f.judges if judge.fallback):
            lines.append(t("judge.fallback", n=fallbacks))
        elif len({(judge.kind, judge.model) for judge, _ in f.judges}) > 1:
            lines.append(t("judge.mixed"))
        return lines

    def notices(self) -> list[str]:
        f, t = self.f, self.t
        found = []
        if not f.rows:
            found.append(t("no_rows"))
        if f.failed:
            found.append(t("failed_notice", n=f.failed, heading=t("failures")))
        if f.waiting:
            found.append(t("waiting_notice", n=f.waiting))
        return found

    def five(self) -> str:
        d = self.f.distribution
        assert d is not None
        return self.t(
            "five", lowest=marks(d.lowest), q1=marks(d.q1), median=marks(d.median), q3=marks(d.q3),
            highest=marks(d.highest), mean=marks(d.mean, 2), sd=marks(d.sd, 2),
        )  # fmt: skip

    def reasons(self, row: Review) -> str:
        found = [self.t.named("flag", flag) for flag in row.flags]
        if row.asked and row.doubtful:
            found.append(self.t("undecided", k=row.doubtful, total=row.points))
        elif row.asked and not found:
            found.append(self.t("asks"))
        return ("；" if self.t.lang == "zh" else "; ").join(found)

    def agreement_notes(self, a: Agreement) -> list[str]:
        f, t = self.f, self.t
        both = a.seen if a.sampled else a.pairs
        notes = [t("agreement_note", n=both, pairs=count(both), column=f.columns.get("human", "–"))]
        if a.sampled:
            notes.append(t("agreement_sampled", pairs=count(a.pairs), seen=count(a.seen), seed=a.seed))
        if a.max_score is not None:
            notes.append(t(f"scale.{a.max_score_from}", top=plain_number(a.max_score)))
        elif a.max_score_from != "option":
            notes.append(t(f"scale.{a.max_score_from}_differ"))
        if note := self.unusable():
            notes.append(note)
        return notes

    def unusable(self) -> str:
        f = self.f
        if not f.unusable_scores:
            return ""
        first = f.unusable_examples[0]
        return self.t("unusable", n=f.unusable_scores, row=first.row, text=first.text)

    def interval_notes(self, a: Agreement) -> list[str]:
        t = self.t
        notes = [t("levels", n=a.levels, top=a.levels - 1)]
        if a.resamples:
            notes.append(t(f"interval.{a.clustered_on}", resamples=a.resamples, clusters=a.clusters))
        else:
            notes.append(t("interval.none"))
        if any(e.value is None for e in a.metrics.values()):
            notes.append(t("undefined"))
        return notes

    def metric(self, a: Agreement, name: str) -> tuple[str, str, str]:
        """Name, value and interval of one measure."""
        e = a.metrics[name]
        show = percent if name in SHARES else signed if name == "bias" else _two
        interval = "–" if e.low is None or e.high is None else f"{show(e.low)} – {show(e.high)}"
        return self.t(f"m.{name}"), show(e.value), interval

    def usage(self) -> str:
        s, t = self.f.spent, self.t
        known = f"${s.known_cost:,.4f}"
        cost = known if s.cost is not None else t("at_least", cost=known) if s.known_cost else t("unknown")
        text = t(
            "usage", calls=count(s.calls), input=_tokens(s.input_tokens, t), output=_tokens(s.output_tokens, t),
            cost=cost, judge=f"{s.judge_seconds:,.1f}",
        )  # fmt: skip
        if self.f.seconds is None:
            return text
        return text + t.gap + t("wall", n=f"{self.f.seconds:,.1f}")

    def provenance(self) -> list[list[tuple[str, str]]]:
        """Heads and values, one list for each judge."""
        t = self.t
        return [
            [
                (t("prov.kind"), info.kind),
                (t("prov.model"), info.model or "–"),
                (t("prov.prompt"), info.prompt_hash or "–"),
                (t("prov.calibration"), info.calibration or "–"),
                (t("prov.embedder"), info.embedder or "–"),
                (t("prov.fallback"), t("yes" if info.fallback else "no")),
                (t("prov.rows"), count(rows)),
            ]
            for info, rows in self.f.judges
        ]


def _two(value: float | None) -> str:
    return marks(value, 2).replace("-", "−")


def _tokens(value: int | None, t: ClassWords) -> str:
    return t("unknown") if value is None else count(value)
