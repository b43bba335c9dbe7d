"""Follow-ups that a model writes: the real LangGraph over SQLite, a scripted model and a scripted judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from interviewer import errors
from interviewer.embeddings import StaticTable
from interviewer.follow_up_writer import ModelFollowUps
from interviewer.interview import open_engine
from interviewer.llm import ScriptedGateway
from interviewer.models import Turn
from interviewer.report.view import view_of
from interviewer.store import SessionStore
from knowledge import KnowledgeMap
from tests.fake_judge import FakeJudge
from tests.graph.asked import ANSWER, BAD, DEEPER, GOOD, GOOD_EN, ID, LEAK, ROW, Opened, answered, says, setup

# asked, judged, reported


async def test_a_model_asks_on_the_weakest_point_where_no_authored_follow_up_fits(opened: Opened) -> None:
    gateway, judge = says(GOOD), FakeJudge()
    async with opened(gateway, judge) as engine:
        interview, view = await answered(engine)
        assert view.turn is not None and view.turn.text == GOOD
        assert view.turn.generated and view.turn.targets == ["base-stays"] and view.turn.follow_up is None
        assert (view.turn.turn_id, view.turn.kind) == ("q01.f1", "follow_up")
        assert "scripted" in view.turn.why and "基座" not in view.turn.why
        view = await interview.answer(view.turn.turn_id, "@10 权重还在")
        assert view.finished  # one for a question, although a budget of two is not used up
        report = interview.report()
    assert gateway.calls == 1 and gateway.requests[0].purpose == "follow_up"
    assert [ask for ask, _ in judge.judged] == [ROW["ask"]["zh"], GOOD]
    asked = report.turns[1]
    assert asked.judgement is not None and [p.id for p in asked.judgement.points] == ["base-stays"]
    result = report.questions[0]
    assert result.after_probe is not None and result.first_attempt is not None
    assert result.after_probe > result.first_attempt
    assert asked.writing is not None and (asked.writing.calls, asked.writing.cost) == (1, 0.001)


@pytest.mark.parametrize(("lang", "mark"), [("zh", "由模型提出"), ("en", "asked by a model")])
async def test_it_is_marked_in_the_report(opened: Opened, the_map: KnowledgeMap, lang: str, mark: str) -> None:
    async with opened(says(GOOD if lang == "zh" else GOOD_EN)) as engine:
        interview, view = await answered(engine, lang=lang)
        assert view.turn is not None and view.turn.generated
        await interview.answer(view.turn.turn_id, "@8 the weights")
        report = interview.report()
    assert report.model_dump(mode="json")["turns"][1]["generated"] is True
    shown = view_of(report, None, the_map)
    assert mark in shown.questions[0].steps[0].label and mark not in shown.questions[0].main.label
    assert "$0.0010" in shown.usage  # the judge of these tests is free; the writing is not


async def test_an_authored_follow_up_comes_first(opened: Opened) -> None:
    gateway = says(GOOD)
    async with opened(gateway) as engine:
        _, view = await answered(engine, only=["tuning.authored"])
        assert view.turn is not None and view.turn.follow_up == 0 and not view.turn.generated
    assert gateway.calls == 0


async def test_after_the_authored_one_the_next_point_is_the_models(opened: Opened) -> None:
    async with opened(says("序列从一千变成八千，显存的账本上哪一行会动？")) as engine:
        interview, view = await answered(engine, only=["tuning.authored"])
        assert view.turn is not None
        view = await interview.answer(view.turn.turn_id, "@5")
        assert view.turn is not None and view.turn.targets == ["activations-stay"]
        assert view.turn.turn_id == "q01.f2"


async def test_a_strong_answer_brings_a_bonus_point(opened: Opened) -> None:
    async with opened(says(DEEPER)) as engine:
        _, view = await answered(engine, "@10")
        assert view.turn is not None and view.turn.targets == ["merge-no-latency"]


# refused in code


@pytest.mark.parametrize("name", BAD)
async def test_what_may_not_be_asked_is_asked_for_again(opened: Opened, name: str) -> None:
    text, fault = BAD[name]
    gateway = says(text, GOOD)
    async with opened(gateway) as engine:
        _, view = await answered(engine)
        assert view.turn is not None and view.turn.text == GOOD
        assert view.turn.writing is not None and view.turn.writing.calls == 2
    assert gateway.calls == 2
    assert fault in gateway.requests[1].messages[-1].content


async def test_two_refused_ones_and_the_interview_goes_on_without(opened: Opened) -> None:
    gateway, notices = says(LEAK, LEAK), list[str]()
    async with opened(gateway, notice=notices.append) as engine:
        interview, view = await answered(engine, questions=2, only=[ID, "tuning.other"])
        assert view.turn is not None and view.turn.question_id == "tuning.other"
        assert [t.kind for t in engine.store.turns(interview.id)] == ["question", "question"]
    assert gateway.calls == 2 and len(notices) == 1


# what goes wrong


def _subclasses(of: type) -> list[type]:
    return [of, *(s for c in of.__subclasses__() for s in _subclasses(c))]


@pytest.mark.parametrize("fault", _subclasses(errors.ProviderError), ids=lambda c: c.__name__)
async def test_a_model_that_fails_costs_the_follow_up_and_nothing_else(
    opened: Opened, fault: type[errors.ProviderError]
) -> None:
    gateway = ScriptedGateway(lambda _: fault("no luck", model="m"))
    async with opened(gateway) as engine:
        interview, view = await answered(engine, questions=2, only=[ID, "tuning.other"])
        assert view.turn is not None and view.turn.question_id == "tuning.other"
        assert interview.report().turns[0].judgement is not None


async def test_a_writer_that_cannot_be_made_costs_the_follow_up_and_nothing_else(
    db: Path, the_map: KnowledgeMap
) -> None:
    def broken() -> ModelFollowUps:
        raise errors.AuthError("no key")

    async with open_engine(db, judge=FakeJudge, the_map=the_map, asker=broken) as engine:
        _, view = await answered(engine)
        assert view.finished


async def test_nobody_waits_for_a_slow_model(opened: Opened, embedder: StaticTable) -> None:
    notices: list[str] = []
    slow = ScriptedGateway([{"question": GOOD}], delay=30)
    async with opened(slow, patience=0.05, notice=notices.append) as engine:
        _, view = await answered(engine)
        assert view.finished and "0.05 s" in notices[0]


class Killed(BaseException):
    pass


async def test_a_crash_after_it_was_written_asks_the_same_and_no_model_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the write to the ledger and the checkpoint of the step."""
    add = SessionStore.add_turn

    def add_and_die(self: SessionStore, session_id: str, turn: Turn) -> None:
        add(self, session_id, turn)
        if turn.generated:
            raise Killed

    monkeypatch.setattr(SessionStore, "add_turn", add_and_die)
    first, second = says(GOOD), says(DEEPER)
    async with opened(first) as engine:
        interview = await engine.start(setup())
        with pytest.raises(Killed):
            await interview.answer("q01", ANSWER)
    monkeypatch.setattr(SessionStore, "add_turn", add)
    async with opened(second) as engine:
        again = await engine.resume(interview.id)
        assert again.view().turn.text == GOOD  # type: ignore[union-attr]
        assert [t.turn_id for t in engine.store.turns(interview.id)] == ["q01", "q01.f1"]
        assert (await again.answer("q01.f1", "@9")).finished
    assert (first.calls, second.calls) == (1, 0)


