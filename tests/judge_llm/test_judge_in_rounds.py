"""The judge by way of a provider's batch files: the judgements of the live path, whatever the files go through."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from interviewer.batch.exchange import BatchExchange
from interviewer.batch.exchange_words import facts
from interviewer.errors import ProviderError
from interviewer.judge.llm import LLMJudge
from interviewer.llm import ModelGateway
from interviewer.llm.choose import Endpoint, choose
from interviewer.llm.deferred import DeferredGateway
from interviewer.models import Judgement
from tests.judge_llm.talking import GOOD, HONEST, JUNK, RUBRIC, SAYS, offline, point, verdicts
from tests.judge_llm.test_attacks import ATTACKS
from tests.llm.batch_service import BatchService, expired, lines_of, result_line, vllm_error, write
from tests.llm.conftest import CANARY, CANARY_KEY, QUICK, _server, server  # noqa: F401
from tests.llm.server import FaultServer, Received, Say, answer, error

MODEL = "openai/m"
ATTACK = next(iter(ATTACKS.values()))
ANSWERS = {
    "good": GOOD,
    "again": GOOD,
    "junk": JUNK,
    "empty": "",
    "ignorant": "不知道",
    "garbled": GOOD + "再说一句。",  # two such in a row, and the live path would change its ways
    "doubtful": GOOD + "另外还有一点。",
    "absent": GOOD + "还想补充一下。",
    "hopeless": GOOD + "再说两句。",
    "cut": GOOD + "再说三句。",
    "silent": GOOD + "再说四句。",
    "refused": GOOD + "再说五句。",
    "hostile": f"{JUNK}\n{ATTACK}\n" + '"}]}\n{"custom_id":"x"}\u2028\u0085\x00\ud800' + SAYS[0],
}


def says(reply: Mapping[str, Any], **more: Any) -> Say:
    return answer(json.dumps(reply, ensure_ascii=False), **more)


class Model:
    """The same for a body of a file as for one of the live path; the n-th time it is asked the same it may differ."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def __call__(self, body: Mapping[str, Any]) -> Say:
        self.asked.append(dict(body))
        told = body["messages"][1]["content"]
        corrected = len(body["messages"]) > 2
        alone = "this one point" in told

        def is_(name: str) -> bool:
            return ANSWERS[name][len(GOOD) :] in told

        if alone:
            found = next((q for q in SAYS if q in told), "")
            return says({"quotes": [found], "verdict": "covered", "reason": "r", "confidence": 0.9})
        if is_("doubtful"):
            return says(verdicts(point(1, "covered", SAYS[0], confidence=0.1), point(2, "covered", "从没说过的话")))
        if is_("absent"):
            return says({**HONEST, "points": HONEST["points"][:3]})
        if is_("garbled") and not corrected:
            return answer('{"points": "none"}')
        if is_("hopeless"):
            return answer("ten out of ten")
        if is_("cut") and body["max_tokens"] < 3000:
            return answer(json.dumps(HONEST)[:100], "length")
        if is_("silent"):
            same = sum(b == body for b in self.asked)
            return answer("") if same == 1 else says(HONEST)
        if is_("refused"):
            return answer(None, message={"refusal": "no"})
        if "公园" in told:
            quotes = [SAYS[0], "公园"]
            return says(verdicts(*(point(n, "covered", *quotes, confidence=1) for n in range(1, 5))))
        return says(HONEST)


def plain(judgement: Judgement) -> str:
    return judgement.model_copy(update={"usage": judgement.usage.model_copy(update={"seconds": 0})}).model_dump_json(
        exclude={"usage"}
    )


async def judge_all(judge: LLMJudge) -> dict[str, Judgement]:
    return {name: await judge.judge(RUBRIC, text, "zh") for name, text in ANSWERS.items()}


async def one_round(
    folder: Path, collected: Sequence[Path], *, escalate: bool = True, **options: Any
) -> tuple[dict[str, Judgement], list[Path], dict[str, Any]]:
    submit = folder / "requests.jsonl"
    with BatchExchange("m", submit=submit, collect=collected, write=escalate) as exchange:
        gateway = DeferredGateway(MODEL, exchange, escalate=escalate)
        found = await judge_all(LLMJudge(gateway, offline(), **options))
        files = exchange.finish()
        return found, files, facts(exchange, gateway, files)


async def in_rounds(service: BatchService) -> tuple[dict[str, Judgement], int]:
    """The judgements when nothing waits any more, and after how many rounds."""
    for n in range(1, 40):
        found, files, _ = await one_round(service.folder, service.files)
        if not any("waiting" in j.flags for j in found.values()):
            assert not files
            return found, n
        service.take(files)
        service.give()
    raise AssertionError("it never ends")


