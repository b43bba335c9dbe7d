"""The disk cache and the one call in flight: upstream calls counted at a real server."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from interviewer import errors
from interviewer.llm import Endpoint, Message, Request, Tokens
from interviewer.llm.cache import cache_key
from tests.llm.conftest import CANARY, Make
from tests.llm.server import FaultServer, answer, error


class Mark(BaseModel):
    mark: int = Field(ge=0, le=5)


ASK = Request((Message("user", "你好 \U0001d6fc"),), schema=Mark)


@pytest.fixture
def wire() -> str:
    return "openai"


async def test_a_hit_makes_no_call(make: Make, server: FaultServer, tmp_path: Path) -> None:
    server.script = [answer('```json\n{"mark": 3}\n```')]
    first = await make(cache=tmp_path / "c.db").complete(ASK)
    gateway = make(cache=tmp_path / "c.db")
    hit = await gateway.complete(ASK)
    assert server.calls == 1 and hit.from_cache and not first.from_cache
    assert hit.parsed_as(Mark).mark == 3 and hit.capability == "json_schema" and hit.model == "openai/m"
    assert (hit.calls, hit.tokens, hit.cost) == (0, Tokens(0, 0, 0), 0.0)
    assert gateway.spent.calls == 0
    assert stat.S_IMODE((tmp_path / "c.db").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "other",
    [
        replace(ASK, temperature=0.5),
        replace(ASK, seed=1),
        replace(ASK, max_tokens=9),
        replace(ASK, rubric_hash="r2"),
        replace(ASK, schema=None),
        replace(ASK, messages=(Message("user", "你好"),)),
        replace(ASK, messages=(Message("system", "你好 \U0001d6fc"),)),
        replace(ASK, cached=False),
    ],
)
async def test_what_matters_is_in_the_key(make: Make, server: FaultServer, tmp_path: Path, other: Request) -> None:
    server.script = [answer('{"mark": 3}')]
    gateway = make(cache=tmp_path / "c.db")
    await gateway.complete(ASK)
    assert not (await gateway.complete(other)).from_cache and server.calls == 2


def test_the_key_knows_model_and_address_and_no_credentials() -> None:
    def key(model: str, address: str) -> str:
        return cache_key(ASK, model=model, address=address)

    keys = {key("a", ""), key("b", ""), key("a", "https://x/v1"), key("a", "https://y/v1")}
    assert len(keys) == 4
    assert key("a", "https://x/v1") == key("a", "https://user:pass@X/v1/?key=1")
    assert key("a", "") == cache_key(replace(ASK, purpose="other"), model="a", address="")


async def test_only_validated_answers_are_kept(make: Make, server: FaultServer, tmp_path: Path) -> None:
    server.script = [answer('{"mark": 9}'), answer('{"mark": 9}'), error(400), answer('{"mark": 1}')]
    gateway = make(cache=tmp_path / "c.db")
    with pytest.raises(errors.BadOutput):
        await gateway.complete(ASK)
    assert (await gateway.complete(ASK)).parsed_as(Mark).mark == 1
    assert server.calls == 4 and (await gateway.complete(ASK)).from_cache


async def test_an_entry_that_no_longer_validates_is_asked_again(
    make: Make, server: FaultServer, tmp_path: Path
) -> None:
    server.script = [answer('{"mark": 3}')]
    gateway = make(cache=tmp_path / "c.db")
    await gateway.complete(ASK)
    with sqlite3.connect(tmp_path / "c.db") as db:
        db.execute('UPDATE answers SET body = \'{"text": "{}"}\'')
    assert not (await gateway.complete(ASK)).from_cache
    assert server.calls == 2 and (await gateway.complete(ASK)).from_cache


async def test_one_call_in_flight_per_key(make: Make, server: FaultServer, tmp_path: Path) -> None:
    server.script = [answer('{"mark": 3}', delay=0.2)]
    gateway = make(cache=tmp_path / "c.db")
    got = await asyncio.gather(*(gateway.complete(ASK) for _ in range(10)))
    assert server.calls == 1 and [c.from_cache for c in got].count(False) == 1
    assert gateway.spent.tokens.input == 100 and sum(c.tokens.input or 0 for c in got) == 100


async def test_an_error_in_flight_reaches_all_and_is_forgotten(make: Make, server: FaultServer, tmp_path: Path) -> None:
    server.script = [error(401, delay=0.1), answer('{"mark": 3}')]
    gateway = make(cache=tmp_path / "c.db")
    got = await asyncio.gather(*(gateway.complete(ASK) for _ in range(3)), return_exceptions=True)
    assert [type(g) for g in got] == [errors.AuthError] * 3 and server.calls == 1
    assert (await gateway.complete(ASK)).parsed_as(Mark).mark == 3


async def test_one_who_leaves_does_not_cancel_the_others(make: Make, server: FaultServer, tmp_path: Path) -> None:
    server.script = [answer('{"mark": 3}', delay=0.3)]
    gateway = make(cache=tmp_path / "c.db")
    first, second = (asyncio.create_task(gateway.complete(ASK)) for _ in range(2))
    while not server.in_flight:
        await asyncio.sleep(0.01)
    first.cancel()
    assert (await second).parsed_as(Mark).mark == 3 and server.calls == 1
    assert first.cancelled()


async def test_the_last_who_leaves_cancels_the_call(make: Make, server: FaultServer, tmp_path: Path) -> None:
    server.script = [answer('{"mark": 3}', delay=20)]
    gateway = make(cache=tmp_path / "c.db")
    tasks = [asyncio.create_task(gateway.complete(ASK)) for _ in range(2)]
    while not server.in_flight:
        await asyncio.sleep(0.01)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.1)
    assert server.cut_off == 1 and all(t.cancelled() for t in tasks)


async def test_a_fallbacks_answer_is_kept_under_its_own_name(make: Make, server: FaultServer, tmp_path: Path) -> None:
    server.script = lambda r: error(404) if r.body["model"] == "a" else answer('{"mark": 2}')
    gateway = make("a", "b", cache=tmp_path / "c.db")
    assert (await gateway.complete(ASK)).model == "openai/b"
    server.script = [answer('{"mark": 4}')]
    gateway.routes[0].dead_until = 0
    assert (await gateway.complete(ASK)).parsed_as(Mark).mark == 4, "what b said is not a's answer"
    assert (await gateway.complete(replace(ASK, model="openai/b"))).parsed_as(Mark).mark == 2


def damage(path: Path, how: str) -> sqlite3.Connection | None:
    if how == "garbage":
        path.write_bytes(b"not a database, " * 500)
    elif how == "another's":
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE diary (entry)")
            db.execute("INSERT INTO diary VALUES ('mine')")
    elif how == "folder":
        path.mkdir()
    elif how == "no folder":
        path.parent.rmdir()
        path.parent.write_text("a file")
    elif how == "locked":
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("CREATE TABLE t (x)")
        db.execute("BEGIN EXCLUSIVE")
        return db
    return None


@pytest.mark.parametrize("how", ["garbage", "another's", "folder", "no folder", "locked"])
async def test_a_cache_that_cannot_be_used_is_no_error(
    make: Make, server: FaultServer, tmp_path: Path, how: str
) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    path = folder / "c.db"
    held = damage(path, how)
    before = path.read_bytes() if path.is_file() else b""
    server.script = [answer('{"mark": 3}')]
    gateway = make(cache=path)
    for _ in range(2):
        assert (await gateway.complete(ASK)).parsed_as(Mark).mark == 3
    assert server.calls == 2
    if how in ("garbage", "another's"):
        assert path.read_bytes() == before, "it is not ours to change"
    if held:
        held.close()


async def test_corrupted_while_in_use(make: Make, server: FaultServer, tmp_path: Path) -> None:
    server.script = [answer('{"mark": 3}')]
    await make(cache=tmp_path / "c.db").complete(ASK)
    gateway = make(cache=tmp_path / "d.db")
    await gateway.complete(ASK)
    gateway.cache._db.execute("DROP TABLE answers")  # type: ignore[union-attr]
    assert (await gateway.complete(ASK)).parsed_as(Mark).mark == 3
    assert (await gateway.complete(ASK)).parsed_as(Mark).mark == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
async def test_read_only_folder(make: Make, server: FaultServer, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    server.script = [answer('{"mark": 3}')]
    try:
        assert (await make(cache=tmp_path / "c.db").complete(ASK)).parsed_as(Mark).mark == 3
    finally:
        tmp_path.chmod(0o700)


async def test_a_read_only_database_still_gives_hits(make: Make, server: FaultServer, tmp_path: Path) -> None:
    server.script = [answer('{"mark": 3}')]
    gateway = make(cache=tmp_path / "c.db")
    await gateway.complete(ASK)
    gateway.cache._db.execute("PRAGMA query_only = 1")  # type: ignore[union-attr]
    assert (await gateway.complete(ASK)).from_cache
    assert not (await gateway.complete(replace(ASK, seed=1))).from_cache, "it cannot be kept, and that is no error"


async def test_no_key_in_the_file(make: Make, server: FaultServer, tmp_path: Path) -> None:
    server.script = [answer('{"mark": 3}')]
    gateway = make(cache=tmp_path / "c.db")
    await gateway.complete(ASK)
    await gateway.aclose()
    files = list(tmp_path.iterdir())
    assert files and all(CANARY.encode() not in f.read_bytes() for f in files)
    assert b"Bearer" not in (tmp_path / "c.db").read_bytes()
    assert Endpoint("m").api_key is None


async def test_who_joins_gets_an_object_of_their_own_class(make: Make, server: FaultServer, tmp_path: Path) -> None:
    """A judge makes a class per rubric: two of them are equal and not the same."""
    again = type("Mark", (Mark,), {})
    server.script = [answer('{"mark": 3}', delay=0.1)]
    gateway = make(cache=tmp_path / "c.db")
    one, two = await asyncio.gather(gateway.complete(ASK), gateway.complete(replace(ASK, schema=again)))
    assert server.calls == 1 and type(one.parsed) is Mark and type(two.parsed) is again
