"""The server of a local model: found out before it starts, shared, watched, ended. The native library is a fake."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from interviewer.errors import ConfigError, ModelError, ProviderDown, ProviderTimeout
from interviewer.llm import LocalServer, Message, ModelGateway, Request, Retries, local, local_checks, local_process
from interviewer.llm.choose import Endpoint, beside, choose
from interviewer.llm.gateway import CONCURRENCY
from interviewer.llm.local_transport import LocalTransport
from tests.llm.conftest import CANARY

FAKE = Path(__file__).with_name("fake_child.py")
ASK = Request((Message("user", "hello"),))
HANG = Request((Message("user", "hang"),))
QUICK = Retries(attempts=2, base=0.01, cap=0.02)

Model = Callable[..., Path]


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(local_process, "CHILD", FAKE)
    monkeypatch.setattr(local, "check_extra", lambda: None)
    monkeypatch.setattr(local, "_all", {})
    yield
    local_process.stop_all()


@pytest.fixture
def model(tmp_path: Path) -> Model:
    def make(name: str = "m.gguf", **told: Any) -> Path:
        path = tmp_path / name
        path.write_bytes(b"GGUF" + json.dumps(told).encode())
        return path

    return make


@pytest.fixture
async def gateway(model: Model) -> AsyncIterator[Callable[..., ModelGateway]]:
    made: list[ModelGateway] = []

    def make(path: Path | None = None, **options: Any) -> ModelGateway:
        transport = LocalTransport("local/m.gguf", str(path or model()), **options)
        made.append(ModelGateway([transport], deadline=20, retries=QUICK))
        return made[-1]

    yield make
    for g in made:
        await g.aclose()


def gone(pid: int | None, seconds: float = 5) -> bool:
    assert pid
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):  # gone before, or while it was read
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def server_of(gateway: ModelGateway) -> LocalServer:
    transport = gateway.routes[0].transport
    assert isinstance(transport, LocalTransport)
    return transport.server


class TestBeforeItStarts:
    def test_the_extra_is_missing(self, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(local, "check_extra", local_checks.check_extra)
        monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
        with pytest.raises(ConfigError, match="xllamacpp") as caught:
            choose(Endpoint(f"local/{model()}"))
        assert caught.value.hint == 'pip install "interviewer[local]"'

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match=r"no model file .*nothing\.gguf"):
            LocalServer(tmp_path / "nothing.gguf")

    def test_an_absolute_path_that_lost_its_slash(self, model: Model) -> None:
        path = model()
        with pytest.raises(ConfigError) as caught:
            choose(Endpoint(f"local{path}"))
        assert caught.value.hint == f"an absolute path keeps its slash: local/{path}"

    def test_a_folder(self, model: Model) -> None:
        with pytest.raises(ConfigError, match="is a folder") as caught:
            LocalServer(model().parent)
        assert caught.value.hint == "it has m.gguf"

    @pytest.mark.parametrize("content", [b"", b"GG", b"PK\x03\x04 something else"])
    def test_not_a_model(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "x.gguf").write_bytes(content)
        with pytest.raises(ConfigError, match="not a GGUF"):
            LocalServer(tmp_path / "x.gguf")

    def test_a_path_that_is_none(self) -> None:
        with pytest.raises(ConfigError, match="cannot be read"):
            LocalServer("a\0b.gguf")

    def test_too_little_memory(self, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(local_checks, "available_memory", lambda: 100_000_000)
        with pytest.raises(ConfigError, match=r"needs 0\.5 GB .* 0\.1 GB is free"):
            LocalServer(model()).start()

    @pytest.mark.parametrize("threads", ["0", "-1", "two", "100000"])
    def test_threads_that_cannot_be(self, model: Model, monkeypatch: pytest.MonkeyPatch, threads: str) -> None:
        monkeypatch.setenv("INTERVIEWER_LOCAL_THREADS", threads)
        with pytest.raises(ConfigError, match="INTERVIEWER_LOCAL_THREADS"):
            LocalServer(model())

    def test_nothing_is_started_by_a_gateway(self, gateway: Callable[..., ModelGateway]) -> None:
        assert server_of(gateway()).pid is None

    def test_chosen_by_name(self, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
        path = model()
        from interviewer.llm import make_gateway

        made = make_gateway(f"local/{path}", cache=False)
        assert isinstance(made.routes[0].transport, LocalTransport) and made.model == f"local/{path}"
        assert made.deadline == 600 and made._places._value == 1 < CONCURRENCY
        monkeypatch.chdir(path.parent)
        assert server_of(make_gateway("local/m.gguf", cache=False)).path == path.resolve()

    def test_more_calls_at_a_time_are_refused_aloud(self, model: Model) -> None:
        from interviewer.llm import make_gateway

        told: list[str] = []
        made = make_gateway(f"local/{model()}", cache=False, concurrency=8, notice=told.append)
        assert made._places._value == 1 and "one call after the other" in told[0]
        make_gateway(f"local/{model()}", cache=False, concurrency=1, notice=told.append)
        assert len(told) == 1

    def test_a_fallback_on_this_machine_is_not_looked_for_on_the_primarys_server(self) -> None:
        primary = Endpoint("qwen", "http://127.0.0.1:1/v1")
        assert beside(primary, "local/m.gguf").api_base is None
        assert beside(primary, "other").api_base == primary.api_base

    def test_kept_answers_are_of_this_file_not_of_this_port(self, model: Model) -> None:
        path = model()
        first = LocalTransport("local/m.gguf", str(path)).where
        assert LocalTransport("local/m.gguf", str(path)).where == first and "127.0.0.1" not in first
        os.utime(path, (1, 1))
        assert LocalTransport("local/m.gguf", str(path)).where != first


class TestServing:
    async def test_a_call(self, gateway: Callable[..., ModelGateway], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", CANARY)
        told: list[str] = []
        made = gateway(notice=told.append)
        completion = await made.complete(ASK)
        assert CANARY not in completion.text and "PATH" in completion.text  # its environment has no keys
        assert (completion.cost, completion.tokens.input, completion.tokens.cached) == (0.0, 9, 4)
        assert [t.split(",")[0] for t in told] == ["loading m.gguf …", "m.gguf is loaded"]
        pid = server_of(made).pid
        assert os.getsid(pid or 0) != os.getsid(0)  # Ctrl-C is for the interview
        await made.complete(ASK)
        assert server_of(made).pid == pid and len(told) == 2

    def test_only_for_us(self, model: Model) -> None:
        with LocalServer(model()) as server:
            body = json.dumps({"messages": [{"content": "x"}]}).encode()
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(urllib.request.Request(f"{server.url}/chat/completions", body))
            key = server.key.get_secret_value()
            command = Path(f"/proc/{server.pid}/cmdline").read_text()
            environment = Path(f"/proc/{server.pid}/environ").read_text()
            assert key not in command + environment + repr(server.start()) and server.url.startswith("http://127.0.0.1")

    async def test_shared_by_all_users_of_a_file(self, model: Model) -> None:
        path = model()
        link = path.with_name("link.gguf")
        link.symlink_to(path)
        async with LocalServer(path) as one:
            with LocalServer(link) as two, LocalServer(model("other.gguf")) as other:
                pid, others = one.pid, other.pid
                assert pid == two.pid != others
            assert gone(others) and one.start().pid == pid
        assert gone(pid)

    async def test_started_once_however_many_ask_at_once(self, model: Model) -> None:
        servers = [LocalServer(model(load=0.3)) for _ in range(6)]
        started = await asyncio.gather(*(s.astart() for s in servers))
        assert len({p.pid for p in started}) == 1
        for s in servers:
            s.stop()
        assert gone(started[0].pid)

    def test_lingers(self, model: Model) -> None:
        path = model()
        with LocalServer(path, linger=0.3) as server:
            pid = server.pid
        with LocalServer(path, linger=0.3) as server:
            assert server.pid == pid
            time.sleep(0.5)
            assert server.start().alive
        assert gone(pid)

    def test_started_again_after_a_stop(self, model: Model) -> None:
        server = LocalServer(model())
        pid = server.start().pid
        server.stop()
        assert gone(pid) and server.start().pid != pid
        server.stop()


class TestLoading:
    def test_a_broken_file(self, model: Model) -> None:
        path = model(fail="error loading model: tensor 'output.weight' data is not within the file bounds")
        with pytest.raises(ConfigError, match=r"cannot be loaded \(exit status 1: error loading model: tensor"):
            LocalServer(path).start()

    def test_memory_that_cannot_be_had(self, model: Model) -> None:
        with pytest.raises(ConfigError, match=r"does not fit into memory .*CPU_REPACK"):
            LocalServer(model(fail="error loading model: unable to allocate CPU_REPACK buffer")).start()

    def test_killed_by_the_system(self, model: Model) -> None:
        with pytest.raises(ConfigError, match=r"does not fit into memory \(killed by SIGKILL\)"):
            LocalServer(model(die=int(signal.SIGKILL))).start()

    def test_a_crash(self, model: Model) -> None:
        with pytest.raises(ConfigError, match=r"cannot be loaded \(killed by SIGSEGV"):
            LocalServer(model(die=int(signal.SIGSEGV))).start()

    def test_too_slow(self, model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(local_process, "TELL_EVERY", 0.1)
        told: list[str] = []
        server = LocalServer(model(load=60), deadline=0.5, notice=told.append)
        began = time.monotonic()
        with pytest.raises(ConfigError, match="not loaded within 0 s"):
            server.start()
        assert time.monotonic() - began < 3 and len(told) >= 4

    async def test_as_the_gateway_says_it(self, gateway: Callable[..., ModelGateway], model: Model) -> None:
        with pytest.raises(ModelError, match=r"local/m\.gguf: .* cannot be loaded"):
            await gateway(model(fail="error loading model: unknown model architecture: ''")).complete(ASK)

    async def test_given_up(self, model: Model) -> None:
        server = LocalServer(model(load=60))
        task = asyncio.create_task(server.astart())
        await asyncio.sleep(0.3)
        process = local._all[next(iter(local._all))]._process
        assert process
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert gone(process.pid, 2)


class TestEnding:
    async def test_killed_during_a_call(
        self, gateway: Callable[..., ModelGateway], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = gateway()
        await made.complete(ASK)
        pid = server_of(made).pid
        call = asyncio.create_task(made.complete(HANG))
        await asyncio.sleep(0.2)
        os.kill(pid or 0, signal.SIGKILL)
        with pytest.raises(ProviderDown, match=r"stopped \(killed by SIGKILL\)"):
            await call
        with pytest.raises(ProviderDown, match="SIGKILL"):  # it rests
            await made.complete(ASK)
        monkeypatch.setattr(local, "REST_SECONDS", 0)
        assert (await made.complete(ASK)).text
        for _ in range(local.MOST_CRASHES - 1):
            new = server_of(made).pid
            with contextlib.suppress(ProcessLookupError):  # it may have been told to go before
                os.kill(new or 0, signal.SIGKILL)
            assert new != pid and gone(new)
            await asyncio.sleep(0.1)
            last = await asyncio.gather(made.complete(ASK), return_exceptions=True)
        assert isinstance(last[0], ProviderDown)  # not for ever

    async def test_one_that_hangs_is_replaced(
        self, gateway: Callable[..., ModelGateway], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(local_process, "HEALTH_SECONDS", 0.3)
        made = gateway()
        await made.complete(ASK)
        pid, made.deadline = server_of(made).pid, 2
        os.kill(pid or 0, signal.SIGSTOP)
        with pytest.raises(ProviderTimeout):
            await made.complete(ASK)
        made.deadline = 20
        assert (await made.complete(ASK)).text
        assert server_of(made).pid != pid and gone(pid)

    async def test_one_that_was_only_slow_is_kept(self, gateway: Callable[..., ModelGateway]) -> None:
        made = gateway()
        await made.complete(ASK)
        pid, made.deadline = server_of(made).pid, 1
        with pytest.raises(ProviderTimeout):
            await made.complete(HANG)
        made.deadline = 20
        await made.complete(ASK)
        assert server_of(made).pid == pid

    @pytest.mark.parametrize("load", [0, 30])
    @pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help")
    def test_ends_with_us_when_we_are_killed(self, model: Model, load: float) -> None:
        pid, parent = started_elsewhere(model(load=load), "time.sleep(60)")
        assert Path(f"/proc/{pid}").exists()
        parent.kill()
        parent.wait()
        assert gone(pid, 3)

    def test_ends_with_us_when_we_forget_it(self, model: Model) -> None:
        pid, parent = started_elsewhere(model(), "")
        assert parent.wait(10) == 0 and gone(pid, 3)

    async def test_outlives_the_event_loop_and_the_thread_that_started_it(self, model: Model) -> None:
        server = LocalServer(model())
        await asyncio.to_thread(asyncio.run, server.astart())
        await asyncio.sleep(0.2)
        assert server.start().alive and server.start().healthy()
        server.stop()


def started_elsewhere(path: Path, then: str) -> tuple[int, subprocess.Popen[str]]:
    """A process that serves `path`, and the pid of its server as soon as there is one."""
    script = f"""
import threading, time
from pathlib import Path
from interviewer.llm import local, local_process
local_process.CHILD, local.check_extra = Path({str(FAKE)!r}), lambda: None
server = local.LocalServer({str(path)!r})
thread = threading.Thread(target=server.start, daemon=True)
thread.start()
shared = next(iter(local._all.values()))
while not (shared._process and shared._process.pid):
    time.sleep(0.01)
time.sleep(0.5)
print(shared._process.pid, flush=True)
{then}
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    return int(parent.stdout.readline()), parent
