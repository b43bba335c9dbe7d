"""What grading a file would take, found without a judge and without a call: rows, problems, calls, tokens, money."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from interviewer.batch.readers import RawRow
from interviewer.batch.rows import RowBuilder, RowError
from interviewer.batch.runner import grade
from interviewer.errors import InterviewerError
from interviewer.llm.protocol import Tokens
from knowledge import KnowledgeMap
from knowledge.models import Lang

if TYPE_CHECKING:
    from interviewer.judge import OfflineJudge
    from interviewer.llm.batch_lines import Result

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

    def problem(self, row: int, id: str, error: str) -> None:
        self.failed += 1
        if len(self.problems) < TOLD:
            self.problems.append(Problem(row=row, id=id, error=error))


class Counting:
    """An exchange that sends nothing: it counts what would be asked, each request once."""

    def __init__(self) -> None:
        self.calls = self.input_tokens = self.output_tokens = 0
        self._seen: set[str] = set()

    def results(self, key: str) -> Sequence[Result]:
        return ()

    def ask(self, key: str, attempt: int, body: Mapping[str, Any], *, again: bool) -> None:
        from interviewer.batch.exchange import tokens_of

        if key in self._seen:
            return
        self._seen.add(key)
        self.calls += 1
        read, write = tokens_of(body)
        self.input_tokens += read
        self.output_tokens += write


async def forecast(
    rows: Iterable[RawRow],
    the_map: KnowledgeMap,
    *,
    mapping: Mapping[str, str] | None = None,
    lang: Lang | None = None,
    model: str | None = None,
    offline: Callable[[], OfflineJudge] | None = None,
) -> Forecast:
    """Goes through `rows` once. With a `model`, `offline` gives the judge whose signals its requests rest on."""
    builder = RowBuilder(the_map, mapping, lang=lang)
    out = Forecast()
    questions: set[int] = set()
    usable: list[RawRow] = []
    gateway, counting = _counted(model)
    for raw in rows:
        out.rows += 1
        try:
            row = builder.build(raw)
        except RowError as e:
            out.problem(raw.number, builder.id_of(raw), str(e))
            continue
        out.usable += 1
        questions.add(hash(row.rubric.id))
        if gateway is not None:
            usable.append(raw)
            if len(usable) >= 256:
                await _ask(usable, gateway, the_map, mapping, lang, offline)
                usable.clear()
    if gateway is not None and counting is not None:
        await _ask(usable, gateway, the_map, mapping, lang, offline)
        out.calls, out.input_tokens = counting.calls, counting.input_tokens
        out.output_tokens = counting.output_tokens
        half = gateway.price(Tokens(counting.input_tokens, counting.output_tokens))
        out.cost = None if half is None else 2 * half  # a batch costs half the list price
    out.questions = len(questions)
    return out


def _counted(model: str | None) -> tuple[Any, Counting | None]:
    if model is None:
        return None, None
    from interviewer.llm.deferred import DeferredGateway

    counting = Counting()
    try:
        return DeferredGateway(model, counting), counting
    except InterviewerError:  # its requests take another shape, which is not made here
        return None, None


async def _ask(
    rows: Sequence[RawRow], gateway: Any, the_map: KnowledgeMap, mapping: Mapping[str, str] | None, lang: Lang | None,
    offline: Callable[[], OfflineJudge] | None,
) -> None:  # fmt: skip
    from interviewer.judge.llm import LLMJudge

    if not rows or offline is None:
        return
    async for _ in grade(rows, LLMJudge(gateway, offline()), the_map=the_map, mapping=mapping, lang=lang):
        pass
