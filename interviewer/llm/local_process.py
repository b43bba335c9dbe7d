"""One child process that serves a model file: started, listened to, and ended. Ours or a test's, by `CHILD`.

The thread that starts the child stays with it until it ends. Linux ends a child that asked for it when the
*thread* that started it ends, so a passing worker thread must not.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from interviewer.llm.secrets import environment_without_keys, redact
from interviewer.text import one_line

CHILD = Path(__file__).with_name("local_child.py")
READY = "@ready "
KEPT_LINES = 60
TELL_EVERY = 5.0
"""Seconds between two words on the progress."""
CACHE_MIB = 512
"""Memory for the state of prompts other than the last: a few of them, each some tens of MB."""
HEALTH_SECONDS = 5.0
KILL = 9

_LOG_HEAD = re.compile(r"^[\d.]+ [IWE] +\S.*?: ")
_REASONS = tuple(map(re.compile, ("insufficient memory|unable to allocate", "error loading model", " E ")))
_CRASH = (re.compile(r"GGML_ASSERT|terminate called|what\(\):|insufficient memory"),)
"""Of the lines of a server that was ready: most errors there are of single calls."""

_running: weakref.WeakSet[ServerProcess] = weakref.WeakSet()


@dataclass(frozen=True)
class Served:
    """What a child serves, and how."""

    path: Path
    threads: int
    n_ctx: int


@dataclass(eq=False)
class ServerProcess:
    """Started when made; never started again."""

    served: Served
    key: SecretStr = field(default_factory=lambda: SecretStr(secrets.token_urlsafe(24)))
    """What calls must show: any other program on this machine can reach the port."""
    address: str | None = None
    """Of the server, without /v1; None until it is ready."""
    ended_at: float | None = None
    """On the monotonic clock."""
    suspect: bool = False
    """A call got no answer: it may hang."""

    def __post_init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._settled = threading.Event()
        """Ready, or ended."""
        self._ended = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._guard = threading.Lock()
        _running.add(self)
        self._keeper = threading.Thread(target=self._keep, name=f"local model {self.served.path.name}", daemon=True)
        self._keeper.start()

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def alive(self) -> bool:
        return not self._ended.is_set()

    @property
    def stopped(self) -> bool:
        """By us."""
        return self._stopped

    @property
    def killed(self) -> bool:
        """By somebody else; most often by a system that is out of memory."""
        return not self._stopped and self._child is not None and self._child.poll() == -KILL

    def _keep(self) -> None:
        try:
            with self._guard:
                if self._stopped:
                    return
                self._child = child = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-P", str(CHILD)],  # -P: else this folder's modules hide those of Python
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env=environment_without_keys(),
                    start_new_session=True,
                )
            assert child.stdin is not None and child.stdout is not None
            with contextlib.suppress(OSError):
                child.stdin.write(self._options())
                child.stdin.flush()
            for raw in child.stdout:
                line = raw.decode(errors="replace").strip()
                if line.startswith(READY):
                    self.address = line.removeprefix(READY)
                    self._settled.set()
                elif line:
                    self._lines.append(line)
            child.wait()
            child.stdin.close()
            child.stdout.close()
        except OSError as e:
            self._lines.append(f"no process could be started: {e}")
        finally:
            self.ended_at = time.monotonic()
            self._ended.set()
            self._settled.set()

    def _options(self) -> bytes:
        options = {
            "path": str(self.served.path),
            "alias": self.served.path.name,
            "threads": self.served.threads,
            "n_ctx": self.served.n_ctx,
            "cache_mib": CACHE_MIB,
            "key": self.key.get_secret_value(),
            "parent": os.getpid(),
        }
        return json.dumps(options).encode() + b"\n"

    def wait_ready(self, seconds: float, notice: Callable[[str], None] | None = None) -> bool:
        """Whether the server answers before `seconds` are over."""
        began = time.monotonic()
        if notice and not self._settled.is_set():
            notice(f"loading {self.served.path.name} …")
        while not self._settled.wait(min(TELL_EVERY, max(0.0, began + seconds - time.monotonic()))):
            waited = time.monotonic() - began
            if waited >= seconds:
                return False
            if notice:
                notice(f"loading {self.served.path.name} … {waited:.0f} s")
        return self.alive and self.address is not None

    def wait_ended(self, seconds: float) -> bool:
        return self._ended.wait(seconds)

    def healthy(self) -> bool:
        """Whether the server still answers at all."""
        import urllib.request

        try:
            with urllib.request.urlopen(f"{self.address}/health", timeout=HEALTH_SECONDS) as reply:  # noqa: S310
                return bool(reply.status == 200)
        except OSError:
            return False

    def stop(self, wait: float = 5.0) -> None:
        """End it at once: it has nothing to save."""
        with self._guard:
            if not self.alive:
                return
            self._stopped = True
            if self._child is not None:
                with contextlib.suppress(OSError):
                    self._child.kill()
        self._ended.wait(wait)

    def how_it_ended(self) -> str:
        """One clause, with the native code's own reason where it gave one."""
        if self._stopped:
            return "it no longer answered" if self.address else "it was stopped while loading"
        status = self._child.poll() if self._child else None
        if status is not None and status < 0:
            name = next((s.name for s in signal.Signals if s == -status), f"signal {-status}")
            how = f"killed by {name}"
        else:
            how = "no process" if status is None else f"exit status {status}"
        return f"{how}: {why}" if (why := self.reason()) else how

    def reason(self) -> str:
        for wanted in _REASONS if self.address is None else _CRASH:
            for line in self._lines:
                if wanted.search(line):
                    return one_line(redact(_LOG_HEAD.sub("", line), [self.key]))[:300]
        return one_line(redact(self._lines[-1], [self.key]))[:300] if self._lines and self.address is None else ""


@atexit.register
def stop_all() -> None:
    """No server outlives us."""
    for process in list(_running):
        process.stop(wait=2)
