"""interviewer.embeddings: the embedded table, and real models in folders."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from interviewer.embeddings import (
    CachedEmbedder,
    Embedder,
    SentenceTransformerEmbedder,
    StaticTable,
    load_embedder,
)
from interviewer.embeddings.static import EMBEDDED
from interviewer.embeddings.transformer import folder_hash
from interviewer.errors import ConfigError
from tests.unit.embedders import TEXTS, Counting, minilm


@pytest.fixture(scope="module")
def static() -> StaticTable:
    return StaticTable()


@pytest.fixture(scope="module")
def real() -> SentenceTransformerEmbedder:
    pytest.importorskip("sentence_transformers")
    return SentenceTransformerEmbedder(minilm())


@pytest.fixture
def notices() -> list[str]:
    return []


# --- the embedded table ---------------------------------------------------------------------------


def test_rows_are_unit_or_zero(static: StaticTable) -> None:
    vectors = static.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), static.dim) and vectors.dtype == np.float32
    norms = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(norms, [1, 1, 1, 1, 0, 1, 0], atol=1e-5)
    assert static.encode([]).shape == (0, static.dim)


def test_batch_equals_single(static: StaticTable) -> None:
    np.testing.assert_array_equal(static.encode(TEXTS), np.concatenate([static.encode([t]) for t in TEXTS]))


def test_sentence_transformers_reads_the_same_vectors(static: StaticTable) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")
    model = sentence_transformers.SentenceTransformer(str(EMBEDDED), device="cpu", local_files_only=True)
    np.testing.assert_allclose(model.encode(TEXTS), static.encode(TEXTS), atol=1e-3)


def test_case_width_and_glued_latin_do_not_matter(static: StaticTable) -> None:
    a, b, c = static.encode(["用LoRA微调", "用 lora 微调", "用ＬＯＲＡ微调"])
    assert a @ b > 0.999 and a @ c > 0.999


def test_chinese_finds_its_english(static: StaticTable) -> None:
    zh = [
        "冻结的基座权重仍要整份留在显存里",
        "学习率预热能让训练初期更稳定",
        "检索到的文档会过期，需要更新索引",
    ]
    en = [
        "The frozen base weights still sit in GPU memory",
        "Warming up the learning rate stabilises early training",
        "Retrieved documents go stale, so the index must be updated",
    ]
    sims = static.encode(zh) @ static.encode(en).T
    assert list(sims.argmax(axis=1)) == list(sims.argmax(axis=0)) == [0, 1, 2]


def test_hostile_text_is_encoded(static: StaticTable) -> None:
    strange = [
        "\ud800",
        "\x00\x00",
        "\u202e\u200b\ufeff",
        "a\u0301" * 50,
        "💥" * 3000,
        "\U000e0041",
        "\u0130\u0345",
    ]
    assert np.isfinite(static.encode(strange)).all()


def test_artefact_is_small_named_and_licensed(static: StaticTable) -> None:
    files = {f.relative_to(EMBEDDED).as_posix(): f.stat().st_size for f in EMBEDDED.rglob("*") if f.is_file()}
    assert sum(files.values()) <= 12_000_000
    assert {"LICENSE", "NOTICE", "meta.json", "modules.json", "model.safetensors", "tokenizer.json"} <= set(files)
    version = json.loads((EMBEDDED / "meta.json").read_text("utf-8"))["version"]
    assert static.name == f"embedded-static@{version[:8]}"
    assert "Apache License" in (EMBEDDED / "NOTICE").read_text("utf-8")


@pytest.mark.parametrize("damage", ["meta.json", "model.safetensors", "tokenizer.json"])
def test_a_damaged_table_is_a_config_error(tmp_path: Path, damage: str) -> None:
    for name in ("meta.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / name).symlink_to(EMBEDDED / name)
    (tmp_path / damage).unlink()
    (tmp_path / damage).write_text("{")
    with pytest.raises(ConfigError, match="cannot be read"):
        StaticTable(tmp_path)


def test_default_path_imports_nothing_heavy() -> None:
    code = """if True:
        import sys, time
        from interviewer.embeddings import load_embedder
        embedder, flags = load_embedder(None, cache_dir=None, notice=print)
        assert embedder.encode(["微调 LoRA"]).shape == (1, embedder.dim) and flags == []
        heavy = {"torch", "transformers", "sentence_transformers", "huggingface_hub", "sklearn", "scipy"}
        print(sorted(heavy & set(sys.modules)))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- a real model ---------------------------------------------------------------------------------


def test_real_model_unit_rows_blank_text_and_batches(real: SentenceTransformerEmbedder) -> None:
    texts = ["Gradient checkpointing trades compute for memory.", " \n", "", "Short.", "\ud800 lone"]
    vectors = real.encode(texts)
    assert vectors.shape == (5, 384) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 0, 1, 1], atol=1e-5)
    np.testing.assert_allclose(vectors[0], real.encode(texts[:1])[0], atol=1e-5)
    assert real.encode([]).shape == (0, 384)


def test_real_model_knows_a_paraphrase(real: SentenceTransformerEmbedder) -> None:
    a, b, c = real.encode(["It saves optimizer memory.", "Less memory for the optimiser.", "It will rain tomorrow."])
    assert a @ b > a @ c + 0.3


def test_local_folder_is_loaded_and_cached(tmp_path: Path, notices: list[str]) -> None:
    pytest.importorskip("sentence_transformers")
    embedder, flags = load_embedder(str(minilm()), cache_dir=tmp_path, notice=notices.append)
    assert isinstance(embedder, CachedEmbedder) and flags == [] and notices == []
    first = embedder.encode(["kept"])
    np.testing.assert_array_equal(first, embedder.encode(["kept"]))
    assert sqlite3.connect(tmp_path / "embeddings.sqlite").execute("SELECT count(*) FROM vectors").fetchone() == (1,)


def test_folder_without_a_model_is_a_config_error(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match="does not load") as caught:
        load_embedder(str(tmp_path), cache_dir=None, notice=print)
    assert caught.value.hint


@pytest.mark.parametrize("folder", [True, False])
def test_missing_extra_names_the_pip_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: bool) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="not installed") as caught:
        load_embedder(str(tmp_path) if folder else "acme/mini", cache_dir=None, notice=print)
    assert "pip install" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["./no/such/folder", "/nowhere", "a/b/c", "http://x/y", "模型"])
def test_neither_folder_nor_hub_name(name: str) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        load_embedder(name, cache_dir=None, notice=print)


def test_folder_hash_follows_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = folder_hash(tmp_path)
    (tmp_path / "a").write_text("2")
    assert folder_hash(tmp_path) != before


def test_embedders_satisfy_the_protocol(static: StaticTable) -> None:
    embedders: list[Embedder] = [static, CachedEmbedder(static, None), Counting()]
    assert all(e.dim == e.encode(["x"]).shape[1] for e in embedders)
