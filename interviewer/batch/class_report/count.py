"""From statistics to the figures of a report."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from evals.metrics import pearson
from interviewer.batch.class_report import figures as f
from interviewer.batch.class_report.agreement import agreement
from interviewer.batch.samples import HUNDRED, People
from interviewer.batch.statistics import ClassStatistics
from interviewer.batch.tallies import QuestionTally, SpentTally
from interviewer.judge_card import card_line
from knowledge import KnowledgeMap
from knowledge.models import Question

HARDEST = 10
COMMON = 10
FEWEST_ANSWERS = 5
"""For a point to be among the hardest of all, where some point has as many."""
FEWEST_PERSONS = 10
"""For a correlation over persons to say anything."""
BINS = 20
NOBODY: Mapping[str, str] = MappingProxyType({})


def figures(
    statistics: ClassStatistics,
    *,
    source: str,
    lang: str,
    the_map: KnowledgeMap | None = None,
    columns: Mapping[str, str] = NOBODY,
    max_score: float | None = None,
    created: str = "",
    seconds: float | None = None,
) -> f.Figures:
    """All that the report says. Equal input gives equal figures."""
    s = statistics
    questions = question_figures(s, lang=lang, the_map=the_map)
    points = [p for q in questions for p in q.points if p.core]
    points = [p for p in points if p.n >= FEWEST_ANSWERS] or points
    wrong = [m for q in questions for m in q.misconceptions]
    top = max(s.judges.values(), key=lambda j: j.rows, default=None)
    return f.Figures(
        source=source,
        created=created,
        seconds=seconds,
        lang=lang,
        rows=s.rows,
        graded=s.graded,
        failed=s.failed,
        waiting=s.waiting,
        needs_review=s.needs_review,
        distribution=_distribution(s),
        flags=dict(sorted(s.flags.items(), key=lambda kv: (-kv[1], kv[0]))),
        failures=[
            f.Failure(reason=reason, n=t.n, example=t.example, rows=t.rows)
            for reason, t in sorted(s.failures.items(), key=lambda kv: (-kv[1].n, kv[1].rows))
        ],
        other_failures=s.other_failures.n,
        questions=questions,
        other_questions=s.others.marks.n,
        hardest_points=sorted(points, key=lambda p: (p.credit, -p.n, p.question, p.id))[:HARDEST],
        common_misconceptions=sorted(wrong, key=lambda m: (-m.n, -m.share, m.question, m.id))[:COMMON],
        review=[
            f.Review(
                row=r.number, id=r.id, question=r.question, score=r.score, interval=(r.low, r.high), asked=r.asked,
                doubtful=r.doubtful, points=r.points, flags=list(r.flags), answer=r.excerpt,
            )
            for r in s.review
        ],
        people=_people(s.people),
        people_sampled=s.people.sampled,
        columns=dict(columns),
        agreement=agreement(s.pairs, max_score),
        unusable_scores=s.unusable,
        unusable_examples=[f.Quoted(row=n, text=text) for n, text in s.unusable_examples],
        judges=[(j.info, j.rows) for j in sorted(s.judges.values(), key=lambda j: -j.rows)],
        judge_card=card_line(top.info.kind, lang) if top else "",
        spent=_spent(s.spent),
    )  # fmt: skip


def question_figures(
    statistics: ClassStatistics, *, lang: str, the_map: KnowledgeMap | None = None
) -> list[f.QuestionFigures]:
    """Every question that some row was graded on or failed on, the hardest first."""
    apart = discrimination(statistics.people)
    found = [_question(id, tally, apart.get(id), the_map, lang) for id, tally in statistics.questions.items()]
    return sorted((q for q in found if q.n or q.failed), key=lambda q: (q.mean is None, q.mean, q.id))


def discrimination(people: People) -> dict[str, tuple[float | None, int]]:
    """Question to the corrected item-rest correlation and the number of persons it is over.

    Over persons who answered the question and another: their score here against the mean of their scores elsewhere
    (the item itself left out; Henrysson 1963, Psychometrika 28, 211-218). None for fewer than ten persons, or where
    either does not vary.
    """
    here: dict[str, list[float]] = {}
    rest: dict[str, list[float]] = {}
    for _, cells, _ in people.items():
        if len(cells) < 2:
            continue
        means = {q: c.total / c.answers for q, c in cells.items()}
        total = sum(means.values())
        for q, mean in means.items():
            here.setdefault(q, []).append(mean)
            rest.setdefault(q, []).append((total - mean) / (len(means) - 1))
    out: dict[str, tuple[float | None, int]] = {}
    for q, scores in here.items():
        # Persons come in another order when statistics were merged.
        pairs = sorted(zip(scores, rest[q], strict=True))
        r = pearson([a for a, _ in pairs], [b for _, b in pairs]) if len(pairs) >= FEWEST_PERSONS else float("nan")
        out[q] = (None if r != r else round(r, 4), len(pairs))
    return out


def _distribution(s: ClassStatistics) -> f.Distribution | None:
    if not s.graded:
        return None
    width = 10 / BINS
    counts = [0] * BINS
    for score, n in s.scores.items():
        counts[min(max(int(score / HUNDRED / width), 0), BINS - 1)] += n
    lowest, q1, median, q3, highest = (round(s.quantile(q) or 0.0, 4) for q in (0, 0.25, 0.5, 0.75, 1))
    return f.Distribution(
        mean=round(s.mean or 0.0, 4),
        sd=_rounded(s.sd),
        lowest=lowest, q1=q1, median=median, q3=q3, highest=highest,
        histogram=[f.Bin(low=b * width, high=(b + 1) * width, n=n) for b, n in enumerate(counts)],
    )  # fmt: skip


def _question(
    id: str, tally: QuestionTally, apart: tuple[float | None, int] | None, the_map: KnowledgeMap | None, lang: str
) -> f.QuestionFigures:
    known = the_map.questions.get(id) if the_map else None
    if known is not None and not set(tally.points) <= {p.id for p in known.points}:
        known = None  # rows that bring points of their own under an id that the map has too
    n = tally.marks.n
    points = []
    for point_id, p in tally.points.items():
        v = p.verdicts
        points.append(
            f.Point(
                question=id, id=point_id, text=_point_text(known, point_id, lang) or p.text or point_id, core=p.core,
                n=p.n, covered=v.get("covered", 0), partial=v.get("partial", 0), missing=v.get("missing", 0),
                contradicted=v.get("contradicted", 0), credit=round(p.mean_credit, 4),
            )
        )  # fmt: skip
    wrong = [
        f.Misconception(
            question=id,
            id=wrong_id,
            text=_misconception_text(known, wrong_id, lang) or m.text or wrong_id,
            n=m.n,
            share=round(m.n / n, 4) if n else 0.0,
            quotes=[f.Quoted(row=q.number, text=q.text) for q in m.quotes],
        )
        for wrong_id, m in tally.misconceptions.items()
    ]
    return f.QuestionFigures(
        id=id,
        ask=known.ask.text("zh" if lang == "zh" else "en") if known else tally.ask,
        n=n,
        failed=tally.failed,
        mean=_rounded(tally.marks.mean),
        sd=_rounded(tally.marks.sd),
        review_share=round(tally.review / n, 4) if n else None,
        histogram=tally.marks.bins,
        discrimination=apart[0] if apart else None,
        persons=apart[1] if apart else 0,
        points=sorted(points, key=lambda p: (not p.core, p.credit, p.id)),
        misconceptions=sorted(wrong, key=lambda m: (-m.n, m.id)),
    )


def _point_text(question: Question | None, id: str, lang: str) -> str:
    points = question.points if question else []
    return next((p.text("zh" if lang == "zh" else "en") for p in points if p.id == id), "")


def _misconception_text(question: Question | None, id: str, lang: str) -> str:
    known = question.misconceptions if question else []
    return next((m.text("zh" if lang == "zh" else "en") for m in known if m.id == id), "")


def _people(people: People) -> list[f.PersonFigures]:
    """Empty where nobody has several answers: the column is then what rows are called."""
    if not any(sum(c.answers for c in cells.values()) + other.unscored > 1 for _, cells, other in people.items()):
        return []
    found = []
    for id, cells, other in people.items():
        answers = sum(c.answers for c in cells.values())
        total = sum(c.total for c in cells.values())
        found.append(
            f.PersonFigures(
                id=id, answers=answers, unscored=other.unscored, review=other.review,
                mean=round(total / answers / HUNDRED, 4) if answers else None, total=round(total / HUNDRED, 2),
            )
        )  # fmt: skip
    return sorted(found, key=lambda p: (p.mean is None, -(p.mean or 0), p.id))


def _spent(s: SpentTally) -> f.Spent:
    return f.Spent(
        calls=s.calls,
        input_tokens=None if s.tokens_unknown else s.input_tokens,
        output_tokens=None if s.tokens_unknown else s.output_tokens,
        cost=None if s.cost_unknown else s.billionths / 1e9,
        known_cost=s.billionths / 1e9,
        judge_seconds=round(s.microseconds / 1e6, 3),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
