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

from interviewer.errors import ConfigError, ModelError
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


OPENAI_BATCHES = {
    *ROUTING,
    *("azure", "azure_ai", "dashscope", "fireworks_ai", "groq", "moonshot", "together_ai", "zai"),
}
"""Prefixes of providers and servers that take batch files of OpenAI's format."""


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
            served=served_name(name),
            api_base=endpoint.api_base,
            api_key=endpoint.api_key,
        )
    return LiteLLMTransport(name, api_base=endpoint.api_base, api_key=endpoint.api_key)


def served_name(name: str) -> str:
    """What a server of OpenAI's protocol calls the model."""
    prefix, _, rest = name.partition("/")
    return rest if prefix in ROUTING and rest else name


def batch_name(name: str) -> str:
    """What the model is called in a batch file of OpenAI's format. Raises ModelError, or ConfigError for providers
    whose batch files are of another format.
    """
    name = name.strip()
    prefix, slash, rest = name.partition("/")
    if not name or (slash and not rest):
        raise ModelError(f"{name!r} is no model's name", hint="--model takes one like openai/gpt-5-mini")
    if prefix == "local" and slash:
        raise ConfigError(
            f"{name} runs on this machine: no provider takes a batch for it", hint="grade without --submit-file"
        )
    if prefix in PROVIDERS and prefix not in OPENAI_BATCHES and slash:
        raise ConfigError(
            f"{prefix} is not known to take batch files of OpenAI's format, the one that is written here",
            hint="grade without --submit-file, or name the model as a server that takes them knows it: openai/NAME",
        )
    return rest if prefix in OPENAI_BATCHES and slash else name


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
