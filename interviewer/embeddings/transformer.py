"""Any sentence-transformers model in a local folder. Imports torch, and only when one is built."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from interviewer.embeddings.base import Vectors, clean, unit_rows
from interviewer.errors import ConfigError

INSTALL = "pip install 'interviewer[embeddings]'"


def require_extra(wanted: str) -> None:
    """Raises `ConfigError` with the pip command when sentence-transformers is missing. Imports nothing."""
    if importlib.util.find_spec("sentence_transformers") is None:
        raise ConfigError(f"--embedder {wanted} needs sentence-transformers, which is not installed", hint=INSTALL)


def first_line(error: BaseException) -> str:
    """The first line of its message, or its type where it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def folder_hash(path: Path) -> str:
    """sha256 over the names and contents of a model's files: what a cache of its vectors is keyed by."""
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


class SentenceTransformerEmbedder:
    """A model folder; loading takes 5 to 10 s, most of it the import of torch.

    Text beyond the model's maximum length is cut by the model, in silence.
    Raises `ConfigError` when the extra is missing or the folder holds no model that loads.
    """

    def __init__(self, path: Path, *, name: str | None = None, batch_size: int = 32) -> None:
        require_extra(name or str(path))
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        try:
            self._model: Any = SentenceTransformer(str(path), device="cpu", local_files_only=True)
            self.dim = int(self._model.get_embedding_dimension())
        except Exception as error:  # whatever a broken model folder makes the library raise
            raise ConfigError(
                f"{name or path} does not load as a sentence-transformers model: {first_line(error)}",
                hint="give a folder with config.json, tokenizer and weights, or a model name of the hub",
            ) from error
        self.name = name or path.resolve().name
        self._batch_size = batch_size
        self._made_of = (path, name, batch_size)

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: it loads the folder itself."""
        return _loaded, self._made_of

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.encode`; blank texts are zero whatever the model says of them."""
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        filled = [i for i, text in enumerate(texts) if text.strip()]
        if filled:
            out[filled] = self._model.encode(
                [clean(texts[i]) for i in filled],
                batch_size=self._batch_size,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return unit_rows(out)


def _loaded(path: Path, name: str | None, batch_size: int) -> SentenceTransformerEmbedder:
    return SentenceTransformerEmbedder(path, name=name, batch_size=batch_size)
