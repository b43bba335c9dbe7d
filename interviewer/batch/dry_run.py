"""What grading a file would take, found without a call: rows, problems, calls, tokens, money, time."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from interviewer.batch import duration, pool
from interviewer.batch.files import FEW
from interviewer.batch.readers import RawRow
from interviewer.batch.rows import Row, RowBuilder, RowError
from interviewer.batch.runner import CONCURRENCY, grade
from interviewer.batch.seen import Seen
from interviewer.errors import InterviewerError
from interviewer.llm.protocol import Tokens
from knowledge import KnowledgeMap
from knowledge.models import Lang

if TYPE_CHECKING:
    from interviewer.judge import OfflineJudge
    from interviewer.llm.batch_lines import Result
    from interviewer.llm.deferred import DeferredGateway

TOLD = 20
"""Problems that are kept with their rows; the others are counted."""


class Problem(BaseModel):
    row: int
    id: str = ""
    error: str


class Forecast(BaseModel):
    """Field names are part of the JSON contract."""

    rows: int = 0
    usable: int = 0
    questions: int = 0
    """Different ones among the usable rows, in whatever language they are answered."""
    problems: list[Problem] = []
    failed: int = 0
    calls: int | None = None
    """At least: doubtful points are asked once more. None without a model, or where its requests are not made here."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    """At most."""
    cost: float | None = None
    """US dollars at list price, at most, without second looks; None when unknown."""

    seconds: float | None = None
    """About; with a model at `call_seconds` a call and without second looks."""
    call_seconds: float | None = None
    """What a call is taken to last; None without a model, where a few rows are graded to measure."""

    def problem(self, row: int, id: str, error: str) -> None:
        self.failed += 1
        if len(self.problems) < TOLD:
            self.problems.append(Problem(row=row, id=id, error=error))


class Counting:
    """An exchange that sends nothing: it counts what would be asked, each request once. `close` it."""

    def __init__(self) -> None:
        self.calls = self.input_tokens = self.output_tokens = 0
        self._seen = Seen()

    def results(self, key: str) -> Sequence[Result]:
        return ()

    def ask(self, key: str, attempt: int, body: Mapping[str, Any], *, again: bool) -> None:
        from interviewer.llm.estimate import tokens_of

        if self._seen.add(key):
            return
        self.calls += 1
        read, write = tokens_of(body)
        self.input_tokens += read
        self.output_tokens += write

    def close(self) -> None:
        self._seen.close()


async def forecast(
    rows: Iterable[RawRow],
    the_map: KnowledgeMap,
    offline: OfflineJudge,
    *,
    mapping: Mapping[str, str] | None = None,
    lang: Lang | None = None,
    model: str | None = None,
    at_once: int = CONCURRENCY,
    rpm: float | None = None,
    tpm: float | None = None,
    workers: int | None = None,
) -> Forecast:
    """Goes through `rows` once. `offline` is the judge without a `model`, and with one that whose signals the requests
    rest on. `at_once` calls are made at a time; `workers` as for `grade_file`.
    """
    builder = RowBuilder(the_map, mapping, lang=lang)
    out = Forecast()
    usable: list[RawRow] = []
    sample: list[Row] = []
    chance = random.Random(0)
    with ExitStack() as stack:
        questions = stack.enter_context(closing(Seen()))
        counting = stack.enter_context(closing(Counting()))
        gateway = _counted(model, counting)
        for raw in rows:
            out.rows += 1
            try:
                row = builder.build(raw)
            except RowError as e:
                out.problem(raw.number, builder.id_of(raw), str(e))
                continue
            out.usable += 1
            out.questions += not questions.add(row.rubric.id)
            if model is None:
                _keep(sample, row, out.usable, chance)
            elif gateway is not None:
                usable.append(raw)
                if len(usable) >= 256:
                    await _ask(usable, gateway, the_map, mapping, lang, offline)
                    usable.clear()
        if gateway is not None:
            await _ask(usable, gateway, the_map, mapping, lang, offline)
            out.calls, out.input_tokens = counting.calls, counting.input_tokens
            out.output_tokens = counting.output_tokens
            half = gateway.price(Tokens(counting.input_tokens, counting.output_tokens))
            out.cost = None if half is None else 2 * half  # a batch costs half the list price
    if model is None:
        if workers is None:
            workers = pool.cores() if out.usable > FEW and pool.gains(offline) else 1
        out.seconds = duration.offline(sample, offline, rows=out.usable, questions=out.questions, workers=workers)
    else:
        calls = out.usable if out.calls is None else out.calls
        tokens = None if out.calls is None else (out.input_tokens or 0) + (out.output_tokens or 0)
        out.call_seconds = duration.CALL_SECONDS
        out.seconds = duration.with_a_model(calls, tokens, at_once=at_once, rpm=rpm, tpm=tpm)
    return out


def _keep(sample: list[Row], row: Row, n: int, chance: random.Random) -> None:
    """Every row seen so far is in `sample` with the same chance; `row` is the n-th."""
    if len(sample) < duration.SAMPLED:
        sample.append(row)
    elif (at := chance.randrange(n)) < duration.SAMPLED:
        sample[at] = row


def _counted(model: str | None, counting: Counting) -> DeferredGateway | None:
    from interviewer.llm.deferred import DeferredGateway

    if model is None:
        return None
    try:
        return DeferredGateway(model, counting)
    except InterviewerError:  # its requests take another shape, which is not made here
        return None


async def _ask(
    rows: Sequence[RawRow], gateway: DeferredGateway, the_map: KnowledgeMap, mapping: Mapping[str, str] | None,
    lang: Lang | None, offline: OfflineJudge,
) -> None:  # fmt: skip
    from interviewer.judge.llm import LLMJudge

    async for _ in grade(rows, LLMJudge(gateway, offline), the_map=the_map, mapping=mapping, lang=lang):
        pass
