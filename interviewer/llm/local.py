"""A model file on this machine, served by us: `with LocalServer("model.gguf") as s: s.url`.

xllamacpp's own OpenAI-compatible server runs in a child process, on a free port of loopback, behind a key made for
it: whatever its native code does, the interview goes on, and when we end, however we end, it ends. All users of
one file in a process share one server. One that died is started again, though not at once and not for ever.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from interviewer.errors import ConfigError, ProviderDown
from interviewer.llm.local_checks import check_extra, check_file, check_memory, threads_wanted
from interviewer.llm.local_process import Served, ServerProcess

N_CTX = 8192
LOAD_SECONDS = 300.0
"""For a model to be loaded; one of several GB on a slow disk takes minutes."""
REST_SECONDS = 30.0
"""After a crash; calls fail meanwhile, so that the retries of one answer do not load the model three times."""
MOST_CRASHES = 3

Notice = Callable[[str], None]


class LocalServer:
    """A user's hold on the server of a model file. `start` and `stop` may be called again, from any thread.

    With `linger` the server outlives its last user by so many seconds. Making one starts nothing; it raises
    ConfigError when the extra or the file is missing, or the file is no model.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        threads: int | None = None,
        n_ctx: int = N_CTX,
        deadline: float = LOAD_SECONDS,
        linger: float = 0.0,
        notice: Notice | None = None,
    ) -> None:
        check_extra()
        self.path = check_file(path)
        self.deadline, self.linger, self.notice = deadline, linger, notice
        self._shared = _shared(Served(self.path, threads or threads_wanted(), n_ctx))
        self._process: ServerProcess | None = None

    @property
    def url(self) -> str:
        """The base of the OpenAI protocol. Starts the server when there is none."""
        return f"{self.start().address}/v1"

    @property
    def key(self) -> SecretStr:
        return self.start().key

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> ServerProcess:
        """The running server, loaded and answering.

        Raises ConfigError when the model cannot be loaded, ProviderDown when the server crashed a moment ago.
        """
        self._process = self._shared.start(self, self.deadline, self.notice)
        return self._process

    async def astart(self) -> ServerProcess:
        try:
            return await asyncio.to_thread(self.start)
        except asyncio.CancelledError:
            self._shared.abandon(self)  # else the thread, and with it the event loop's end, waits for the model
            raise

    def stop(self) -> None:
        self._process = None
        self._shared.release(self, self.linger)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await self.astart()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)


class _Shared:
    """The one server of a model file in this process, and who uses it."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self._guard = threading.Lock()
        self._process: ServerProcess | None = None
        self._users: set[LocalServer] = set()
        self._crashes = 0
        self._lately: tuple[float, str] | None = None
        """When it last crashed, and how."""
        self._timer: threading.Timer | None = None

    def start(self, user: LocalServer, deadline: float, notice: Notice | None) -> ServerProcess:
        if (p := self._process) is not None and p.suspect:
            p.suspect = False
            if not p.healthy():
                p.stop()
        with self._guard:
            self._cancel_timer()
            if self._process is not None and not self._process.alive:
                self._mourn(self._process)
            first = self._process is None
            if self._process is None:
                self._refuse_after_crash()
                check_memory(self.served.path)
                self._process = ServerProcess(self.served)
            process = self._process
            self._users.add(user)
        if process.wait_ready(deadline, notice if first else None):
            if first and notice:
                notice(f"{self.served.path.name} is loaded, and served at {process.address}")
            return process
        late, gone = process.alive, process.address is not None or process.stopped
        process.stop()
        with self._guard:
            self._users.discard(user)
            if self._process is process:
                self._process = None
        if gone:
            raise _down(self.served, process.how_it_ended())
        raise _unloadable(self.served, process, deadline if late else None)

    def _mourn(self, process: ServerProcess) -> None:
        """A server that was ready once has crashed, or hung and was stopped: then there is no need to rest."""
        self._process = None
        self._crashes += 1
        at = -REST_SECONDS if process.stopped else process.ended_at or time.monotonic()
        self._lately = (at, process.how_it_ended())

    def _refuse_after_crash(self) -> None:
        if self._lately is not None:
            at, how = self._lately
            if self._crashes >= MOST_CRASHES or time.monotonic() - at < REST_SECONDS:
                raise _down(self.served, how)

    def release(self, user: LocalServer, linger: float) -> None:
        with self._guard:
            self._users.discard(user)
            if self._users or self._process is None:
                return
            self._cancel_timer()
            if linger > 0 and self._process.alive:
                self._timer = threading.Timer(linger, self._stop_unused)
                self._timer.daemon = True
                self._timer.start()
                return
        self._stop_unused()

    def abandon(self, user: LocalServer) -> None:
        """As release; but a server that is still loading for this user alone is ended at once."""
        with self._guard:
            alone = not (self._users - {user})
            process = self._process
        if process is not None and alone and process.address is None:
            process.stop(wait=1)

    def _stop_unused(self) -> None:
        with self._guard:
            if self._users or self._process is None:
                return
            process, self._process = self._process, None
        process.stop()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


_all: dict[Served, _Shared] = {}
_all_guard = threading.Lock()


def _shared(served: Served) -> _Shared:
    with _all_guard:
        return _all.setdefault(served, _Shared(served))


def _down(served: Served, how: str) -> ProviderDown:
    return ProviderDown(
        f"the server of {served.path.name} stopped ({how})",
        hint="if it was killed, memory ran out: close other programs, or take a smaller model",
    )


def _unloadable(served: Served, process: ServerProcess, late: float | None) -> ConfigError:
    """Not loaded within `late` seconds, or failed at it."""
    why, how = process.reason(), process.how_it_ended()
    if late is not None:
        return ConfigError(
            f"{served.path.name} was not loaded within {late:.0f} s",
            hint="close other programs, or take a smaller model",
        )
    if "memory" in why or "allocate" in why or process.killed:
        return ConfigError(
            f"{served.path.name} does not fit into memory ({how})",
            hint="close other programs, or take a smaller model or a smaller quantisation of it",
        )
    return ConfigError(
        f"{served.path} cannot be loaded ({how})",
        hint="download it again, or take one that llama.cpp supports; `pip install -U xllamacpp` knows more",
    )
