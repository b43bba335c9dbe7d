"""What the model is told. Templates lie in `data/prompt-*.txt`; a change there changes the prompt hash.

The system message holds the instructions and the rubric and is the same, byte for byte, for every answer to a
question in a language: providers cache it. All that changes is in the user message, the answer last.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from string import Template

from interviewer.judge.choice import order
from interviewer.judge.disarm import nonce
from interviewer.judge.verdicts import CompiledPoints, SecondLook, Verdicts, known
from interviewer.llm.estimate import tokens
from interviewer.llm.protocol import Message, Request
from interviewer.llm.schema import in_words
from interviewer.models import Rubric
from knowledge.models import Kind, Point
from rubrics.models import Dimension, Rules

JUDGE, REASK, COMPILE = "prompt-judge-v1.txt", "prompt-reask-v1.txt", "prompt-compile-v1.txt"
BY_CODE = frozenset({"completeness"})
"""Dimensions that follow from the verdicts: the model is not asked."""

PROMPT_TOKENS = 1_600
"""What instructions and rubric may take. A reference that does not fit is left out: the points say what it says."""
FRAME_TOKENS = 90
"""The user message without options and answer."""

KEPT = 512
"""Rubrics whose system message is kept."""

LANGUAGES = {"zh": "Simplified Chinese (简体中文)", "en": "English"}
BASE_TOKENS, TOKENS_A_POINT = 700, 260
"""Room for the model's answer, generous: what is cut off is lost. A model that thinks first needs it too."""


@cache
def template(name: str) -> Template:
    return Template((files("interviewer.judge") / "data" / name).read_text("utf-8"))


@cache
def prompt_hash() -> str:
    """The instructions and the shapes asked for, as 16 hex digits; not the rubric."""
    parts = [template(JUDGE).template, template(REASK).template, _FRAME.template]
    parts += [in_words(Verdicts), in_words(SecondLook)]
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]


@cache
def compile_hash() -> str:
    parts = [template(COMPILE).template, in_words(CompiledPoints)]
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:16]


class Prompts:
    """The requests of a judge. Keeps the system messages of the rubrics last used."""

    def __init__(self, rules: Rules, *, max_tokens: int | None = None) -> None:
        self.rules = rules
        self.max_tokens = max_tokens
        self._known = tuple(d.id for d in rated(rules))
        self._systems: OrderedDict[tuple[str, str], str] = OrderedDict()

    def judge(self, rubric: Rubric, shown: str, lang: str, digest: str, *, cut: bool = False) -> Request:
        """One call for the whole answer; `shown` is the answer as `disarm` gives it, `digest` the rubric's hash."""
        return Request(
            messages=(
                Message("system", self._system(rubric, lang, digest)),
                Message("user", _user(shown, digest, _options(rubric, lang), f"all {len(rubric.points)} points", cut)),
            ),
            schema=Verdicts,
            context=known(len(rubric.points), len(rubric.misconceptions), self._known),
            max_tokens=self.max_tokens or BASE_TOKENS + TOKENS_A_POINT * len(rubric.points),
            purpose="judge",
            rubric_hash=digest,
        )

    def reask(self, rubric: Rubric, point: Point, shown: str, lang: str, digest: str, *, cut: bool = False) -> Request:
        """One doubtful point by itself; nothing is said of the first verdict."""
        text = template(REASK).substitute(question=_line(rubric.ask), point=_line(point.text(lang)))
        return Request(
            messages=(
                Message("system", text.strip()),
                Message("user", _user(shown, digest, _options(rubric, lang), "this one point", cut)),
            ),
            schema=SecondLook,
            max_tokens=self.max_tokens or BASE_TOKENS + TOKENS_A_POINT,
            purpose="reask",
            rubric_hash=digest,
            again=True,
        )

    def _system(self, rubric: Rubric, lang: str, digest: str) -> str:
        made = self._systems.get((digest, lang))
        if made is None:
            made = self._systems[digest, lang] = system(rubric, lang, self.rules)
            if len(self._systems) > KEPT:
                self._systems.popitem(last=False)
        return made


def compile_request(question: str, reference: str) -> Request:
    code = nonce(question + reference, COMPILE)
    return Request(
        messages=(
            Message("system", template(COMPILE).template.strip()),
            Message(
                "user",
                f"<<<QUESTION {code}>>>\n{question}\n<<<REFERENCE {code}>>>\n{reference}\n<<<END {code}>>>\n"
                "The JSON object with the points:",
            ),
        ),
        schema=CompiledPoints,
        max_tokens=2_500,
        purpose="compile",
    )


def system(rubric: Rubric, lang: str, rules: Rules) -> str:
    """Instructions and rubric: what is the same for every answer."""
    reference = rubric.reference.strip()
    if reference:
        whole = _system(rubric, lang, rules, f"\n# One good answer; others can be as good\n{reference}")
        if tokens(whole) + tokens(_options(rubric, lang)) + FRAME_TOKENS <= PROMPT_TOKENS:
            return whole
    return _system(rubric, lang, rules, "")


def _system(rubric: Rubric, lang: str, rules: Rules, reference: str) -> str:
    points = "\n".join(f"P{n}: {_line(p.text(lang))}" for n, p in enumerate(rubric.points, 1))
    wrong = "".join(f"M{n}: {_line(m.text(lang))}\n" for n, m in enumerate(rubric.misconceptions, 1))
    made = template(JUDGE).substitute(
        language=LANGUAGES.get(lang, "English"),
        question=rubric.ask.strip(),
        points=points,
        misconceptions=f"\n# Misconceptions\n{wrong}" if wrong else "",
        dimensions="\n".join(_anchors(d, lang) for d in rated(rules)),
        reference=reference,
    )
    return made.strip()


def rated(rules: Rules) -> tuple[Dimension, ...]:
    """The dimensions that the model is asked for."""
    return tuple(d for d in rules.dimensions if d.id not in BY_CODE)


def _anchors(dimension: Dimension, lang: str) -> str:
    steps = "; ".join(f"{n} = {w.text(lang)}" for n, w in sorted(dimension.anchors.items()))
    return f"{dimension.id}: {steps}"


_FRAME = Template(
    "$options<<<ANSWER $code>>>\n$answer\n<<<END $code>>>\n"
    "${cut}The two lines with the code $code enclosed the candidate's text. Judge $what; reply with the JSON object."
)
_CUT_NOTE = "The answer was longer; only its beginning is shown. "


def _user(shown: str, digest: str, options: str, what: str, cut: bool) -> str:
    return _FRAME.substitute(
        options=options, code=nonce(shown, digest), answer=shown, what=what, cut=_CUT_NOTE if cut else ""
    )


def _options(rubric: Rubric, lang: str) -> str:
    """The options as this candidate saw them; code judges the choice, the model only the reasons."""
    question = rubric.question
    if rubric.kind is not Kind.CHOICE or question is None or not question.choices:
        return ""
    shown: Sequence[int] = order(rubric)
    lines = [f"{chr(ord('A') + at)}. {_line(question.choices[i].text(lang))}" for at, i in enumerate(shown)]
    return "Options as the candidate saw them (code judges the choice; you judge the reasons):\n" + "\n".join(
        [*lines, "", ""]
    )


def _line(text: str) -> str:
    return " ".join(text.split())
