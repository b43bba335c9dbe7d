"""Texts to unit vectors: the embedded static table by default, any sentence-transformers model by name.

Public: `Embedder`, `StaticTable`, `SentenceTransformerEmbedder`, `CachedEmbedder`, `load_embedder`.
Importing this package, and the default embedder, need numpy and tokenizers only; torch comes in with the
first sentence-transformers model. Knows nothing of questions, windows or judging.
"""

from interviewer.embeddings.base import Embedder
from interviewer.embeddings.cache import CachedEmbedder
from interviewer.embeddings.load import FALLBACK_FLAG, load_embedder
from interviewer.embeddings.static import StaticTable
from interviewer.embeddings.transformer import SentenceTransformerEmbedder

__all__ = [
    "FALLBACK_FLAG",
    "CachedEmbedder",
    "Embedder",
    "SentenceTransformerEmbedder",
    "StaticTable",
    "load_embedder",
]
