"""A realistic finished interview in either language, and the little map it was asked from.

It has what a report must cope with: a hint, follow-ups, overlapping evidence, a misconception, a
choice, code, a skipped question, an unscored answer and a fallback judge.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from interviewer.models import (
    Evidence,
    JudgeInfo,
    Judgement,
    MisconceptionFound,
    PointVerdict,
    QuestionResult,
    Report,
    SkillStanding,
    StudyItem,
    Turn,
    Usage,
    Verdict,
)
from knowledge import KnowledgeMap, Skill, load_map
from knowledge.models import Category

TEXTS: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
CATEGORIES, SKILLS, QUESTIONS = TEXTS["categories"], TEXTS["skills"], TEXTS["questions"]
ANSWERS, SAYINGS, CODE = TEXTS["answers"], TEXTS["sayings"], TEXTS["code"]

LLM = JudgeInfo(
    kind="llm",
    model="openai/gpt-5-mini",
    rubric_hash="8c41f2a97d03",
    prompt_hash="1b7e55c0aa19",
    calibration="dev-2026-11",
    embedder="embedded-256",
)
OFFLINE = LLM.model_copy(update={"kind": "offline", "model": None, "prompt_hash": None, "fallback": True})
USAGE = Usage(calls=1, input_tokens=2140, output_tokens=388, cost=0.0021, seconds=3.4)


def sample_map() -> KnowledgeMap:
    """The packaged categories and roles with five small skills of our own."""
    weights = {"algo": 3, "eng": 3, "app": 2, "testdev": 1}
    skills = {
        s["skill"]: Skill.model_validate(
            {**s, "weights": weights, "questions": [q for q in QUESTIONS if q["id"].startswith(s["skill"])]}
        )
        for s in SKILLS
    }
    return KnowledgeMap(tuple(Category(**c) for c in CATEGORIES), skills, load_map().roles)


def sample_report(lang: str = "zh") -> Report:
    """The interview, held in `lang`."""
    say = SAYINGS[lang]
    return Report(
        session="20261121-algo-7f3a",
        role="algo",
        level="mid",
        lang=lang,
        score=5.6,
        grade=3,
        first_attempt=5.4,
        after_probe=6.3,
        hints=1,
        skills=_skills(lang),
        questions=_results(),
        turns=_turns(lang),
        study_next=_study(lang, say),
        judge=LLM,
        judge_card=say["card"],
        started_at="2026-11-21T14:02:10+00:00",
        finished_at="2026-11-21T14:41:32+00:00",
        finished=True,
        why_ended=say["ended"],
    )


def judgement(score: float | None, points: list[PointVerdict], **more: Any) -> Judgement:
    grade = None if score is None else int(score / 2 + 0.5)
    interval = None if score is None else (max(score - 1.2, 0), min(score + 1.1, 10))
    fields = {"judge": LLM, "usage": USAGE, "interval": interval, **more}
    return Judgement(score=score, grade=grade, points=points, **fields)


def evidence(answer: str, *quotes: str) -> list[Evidence]:
    found = []
    for quote in quotes:
        start = answer.index(quote)
        found.append(Evidence(start=start, end=start + len(quote), text=quote))
    return found


def _point(question: str, pid: str, verdict: Verdict, credit: float, lang: str, *quotes: str) -> PointVerdict:
    spec = next(p for q in QUESTIONS if q["id"] == question for p in q["points"] if p["id"] == pid)
    answer = next((a for a in ANSWERS[lang].values() if quotes and quotes[0] in a), "")
    return PointVerdict(
        id=pid,
        verdict=verdict,
        credit=credit,
        text=spec[lang],
        weight=spec.get("weight", 1),
        core=spec.get("core", True),
        evidence=evidence(answer, *quotes),
    )


def _turn(n: int, question: str, kind: Any, lang: str, key: str = "", **more: Any) -> Turn:
    spec = next(q for q in QUESTIONS if q["id"] == question)
    answer = (CODE if key == "code" else ANSWERS[lang].get(key)) if key else None
    fields: dict[str, Any] = {
        "text": spec["ask"][lang],
        "skill": question.split(".")[0],
        "answer": answer,
        "action": "answer" if answer is not None else None,
        "why": SAYINGS[lang].get(f"why{n}", ""),
        "asked_at": f"2026-11-21T14:{2 + 3 * n:02d}:00+00:00",
        "answered_at": f"2026-11-21T14:{4 + 3 * n:02d}:{7 * n % 60:02d}+00:00",
        **more,
    }
    return Turn(turn_id=f"t{n}", question_id=question, kind=kind, **fields)


def _turns(lang: str) -> list[Turn]:
    say, a = SAYINGS[lang], ANSWERS[lang]
    q1, q2, q3, q4, q5, q6 = (q["id"] for q in QUESTIONS)
    e = say["quotes"]
    lora = judgement(
        4.2,
        [
            _point(q1, "optimizer-state", "covered", 0.86, lang, e["optimizer"]),
            _point(q1, "base-weights-stay", "partial", 0.45, lang, e["base"]),
            _point(q1, "activations-stay", "contradicted", 0.0, lang, e["activations"]),
            _point(q1, "merge-no-latency", "missing", 0.0, lang),
        ],
        misconceptions=[
            MisconceptionFound(
                id="lora-quantises",
                text=say["misconception"],
                penalty=1.5,
                evidence=evidence(a["lora"], e["wrong"]),
            )
        ],
        dimensions={"correctness": 2, "completeness": 3, "depth": 3, "clarity": 4},
        feedback=say["feedback1"],
        needs_review=True,
    )
    probe = judgement(
        8.0,
        [_point(q1, "activations-stay", "covered", 0.9, lang, e["probe"])],
        feedback=say["feedback_probe"],
    )
    scenario = judgement(
        8.7,
        [
            _point(q2, "unit", "covered", 0.95, lang, e["unit"]),
            _point(q2, "power", "covered", 0.8, lang, e["power"]),
            _point(q2, "guardrails", "partial", 0.5, lang, e["guard"]),
        ],
        dimensions={"correctness": 5, "completeness": 4, "depth": 4, "clarity": 5},
        feedback=say["feedback2"],
    )
    choice = judgement(
        1.5,
        [_point(q3, "mask-prompt", "missing", 0.1, lang)],
        chosen="B",
        feedback=say["feedback3"],
        judge=OFFLINE,
    )
    code = judgement(
        7.3,
        [
            _point(q4, "divide-loss", "covered", 1.0, lang),
            _point(q4, "clip-before-step", "missing", 0.0, lang),
        ],
        feedback=say["feedback4"],
    )
    code.points[0].evidence = evidence(CODE, "loss = model(**batch).loss / ACCUMULATE", "/ ACCUMULATE")
    options = [c[lang] for c in QUESTIONS[2]["choices"]]
    order = [2, 0, 3, 1]
    return [
        _turn(1, q1, "question", lang, "lora", judgement=lora),
        _turn(2, q1, "hint", lang, text=say["hint"], action="hint", answered_at=None),
        _turn(3, q1, "follow_up", lang, "probe", text=say["probe"], rung="clarify", judgement=probe),
        _turn(4, q2, "question", lang, "ab", judgement=scenario),
        _turn(
            5,
            q3,
            "question",
            lang,
            "choice",
            judgement=choice,
            options=[options[i] for i in order],
            option_order=order,
        ),
        _turn(6, q4, "question", lang, "code", judgement=code),
        _turn(7, q5, "question", lang, action="skip"),
        _turn(
            8,
            q6,
            "question",
            lang,
            "serving",
            judgement=judgement(None, [], error=say["error"], flags=["ungraded"]),
        ),
    ]


def _results() -> list[QuestionResult]:
    q1, q2, q3, q4, q5, q6 = (q["id"] for q in QUESTIONS)

    def row(q: str, first: float | None, probe: float | None, final: float | None, **more: Any) -> QuestionResult:
        return QuestionResult(
            question_id=q, skill=q.split(".")[0], first_attempt=first, after_probe=probe, final=final, **more
        )

    return [
        row(q1, 4.2, 7.8, 5.0, hints=1),
        row(q2, 8.7, None, 8.7),
        row(q3, 1.5, None, 1.5),
        row(q4, 7.3, None, 7.3),
        row(q5, None, None, None, status="skipped"),
        row(q6, None, None, None, status="unscored"),
    ]


def _skills(lang: str) -> list[SkillStanding]:
    values = {
        "lora": (-0.25, 0.42, 48.9, 2),
        "ab-testing": (0.82, 0.63, 71.3, 1),
        "chat-template": (-1.12, 0.66, 29.6, 1),
        "grad-accumulation": (0.41, 0.6, 63.4, 1),
        "dpo": (0.0, 1.2, 54.6, 0),
        "serving": (0.0, 1.2, 54.6, 0),
    }
    return [
        SkillStanding(
            skill=s["skill"],
            name=s[lang],
            category=s["category"],
            ability=ability,
            se=se,
            level=level,
            answers=n,
        )
        for s in SKILLS
        for ability, se, level, n in [values[s["skill"]]]
    ]


def _study(lang: str, say: dict[str, Any]) -> list[StudyItem]:
    texts = {p["id"]: p[lang] for q in QUESTIONS for p in q["points"]}
    names = {s["skill"]: s[lang] for s in SKILLS}

    def item(skill: str, question: str, points: list[str]) -> StudyItem:
        return StudyItem(
            skill=skill,
            name=names[skill],
            why=say["study"][skill],
            question_ids=[question],
            points=[texts[p] for p in points],
        )

    return [
        item("lora", "lora.memory", ["activations-stay", "merge-no-latency"]),
        item("grad-accumulation", "grad-accumulation.loop", ["clip-before-step"]),
        item("chat-template", "chat-template.loss-mask", ["mask-prompt"]),
    ]
