"""What follows an answer: a follow-up, the next question, or the end. Pure.

Good interviewers probe the missing part only, a misconception first, and stop when further evidence
would not change the rating. Budgets by count and time make sure that every interview ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from interviewer.models import Turn
from knowledge import FollowUp, Point, Question

STUCK_SCORE = 2.0
"""A follow-up answered at or below this shows that the thread is exhausted."""
HARD_CAP = 200
"""Turns after which an interview ends whatever else holds."""
RUNG_ORDER = {"clarify": 0, "mechanism": 1, "trade-off": 2, "transfer": 3}


@dataclass(frozen=True)
class Decision:
    step: Literal["follow_up", "next", "close"]
    why: str
    follow_up: int | None = None


@dataclass(frozen=True)
class Progress:
    """Where the interview stands, as far as the decision needs it."""

    lang: str
    questions_asked: int
    questions_planned: int
    follow_ups_allowed: int
    seconds: float
    minutes_planned: float
    turns: int
    questions_left: bool


def decide(question: Question, turns: list[Turn], used: list[int], at: Progress) -> Decision:
    """`turns` are the turns of this question that were answered, its own first, hints left out."""
    say = _Words(at.lang)
    last = turns[-1] if turns else None
    if last is not None and last.action == "finish":
        return Decision("close", say("你选择在此结束", "you chose to end here"))
    if at.turns >= HARD_CAP:
        return Decision("close", say("已到轮数上限", "the limit of turns is reached"))
    if may_follow_up(turns, used, at):
        probe = follow_up(question, turns, used, at.lang)
        if probe is not None:
            return probe
    return onward(at)


def may_follow_up(turns: list[Turn], used: list[int], at: Progress) -> bool:
    """Whether the budgets leave room for one more follow-up to this question."""
    return (
        bool(turns)
        and turns[-1].action != "finish"
        and at.turns < HARD_CAP
        and not _out_of_time(at)
        and len(used) < at.follow_ups_allowed
    )


def onward(at: Progress) -> Decision:
    """What comes when this question is done with: the next one, or the end."""
    say = _Words(at.lang)
    if _out_of_time(at):
        return Decision("close", say("时间到", "the time is up"))
    if at.questions_asked >= at.questions_planned:
        return Decision("close", say("计划的题目已问完", "the planned questions were asked"))
    if not at.questions_left:
        return Decision("close", decide_nothing_left(at.lang))
    return Decision("next", "")


def decide_nothing_left(lang: str) -> str:
    return _Words(lang)("这个范围内没有更多题目", "no question is left in this scope")


def follow_up(question: Question, turns: list[Turn], used: list[int], lang: str) -> Decision | None:
    """The follow-up that the answers so far call for; None when the thread should stop.

    A misconception first, then the heaviest missing core point, then depth after a strong answer.
    """
    say = _Words(lang)
    first = turns[0].judgement
    if first is None or not worth_probing(turns):
        return None
    made = covered_points(turns)
    found = {m.id for t in turns if t.judgement for m in t.judgement.misconceptions}
    weights = {p.id: p for p in question.points}
    best: tuple[tuple[float, ...], Decision] | None = None
    for n, f in enumerate(question.follow_ups):
        if n in used:
            continue
        rung = RUNG_ORDER[f.rung]
        if f.when.misconception and f.when.misconception in found:
            why = say("回答里有一处常见误解，值得追问", "the answer holds a common misconception worth probing")
            rank: tuple[float, ...] = (0, rung)
        elif _asks_for_made(f, made):
            continue
        elif f.when.missing and f.when.missing not in made:
            point = weights[f.when.missing]
            why = say(
                f"有一个{'核心' if point.core else '加分'}要点还没有讲到",
                f"a {'core' if point.core else 'bonus'} point has not come up yet",
            )
            rank = (1 if point.core else 3, -point.weight, rung)
        elif f.when.score_at_least is not None and (first.score or 0) >= f.when.score_at_least:
            why = say("回答很扎实，再往深处问一层", "the answer was strong, so one rung deeper")
            rank = (2, rung)
        else:
            continue
        if best is None or rank < best[0]:
            best = (rank, Decision("follow_up", why, n))
    return best[1] if best else None


def worth_probing(turns: list[Turn]) -> bool:
    """Whether the thread has more to give: an answer to the point, and no follow-up that led nowhere."""
    first, last = turns[0].judgement, turns[-1].judgement
    if turns[-1].action != "answer" or first is None or last is None or last.score is None:
        return False
    if turns[-1].kind == "follow_up" and last.score <= STUCK_SCORE:
        return False
    return not {"empty", "dont_know", "copied_question", "off_topic"} & set(first.flags)


def covered_points(turns: list[Turn]) -> set[str]:
    """Ids of the points that some answer covered."""
    return {p.id for t in turns if t.judgement for p in t.judgement.points if p.verdict == "covered"}


def _asks_for_made(f: FollowUp, made: set[str]) -> bool:
    ids = [p.id if isinstance(p, Point) else p for p in f.points]
    return bool(ids) and all(i in made for i in ids)


def _out_of_time(at: Progress) -> bool:
    return at.seconds >= at.minutes_planned * 60


class _Words:
    def __init__(self, lang: str) -> None:
        self.zh = lang == "zh"

    def __call__(self, zh: str, en: str) -> str:
        return zh if self.zh else en
