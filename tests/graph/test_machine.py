"""The real LangGraph over a real SQLite file, with a scripted judge."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from interviewer.errors import SessionError, StaleTurnError, UsageError
from interviewer.interview import Engine, Interview, View, open_engine, preview
from interviewer.models import Setup
from knowledge import KnowledgeMap, load_map
from tests.fake_judge import FakeJudge
from tests.unit.small_map import skill, write_map

QUESTION = "sft-fundamentals.loss"


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "i.db"


@pytest.fixture
def judge() -> FakeJudge:
    return FakeJudge()


@pytest.fixture
async def engine(db: Path, judge: FakeJudge) -> AsyncIterator[Engine]:
    async with open_engine(db, judge=lambda: judge) as e:
        yield e


def setup(**changes: object) -> Setup:
    return Setup(**{"role": "algo", "questions": 3, "seed": 5, **changes})


def turn_id(view: View) -> str:
    assert view.turn is not None
    return view.turn.turn_id


async def test_a_whole_interview_ends_in_a_report(engine: Engine) -> None:
    interview = await engine.start(setup())
    view = interview.view()
    asked = []
    while view.turn is not None:
        asked.append((view.turn.question_id, view.turn.kind))
        view = await interview.answer(turn_id(view), "@5 答案")
    report = interview.report()
    assert report.finished and report.score is not None
    assert [q.question_id for q in report.questions] == [q for q, kind in asked if kind == "question"]
    assert len({q.question_id for q in report.questions}) == 3
    assert all(t.judgement is not None for t in report.turns)
    assert all(t.why for t in report.turns)
    assert "planned" in report.why_ended or "计划" in report.why_ended


async def test_the_preview_is_the_machines_first_question(engine: Engine) -> None:
    for role in ("algo", "eng", "app", "testdev"):
        for seed in range(5):
            s = setup(role=role, seed=seed)
            shown = preview(engine.the_map, s)
            interview = await engine.start(s)
            turn = interview.view().turn
            assert shown is not None and turn is not None
            assert (shown.turn_id, shown.text, shown.options, shown.why) == (
                turn.turn_id, turn.text, turn.options, turn.why,
            )  # fmt: skip


async def test_a_missing_core_point_brings_the_follow_up_for_it(engine: Engine) -> None:
    interview = await engine.start(setup(only=[QUESTION], questions=1))
    view = await interview.answer(turn_id(interview.view()), "@5")
    assert view.turn is not None and view.turn.kind == "follow_up"
    question = engine.the_map.question(QUESTION)
    missing = {p.id for p in view.last.judgement.points if p.verdict == "missing" and p.core}  # type: ignore[union-attr]
    assert question.follow_ups[view.turn.follow_up or 0].when.missing in missing


async def test_a_misconception_is_probed_first(engine: Engine) -> None:
    wrong = engine.the_map.question(QUESTION).misconceptions[0].id
    interview = await engine.start(setup(only=[QUESTION], questions=1))
    view = await interview.answer(turn_id(interview.view()), f"@5 !{wrong}")
    assert view.turn is not None and view.turn.follow_up is not None
    assert engine.the_map.question(QUESTION).follow_ups[view.turn.follow_up].when.misconception == wrong


async def test_at_most_two_follow_ups_and_none_when_told_so(engine: Engine) -> None:
    for most in (0, 1, 2):
        interview = await engine.start(setup(only=[QUESTION], questions=1, follow_ups=most))
        view, n = interview.view(), 0
        while view.turn is not None:
            view = await interview.answer(turn_id(view), "@4")
            n += 1
        assert n == 1 + most


async def test_a_follow_up_answered_with_nothing_stops_the_thread(engine: Engine) -> None:
    interview = await engine.start(setup(only=[QUESTION], questions=1))
    view = await interview.answer(turn_id(interview.view()), "@5")
    assert view.turn is not None
    view = await interview.answer(turn_id(view), "@0")
    assert view.finished


async def test_a_hint_is_shown_noted_once_and_paid_for(engine: Engine) -> None:
    interview = await engine.start(setup(only=[QUESTION], questions=1, follow_ups=0))
    first = turn_id(interview.view())
    view = await interview.hint(first)
    assert view.hint and turn_id(view) == first
    view = await interview.hint(first)
    assert [t.kind for t in engine.store.turns(interview.id)] == ["question", "hint"]
    await interview.answer(first, "@8")
    report = interview.report()
    assert report.hints == 1
    assert report.questions[0].first_attempt == 8.0
    assert report.questions[0].final == 8.0 - engine.rules.policy.hint_cost


async def test_skip_is_not_graded_and_dont_know_scores_nothing(engine: Engine, judge: FakeJudge) -> None:
    interview = await engine.start(setup(questions=2))
    view = await interview.skip(turn_id(interview.view()))
    view = await interview.dont_know(turn_id(view))
    report = interview.report()
    assert [q.status for q in report.questions] == ["skipped", "dont_know"]
    assert report.questions[0].final is None and report.questions[1].final == 0
    assert report.score == 0
    assert len(judge.judged) == 1


async def test_unscored_is_not_zero(engine: Engine) -> None:
    interview = await engine.start(setup(questions=2, follow_ups=0))
    view = await interview.answer(turn_id(interview.view()), "@boom")
    view = await interview.answer(turn_id(view), "@6")
    report = interview.report()
    assert [q.status for q in report.questions] == ["unscored", "answered"]
    assert report.score == 6.0


async def test_probing_counts_by_its_share_and_never_lowers(engine: Engine) -> None:
    interview = await engine.start(setup(only=[QUESTION], questions=1))
    view = await interview.answer(turn_id(interview.view()), "@5")
    while view.turn is not None:
        view = await interview.answer(turn_id(view), "@10")
    result = interview.report().questions[0]
    assert result.first_attempt == 5.0 and result.after_probe is not None and result.final is not None
    assert result.after_probe > 5.0
    share = engine.rules.policy.probe_share
    assert result.final == pytest.approx(5 + share * (result.after_probe - 5), abs=0.06)


async def test_finish_ends_at_once(engine: Engine) -> None:
    interview = await engine.start(setup())
    view = await interview.finish(turn_id(interview.view()))
    assert view.finished and interview.report().finished
    with pytest.raises(SessionError):
        await interview.answer("q01", "too late")


async def test_an_answer_for_another_turn_is_refused(engine: Engine, judge: FakeJudge) -> None:
    interview = await engine.start(setup())
    first = turn_id(interview.view())
    await interview.answer(first, "@5")
    with pytest.raises(StaleTurnError):
        await interview.answer(first, "@9 again")
    assert len(judge.judged) == 1


async def test_two_processes_on_one_interview_catch_up_with_each_other(db: Path, judge: FakeJudge) -> None:
    async with open_engine(db, judge=lambda: judge) as one, open_engine(db, judge=lambda: judge) as other:
        mine = await one.start(setup(questions=2, follow_ups=0))
        theirs = await other.resume(mine.id)
        first = turn_id(mine.view())
        second = turn_id(await mine.answer(first, "@5 mine"))
        with pytest.raises(StaleTurnError):
            await theirs.answer(first, "@9 theirs")
        assert turn_id(theirs.view()) == second
        assert (await theirs.answer(second, "@6")).finished
        with pytest.raises(StaleTurnError):
            await mine.skip(second)
        assert mine.view().finished and mine.report() == theirs.report()
    assert len(judge.judged) == 2


async def test_an_interview_that_the_map_has_outgrown(engine: Engine) -> None:
    interview = await engine.start(setup(only=[QUESTION], questions=1))
    skills = {
        k: s.model_copy(update={"questions": [q for q in s.questions if q.id != QUESTION]})
        for k, s in engine.the_map.skills.items()
    }
    engine.the_map = KnowledgeMap(engine.the_map.categories, skills, engine.the_map.roles)
    with pytest.raises(SessionError, match="the map has changed"):
        await engine.resume(interview.id)


async def test_no_time_left_means_no_further_question(engine: Engine) -> None:
    interview = await engine.start(setup(minutes=0.0001))
    view = await interview.answer(turn_id(interview.view()), "@5")
    assert view.finished and ("时间" in view.why_ended or "time" in view.why_ended)


async def test_a_scope_without_questions_is_refused(db: Path, judge: FakeJudge, tmp_path: Path) -> None:
    the_map = load_map(write_map(tmp_path / "map", skill("begun", []), skill()))
    async with open_engine(db, judge=lambda: judge, the_map=the_map) as engine:
        with pytest.raises(UsageError):
            await engine.start(setup(skill="begun"))
        assert (await engine.start(setup(questions=1))).setup.pack == str(tmp_path / "map")


async def test_an_interview_goes_on_only_with_the_map_it_was_held_on(
    db: Path, judge: FakeJudge, tmp_path: Path
) -> None:
    pack = load_map(write_map(tmp_path / "map", skill()))
    async with open_engine(db, judge=lambda: judge, the_map=pack) as engine:
        here = (await engine.start(setup(questions=1))).id
    async with open_engine(db, judge=lambda: judge) as engine:
        there = (await engine.start(setup())).id
        with pytest.raises(SessionError, match="held on the pack") as e:
            await engine.resume(here)
        assert e.value.hint == f"add --pack {tmp_path / 'map'}"
    async with open_engine(db, judge=lambda: judge, the_map=pack) as engine:
        assert (await engine.resume(here)).view().turn is not None
        with pytest.raises(SessionError, match="held on the packaged map"):
            await engine.resume(there)


async def test_resume_in_a_new_engine_goes_on_with_the_draft(db: Path, judge: FakeJudge) -> None:
    async with open_engine(db, judge=lambda: judge) as engine:
        interview = await engine.start(setup())
        view = await interview.answer(turn_id(interview.view()), "@5")
        interview.save_draft(turn_id(view), "写了一半 half")
        left = view
    async with open_engine(db, judge=lambda: judge) as engine:
        again = (await engine.resume(interview.id[:12])).view()
        assert again.turn == left.turn and again.draft == "写了一半 half"
        assert again.seconds >= left.seconds


async def test_an_answer_that_the_machine_never_heard_is_judged_on_resume(db: Path, judge: FakeJudge) -> None:
    """As after a kill between the commit of the answer and the resume of the graph."""
    async with open_engine(db, judge=lambda: judge) as engine:
        interview = await engine.start(setup())
        first = turn_id(interview.view())
        engine.store.record_answer(interview.id, first, "answer", "@7 committed")
    async with open_engine(db, judge=lambda: judge) as engine:
        view = (await engine.resume(interview.id)).view()
        assert view.last is not None and view.last.turn_id == first
        assert view.last.judgement is not None and view.last.judgement.score == 7
    assert len(judge.judged) == 1


async def test_a_crash_in_the_judge_is_retried_and_graded_once(db: Path, judge: FakeJudge) -> None:
    class Killed(BaseException):
        pass

    class Dies(FakeJudge):
        async def judge(self, *args: object) -> object:  # type: ignore[override]
            raise Killed

    async with open_engine(db, judge=lambda: Dies()) as engine:  # type: ignore[arg-type]
        interview = await engine.start(setup())
        with pytest.raises(Killed):
            await interview.answer(turn_id(interview.view()), "@7")
    async with open_engine(db, judge=lambda: judge) as engine:
        resumed = await engine.resume(interview.id)
        assert resumed.view().last.judgement.score == 7  # type: ignore[union-attr]
        turns = [t for t in engine.store.turns(interview.id) if t.judgement]
        assert len(turns) == 1 and len(judge.judged) == 1


async def test_lost_checkpoints_are_replayed_from_the_ledger(db: Path, judge: FakeJudge) -> None:
    async with open_engine(db, judge=lambda: judge) as engine:
        interview = await engine.start(setup())
        view = interview.view()
        for _ in range(2):
            view = await interview.answer(turn_id(view), "@5")
        before = view.turn
    Path(f"{db}.checkpoints").unlink()
    async with open_engine(db, judge=lambda: judge) as engine:
        assert (await engine.resume(interview.id)).view().turn == before
    assert len(judge.judged) == 2


async def test_many_interviews_at_once_on_one_file(engine: Engine) -> None:
    import asyncio

    async def hold(seed: int) -> Interview:
        interview = await engine.start(setup(seed=seed, questions=2))
        view = interview.view()
        while view.turn is not None:
            view = await interview.answer(turn_id(view), "@5")
        return interview

    done = await asyncio.gather(*(hold(n) for n in range(8)))
    assert all(i.report().finished for i in done)


def test_the_readme_diagram_is_current() -> None:
    from interviewer.graph.builder import mermaid

    for name in ("README.md", "README.zh.md"):
        text = (Path(__file__).parents[2] / name).read_text("utf-8")
        assert mermaid().strip() in text, f"`interviewer graph` differs from the diagram in {name}"


def test_every_role_has_its_own_questions() -> None:
    the_map = load_map()
    for role in ("algo", "eng", "app", "testdev"):
        musts = [q for q in the_map.questions.values() if q.roles.get(role) == "must"]
        assert len(musts) >= 12
