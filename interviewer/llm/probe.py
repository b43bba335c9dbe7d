"""Finds out with a real call what a model can do: `doctor --probe`.

The prompt does not say what the object's fields are called; only the strict schema does. A model that uses those
names has its schema enforced; one that writes other JSON has not, whatever its provider accepts.
"""

from __future__ import annotations

import asyncio

from pydantic import BaseModel, ConfigDict

from interviewer.errors import BadOutput, ProviderError, RequestRefused
from interviewer.llm import cost, json_text
from interviewer.llm.cost import Spent
from interviewer.llm.dialect import Dialect
from interviewer.llm.gateway import DEADLINE
from interviewer.llm.protocol import Call, Capability, Message, Request, Tokens, Transport


class Sevenfold(BaseModel):
    """Field names that nobody guesses."""

    model_config = ConfigDict(extra="forbid")

    zq_number: int
    zq_words: list[str]


class Probe(BaseModel):
    """What was seen. `capability` is None when the model writes no JSON at all, or did not answer."""

    model: str
    where: str
    served: str = ""
    """The model's name as the server gives it."""
    capability: Capability | None = None
    calls: int = 0
    seconds: float = 0.0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    dropped: list[str] = []
    """Parameters that the model does not take."""
    error: str | None = None
    hint: str | None = None


ASK = Request(
    messages=(
        Message("system", "You write JSON."),
        Message("user", "Describe the number seven in a small JSON object, with the number and two words for it."),
    ),
    schema=Sevenfold,
    max_tokens=200,
    purpose="probe",
)


async def probe(transport: Transport, *, deadline: float = DEADLINE) -> Probe:
    """One call; one more for each thing that the provider refuses. Never raises a ProviderError."""
    loop, spent = asyncio.get_running_loop(), Spent()
    found = Probe(model=transport.name, where=transport.where)
    dialect, started = Dialect(), loop.time()
    try:
        async with asyncio.timeout(deadline):
            while True:
                call = Call(
                    [{"role": m.role, "content": m.content} for m in dialect.messages(ASK)],
                    dialect.params(ASK),
                    timeout=deadline + 1,
                )
                try:
                    reply = await transport.send(call)
                except RequestRefused as e:
                    spent.add_failed(uncounted=e.uncounted)
                    lesser = dialect.without_refused(ASK, e)
                    if lesser is None:
                        raise
                    dialect = lesser
                else:
                    break
        spent.add(reply.tokens, cost.of_call(reply, transport))
        found.served, found.capability = reply.model, _shown(reply.text or "", dialect.capability)
        if not (reply.text or "").strip():
            found.error = "the answer was empty" if reply.refusal is None else "the model declined to answer"
    except TimeoutError:
        spent.add(Tokens(), None)
        found.error, found.hint = f"no answer in {deadline:.0f} s", "allow more time, or name a faster --model"
    except ProviderError as e:
        if not isinstance(e, RequestRefused):
            spent.add_failed(uncounted=e.uncounted or isinstance(e, BadOutput))
        found.error, found.hint = e.message, e.hint
    found.calls, found.seconds, found.cost = spent.calls, loop.time() - started, spent.cost
    found.input_tokens, found.output_tokens = spent.tokens.input, spent.tokens.output
    found.dropped = sorted(dialect.dropped)
    return found


def _shown(text: str, asked: Capability) -> Capability | None:
    """What a reply to a call of this kind shows."""
    objects = json_text.json_objects(text)
    if not objects:
        return None
    if asked == "json_schema":
        followed = any(set(o) == set(Sevenfold.model_fields) for o in objects)
        return "json_schema" if followed else "json_object" if text.strip().startswith("{") else "prompt"
    return asked
