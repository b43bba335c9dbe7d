"""Models by a name on a hub, and hubs that misbehave. All sockets are on loopback."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest

from interviewer.embeddings import (
    FALLBACK_FLAG,
    SentenceTransformerEmbedder,
    StaticTable,
    hub,
    load_embedder,
)
from interviewer.embeddings.static import EMBEDDED
from interviewer.errors import ConfigError
from tests.unit.embedders import COMMIT, TEXTS


@pytest.fixture
def notices() -> list[str]:
    return []


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
