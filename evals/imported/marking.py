"""From drafts to graded answers: a scale for every mark, rows of one answer brought together, doubles told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from evals.imported.cells import NoMarkError, word_values
from evals.imported.drafts import Draft, Written
from evals.imported.scales import Mark, Scale, by_rater
from evals.imported.shapes import Fault, Graded
from interviewer.errors import UsageError


def marked(
    drafts: Sequence[Draft], given: Mapping[str, Scale], faults: list[Fault], *, long: bool
) -> tuple[list[Graded], list[str]]:
    """The graded answers in order, and what a person should know of the scales.

    `long`: a row is one rating, so rows of one answer belong together. Raises UsageError where a scale is ambiguous.
    """
    read = _Scales(drafts, given, faults)
    apart = any(d.id for d in drafts)
    answers: dict[object, Graded] = {}
    unrated = doubles = 0
    seen: set[object] = set()
    for draft in drafts:
        marks = [(w.rater, m) for w in draft.marks if (m := read.mark(draft, w, faults)) is not None]
        if not marks:
            unrated += not draft.marks
            continue
        key: object = (draft.question, draft.id, draft.cells["answer"])
        if not draft.id and not long:
            doubles += (key, tuple(marks)) in seen
            seen.add((key, tuple(marks)))
            key = (draft.file, draft.row)
        _add(answers, key, draft, marks, faults, apart)
    notices = read.notices()
    if unrated:
        notices.append(f"{unrated} {'rows hold' if unrated > 1 else 'row holds'} no rating")
    if doubles:
        notices.append(
            f"{doubles} rows say the same as an earlier one; they are kept, since no column tells answers apart "
            "(--map id=COLUMN)"
        )
    found = [a for a in answers.values() if a.marks]
    _name(found)
    return found, notices


def _add(
    answers: dict[object, Graded], key: object, draft: Draft, marks: Sequence[tuple[str, Mark]], faults: list[Fault],
    apart: bool,
) -> None:  # fmt: skip
    """The draft's marks beside those of the same answer; a rater's second one is left out and told."""
    first = answers.setdefault(
        key, Graded(draft.id, draft.row, draft.question, draft.cells, of_the_set=draft.of_the_set)
    )
    if first.row != draft.row and all(first.marks.get(r) == m for r, m in marks):
        faults.append(draft.fault(f"the same as row {first.row}"))
        return
    for rater, mark in marks:
        earlier = first.marks.get(rater)
        if earlier is not None and earlier != mark:
            why = f"{rater}: has rated this answer already (row {first.row}: {earlier.value:g}, here {mark.value:g})"
            faults.append(draft.fault(why + ("" if apart else "; --map id=COLUMN tells answers apart"), rater))
            continue
        first.marks[rater] = mark
        if rater in draft.details:
            first.details[rater] = draft.details[rater]


class _Scales:
    """Which scale every rater's marks are on: said, found of the marks, or said by the row."""

    def __init__(self, drafts: Sequence[Draft], given: Mapping[str, Scale], faults: list[Fault]) -> None:
        numbers: dict[str, list[float]] = defaultdict(list)
        fractions: dict[str, list[tuple[float, float]]] = defaultdict(list)
        words: dict[str, Counter[str]] = defaultdict(Counter)
        figures: Counter[str] = Counter()
        self._row_says = any(w.scale is not None for d in drafts for w in d.marks)
        raters: set[str] = set()
        for written in (w for d in drafts for w in d.marks):
            raters.add(written.rater)
            if written.cell.word is not None:
                words[written.rater][written.cell.word] += 1
                continue
            figures[written.rater] += 1
            if written.scale is not None or written.rater in given or "" in given:
                continue
            if written.unsaid and self._row_says and written.cell.out_of is None:
                continue
            if written.cell.out_of is not None:
                fractions[written.rater].append((written.cell.value, written.cell.out_of))
            else:
                numbers[written.rater].append(written.cell.value)
        if strange := [r for r in given if r and r not in raters]:
            raise UsageError(
                f"--scale {strange[0]}=…: there is no such rater", hint=f"raters: {', '.join(sorted(raters)[:20])}"
            )
        self._given = given
        self._values: dict[str, dict[str, float]] = {}
        self._worded: dict[str, Scale] = {}
        for rater, found in words.items():
            if found.total() <= figures[rater]:
                continue
            try:
                self._values[rater], ends = word_values(found)
            except NoMarkError as e:
                raise UsageError(
                    f"{rater}: {e}: {', '.join(sorted(found)[:10])}", hint="give each kind a column of its own"
                ) from None
            self._worded[rater] = Scale(*ends)
            numbers.pop(rater, None)
            fractions.pop(rater, None)
        self._numbers = {r: v for r, v in numbers.items() if v}
        self._found = self._of_numbers(fractions)

    def _of_numbers(self, fractions: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, Scale]:
        """`7.5/10` says the top of the others of its rater; what nothing says is found of the marks together."""
        known: dict[str, Scale] = {}
        self._so_many = set(fractions)
        for rater, found in fractions.items():
            tops = {top for _, top in found}
            if len(tops) == 1 or rater not in self._numbers:
                known[rater] = Scale(0.0, max(tops))
        rest = {r: v for r, v in self._numbers.items() if r not in known}
        if rest and fractions and len(tops := {t for f in fractions.values() for _, t in f}) == 1:
            top = tops.pop()
            if all(v <= top for values in rest.values() for v in values):
                return known | dict.fromkeys(rest, Scale(0.0, top))
        return known | by_rater(rest, {})

    def mark(self, draft: Draft, written: Written, faults: list[Fault]) -> Mark | None:
        """The mark on its scale; None, and told, where it does not lie on it."""
        cell, rater = written.cell, written.rater
        if cell.word is not None:
            values = self._values.get(rater)
            if values is None or cell.word not in values:
                faults.append(draft.fault(f"{rater}: {cell.word!r} is no rating among numbers", rater))
                return None
            return Mark(values[cell.word], self._worded[rater])
        if rater in self._worded:
            faults.append(draft.fault(f"{rater}: {cell.value:g} is no rating among words", rater))
            return None
        said = self._given.get(rater) or self._given.get("")
        scale = said or written.scale or (None if written.unsaid and self._row_says else self._found.get(rater))
        if scale is None and cell.out_of is not None:
            scale = Scale(0.0, cell.out_of)
        if scale is None:
            faults.append(draft.fault(f"{rater}: {cell.value:g} of how many? The row does not say", rater))
            return None
        value = cell.value
        if cell.out_of is not None and cell.out_of != scale.high:
            value = value / cell.out_of * scale.high
        if not scale.holds(value):
            shown = f"{cell.value:g}" + (f"/{cell.out_of:g}" if cell.out_of is not None else "")
            faults.append(draft.fault(f"{rater}: {shown} lies outside {scale}", rater))
            return None
        return Mark(value, scale)

    def notices(self) -> list[str]:
        told = []
        for rater, scale in sorted(self._worded.items()):
            order = sorted(self._values[rater].items(), key=lambda x: x[1])
            told.append(f"{rater}: words taken as {', '.join(f'{w} {v:g}' for w, v in order)} on {scale}")
        if self._row_says and not self._given:
            told.append("the rows say their scale")
        by_scale: dict[Scale, list[str]] = defaultdict(list)
        for rater, scale in sorted(self._found.items()):
            by_scale[scale].append(rater)
        for scale, raters in by_scale.items():
            values = [v for r in raters for v in self._numbers.get(r, ())]
            seen = [v for v in values if scale.holds(v)]
            span = f"ratings from {min(seen):g} to {max(seen):g} seen; " if seen else ""
            if any(r in self._so_many for r in raters):
                span = f"{span.rstrip('; ')}, some written as 7/{scale.high:g}; ".lstrip(", ")
            whose = f" ({', '.join(raters)})" if len(by_scale) > 1 else ""
            told.append(f"{span}taken as {scale}{whose}; --scale says otherwise")
        return told


def _name(answers: Sequence[Graded]) -> None:
    """An id of its own for each: the row's where no other has it, else with its question, else by its row."""
    taken: set[str] = set()
    common = Counter(a.id for a in answers)
    for a in answers:
        name = a.id if a.id and common[a.id] == 1 else f"{a.question[:60]}#{a.id or a.row}"
        base, copy = name, 2
        while name in taken:
            name, copy = f"{base}-{copy}", copy + 1
        taken.add(name)
        a.id = name
