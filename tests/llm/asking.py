"""Requests that the tests of the transports send, and what holds of every failure."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from interviewer.errors import Exit, ProviderError
from interviewer.llm import Message, Request, Spent
from tests.llm.conftest import CANARY, Make


class Verdict(BaseModel):
    quote: str
    mark: int = Field(ge=0, le=5)


GOOD = '{"quote": "低秩", "mark": 3}'
PLAIN = Request((Message("system", "You grade."), Message("user", "LoRA 是低秩分解")), purpose="test")
STRUCTURED = Request(PLAIN.messages, schema=Verdict, max_tokens=50)


async def fails(make: Make, kind: type[ProviderError], request: Request = PLAIN, **options: Any) -> ProviderError:
    with pytest.raises(kind) as caught:
        await make(**options).complete(request)
    e = caught.value
    assert type(e) is kind and e.exit_code is Exit.CONFIG and e.hint and "openai/m" in e.message
    assert CANARY not in f"{e} {e!r} {e.hint} {e.detail}" and e.__cause__ is None and e.__context__ is None
    assert isinstance(e.spent, Spent)
    return e
