"""What every embedder is, and the two small things they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""float32 rows, shape (n, dim)."""


class Embedder(Protocol):
    """Maps texts to vectors whose inner product is their cosine."""

    @property
    def name(self) -> str:
        """For provenance: `embedded-static@<hash8>`, or the model's hub name or folder."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Rows (n, dim), n = len(texts), each of norm 1, or all zero for a text without any token.

        The vector of a text does not depend on the other texts of the call.
        """
        ...


def unit_rows(rows: Vectors) -> Vectors:
    """`rows` (n, dim) divided by their norms; rows of (almost) no length become zero."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(norms > 1e-12, rows / np.maximum(norms, 1e-12), 0).astype(np.float32)


def clean(text: str) -> str:
    """`text` without lone surrogates, which no tokenizer accepts; each becomes `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")
