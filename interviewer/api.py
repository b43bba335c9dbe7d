"""The judge from Python: `await judge_answer(question, answer, reference=…, model=…)`, `open_judge` for many answers.

What is not given is chosen: the offline judge without a model, the embedded embedder, the answer's language.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from interviewer import paths
from interviewer.errors import InputError, UsageError
from interviewer.models import Judgement, Rubric

if TYPE_CHECKING:
    from pydantic import SecretStr

    from interviewer.embeddings import Embedder
    from interviewer.judge import Judge, OfflineJudge
    from interviewer.judge.compile import Compiled
    from interviewer.judge.fusion_llm import Signals
    from interviewer.llm import Endpoint, Gateway
    from knowledge import KnowledgeMap, Question

Points = Sequence[Mapping[str, Any] | str]
SIGNALS = ("llm", "similarity", "llm+similarity")


async def judge_answer(
    question: str | Question,
    answer: str,
    *,
    reference: str | None = None,
    points: Points | None = None,
    model: str | None = None,
    api_base: str | None = None,
    api_key: SecretStr | str | None = None,
    fallbacks: Sequence[str | Endpoint] = (),
    gateway: Gateway | None = None,
    signals: Signals | None = None,
    fallback: Literal["offline"] | None = None,
    embedder: str | Embedder | None = None,
    lang: str | None = None,
    cache: bool = True,
    notice: Callable[[str], None] | None = None,
) -> Judgement:
    """The judgement of one answer.

    `question` is a text with `points` ([{id, text, weight, core, terms}] or plain texts) or a `reference`, whose
    points are then compiled; or a question of the map, or its id. `model` is a name such as `openai/gpt-5-mini`
    (or give a `gateway`, which is not closed); without one the offline judge grades. `signals` is `llm`,
    `similarity` or `llm+similarity`; `fallback="offline"` grades offline what the model cannot.

    Raises InputError when there is nothing to grade against, ConfigError and ProviderError when judge or model
    cannot be set up. A model that fails later is no exception: the judgement is unscored and says why.
    """
    made = None
    signals = wanted_signals(signals, has_model=model is not None or gateway is not None)
    if gateway is None and model is not None and signals != "similarity":
        from interviewer.llm import make_gateway

        gateway = made = make_gateway(
            model, api_base=api_base, api_key=api_key, fallbacks=fallbacks, cache=cache, notice=notice
        )
    try:
        brought = await rubric_of(
            question, reference=reference, points=points, lang=lang or language_of(answer),
            gateway=gateway if signals != "similarity" else None, keep=cache,
        )  # fmt: skip
        return await judge_rubric(
            brought.rubric, answer, lang=brought.lang, gateway=gateway, signals=signals, fallback=fallback,
            embedder=embedder, notice=notice,
        )  # fmt: skip
    finally:
        if made is not None:
            await made.aclose()


@asynccontextmanager
async def open_judge(
    model: str | None = None,
    *,
    api_base: str | None = None,
    api_key: SecretStr | str | None = None,
    fallbacks: Sequence[str | Endpoint] = (),
    signals: Signals | None = None,
    fallback: Literal["offline"] | None = None,
    embedder: str | Embedder | None = None,
    concurrency: int | None = None,
    rpm: float | None = None,
    tpm: float | None = None,
    cache: bool = True,
    notice: Callable[[str], None] | None = None,
) -> AsyncIterator[Judge]:
    """A judge for many answers, as `interviewer.batch.grade` and `grade_file` take one; closes its connections.

    The options are those of `judge_answer`; `concurrency` is how many calls the model gets at a time (`grade` is to
    be told too), `rpm` and `tpm` how many requests and tokens a minute at most. Being refused for too many is waited
    out. Raises ConfigError and ProviderError when judge or model cannot be set up.
    """
    from interviewer.judge.llm import LLMJudge

    signals = wanted_signals(signals, has_model=model is not None)
    offline = _offline(embedder, notice or _silent)
    if model is None or signals == "similarity":
        yield offline
        return
    from interviewer.llm import make_gateway

    gateway = make_gateway(
        model, api_base=api_base, api_key=api_key, fallbacks=fallbacks, cache=cache, concurrency=concurrency,
        rpm=rpm, tpm=tpm, patient=True, notice=notice,
    )  # fmt: skip
    async with gateway:
        yield LLMJudge(gateway, offline, signals=signals, fallback=fallback)


@dataclass(frozen=True)
class Brought:
    """A question ready to be judged."""

    rubric: Rubric
    lang: str
    compiled: Compiled | None
    """The points of a question that is not of the map."""


async def rubric_of(
    question: str | Question,
    *,
    reference: str | None = None,
    points: Points | None = None,
    lang: str = "zh",
    gateway: Gateway | None = None,
    keep: bool = True,
    the_map: KnowledgeMap | None = None,
) -> Brought:
    """The rubric of a question of the map (the packaged one by default), or of one's own. Raises InputError."""
    from interviewer.judge import own_rubric, question_rubric
    from interviewer.judge.compile import Compiled, OwnPoint, compile_points, parse_points

    if not isinstance(question, str):
        return Brought(question_rubric(question, lang), lang, None)
    if points is None and not (reference or "").strip():
        found = _of_the_map(question, the_map)
        return Brought(question_rubric(found, lang), lang, None)
    if points is not None:
        rows = parse_points(list(points))
        given = Compiled(question=question, points=[OwnPoint(**r) for r in rows], source="given")
    else:
        folder = paths.cache_dir() / "rubrics" if keep else None
        given = await compile_points(question, reference or "", gateway, folder=folder)
    return Brought(own_rubric(question, given.rows, reference), lang, given)