@pytest.mark.parametrize("with_model", [True, False])
@pytest.mark.parametrize("answers", [1, 2, 3])
async def test_lost_checkpoints_are_replayed_with_what_was_written(
    opened: Opened, db: Path, with_model: bool, answers: int
) -> None:
    first, second, judge = says(GOOD), says(DEEPER, DEEPER), FakeJudge()
    async with opened(first, judge) as engine:
        interview, view = await answered(engine, questions=3, only=[ID, "tuning.other", "tuning.authored"])
        for _ in range(answers - 1):
            assert view.turn is not None
            view = await interview.answer(view.turn.turn_id, "@2")
        before, turns = view.turn, engine.store.turns(interview.id)
    Path(f"{db}.checkpoints").unlink()
    async with opened(second if with_model else None, judge) as engine:
        again = await engine.resume(interview.id)
        assert again.view().turn == before and engine.store.turns(interview.id) == turns
    assert second.calls == 0 and len(judge.judged) == answers


async def test_what_was_not_written_then_is_not_written_in_a_replay(opened: Opened, db: Path) -> None:
    async with opened(None) as engine:
        interview, view = await answered(engine, questions=2, only=[ID, "tuning.other"])
        before = view.turn
    Path(f"{db}.checkpoints").unlink()
    gateway = says(GOOD)
    async with opened(gateway) as engine:
        assert (await engine.resume(interview.id)).view().turn == before
    assert gateway.calls == 0


# when one is wanted at all


@pytest.mark.parametrize("changes", [{"follow_ups": 0}, {"minutes": 0.00001}])
async def test_the_budgets_hold(opened: Opened, changes: dict[str, object]) -> None:
    gateway = says(GOOD)
    async with opened(gateway) as engine:
        _, view = await answered(engine, **changes)
        assert view.finished
    assert gateway.calls == 0


@pytest.mark.parametrize("action", ["skip", "dont_know", "finish"])
async def test_who_does_not_answer_is_asked_nothing_more(opened: Opened, action: str) -> None:
    gateway = says(GOOD)
    async with opened(gateway) as engine:
        interview = await engine.start(setup())
        assert (await getattr(interview, action)("q01")).finished
    assert gateway.calls == 0
