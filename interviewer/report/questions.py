"""One question of the report: its turns judged and labelled, and what the map teaches about it."""

from __future__ import annotations

from datetime import datetime

from interviewer.models import Judgement, QuestionResult, Report, Turn
from interviewer.report.highlight import Stretch, place, stretches
from interviewer.report.parts import (
    ICONS,
    Exchange,
    Judged,
    MisconceptionRow,
    Option,
    PointRow,
    QuestionPart,
    Source,
)
from interviewer.report.words import Words
from knowledge import Kind, KnowledgeMap, Question
from knowledge import Source as MapSource
from knowledge.models import Point
from rubrics import load_rules


def question_part(
    number: int,
    turns: list[Turn],
    result: QuestionResult | None,
    report: Report,
    t: Words,
    the_map: KnowledgeMap | None,
) -> QuestionPart:
    """The question asked in `turns[0]`, with the hints and follow-ups that came after it."""
    first, *later = turns
    known = the_map.questions.get(first.question_id) if the_map else None
    translate = known if known is not None and t.lang != report.lang else None
    anchor = f"q{number}"
    steps = []
    counts = {"follow_up": 0, "hint": 0}
    for n, turn in enumerate(later, 1):
        kind = "hint" if turn.kind == "hint" else "follow_up"
        counts[kind] += 1
        steps.append(_exchange(turn, f"{anchor}-{n}", _label(turn, counts[kind], t), known, translate, t))
    main = _exchange(first, anchor, t("question_n", n=number), known, translate, t)
    asked = first.kind == "question"
    own_score = first.judgement.score if first.judgement is not None and asked else None
    return QuestionPart(
        number=number,
        anchor=anchor,
        id=first.question_id,
        tags=_tags(first, known, t, the_map),
        main=main,
        steps=steps,
        first=result.first_attempt if result else own_score,
        probe=result.after_probe if result else None,
        final=result.final if result else own_score,
        hints=max(result.hints if result else 0, counts["hint"]),
        status=_question_status(main, result, t),
        reference=known.reference.text(t.lang) if known else "",
        solution=(known.solution or "") if known else "",
        talk=known.talk.text(t.lang) if known else "",
        bonus_line=known.bonus_line.text(t.lang) if known else "",
        sources=[_source(s) for s in known.sources] if known else [],
    )


def _question_status(main: Exchange, result: QuestionResult | None, t: Words) -> str:
    if result is not None:
        return t.named("status", result.status)
    return main.status or t("status.answered" if main.judged and main.judged.score is not None else "unscored")


def _label(turn: Turn, n: int, t: Words) -> str:
    if turn.kind == "hint":
        return f"{t('hint')} {n}"
    rung = f" · {t.named('rung', turn.rung)}" if turn.rung else ""
    by_model = f" · {t('generated')}" if turn.generated else ""
    return f"{t('follow_up')} {n}{rung}{by_model}"


def _tags(turn: Turn, known: Question | None, t: Words, the_map: KnowledgeMap | None) -> list[str]:
    tags = []
    skill = the_map.skills.get(turn.skill) if the_map else None
    if skill is None and the_map and known:
        skill = the_map.skill_of(known.id)
    if skill is not None and the_map is not None:
        tags += [c.text(t.lang) for c in the_map.categories if c.id == skill.category]
    if skill is not None or turn.skill:
        tags.append(skill.text(t.lang) if skill else turn.skill)
    if known is not None:
        tags += [t.named("kind", known.kind.value), t("difficulty", n=known.difficulty)]
    return tags


def _exchange(
    turn: Turn, anchor: str, label: str, known: Question | None, translate: Question | None, t: Words
) -> Exchange:
    judged = _judged(turn, translate, t)
    answer = turn.answer
    shown: list[Stretch] = []
    if answer:
        found = [m for p in judged.points for m in place(answer, str(p.number), p.evidence)] if judged else []
        if judged:
            found += [m for c in judged.misconceptions for m in place(answer, c.letter, c.evidence)]
        shown = stretches(answer, found)
    status = ""
    if turn.action in ("skip", "dont_know"):
        status = t("status.skipped" if turn.action == "skip" else "status.dont_know")
    elif turn.kind != "hint" and not (answer or "").strip():
        status = t("no_answer")
    return Exchange(
        anchor=anchor,
        kind=turn.kind,
        label=label,
        text=turn.text or (known.ask.text(t.lang) if known and turn.kind == "question" else ""),
        why=turn.why,
        took="" if turn.kind == "hint" else took(turn.asked_at, turn.answered_at, t),
        answer=answer,
        is_code=known is not None and known.kind is Kind.CODE and turn.kind == "question",
        status=status,
        options=_options(turn, known, t.lang),
        judged=judged,
        stretches=shown,
    )


