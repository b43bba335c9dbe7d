"""From the name a person gives (`--embedder`) to an embedder that works, without ever hanging."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from interviewer.embeddings import hub
from interviewer.embeddings.base import Embedder
from interviewer.embeddings.cache import CachedEmbedder
from interviewer.embeddings.static import StaticTable
from interviewer.embeddings.transformer import (
    SentenceTransformerEmbedder,
    first_line,
    folder_hash,
    require_extra,
)
from interviewer.errors import ConfigError

FALLBACK_FLAG = "embedder_fallback"
"""In a judgement's flags: another embedder was asked for, and the embedded one used."""
EMBEDDED_NAMES = frozenset({"", "embedded", "static"})

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


def load_embedder(
    name: str | None, *, cache_dir: Path | None, notice: Callable[[str], None]
) -> tuple[Embedder, list[str]]:
    """The embedder called `name`, and the flags to put on every judgement made with it.

    None (also "" and `embedded`) is the embedded table. A folder is read with sentence-transformers. Any
    other name is a hub model: from the hub cache without network when it is there, else from the hub
    (HF_ENDPOINT); a hub that does not answer within 2 s, or whose download stalls, is told to `notice`, and
    the embedded table comes back flagged `embedder_fallback`. With `cache_dir` the vectors of such models
    are kept there in `embeddings.sqlite`.

    Raises `ConfigError`: extra not installed, no such folder, no such model, a model that does not load.
    """
    if name is None or name.strip().lower() in EMBEDDED_NAMES:
        return StaticTable(), []
    folder = Path(name).expanduser()
    if folder.is_dir():
        require_extra(name)
        return _cached(SentenceTransformerEmbedder(folder), folder, cache_dir, notice), []
    if not _HUB_NAME.fullmatch(name):
        raise ConfigError(
            f"--embedder {name}: no such folder, and not a model name",
            hint="give a folder, a hub name such as BAAI/bge-small-zh-v1.5, or `embedded`",
        )
    require_extra(name)
    found = hub.cached_snapshot(name)
    if found is None:
        if hub.is_offline():
            return _fallback(name, "it is not in the local cache and the hub is switched off", notice)
        if reason := hub.why_unreachable(name):
            return _fallback(name, f"{hub.endpoint()} cannot be reached ({reason})", notice)
        notice(f"downloading the embedder {name} from {hub.endpoint()} (once)")
        try:
            found = hub.download(name)
        except TimeoutError as error:
            return _fallback(name, str(error), notice)
        except Exception as error:  # the hub client's errors; the first line says which
            raise ConfigError(
                f"the embedder {name} cannot be downloaded: {first_line(error)}",
                hint="check the name; for a gated model set HF_TOKEN; or leave --embedder out",
            ) from error
    return _cached(SentenceTransformerEmbedder(found, name=name), found, cache_dir, notice), []


def _cached(
    inner: SentenceTransformerEmbedder, folder: Path, cache_dir: Path | None, notice: Callable[[str], None]
) -> Embedder:
    if cache_dir is None:
        return inner
    return CachedEmbedder(inner, cache_dir / "embeddings.sqlite", model_key=folder_hash(folder), notice=notice)


def _fallback(name: str, why: str, notice: Callable[[str], None]) -> tuple[Embedder, list[str]]:
    notice(f"embedder {name}: {why}; using the embedded one instead")
    return StaticTable(), [FALLBACK_FLAG]