async def judge_rubric(
    rubric: Rubric,
    answer: str,
    *,
    lang: str,
    gateway: Gateway | None,
    signals: Signals | None = None,
    fallback: Literal["offline"] | None = None,
    embedder: str | Embedder | None = None,
    notice: Callable[[str], None] | None = None,
) -> Judgement:
    """The judgement of one answer against a rubric that is there already."""
    from interviewer.judge.llm import LLMJudge

    signals = wanted_signals(signals, has_model=gateway is not None)
    offline = _offline(embedder, notice or _silent)
    return await LLMJudge(gateway, offline, signals=signals, fallback=fallback).judge(rubric, answer, lang)


def wanted_signals(signals: str | None, *, has_model: bool) -> Signals:
    """The ablation asked for, or everything there is. Raises UsageError."""
    if signals is None:
        return "llm+similarity" if has_model else "similarity"
    if signals not in SIGNALS:
        raise UsageError(f"signals {signals!r} is none of {', '.join(SIGNALS)}")
    if signals != "similarity" and not has_model:
        raise UsageError(f"signals {signals!r} needs a model", hint="name one with --model, or use `similarity`")
    return signals  # type: ignore[return-value]


def language_of(answer: str) -> str:
    from interviewer.judge.normalise import language

    return language(answer[:2000])


def _of_the_map(question: str, the_map: KnowledgeMap | None) -> Question:
    from interviewer.maps import open_map

    found = (the_map or open_map()).questions.get(question.strip())
    if found is None:
        raise InputError(
            "there is nothing to grade against: no points and no reference, and no question of the map has this id",
            hint="give points, a reference, or the id of a question of the map (`interviewer questions` lists them)",
        )
    return found


def _silent(_: str) -> None:
    """Nobody wants to be told."""


def _offline(embedder: str | Embedder | None, notice: Callable[[str], None]) -> OfflineJudge:
    if embedder is None or isinstance(embedder, str):
        return _named(embedder, notice)
    from interviewer.judge import OfflineJudge

    return OfflineJudge(embedder)


@lru_cache(maxsize=4)
def _named(embedder: str | None, notice: Callable[[str], None]) -> OfflineJudge:
    """Kept, so that a loop of calls loads the embedder and indexes a rubric once."""
    from interviewer.embeddings import load_embedder
    from interviewer.judge import OfflineJudge

    found, flags = load_embedder(embedder, cache_dir=paths.cache_dir(), notice=notice)
    return OfflineJudge(found, flags=flags)  # type: ignore[arg-type]
