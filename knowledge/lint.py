"""Is the map fit to interview people with? Every rule that a machine can hold, one function each.

Errors break something (a leaked answer, a claim without a source); warnings are worth a look.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from knowledge.load import KnowledgeMap
from knowledge.models import Bilingual, FollowUp, Kind, Point, Question, Skill
from knowledge.syntax import CodeError, parse, run_check

ZH_PER_MINUTE = 240
EN_PER_MINUTE = 150
TALK_SECONDS = (30, 60)
NEAR_DUPLICATE = 88
"""Percent of rapidfuzz `ratio` between two asks, in the same language, from which they are near-duplicates."""
SOURCE_ID = re.compile(r"^(arXiv:\d{4}\.\d{4,5}(v\d+)?|doi:10\.\S+|(?!(?i:arxiv|doi)\b)[A-Za-z][\w .,:()/-]+)$")

_LETTER = re.compile(r"(?<![A-Za-z0-9/])[A-F](?![A-Za-z0-9/'’-])")
_CJK = re.compile(r"[㐀-鿿]")
_WORD = re.compile(r"[A-Za-z0-9]+(?:[.'’-][A-Za-z0-9]+)*")


@dataclass
class LintReport:
    """What was found. `errors` and `warnings` start with `skill/question:`."""

    questions: int
    covered: int
    sources: int
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def as_text(self) -> str:
        """Findings, counts, and the sum of it in the last line."""
        lines = [*(f"error    {e}" for e in self.errors), *(f"warning  {w}" for w in self.warnings)]
        lines += [
            f"{name}: " + ", ".join(f"{k} {n}" for k, n in counts.items()) for name, counts in self.counts.items()
        ]
        covered = f"{self.covered} of {self.sources} source items covered; " if self.sources else ""
        lines.append(f"{self.questions} questions; {covered}{len(self.errors)} errors, {len(self.warnings)} warnings")
        return "\n".join(lines)

    def as_json(self) -> dict[str, object]:
        return {
            "questions": self.questions,
            "covered": self.covered,
            "sources": self.sources,
            "errors": self.errors,
            "warnings": self.warnings,
            "uncovered": self.uncovered,
            "counts": self.counts,
        }


def talk_seconds(text: str, lang: str) -> float:
    """Seconds to say `text` aloud: 240 Chinese characters or 150 English words a minute.

    In Chinese speech an English word or a number takes about the time of two characters.
    """
    words = len(_WORD.findall(text))
    if lang == "zh":
        return (len(_CJK.findall(text)) + 2 * words) / ZH_PER_MINUTE * 60
    return words / EN_PER_MINUTE * 60


def lint(the_map: KnowledgeMap, only: Iterable[str] = ()) -> LintReport:
    """Check the whole map, or only the named skills. Faulty YAML has been refused by the loader."""
    chosen = set(only)
    skills = [s for s in the_map.skills.values() if not chosen or s.id in chosen]
    known = {i for ids in the_map.source_items.values() for i in ids}
    covered = {c for q in the_map.questions.values() for c in q.covers}
    report = LintReport(
        questions=sum(len(s.questions) for s in skills),
        covered=len(covered & known),
        sources=len(known),
        uncovered=sorted(known - covered),
        counts=_counts(the_map),
    )
    for skill in skills:
        own = skill.model_dump(exclude={"questions"})
        report.errors += [f"{skill.id}: {where} is still to be written" for where in _to_do(own, "")]
        for q in skill.questions:
            where = f"{skill.id}/{q.id}"
            report.errors += [f"{where}: {m}" for m in _question_errors(q, known)]
            report.warnings += [f"{where}: {m}" for m in _question_warnings(q)]
    report.errors += list(_duplicates(skills, list(the_map.skills.values())))
    if not chosen:
        report.errors += list(_lists(the_map))
    report.errors += list(_key_spread(skills))
    return report


def _question_errors(q: Question, known: set[str]) -> Iterator[str]:
    todo = list(_to_do(q.model_dump(mode="json", by_alias=True), ""))
    yield from (f"{where} is still to be written" for where in todo)
    if todo:
        return
    yield from _languages(q)
    for lang in ("zh", "en"):
        seconds = talk_seconds(q.talk.text(lang), lang)
        low, high = TALK_SECONDS
        if not low <= seconds <= high:
            yield f"talk.{lang} takes {seconds:.0f} s to say; aim for {low}-{high} s"
    if not q.sources:
        yield "no primary source"
    for s in q.sources:
        if s.id and not SOURCE_ID.match(s.id):
            yield f"source id {s.id!r} is not arXiv:NNNN.NNNNN, doi:… or a venue"
        if s.url and not s.url.startswith("https://"):
            yield f"source url {s.url!r} is not https"
    for item in q.covers:
        if known and item not in known:
            yield f"covers an unknown source item: {item}"
    for m in q.misconceptions:
        for term in m.terms:
            for lang in ("zh", "en"):
                if _holds(q.reference.text(lang), term):
                    yield f"misconception {m.id}: its wording {term!r} stands in the reference"
    for n, f in enumerate(q.follow_ups, 1):
        for term in _leaks(q, f):
            yield f"follow-up {n} leaks the point it asks for: {term!r}"
    if q.kind is Kind.CHOICE:
        yield from _letters(q)
    if q.kind is Kind.CODE and q.solution:
        yield from _solution(q)


def _question_warnings(q: Question) -> Iterator[str]:
    rungs = {f.rung for f in q.follow_ups}
    if len(rungs) < 2:
        yield "follow-ups stand on fewer than two rungs"
    probed = {f.when.misconception for f in q.follow_ups}
    for m in q.misconceptions:
        if m.id not in probed:
            yield f"no follow-up for misconception {m.id}"
        if not m.terms:
            yield f"misconception {m.id} has no wordings"
    asked = {f.when.missing for f in q.follow_ups}
    for p in q.points:
        if p.core and p.id not in asked and q.kind is not Kind.CHOICE:
            yield f"no follow-up for missing core point {p.id}"
        if len(p.terms) < 3:
            yield f"point {p.id} has {len(p.terms)} accepted wordings; give three or more"
    shared = Counter(t.casefold() for p in q.points for t in p.terms)
    for term, n in shared.items():
        if n > 1:
            yield f"wording {term!r} counts for {n} points"
    if not 3 <= len(q.points) <= 7 and q.kind is not Kind.CHOICE:
        yield f"{len(q.points)} points; three to seven make an answer gradable"
    if q.hint is None:
        yield "no hint"
    if q.choices:
        for lang in ("zh", "en"):
            lengths = [len(c.text(lang)) for c in q.choices]
            key = lengths[q.key_index or 0]
            if key == max(lengths) and key > 1.4 * sorted(lengths)[-2]:
                yield f"the right option is by far the longest ({lang})"


def _to_do(value: object, where: str) -> Iterator[str]:
    """Places below `where` whose text says TODO, as `points.2.zh`."""
    if isinstance(value, str):
        if "TODO" in value:
            yield where
    elif isinstance(value, dict):
        for k, v in value.items():
            yield from _to_do(v, f"{where}.{k}".lstrip("."))
    elif isinstance(value, list):
        for n, v in enumerate(value, 1):
            yield from _to_do(v, f"{where}.{n}")


def _languages(q: Question) -> Iterator[str]:
    for name, text in _texts(q):
        if not _CJK.search(text.zh) and q.kind is not Kind.CHOICE:
            yield f"{name}.zh has no Chinese in it"
        if _CJK.search(text.en):
            yield f"{name}.en has Chinese in it"


def _texts(q: Question) -> Iterator[tuple[str, Bilingual]]:
    yield "ask", q.ask
    yield "reference", q.reference
    yield "talk", q.talk
    yield "bonus_line", q.bonus_line
    if q.hint:
        yield "hint", q.hint
    for p in q.points:
        yield f"point {p.id}", p
    for m in q.misconceptions:
        yield f"misconception {m.id}", m
    for n, f in enumerate(q.follow_ups, 1):
        yield f"follow-up {n}", f


def _leaks(q: Question, f: FollowUp) -> Iterator[str]:
    """Wordings of the points a follow-up asks for that stand in it and not already in the question."""
    by_id = {p.id: p for p in q.points}
    targets: list[Point] = [p if isinstance(p, Point) else by_id[p] for p in f.points]
    for p in targets:
        for term in p.terms:
            if len(_CJK.findall(term)) < 3 and len(term) < 5:
                continue
            for lang in ("zh", "en"):
                if _holds(f.text(lang), term) and not _holds(q.ask.text(lang), term):
                    yield term
                    break


def _holds(text: str, term: str) -> bool:
    low, t = text.casefold(), term.casefold()
    if _CJK.search(t):
        return t in low
    return re.search(rf"(?<![a-z0-9]){re.escape(t)}(?![a-z0-9])", low) is not None


def _solution(q: Question) -> Iterator[str]:
    assert q.solution is not None
    try:
        tree = parse(q.solution)
    except CodeError as e:
        yield f"solution: {e}"
        return
    for c in q.checks:
        if not run_check(c, tree, q.solution)[0]:
            yield f"solution fails its own check {c.id}"


def _letters(q: Question) -> Iterator[str]:
    """Options are shuffled for every interview, so no text may name one by its letter."""
    texts = [*_texts(q), *((f"choice {n}.why", c.why) for n, c in enumerate(q.choices, 1))]
    for name, text in texts:
        for lang in ("zh", "en"):
            for found in _LETTER.finditer(text.text(lang)):
                if found[0] == "A" and re.match(r"A [a-z]", text.text(lang)[found.start() :]):
                    continue  # the article
                yield f"{name}.{lang} names an option by its letter ({found[0]}), but options are shuffled"
                break


def _duplicates(skills: list[Skill], everything: list[Skill]) -> Iterator[str]:
    """Questions of `skills` that ask nearly the same as another of the map; each pair once."""
    asks = [(s.id, q) for s in everything for q in s.questions]
    chosen = {s.id for s in skills}
    for n, (skill, q) in enumerate(asks):
        for other_skill, other in asks[n + 1 :]:
            if not {skill, other_skill} & chosen:
                continue
            for lang in ("zh", "en"):
                if fuzz.ratio(q.ask.text(lang), other.ask.text(lang), score_cutoff=NEAR_DUPLICATE):
                    yield f"{skill}/{q.id}: asks nearly the same as {other_skill}/{other.id} ({lang})"
                    break


def _lists(the_map: KnowledgeMap) -> Iterator[str]:
    """Lists of the roles: whole, of questions that are there and that the role is asked."""
    for role in the_map.roles:
        if not role.asked:
            continue
        where = f"roles.yaml/{role.id}"
        ids = [a.question for a in role.asked]
        yield from (f"{where}: {i} is listed twice" for i, n in Counter(ids).items() if n > 1)
        unknown = [i for i in ids if i not in the_map.questions]
        yield from (f"{where}: no question {i!r}" for i in unknown)
        if unknown:
            continue
        standings = [the_map.questions[i].roles.get(role.id, "") for i in ids]
        for i, standing in zip(ids, standings, strict=True):
            if standing not in ("must", "deep"):
                yield f"{where}: {i} is neither must nor deep for this role"
        if standings != sorted(standings, key=("must", "deep", "nice", "").index):
            yield f"{where}: a must-ask stands behind a deep dive"
        for a in role.asked:
            yield from (f"{where}: {a.question}: {fault}" for fault in _one_language(a.why))


def _one_language(text: Bilingual) -> Iterator[str]:
    if not _CJK.search(text.zh):
        yield "why.zh has no Chinese in it"
    if _CJK.search(text.en):
        yield "why.en has Chinese in it"


def _key_spread(skills: list[Skill]) -> Iterator[str]:
    keys = Counter(q.key for s in skills for q in s.questions if q.key)
    total = sum(keys.values())
    if total >= 12:
        for key, n in keys.items():
            if n / total > 0.45:
                yield f"answer keys: {n} of {total} choice questions have the key {key}"


def _counts(the_map: KnowledgeMap) -> dict[str, dict[str, int]]:
    pairs = [(s, q) for s in the_map.skills.values() for q in s.questions]
    return {
        "category": dict(Counter(s.category for s, _ in pairs)),
        "kind": dict(Counter(q.kind.value for _, q in pairs)),
        "role": dict(Counter(r for _, q in pairs for r in q.roles)),
        "must": dict(Counter(r for _, q in pairs for r, st in q.roles.items() if st == "must")),
        "difficulty": {str(k): v for k, v in sorted(Counter(q.difficulty for _, q in pairs).items())},
    }
