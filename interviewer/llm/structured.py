"""From a request to an answer that validates: negotiate what the model takes, check the reply, ask once more.

An answer that is cut off, empty, refused or not of the schema is an error and never a result. Knows nothing of
HTTP, retries or caches: `send` makes the call, with whatever patience its owner has.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from interviewer.errors import BadOutput, Refused, RequestRefused, Truncated
from interviewer.llm.dialect import Dialect
from interviewer.llm.json_text import json_objects
from interviewer.llm.protocol import Capability, Message, Reply, Request
from interviewer.llm.schema import in_words
from interviewer.llm.secrets import redact
from interviewer.text import one_line

Send = Callable[[tuple[Message, ...], dict[str, Any]], Awaitable[Reply]]
"""Messages and parameters to a reply, or a ProviderError."""

MOST_FAULTS = 6
LONGEST_ECHO = 4_000
"""Characters of a bad reply that are shown back to the model."""


@dataclass
class Interlocutor:
    """One model, and what was learned about it. Shared by all requests to that model."""

    name: str
    dialect: Dialect = field(default_factory=Dialect)


@dataclass(frozen=True)
class Answered:
    text: str
    parsed: BaseModel | None
    reply: Reply
    capability: Capability | None


async def ask(request: Request, model: Interlocutor, send: Send) -> Answered:
    """Raises ProviderError: BadOutput when the second answer is no better than the first."""
    correction: tuple[Message, ...] = ()
    for last in (False, True):
        reply: Reply | None = None
        try:
            reply, spoken = await _negotiate(request, correction, model, send)
            text, parsed = check(reply, request, model.name)
        except Truncated:
            raise
        except BadOutput as e:
            if reply is not None and reply.text and request.schema is not None and not correction:
                model.dialect = model.dialect.after_reply(followed=e.detail == OUT_OF_BOUNDS)
            if last:
                raise
            correction = _correction(request, reply, e)
        else:
            if request.schema is not None and not correction:  # a correction tells the schema in words
                model.dialect = model.dialect.after_reply(followed=True)
            return Answered(text, parsed, reply, spoken if request.schema is not None else None)
    raise AssertionError("unreachable")


async def _negotiate(
    request: Request, correction: tuple[Message, ...], model: Interlocutor, send: Send
) -> tuple[Reply, Capability]:
    """One reply, leaving out what the model refuses; what worked is remembered for the next request."""
    dialect, first = model.dialect, None
    while True:
        try:
            reply = await send((*dialect.messages(request), *correction), dialect.params(request))
        except RequestRefused as e:
            lesser = dialect.without_refused(request, e)
            first = first or e
            if lesser is None:
                raise first from None
            dialect = lesser
        else:
            if first is not None:
                model.dialect = dialect
            return reply, dialect.capability


OUT_OF_BOUNDS = "out of bounds"
"""The detail of a BadOutput of the right shape with a wrong value: no sign that the schema was ignored."""

_SHAPE = {"missing", "extra_forbidden", "json_invalid", "model_type", "dict_type", "list_type"}


def check(reply: Reply, request: Request, model: str) -> tuple[str, BaseModel | None]:
    """The text and the validated object of a reply."""
    if reply.refusal or reply.finish_reason in ("content_filter", "refusal", "safety"):
        said = f": {one_line(redact(reply.refusal))[:200]}" if reply.refusal else ""
        raise Refused(f"{model} declined to answer{said}", hint="name another --model, or run without one", model=model)
    if not reply.choices or not (reply.text or "").strip():
        if reply.finish_reason == "length":
            raise _cut(model)
        raise BadOutput(
            f"{model} gave an empty answer",
            hint="try again, or name another --model",
            model=model,
            detail="the answer was empty",
        )
    if reply.finish_reason in ("length", "max_tokens"):
        raise _cut(model)
    text = reply.text or ""
    return text, None if request.schema is None else parse(text, request, model)


def _cut(model: str) -> Truncated:
    return Truncated(
        f"{model}: the answer was cut off at the token limit", hint="allow more output tokens", model=model
    )


def parse(text: str, request: Request, model: str) -> BaseModel:
    """The one object in `text` that validates. Raises BadOutput."""
    schema = request.schema
    assert schema is not None
    try:
        return schema.model_validate_json(text, context=request.context)
    except ValidationError as e:
        fault = e
    valid: list[BaseModel] = []
    objects = json_objects(text)
    for found in objects:
        try:
            valid.append(schema.model_validate_json(json.dumps(found), context=request.context))
        except ValidationError as e:
            fault = e
    if len(valid) == 1:
        return valid[0]
    if valid:
        what, detail = f"{len(valid)} different JSON objects where one was asked for", "several objects"
    elif not objects:
        what, detail = "no complete JSON object", "no JSON"
    else:
        what = f"JSON that does not follow the schema ({describe(fault)})"
        detail = "wrong shape" if {f["type"] for f in fault.errors()} & _SHAPE else OUT_OF_BOUNDS
    raise BadOutput(f"{model} gave {what}", hint="name a stronger --model", model=model, detail=detail)


def describe(fault: ValidationError) -> str:
    """Where and what, without the values: they are the model's words, or the candidate's."""
    faults = fault.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{'.'.join(map(str, f['loc'])) or 'the object'}: {f['msg']}" for f in faults[:MOST_FAULTS]]
    more = len(faults) - MOST_FAULTS
    return one_line(redact("; ".join(said) + (f"; and {more} more" if more > 0 else "")))


def _correction(request: Request, reply: Reply | None, fault: BadOutput) -> tuple[Message, ...]:
    """What is added to the conversation for the second try; nothing after an empty answer."""
    if reply is None or not (reply.text or "").strip() or request.schema is None:
        return ()
    wrong = fault.message.partition(" gave ")[2]
    return (
        Message("assistant", (reply.text or "")[:LONGEST_ECHO]),
        Message("user", f"That was {wrong}. {in_words(request.schema)}"),
    )
