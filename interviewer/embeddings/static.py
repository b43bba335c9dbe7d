"""The embedded embedder: a static bilingual token table, read with numpy and tokenizers alone.

A text's vector is the mean of its tokens' rows, normalised. Everything else (SIF weights, Arora et al.
2017; dropping the top components, Mu & Viswanath 2018) is folded into the rows by
`scripts/build_embedding_table.py`, so that sentence-transformers reads the same folder, as a
StaticEmbedding, to the same vectors.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from interviewer.embeddings.base import Vectors, clean, unit_rows
from interviewer.errors import ConfigError

EMBEDDED = Path(__file__).resolve().parents[1] / "data" / "embedding"
"""The table that is shipped in the package."""

_CHUNK = 4096
"""Tokens gathered at once: bounds the memory that one long text takes."""


class StaticTable:
    """Reads a folder written by `scripts/build_embedding_table.py`; about 0.1 s, 20 000 short texts a second.

    Raises `ConfigError` when the folder is not there, or is not such a table.
    """

    def __init__(self, path: Path = EMBEDDED) -> None:
        try:
            meta = json.loads((path / "meta.json").read_text("utf-8"))
            tensors = load_file(path / "model.safetensors")
            self._tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
            self._rows = tensors["embeddings"]
            self._scale = tensors["weights"].astype(np.float32)
            self.name = f"embedded-static@{meta['version'][:8]}"
        except Exception as error:  # tokenizers and safetensors raise bare Exception subclasses of their own
            raise ConfigError(
                f"the embedding table in {path} cannot be read: {error}",
                hint="reinstall the package, or choose a model with --embedder",
            ) from error
        self.dim = int(self._rows.shape[1])
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: it reads the folder itself."""
        return StaticTable, (self._path,)

    @cached_property
    def vocabulary(self) -> int:
        """Number of rows."""
        return len(self._rows)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.encode`."""
        out = np.zeros((len(texts), self.dim), dtype=np.float32)
        for i, text in enumerate(texts):
            ids = np.asarray(self._tokenizer.encode(clean(text), add_special_tokens=False).ids, dtype=np.intp)
            for start in range(0, len(ids), _CHUNK):
                part = ids[start : start + _CHUNK]
                out[i] += self._scale[part] @ self._rows[part].astype(np.float32)
        return unit_rows(out)