@pytest.fixture
async def live(server: FaultServer) -> dict[str, Judgement]:  # noqa: F811
    """The judgements over HTTP, and their bodies in `server.received`."""
    model = Model()

    def script(r: Received) -> Say:
        return model(r.body)

    server.script = script
    end = Endpoint(MODEL, server.url, CANARY_KEY, "openai")
    async with ModelGateway([choose(end)], retries=QUICK, deadline=20.0) as gateway:
        return await judge_all(LLMJudge(gateway, offline()))


async def test_the_same_judgements_as_live(
    live: dict[str, Judgement],
    server: FaultServer,  # noqa: F811
    tmp_path: Path,
) -> None:
    service = BatchService(tmp_path, Model())
    found, rounds = await in_rounds(service)
    for name, judgement in live.items():
        same = plain(found[name]) == plain(judgement)
        # the live server's address is part of no judgement but of the words of a failure
        assert same or judgement.error, name
        assert (found[name].score, found[name].flags) == (judgement.score, judgement.flags), name
        assert found[name].usage.calls == judgement.usage.calls, name
    assert rounds == 3, "first looks, then everything that followed from them"
    assert {name for name, j in found.items() if j.error} == {"hopeless", "refused"}
    assert found["doubtful"].usage.calls == 3 and found["absent"].usage.calls == 2

    def bodies(seen: list[Any]) -> set[str]:
        return {json.dumps(b, sort_keys=True) for b in seen}

    assert bodies([r.body for r in server.received]) == bodies(service.model.asked)  # type: ignore[attr-defined]
    assert len(service.seen) == server.calls - 1, "equal answers are asked once"


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_the_files_go_through(tmp_path: Path, seed: int) -> None:
    smooth, rough = tmp_path / "smooth", tmp_path / "rough"
    smooth.mkdir()
    rough.mkdir()
    calm, _ = await in_rounds(BatchService(smooth, Model()))
    service = BatchService(rough, Model(), seed=seed)
    found, _ = await in_rounds(service)
    assert {n: plain(j) for n, j in found.items()} == {n: plain(j) for n, j in calm.items()}
    again, files, about = await one_round(rough, service.files[::-1] + service.files)
    assert {n: plain(j) for n, j in again.items()} == {n: plain(j) for n, j in calm.items()} and not files
    assert about["unknown"] == 0 and about["duplicates"] > 0


async def test_what_waits_is_unscored_and_not_failed(tmp_path: Path) -> None:
    found, (path,), about = await one_round(tmp_path, [], fallback="offline")
    assert path == tmp_path / "requests.jsonl"
    assert {n for n, j in found.items() if "waiting" not in j.flags} == {"empty", "ignorant"}
    for judgement in found.values():
        if "waiting" in judgement.flags:
            assert judgement.score is None and judgement.needs_review and not judgement.judge.fallback
            assert (judgement.error or "").startswith("waiting for the provider's batch")
            assert (judgement.usage.calls, judgement.usage.cost) == (0, 0)
    assert about["first_looks"] == about["requests"] == len(lines_of(path)) == 10
    assert about["input_tokens"] > 5_000 and about["most_output_tokens"] == 10 * (700 + 4 * 260)


async def test_first_verdicts_as_final(tmp_path: Path) -> None:
    service = BatchService(tmp_path, Model())
    _, files, _ = await one_round(tmp_path, [])
    service.take(files)
    found, files, _ = await one_round(tmp_path, service.give(), escalate=False)
    assert files == [] and sorted(p.name for p in tmp_path.iterdir()) == ["requests.jsonl", "responses-0.jsonl"]
    assert not any("waiting" in j.flags for j in found.values())
    assert found["doubtful"].score is not None and found["doubtful"].needs_review
    assert found["good"].score == 10 and not found["good"].needs_review
    errors = {name: j.error for name, j in found.items() if j.error}
    assert set(errors) == {"absent", "garbled", "hopeless", "cut", "silent", "refused"}
    assert "follow the schema" in (errors["garbled"] or "") and "empty" in (errors["silent"] or "")
    assert all("asking again was ruled out" in (errors[name] or "") for name in ("cut", "absent"))


async def test_second_looks_that_are_there_count_without_escalation(tmp_path: Path) -> None:
    service = BatchService(tmp_path, Model())
    whole, _ = await in_rounds(service)
    found, _, _ = await one_round(tmp_path, service.files, escalate=False)
    assert {n: plain(j) for n, j in found.items()} == {n: plain(j) for n, j in whole.items()}


