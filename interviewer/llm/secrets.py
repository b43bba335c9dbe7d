"""Keys: where they are found, and how they are kept out of every text that leaves this room.

Looked for in this order: what the caller gives, the environment (`OPENAI_API_KEY`, `<PROVIDER>_API_KEY`), the
system's keyring where the `keyring` package is installed (service `interviewer`, user = provider).
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from pydantic import SecretStr

MASK = "[key]"
KEYRING_SERVICE = "interviewer"
SHORTEST = 8
"""A shorter secret is not searched for: it would blank out ordinary words."""

ALIASES = {
    "azure_ai": ("AZURE_AI_API_KEY", "AZURE_API_KEY"),
    "cohere_chat": ("COHERE_API_KEY",),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "huggingface": ("HUGGINGFACE_API_KEY", "HF_TOKEN"),
    "moonshot": ("MOONSHOT_API_KEY",),
    "together_ai": ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY"),
}
"""Providers whose variable is not just their name."""

_NAMED = re.compile(r"_(API_KEY|TOKEN|SECRET|SECRET_ACCESS_KEY|PASSWORD)$")
_SHAPES = (
    re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|pplx|r8|nvapi|AIza|key)[-_][\w*.-]{6,}|\bAIza[\w-]{20,}"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[\w.~+/=*-]{6,}"),
    re.compile(
        r"""(?ix)\b(?:(?:x-)?api[-_]?key|authorization|access[-_]token|token|key|secret|password)
        ["']?\s*[=:]\s*["']?(?!bearer|basic)[\w.~+/*-]{8,}"""
    ),
    re.compile(r"(?<=://)[^/\s@]+@"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
)
"""Keys by their looks, bearer headers, `key=…` pairs, credentials in addresses, JSON web tokens."""


def variables(provider: str) -> tuple[str, ...]:
    """The environment variables that may hold the key of `provider`."""
    return ALIASES.get(provider, (f"{re.sub(r'[^A-Za-z0-9]+', '_', provider).upper()}_API_KEY",))


def find_key(provider: str, explicit: SecretStr | str | None = None) -> SecretStr | None:
    """The key of `provider`, or None: not every provider needs one."""
    if explicit is not None:
        text = explicit.get_secret_value() if isinstance(explicit, SecretStr) else explicit
        return SecretStr(text.strip()) if text.strip() else None
    for name in variables(provider):
        if value := os.environ.get(name, "").strip():
            return SecretStr(value)
    return _from_keyring(provider)


def environment_without_keys() -> dict[str, str]:
    """For a child process that needs none."""
    return {name: value for name, value in os.environ.items() if not _NAMED.search(name)}


def _from_keyring(provider: str) -> SecretStr | None:
    if importlib.util.find_spec("keyring") is None:
        return None
    try:
        value = importlib.import_module("keyring").get_password(KEYRING_SERVICE, provider)
    except Exception:  # a locked or missing backend is no reason to fail: the provider will ask for the key
        return None
    return SecretStr(value) if isinstance(value, str) and value else None


def redact(text: str, secrets: Iterable[SecretStr | None] = ()) -> str:
    """`text` with the given secrets, those of the environment, and all that looks like a key masked."""
    known = [s.get_secret_value() for s in secrets if s is not None]
    known += [v.strip() for name, v in os.environ.items() if _NAMED.search(name)]
    for secret in sorted({k for k in known if len(k) >= SHORTEST}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    for shape in _SHAPES:
        text = shape.sub(MASK, text)
    return text


def without_credentials(url: str) -> str:
    """The address without user, password, query and fragment, and without a trailing slash."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme.lower(), host.lower(), parts.path.rstrip("/"), "", ""))


def goes_safely_to(url: str) -> bool:
    """Whether a key may travel to `url`: encrypted, or not leaving this machine."""
    parts = urlsplit(url)
    return parts.scheme.lower() == "https" or (parts.hostname or "") in ("localhost", "127.0.0.1", "::1")
