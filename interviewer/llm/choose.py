"""From a model's name to the transport that serves it. Imports no vendor library: names alone decide.

- an address (`--api-base`): OpenAI's protocol, whatever the name (`Qwen/Qwen2.5-7B-Instruct`, `ollama/qwen2.5`)
- `openai/…`, and bare names of OpenAI's own models: OpenAI
- `local/PATH.gguf`: a file on this machine, served by us
- any other name: litellm, which has the provider before the first slash
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from interviewer.errors import ModelError
from interviewer.llm.litellm_transport import LiteLLMTransport
from interviewer.llm.local_transport import LocalTransport
from interviewer.llm.openai_transport import OpenAITransport
from interviewer.llm.protocol import Transport

Wire = Literal["openai", "litellm"]

OWN_NAMES = re.compile(r"(gpt-|chatgpt-|o\d(-|$))")
ROUTING = ("openai", "custom_openai", "hosted_vllm", "vllm", "llamafile", "lm_studio", "ollama", "ollama_chat", "local")
"""Prefixes that name a kind of server: no server has them in its models' names."""

PROVIDERS = {
    *("ai21", "anthropic", "anyscale", "azure", "azure_ai", "bedrock", "cerebras", "cloudflare", "codestral", "cohere"),
    *("cohere_chat", "dashscope", "databricks", "deepinfra", "deepseek", "fireworks_ai", "gemini", "github", "groq"),
    *("huggingface", "hosted_vllm", "lm_studio", "minimax", "mistral", "moonshot", "nvidia_nim", "ollama"),
    *("ollama_chat", "openai", "openrouter", "perplexity", "replicate", "sagemaker", "sambanova", "together_ai"),
    *("vertex_ai", "volcengine", "voyage", "watsonx", "xai", "zai"),
}
"""Providers well enough known to tell `anthropic/claude` from `Qwen/Qwen2.5` in a list of fallbacks."""


@dataclass(frozen=True)
class Endpoint:
    """A model with an address and a key of its own."""

    model: str
    api_base: str | None = None
    api_key: SecretStr | None = None
    wire: Wire | None = None
    """Overrides the choice by name."""


def choose(endpoint: Endpoint, *, notice: Callable[[str], None] | None = None) -> Transport:
    """Raises ModelError, AuthError or ConfigError when it is clear at once that no call can succeed.

    `notice` is told how the loading of a local model goes on.
    """
    name = endpoint.model.strip()
    prefix, _, rest = name.partition("/")
    if not name or (prefix in ROUTING and not rest):
        raise ModelError(
            f"{name!r} is no model's name", hint="--model takes one like openai/gpt-5-mini or ollama/qwen3"
        )
    wire = endpoint.wire or (
        "openai" if endpoint.api_base or prefix == "openai" or OWN_NAMES.match(name) else "litellm"
    )
    if prefix == "local" and not endpoint.api_base:
        return LocalTransport(name, rest, notice=notice)
    if wire == "openai":
        return OpenAITransport(
            name,
            served=rest if prefix in ROUTING and rest else name,
            api_base=endpoint.api_base,
            api_key=endpoint.api_key,
        )
    return LiteLLMTransport(name, api_base=endpoint.api_base, api_key=endpoint.api_key)


def beside(primary: Endpoint, fallback: str | Endpoint) -> Endpoint:
    """The endpoint of a fallback. One that names a provider stands alone; any other is on the primary's server.

    A key is never sent to a provider it was not given for.
    """
    if isinstance(fallback, Endpoint):
        return fallback
    prefix, slash, _ = fallback.partition("/")
    if primary.api_base:
        same = not (slash and prefix in PROVIDERS) and not is_file(fallback)
    else:
        same = bool(_provider(fallback)) and _provider(fallback) == _provider(primary.model)
    if same:
        return Endpoint(fallback, primary.api_base, primary.api_key, primary.wire)
    return Endpoint(fallback)


def is_file(name: str) -> bool:
    """Whether a name is that of a model file on this machine."""
    return name.strip().startswith("local/") and name.strip().lower().endswith(".gguf")


def _provider(name: str) -> str:
    prefix, slash, _ = name.partition("/")
    return prefix if slash else "openai" if OWN_NAMES.match(name) else ""
