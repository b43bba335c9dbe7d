"""The steps of the machine. Each is safe to run again after a crash: what it writes has a fixed id.

`listen` holds the interrupt and nothing else, because LangGraph runs an interrupted node again from
its top; every call of a judge and every write lives in another node.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal, cast

from langgraph.runtime import Runtime
from langgraph.types import Command, interrupt

from interviewer.ability import Outcome
from interviewer.graph import generated, policy, selection
from interviewer.graph.context import Context, Written
from interviewer.graph.state import STATE_VERSION, Current, State
from interviewer.graph.turns import hint_text, question_turn
from interviewer.judge import follow_up_rubric, question_rubric, written_rubric
from interviewer.models import Rubric, Setup, Turn
from knowledge import KnowledgeMap

DONT_KNOW = {"zh": "不知道", "en": "I don't know"}


def plan(state: State, runtime: Runtime[Context]) -> Command[Literal["ask", "close"]]:
    """Choose the first question."""
    return _go_to_next({**state, "asked": [], "outcomes": [], "hints": {}, "number": 0}, runtime)


def next_question(state: State, runtime: Runtime[Context]) -> Command[Literal["ask", "close"]]:
    """Choose the question that tells most after what was answered."""
    return _go_to_next(state, runtime)


def _go_to_next(state: State, runtime: Runtime[Context]) -> Command[Any]:
    setup = setup_of(state)
    outcomes = [Outcome(**o) for o in state.get("outcomes", [])]
    asked = list(state.get("asked", []))
    choice = selection.choose(runtime.context.the_map, setup, asked, outcomes)
    base: State = {
        "version": STATE_VERSION,
        "asked": asked,
        "outcomes": [o.__dict__ for o in outcomes],
        "hints": state.get("hints", {}),
        "number": state.get("number", 0),
        "used": [],
    }
    if choice is None:
        why = policy.decide_nothing_left(setup.lang)
        return Command(goto="close", update={**base, "ended": why})
    question_id, why = choice
    base["number"] = base["number"] + 1
    base["asked"] = [*asked, question_id]
    base["chosen"] = {"question_id": question_id, "why": why}
    return Command(goto="ask", update=base)


def ask(state: State, runtime: Runtime[Context]) -> State:
    """Put the chosen question before the candidate."""
    setup = setup_of(state)
    turn = question_turn(
        runtime.context.the_map, setup, state["number"], state["chosen"]["question_id"], state["chosen"]["why"]
    )
    runtime.context.ledger.add_turn(state["session"], turn.model_copy(update={"asked_at": runtime.context.now()}))
    return {"current": _current(turn), "used": []}


def listen(state: State) -> State:
    """Wait for the candidate. Resumed with {"turn_id", "action"}; the text is in the ledger."""
    return {"inbox": interrupt({"turn_id": state["current"]["turn_id"]})}


def heard(state: State) -> Literal["listen", "hint", "assess", "decide"]:
    """Where to go from `listen`: an action for another turn is not for this one."""
    inbox = state["inbox"]
    if inbox.get("turn_id") != state["current"]["turn_id"]:
        return "listen"
    if inbox["action"] == "hint":
        return "hint"
    return "assess" if inbox["action"] in ("answer", "dont_know") else "decide"


def hint(state: State, runtime: Runtime[Context]) -> State:
    """Give the question's hint; it is noted, and costs marks, once."""
    context, setup = runtime.context, setup_of(state)
    current = state["current"]
    taken = dict(state.get("hints", {}))
    if current["kind"] == "question" and not taken.get(current["question_id"]):
        question = context.the_map.question(current["question_id"])
        turn = Turn(
            turn_id=f"{current['turn_id']}.h1",
            question_id=question.id,
            kind="hint",
            text=hint_text(question, setup.lang),
            skill=context.the_map.skill_of(question.id).id,
            action="hint",
            asked_at=context.now(),
        )
        context.ledger.add_turn(state["session"], turn)
        taken[question.id] = 1
    return {"hints": taken}


async def assess(state: State, runtime: Runtime[Context]) -> State:
    """Judge the answer, unless that was done before a crash."""
    context, setup, current = runtime.context, setup_of(state), state["current"]
    turn = context.ledger.turn(state["session"], current["turn_id"])
    if turn is None:
        raise LookupError(f"turn {current['turn_id']} is not in the ledger")
    if turn.judgement is None:
        rubric = rubric_of(context.the_map, setup, turn)
        text = DONT_KNOW[setup.lang] if turn.action == "dont_know" else turn.answer or ""
        judge = await asyncio.to_thread(context.judge)
        context.ledger.save_judgement(state["session"], turn.turn_id, await judge.judge(rubric, text, setup.lang))
        turn = cast(Turn, context.ledger.turn(state["session"], turn.turn_id))
    hinted = bool(state.get("hints", {}).get(turn.question_id))
    outcome = selection.outcome_of(context.the_map, turn, hinted)
    return {"outcomes": [*state.get("outcomes", []), *([outcome.__dict__] if outcome else [])]}


