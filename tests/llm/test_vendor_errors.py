"""Every exception class of openai and litellm is mapped, found by enumeration, so that a new one fails this test."""

from __future__ import annotations

import inspect
import traceback
from types import ModuleType
from typing import Any

import pytest
from pydantic import SecretStr

from interviewer import errors
from interviewer.errors import Exit, InterviewerError, ProviderError
from interviewer.llm.litellm_transport import load_litellm
from interviewer.llm.reply import ErrorInBody
from interviewer.llm.vendor_errors import BY_CLASS, BY_STATUS, SAYS_MORE, WHAT, map_error, retry_after
from tests.llm.conftest import CANARY


def exception_classes(*modules: ModuleType) -> set[type[BaseException]]:
    return {
        c
        for m in modules
        for _, c in inspect.getmembers(m, inspect.isclass)
        if issubclass(c, BaseException) and c.__module__.partition(".")[0] in ("openai", "litellm")
    }


def vendor_classes() -> list[type[BaseException]]:
    import openai
    import openai._exceptions

    litellm = load_litellm()
    found = exception_classes(openai, openai._exceptions, litellm, litellm.exceptions)
    return sorted(found, key=lambda c: (c.__module__, c.__name__))


def test_every_vendor_class_is_mapped_by_name() -> None:
    classes = vendor_classes()
    assert len(classes) > 50
    missing = {
        f"{c.__module__}.{c.__name__}" for c in classes if c.__name__ not in BY_CLASS and c.__name__ not in SAYS_MORE
    }
    assert not missing


def test_every_vendor_class_becomes_one_of_ours() -> None:
    for c in vendor_classes():
        e: Any = c.__new__(c)
        Exception.__init__(e, f"it failed with {CANARY}")
        mapped = map_error(e, model="openai/m", where="https://x/v1", provider="openai")
        assert type(mapped) in WHAT and mapped.exit_code is Exit.CONFIG, c
        assert CANARY not in f"{mapped}{mapped.hint}{mapped.detail}" and mapped.hint, c
        assert "openai/m at https://x/v1" in mapped.message, c
        if c.__name__ not in ("OpenAIError", "_AmbiguousModuleClientUsageError"):
            assert type(mapped) is not ProviderError, c


@pytest.mark.parametrize(
    ("status", "kind"), [*BY_STATUS.items(), (418, errors.RequestRefused), (599, errors.ProviderDown)]
)
def test_status_codes_decide(status: int, kind: type[ProviderError]) -> None:
    mapped = map_error(ErrorInBody("no", status), model="m")
    assert type(mapped) is kind and mapped.status == status and f"({status})" in mapped.message


def test_the_stack_below() -> None:
    import aiohttp
    import httpx

    for e, kind in (
        (httpx.ReadTimeout("x"), errors.ProviderTimeout),
        (httpx.ConnectError("x"), errors.ProviderDown),
        (httpx.InvalidURL("x"), errors.ModelError),
        (aiohttp.ClientPayloadError("x"), errors.ProviderDown),
        (TimeoutError(), errors.ProviderTimeout),
        (ConnectionResetError(), errors.ProviderDown),
        (OSError("x"), errors.ProviderDown),
        (ModuleNotFoundError("No module named 'boto3'"), errors.ModelError),
        (KeyError("x"), errors.ProviderError),
    ):
        assert type(map_error(e, model="m")) is kind, e


def test_only_these_are_tried_again() -> None:
    kinds = {k for k in WHAT if k.transient}
    assert kinds == {errors.RateLimited, errors.ProviderDown, errors.ProviderTimeout}


def test_the_whole_tree_is_told_of_and_drawn() -> None:
    def below(c: type[InterviewerError]) -> set[type[InterviewerError]]:
        return {c}.union(*(below(s) for s in c.__subclasses__() if s.__module__ == "interviewer.errors"))

    assert below(ProviderError) == set(WHAT)
    assert all(c.__name__ in (errors.__doc__ or "") for c in below(InterviewerError))


def test_the_providers_words_are_one_plain_line() -> None:
    e = ErrorInBody(f"bad\x1b[31m\r\nkey {CANARY} " + "很" * 900, 401)
    detail = map_error(e, model="m", secrets=[SecretStr("s3cret-of-mine")]).detail
    assert "\x1b" not in detail and "\n" not in detail and len(detail) <= 300 and CANARY not in detail


def test_retry_after_forms() -> None:
    def given(value: str) -> float | None:
        e = ErrorInBody("x", 429)
        e.headers = {"Retry-After": value}  # type: ignore[attr-defined]
        return retry_after(e, now=1_700_000_000)

    assert given("7") == 7 and given("0.5") == 0.5
    assert given("Tue, 14 Nov 2023 22:13:30 GMT") == 10 and given("Tue, 14 Nov 2000 22:13:30 GMT") == 0
    assert given("soon") is None and given("-3") is None and given("") is None and given("1e400") is None
    assert retry_after(ErrorInBody("x", 429)) is None


def test_traceback_shows_no_vendor(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise map_error(ErrorInBody(f"key={CANARY}", 500), model="m")
    except ProviderError as e:
        assert CANARY not in "".join(traceback.format_exception(e))


async def test_a_key_that_only_litellm_misses_is_no_outage() -> None:
    """litellm calls it InternalServerError 500: tried again, it would cost seconds and mislead."""
    from interviewer.llm import Message, Request
    from interviewer.llm.choose import Endpoint, choose
    from interviewer.llm.gateway import ModelGateway

    for name in ("deepseek/deepseek-chat", "anthropic/claude-3-5-haiku-latest", "gemini/gemini-2.0-flash", "groq/x"):
        with pytest.raises(errors.AuthError) as caught:
            choose(Endpoint(name))
        assert f"{name.partition('/')[0].upper()}_API_KEY" in str(caught.value.hint)
    gateway = ModelGateway([choose(Endpoint("openai/m", wire="litellm"))])
    with pytest.raises(errors.AuthError):
        await gateway.complete(Request((Message("user", "x"),)))
    await gateway.aclose()
    assert gateway.spent.calls == 1


async def test_a_provider_that_litellm_does_not_know() -> None:
    from interviewer.llm import Message, Request
    from interviewer.llm.choose import Endpoint, choose
    from interviewer.llm.gateway import ModelGateway

    for name in ("nosuchprovider/m", "nosuchmodel"):
        gateway = ModelGateway([choose(Endpoint(name))])
        with pytest.raises(ProviderError) as caught:
            await gateway.complete(Request((Message("user", "x"),)))
        await gateway.aclose()
        assert type(caught.value) is errors.ModelError, caught.value