def _judged(turn: Turn, translate: Question | None, t: Words) -> Judged | None:
    j = turn.judgement
    if j is None:
        if turn.kind == "hint" or turn.action != "answer":
            return None
        return Judged(None, None, False, t("unscored_why", why=t("not_judged")), [], [], [], [], "")
    dimensions = {d.id: d.name.text(t.lang) for d in load_rules().dimensions}
    unscored = "" if j.score is not None else t("unscored_why", why=j.error or t("unscored_unknown"))
    return Judged(
        score=j.score,
        interval=j.interval if j.score is not None else None,
        needs_review=j.needs_review,
        unscored=unscored,
        points=_points(j, translate, t),
        misconceptions=_misconceptions(j, translate, t),
        dimensions=[(name, j.dimensions[d]) for d, name in dimensions.items() if d in j.dimensions],
        flags=[t.named("flag", f) for f in j.flags if f != "ungraded" or not unscored],
        feedback=j.feedback,
    )


def _points(j: Judgement, translate: Question | None, t: Words) -> list[PointRow]:
    own = [p for f in translate.follow_ups for p in f.points if isinstance(p, Point)] if translate else []
    texts = {p.id: p.text(t.lang) for p in [*(translate.points if translate else []), *own]}
    return [
        PointRow(
            number=n,
            text=texts.get(p.id) or p.text or p.id,
            verdict=p.verdict,
            icon=ICONS[p.verdict],
            word=t(p.verdict),
            percent=round(p.credit * 100),
            core=p.core,
            weight=f"{p.weight:g}",
            evidence=p.evidence,
        )
        for n, p in enumerate(j.points, 1)
    ]


def _misconceptions(j: Judgement, translate: Question | None, t: Words) -> list[MisconceptionRow]:
    texts = {m.id: m.text(t.lang) for m in translate.misconceptions} if translate else {}
    return [
        MisconceptionRow(
            letter=_letter(n),
            text=texts.get(m.id) or m.text or m.id,
            penalty=f"{m.penalty:g}" if m.penalty else "",
            evidence=m.evidence,
        )
        for n, m in enumerate(j.misconceptions)
    ]


def _letter(n: int) -> str:
    """a, b, … z, aa, ab, …"""
    return (_letter(n // 26 - 1) if n >= 26 else "") + chr(ord("a") + n % 26)


def _options(turn: Turn, known: Question | None, lang: str) -> list[Option]:
    chosen = (turn.judgement.chosen or "").upper() if turn.judgement is not None else ""
    order = turn.option_order or list(range(len(turn.options)))
    rows = []
    for n, text in enumerate(turn.options):
        index = order[n] if n < len(order) else -1
        choice = known.choices[index] if known and 0 <= index < len(known.choices) else None
        letter = chr(ord("A") + n)
        rows.append(
            Option(
                letter=letter,
                text=text,
                chosen=letter == chosen,
                right=known is not None and choice is not None and index == known.key_index,
                why=choice.why.text(lang) if choice else "",
            )
        )
    return rows


def _source(source: MapSource) -> Source:
    return Source(source.label, source.link, source.for_ or "")


def took(start: str, end: str | None, t: Words) -> str:
    """How long it took, in words; empty when that cannot be said."""
    try:
        seconds = round((datetime.fromisoformat(end or "") - datetime.fromisoformat(start)).total_seconds())
    except (ValueError, TypeError):
        return ""
    if seconds <= 0:
        return ""
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return t("seconds", n=rest)
    if minutes >= 10 or not rest:
        return t("minutes", n=minutes)
    return t("minutes_seconds", m=minutes, s=rest)
