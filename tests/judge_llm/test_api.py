"""`await judge_answer(...)` and `interviewer judge`: one's own question, the map's, with and without a model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from interviewer import api
from interviewer.api import judge_answer, open_judge
from interviewer.batch import grade
from interviewer.cli import guard
from interviewer.cli.judge import as_text, judge
from interviewer.errors import AuthError, InputError, UsageError
from interviewer.llm import Request, ScriptedGateway
from interviewer.models import Judgement
from knowledge import load_map
from tests.judge_llm.talking import FEEDBACK, GOOD, HONEST, RUBRIC, SAYS, offline, point
from tests.llm.server import FaultServer, answer, error

POINTS = [{"id": p.id, "text": p.zh, "weight": p.weight, "core": p.core} for p in RUBRIC.points]
QUESTION_ID = next(iter(load_map().questions))


async def test_without_a_model() -> None:
    j = await judge_answer(RUBRIC.ask, GOOD, points=POINTS)
    assert j.judge.kind == "offline" and j.score is not None and j.score > 5
    j = await judge_answer(RUBRIC.ask, GOOD, reference=RUBRIC.reference)
    assert j.score is not None and j.score > 5
    j = await judge_answer(RUBRIC.ask, GOOD, points=[p.zh for p in RUBRIC.points[:3]])
    assert len(j.points) == 3


async def test_with_a_model() -> None:
    j = await judge_answer(RUBRIC.ask, GOOD, points=POINTS, gateway=ScriptedGateway([HONEST], model="m"))
    assert (j.judge.kind, j.judge.model, j.score) == ("llm", "m", 10)


async def test_a_reference_is_compiled_by_the_model_once() -> None:
    def say(request: Request) -> dict[str, Any]:
        if request.purpose == "compile":
            return {"points": [{"text": s, "quote": s, "weight": 1, "core": True, "terms": []} for s in SAYS]}
        return {"points": [point(n, "covered", s) for n, s in enumerate(SAYS, 1)], "feedback": FEEDBACK}

    gateway = ScriptedGateway(say)
    for _ in range(2):
        j = await judge_answer(RUBRIC.ask, GOOD, reference="。".join(SAYS), gateway=gateway)
        assert j.score == 10
    assert [r.purpose for r in gateway.requests] == ["compile", "judge", "judge"]


async def test_a_question_of_the_map() -> None:
    question = load_map().questions[QUESTION_ID]
    for asked in (question, QUESTION_ID):
        j = await judge_answer(asked, question.reference.en, lang="en")
        assert j.score is not None and j.score > 8 and j.points[0].text == question.points[0].en


async def test_nothing_to_grade_against() -> None:
    nothing: list[dict[str, Any]] = [{}, {"reference": " "}, {"points": []}]
    for more in nothing:
        with pytest.raises(InputError) as caught:
            await judge_answer("随便问问？", GOOD, **more)
        assert caught.value.hint
    with pytest.raises(UsageError):
        await judge_answer(RUBRIC.ask, GOOD, points=POINTS, signals="llm")
    with pytest.raises(UsageError):
        api.wanted_signals("both", has_model=True)


async def test_a_model_without_a_key_is_said_at_once() -> None:
    with pytest.raises(AuthError):
        await judge_answer(RUBRIC.ask, GOOD, points=POINTS, model="openai/gpt-5-mini")


@pytest.fixture
def server() -> Any:
    made = FaultServer()
    yield made
    made.close()


async def test_over_http(server: FaultServer) -> None:
    server.script = [answer(json.dumps(HONEST, ensure_ascii=False))]
    for calls in (1, 0):
        j = await judge_answer(
            RUBRIC.ask, GOOD, points=POINTS, model="openai/m", api_base=server.url, api_key="sk-canary-12345678"
        )
        assert j.score == 10 and j.usage.calls == calls, "the second time from the cache"
    sent = server.received[0].body
    assert [m["role"] for m in sent["messages"]] == ["system", "user"] and server.calls == 1


async def test_a_judge_for_many_rows(server: FaultServer) -> None:
    server.script = [replace(answer(json.dumps(HONEST, ensure_ascii=False)), delay=0.3)]
    rows = [{"question": RUBRIC.ask, "points": POINTS, "answer": f"{GOOD}{n}"} for n in range(5)]
    async with open_judge("openai/m", api_base=server.url, api_key="k", concurrency=2, cache=False) as judge:
        made = [row async for row in grade(rows, judge, concurrency=5)]
    assert [r.judgement and r.judgement.judge.model for r in made] == ["openai/m"] * 5
    assert server.calls == 5 and server.most_in_flight == 2
    async with open_judge() as judge:
        assert judge.kind == "offline"
    offline_rows = [row async for row in grade(rows)]
    assert [r.judgement and r.judgement.judge.kind for r in offline_rows] == ["offline"] * 5
    with pytest.raises(AuthError):
        async with open_judge("openai/gpt-5-mini"):
            pass


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_provider_that_fails_leaves_the_answer_unscored(server: FaultServer, status: int) -> None:
    server.script = [error(status, "no")]
    j = await judge_answer(
        RUBRIC.ask, GOOD, points=POINTS, model="openai/m", api_base=server.url, api_key="sk-canary-12345678"
    )
    assert j.score is None and str(status) in (j.error or "") and "canary" not in j.model_dump_json()
    assert j.usage.calls == 1
    j = await judge_answer(
        RUBRIC.ask, GOOD, points=POINTS, model="openai/m", api_base=server.url, api_key="k" * 20, fallback="offline"
    )
    assert j.score is not None and j.judge.fallback and j.judge.kind == "offline"


app = typer.Typer()
app.command("judge")(guard.guarded(judge))


@app.callback()
def top() -> None:
    """So that there are commands."""


def run(*args: str, code: int = 0, stdin: str = "") -> Result:
    result = CliRunner().invoke(app, ["judge", *args], input=stdin)
    assert result.exit_code == code, (result.output, result.stderr)
    assert "Traceback" not in result.output + result.stderr
    return result


def test_the_command(tmp_path: Path) -> None:
    out = run("-q", RUBRIC.ask, "--reference", RUBRIC.reference, "-a", GOOD, "--json").stdout
    assert Judgement.model_validate_json(out).score is not None
    text = run("-q", RUBRIC.ask, "--reference", RUBRIC.reference, "-a", "-", stdin=GOOD).stdout
    assert "得分" in text and "offline" in text and SAYS[1] in text
    file = tmp_path / "answer.txt"
    file.write_text("LoRA keeps the base weights in memory.", "utf-8")
    assert "Score" in run("-q", QUESTION_ID, "--answer-file", str(file)).stdout


def test_points_are_printed_edited_and_used(tmp_path: Path) -> None:
    path = tmp_path / "points.yaml"
    path.write_text(run("-q", RUBRIC.ask, "--reference", RUBRIC.reference, "--show-points").stdout, "utf-8")
    out = run("-q", RUBRIC.ask, "--points", str(path), "-a", GOOD, "--json").stdout
    assert len(Judgement.model_validate_json(out).points) == path.read_text("utf-8").count("text:")
    assert "points:" in run("-q", QUESTION_ID, "--show-points").stdout


def test_the_command_with_a_model(server: FaultServer) -> None:
    server.script = [
        answer(json.dumps({"points": [point(n, "covered", s) for n, s in enumerate(SAYS[:2], 1)]}, ensure_ascii=False))
    ]
    args = ("-q", "问题？", "--reference", "梯度和优化器状态变得很小。基座权重仍然整份留在显存里。", "-a", GOOD)
    ablation = run(*args, "--model", "openai/m", "--api-base", server.url, "--signals", "similarity", "--json").stdout
    assert Judgement.model_validate_json(ablation).judge.kind == "offline" and server.calls == 0
    out = run(*args, "--model", "openai/m", "--api-base", server.url, "--signals", "llm", "--json").stdout
    j = Judgement.model_validate_json(out)
    assert j.judge.kind == "llm" and j.score is not None and j.score > 9


def test_an_unscored_judgement_is_exit_code_1(server: FaultServer) -> None:
    server.script = [error(404, "no such model")]
    args = (
        "-q",
        RUBRIC.ask,
        "--reference",
        RUBRIC.reference,
        "-a",
        GOOD,
        "--model",
        "openai/m",
        "--api-base",
        server.url,
    )
    assert "未评分" in run(*args, code=1).stdout
    assert "离线代评" in run(*args, "--fallback", "offline").stdout


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["-q", "问？", "-a", "x"], 1),
        (["-q", "问？", "--reference", "是"], 2),
        (["-q", "问？", "--reference", "是", "-a", "x", "--signals", "llm"], 2),
        (["-q", "问？", "--reference", "是", "-a", "x", "--lang", "fr"], 2),
        (["-q", "问？", "--reference", "是", "-a", "x", "--fallback", "me"], 2),
        (["-q", "问？", "--reference", "是", "-a", "x", "--answer-file", "y"], 2),
        (["-q", "问？", "--reference", "是", "--answer-file", "/no/such/file"], 2),
        (["-q", "问？", "--points", "/no/such/file", "-a", "x"], 1),
        (["-q", "问？", "--reference", "是", "-a", "x", "--model", "openai/gpt-5"], 3),
    ],
)
def test_what_cannot_be(args: list[str], code: int) -> None:
    assert "error:" in run(*args, code=code).stderr


async def test_hostile_text_is_shown_harmlessly() -> None:
    j = await offline().judge(RUBRIC, GOOD + "\x1b[31m激活值基本没省\x1b[0m\u202e", "zh")
    assert "\x1b" not in as_text(j, "zh") and "\u202e" not in as_text(j, "en")
