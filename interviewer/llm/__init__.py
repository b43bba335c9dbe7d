"""Language models behind one protocol: `make_gateway("openai/gpt-5-mini")`, `await gateway.complete(request)`.

Public: the names in `__all__`. Importing this package imports neither openai nor litellm; the first call does.
Knows nothing of questions, rubrics or judging.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import SecretStr

from interviewer import paths
from interviewer.llm import local_transport
from interviewer.llm.cache import AnswerCache
from interviewer.llm.choose import Endpoint, beside, choose
from interviewer.llm.cost import Spent
from interviewer.llm.gateway import CONCURRENCY, DEADLINE, ModelGateway
from interviewer.llm.local import LocalServer
from interviewer.llm.local_transport import LocalTransport
from interviewer.llm.probe import Probe, probe
from interviewer.llm.protocol import Capability, Completion, Gateway, Message, Request, Tokens, Transport
from interviewer.llm.retry import Retries
from interviewer.llm.scripted import ScriptedGateway

__all__ = [
    "Capability",
    "Completion",
    "Endpoint",
    "Gateway",
    "LocalServer",
    "Message",
    "ModelGateway",
    "Probe",
    "Request",
    "Retries",
    "ScriptedGateway",
    "Spent",
    "Tokens",
    "Transport",
    "make_gateway",
    "make_transport",
    "probe",
]


def make_gateway(
    model: str,
    *,
    api_base: str | None = None,
    api_key: SecretStr | str | None = None,
    fallbacks: Sequence[str | Endpoint] = (),
    cache: bool | Path = True,
    deadline: float | None = None,
    concurrency: int | None = None,
    retries: Retries | None = None,
    rpm: float | None = None,
    tpm: float | None = None,
    patient: bool = False,
    notice: Callable[[str], None] | None = None,
    on_spent: Callable[[Spent], None] | None = None,
) -> ModelGateway:
    """A gateway to `model`, and to `fallbacks` in order when it fails.

    `cache` is True for the file in the user's cache folder, a path for another, False for none. `deadline` is in
    seconds for one request with all its retries and fallbacks; a model served by this machine (`local/PATH.gguf`)
    has more of it, and one request at a time, whatever `concurrency` says. `rpm`, `tpm`, `patient` and `on_spent` are
    those of `ModelGateway`. `notice` is told how its loading goes on, and what holds calls back. Raises ProviderError
    or ConfigError when it is clear at once that no call can succeed: no key, no such kind of name, no such file.
    """
    primary = _endpoint(model, api_base, api_key)
    transports = [choose(e, notice=notice) for e in (primary, *(beside(primary, f) for f in fallbacks))]
    here = isinstance(transports[0], LocalTransport)
    usual = (local_transport.DEADLINE, local_transport.CONCURRENCY) if here else (DEADLINE, CONCURRENCY)
    if here and concurrency is not None and concurrency > usual[1]:
        if notice is not None:
            notice(f"{model} answers one call after the other: more at a time would be no faster")
        concurrency = usual[1]
    kept = AnswerCache(cache if isinstance(cache, Path) else paths.cache_dir() / "answers.db") if cache else None
    return ModelGateway(
        transports,
        cache=kept,
        deadline=usual[0] if deadline is None else deadline,
        concurrency=usual[1] if concurrency is None else concurrency,
        retries=retries,
        rpm=rpm,
        tpm=tpm,
        patient=patient,
        notice=notice if patient else None,
        on_spent=on_spent,
    )


def make_transport(
    model: str,
    *,
    api_base: str | None = None,
    api_key: SecretStr | str | None = None,
    notice: Callable[[str], None] | None = None,
) -> Transport:
    """The bare transport of `model`, for `probe`."""
    return choose(_endpoint(model, api_base, api_key), notice=notice)


def _endpoint(model: str, api_base: str | None, api_key: SecretStr | str | None) -> Endpoint:
    return Endpoint(model, api_base, SecretStr(api_key) if isinstance(api_key, str) else api_key)