def decide(state: State, runtime: Runtime[Context]) -> Command[Literal["follow_up", "improvise", "next", "close"]]:
    """A follow-up, one that a model is to write, the next question, or the end."""
    context, current = runtime.context, state["current"]
    question = context.the_map.question(current["question_id"])
    turns, later = _turns(state, context)
    thread, used, at = _thread(turns, question.id), state.get("used", []), _progress(state, context, turns)
    decision = policy.decide(question, thread, used, at)
    if decision.step == "follow_up":
        return Command(
            goto="follow_up",
            update={"step": "follow_up", "chosen": {"follow_up": decision.follow_up, "why": decision.why}},
        )
    # A replay of the ledger does what was done then, with a model or without.
    if later[0].generated if later else context.asker is not None:
        target = generated.wanted(question, thread, used, at)
        if target is not None:
            return Command(goto="improvise", update={"step": "improvise", "chosen": {"target": target.id}})
    return _on(decision)


def _on(decision: policy.Decision) -> Command[Any]:
    update: State = {"step": decision.step}
    if decision.step == "close":
        update["ended"] = decision.why
    return Command(goto=decision.step, update=update)


def _turns(state: State, context: Context) -> tuple[list[Turn], list[Turn]]:
    """The turns up to the current one, and what a replayed ledger has after it, hints left out."""
    turns = context.ledger.turns(state["session"])
    at = next((n for n, t in enumerate(turns, 1) if t.turn_id == state["current"]["turn_id"]), len(turns))
    return turns[:at], [t for t in turns[at:] if t.kind != "hint"]


def _thread(turns: list[Turn], question_id: str) -> list[Turn]:
    """The question and its follow-ups, as far as they were answered."""
    return [t for t in turns if t.question_id == question_id and t.kind != "hint" and t.action]


def _progress(state: State, context: Context, turns: list[Turn]) -> policy.Progress:
    setup, asked = setup_of(state), state.get("asked", [])
    return policy.Progress(
        lang=setup.lang,
        questions_asked=len(asked),
        questions_planned=setup.questions,
        follow_ups_allowed=setup.follow_ups,
        seconds=context.seconds(),
        minutes_planned=setup.minutes,
        turns=len(turns),
        questions_left=selection.choose(context.the_map, setup, asked, []) is not None,
    )


def follow_up(state: State, runtime: Runtime[Context]) -> State:
    """Put the chosen follow-up before the candidate."""
    context, setup, current = runtime.context, setup_of(state), state["current"]
    question = context.the_map.question(current["question_id"])
    used = state.get("used", [])
    index: int = state["chosen"]["follow_up"]
    probe = question.follow_ups[index]
    turn = Turn(
        turn_id=_follow_up_id(state),
        question_id=question.id,
        kind="follow_up",
        text=probe.text(setup.lang),
        skill=context.the_map.skill_of(question.id).id,
        rung=probe.rung,
        follow_up=index,
        why=state["chosen"]["why"],
        asked_at=context.now(),
    )
    context.ledger.add_turn(state["session"], turn)
    return {"current": _current(turn), "used": [*used, index]}


async def improvise(state: State, runtime: Runtime[Context]) -> Command[Literal["listen", "next", "close"]]:
    """Have a follow-up written and put it before the candidate; without one, go on as if none had been wanted.

    What was written is in the ledger before the machine goes on, and a second run takes it from there.
    """
    context, turn_id = runtime.context, _follow_up_id(state)
    turn = context.ledger.turn(state["session"], turn_id)
    if turn is None:
        turns, _ = _turns(state, context)
        question = context.the_map.question(state["current"]["question_id"])
        lang = setup_of(state).lang
        task = generated.Task(
            question=question,
            target=next(p for p in question.points if p.id == state["chosen"]["target"]),
            thread=tuple(_thread(turns, question.id)),
            asked=tuple(t.text for t in turns if t.kind != "hint"),
            lang=lang,
        )
        written = await _written(context, task)
        if written is None:
            return _on(policy.onward(_progress(state, context, turns)))
        turn = Turn(
            turn_id=turn_id,
            question_id=question.id,
            kind="follow_up",
            text=written.text,
            skill=context.the_map.skill_of(question.id).id,
            generated=True,
            targets=[task.target.id],
            writing=written.usage,
            why=generated.why(task, written.model),
            asked_at=context.now(),
        )
        context.ledger.add_turn(state["session"], turn)
    used = [*state.get("used", []), generated.GENERATED]
    return Command(goto="listen", update={"current": _current(turn), "used": used})


async def _written(context: Context, task: generated.Task) -> Written | None:
    """None whatever goes wrong: a follow-up is worth no interview."""
    if context.asker is None:
        return None
    try:
        writer = await asyncio.to_thread(context.asker)
        return await writer.write(task)
    except Exception:
        return None


def close(state: State) -> State:
    """The end; the report is made from the ledger by the interview."""
    return {"step": "close"}


def setup_of(state: State) -> Setup:
    return Setup.model_validate(state["setup"])


def rubric_of(the_map: KnowledgeMap, setup: Setup, turn: Turn) -> Rubric:
    """What the answer to this turn is judged by."""
    question = the_map.question(turn.question_id)
    if turn.generated:
        return written_rubric(question, turn.targets, turn.text, setup.lang)
    if turn.follow_up is None:
        return question_rubric(question, setup.lang, tuple(turn.option_order))
    return follow_up_rubric(question, question.follow_ups[turn.follow_up], setup.lang)


def _follow_up_id(state: State) -> str:
    return f"q{state['number']:02d}.f{len(state.get('used', [])) + 1}"


def _current(turn: Turn) -> Current:
    kind: Literal["question", "follow_up"] = "question" if turn.kind == "question" else "follow_up"
    return Current(turn_id=turn.turn_id, question_id=turn.question_id, kind=kind)