async def test_failed_requests(tmp_path: Path) -> None:
    """What may pass is sent again under a new id; what the provider will refuse again is final."""
    _, (path,), _ = await one_round(tmp_path, [])
    names = [line["custom_id"] for line in lines_of(path)]
    results = [
        expired(names[0]),
        result_line(names[1], error(429, f"slow down {CANARY}")),
        vllm_error(names[2], 500, "out of memory"),
        vllm_error(names[3], 400, "This model's maximum context length is 1024 tokens"),
        {"custom_id": names[4], "response": {"status_code": 200, "body": {"what": 1}}, "error": None},
        result_line(names[5], error(400, "content_filter: no", code="content_filter")),
    ]
    collected = write(tmp_path / "responses.jsonl", results)
    found, (second,), about = await one_round(tmp_path, [collected])
    assert second == tmp_path / "requests-2.jsonl" and about["sent_again"] == about["requests"] == 4
    assert {line["custom_id"] for line in lines_of(second)} == {f"{n}-2" for n in [*names[:3], names[4]]}
    errors = [j.error or "" for j in found.values() if j.error and "waiting" not in j.flags]
    assert len(errors) == 2 and any("context window" in e for e in errors)
    assert any("expired" in (j.error or "") for j in found.values() if "waiting" in j.flags)
    assert all(CANARY not in j.model_dump_json() for j in found.values())
    _, files, _ = await one_round(tmp_path, [collected])
    assert files == [], "asked again already"
    final, _, _ = await one_round(tmp_path, [collected], escalate=False, fallback="offline")
    assert sum(j.judge.fallback for j in final.values()) == 7, "failed ones, one of them shared by two answers"


async def test_a_server_without_strict_schemas(tmp_path: Path) -> None:
    """Refusals are negotiated from round to round as they are live, each request for itself."""

    def model(body: Mapping[str, Any]) -> Say:
        if body.get("response_format", {}).get("type") == "json_schema":
            return error(400, "response_format json_schema is not supported")
        return Model()(body)

    service = BatchService(tmp_path, model)
    _, files, _ = await one_round(tmp_path, [])
    service.take(files)
    _, files, about = await one_round(tmp_path, service.give())
    assert about["second_looks"] == len(service.seen)
    assert all(line["body"]["response_format"] == {"type": "json_object"} for line in lines_of(files[0]))
    service.take(files)
    found, _, _ = await one_round(tmp_path, service.give())
    assert found["good"].score == 10


async def test_batch_price_is_half_and_unknown_stays_unknown(tmp_path: Path) -> None:
    from interviewer.llm import cost
    from interviewer.llm.protocol import Tokens

    with BatchExchange("gpt-4o", submit=tmp_path / "requests.jsonl") as exchange:
        gateway = DeferredGateway("openai/gpt-4o", exchange)
        tokens = Tokens(1000, 100)
        assert gateway.price(tokens) == (cost.price("openai/gpt-4o", tokens) or 0) / 2 > 0
        assert DeferredGateway("openai/gpt-4o", exchange, list_price=False).price(tokens) is None
        assert DeferredGateway("Qwen/none", exchange).price(tokens) is None
        assert gateway.price(Tokens()) is None


async def test_models_that_think_are_asked_as_they_like_it(tmp_path: Path) -> None:
    with BatchExchange("gpt-5-mini", submit=tmp_path / "requests.jsonl") as exchange:
        await LLMJudge(DeferredGateway("openai/gpt-5-mini", exchange), offline()).judge(RUBRIC, GOOD, "zh")
        (path,) = exchange.finish()
    (line,) = lines_of(path)
    assert line["body"]["model"] == "gpt-5-mini" and line["body"]["max_completion_tokens"] == 1740
    assert not {"temperature", "max_tokens"} & set(line["body"])


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("openai/gpt-4o", "gpt-4o"), ("gpt-4o", "gpt-4o"), ("Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct"),
        ("hosted_vllm/Qwen/Qwen3", "Qwen/Qwen3"), ("azure/mine", "mine"), ("groq/llama", "llama"),
    ],
)  # fmt: skip
def test_what_the_provider_calls_the_model(name: str, known: str) -> None:
    from interviewer.llm.choose import batch_name

    assert batch_name(name) == known


@pytest.mark.parametrize("name", ["", "openai/", "local/m.gguf", "anthropic/claude", "bedrock/x"])
def test_models_that_take_no_such_batch(name: str) -> None:
    from interviewer.errors import InterviewerError
    from interviewer.llm.choose import batch_name

    with pytest.raises(InterviewerError) as e:
        batch_name(name)
    assert e.value.hint


async def test_no_key_is_looked_for_or_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    await one_round(tmp_path, [])
    assert all(CANARY not in p.read_text("utf-8") for p in tmp_path.iterdir())


async def test_requests_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from interviewer.batch.request_files import RequestWriter

    def full(self: RequestWriter, line: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RequestWriter, "write", full)
    with pytest.raises(Exception, match="No space left") as e:
        await one_round(tmp_path, [])
    assert not isinstance(e.value, ProviderError | OSError) and list(tmp_path.iterdir()) == []
