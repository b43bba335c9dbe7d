"""Which questions are written down, in which language, and how much of each."""

from __future__ import annotations

from dataclasses import dataclass

from interviewer.export.words import WORDS
from knowledge import KnowledgeMap, Question, Skill
from knowledge.depth import expected_from
from knowledge.models import FollowUp, Lang, Point


@dataclass(frozen=True)
class Chosen:
    """`answers`: points, misconceptions, reference, sources; `scripts`: what to say aloud, and the bonus line."""

    the_map: KnowledgeMap
    questions: tuple[Question, ...]
    lang: Lang = "zh"
    role: str | None = None
    answers: bool = True
    scripts: bool = True
    follow_ups: bool = True

    def t(self, key: str, **values: object) -> str:
        zh, en = WORDS[key]
        return (zh if self.lang == "zh" else en).format(**values)

    @property
    def title(self) -> str:
        if self.role is None:
            return self.t("title")
        return self.t("title_for", role=self.the_map.role(self.role).text(self.lang))

    @property
    def counted(self) -> str:
        n = len(self.questions)
        return self.t("one_question") if n == 1 else self.t("n_questions", n=n)

    def skill(self, question: Question) -> Skill:
        return self.the_map.skill_of(question.id)

    def category(self, question: Question) -> str:
        wanted = self.skill(question).category
        return next(c.text(self.lang) for c in self.the_map.categories if c.id == wanted)

    def why(self, question: Question) -> str:
        """Why the question is on the role's list; empty where it is not."""
        if self.role is None:
            return ""
        listed = self.the_map.role(self.role).asked
        return next((a.why.text(self.lang) for a in listed if a.question == question.id), "")

    def standing(self, question: Question) -> str:
        """What the question is to the role, in words; empty without a role."""
        found = question.roles.get(self.role) if self.role else None
        return self.t(f"standing.{found}") if found else ""

    def expected(self, question: Question) -> str:
        """From which level on the role is expected to know it, in words; empty without a role."""
        return self.t(f"from.{expected_from(question, self.role)}") if self.role else ""

    def kind(self, question: Question) -> str:
        return self.t(f"kind.{question.kind.value}")

    def probes(self, question: Question) -> list[tuple[str, str, list[str]]]:
        """Of each follow-up: when it is asked, its text, and what a good answer to it says."""
        points = {p.id: p for p in question.points}
        return [
            (self._when(question, f), f.text(self.lang), [self._said(p, points) for p in f.points])
            for f in question.follow_ups
        ]

    def _said(self, point: str | Point, points: dict[str, Point]) -> str:
        return (points[point] if isinstance(point, str) else point).text(self.lang)

    def _when(self, question: Question, follow_up: FollowUp) -> str:
        when = follow_up.when
        if when.missing:
            return self.t("when.missing", what=self._said(when.missing, {p.id: p for p in question.points}))
        if when.misconception:
            wrong = next(m for m in question.misconceptions if m.id == when.misconception)
            return self.t("when.misconception", what=wrong.text(self.lang))
        return self.t("when.score", n=f"{when.score_at_least:g}")
