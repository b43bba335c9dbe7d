"""The cache of vectors: hits, bounds, files that cannot be used, processes that share one."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from interviewer.embeddings import (
    CachedEmbedder,
)
from tests.unit.embedders import Counting


@pytest.fixture
def notices() -> list[str]:
    return []


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
