"""The child process of `local_process`: one GGUF behind xllamacpp's HTTP server. Run as a script, never imported.

The first line of stdin is the options, as JSON; stdin then stays open for as long as the parent lives. One line of
output begins with @ready and has the address; all others are the native code's.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
import threading
from typing import Any

PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """By the kernel where it can: loading a model holds the interpreter's lock, and a thread of ours would wait."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def read_options() -> dict[str, Any]:
    line = b""
    while not line.endswith(b"\n"):
        got = os.read(0, 1)
        if not got:
            os._exit(1)
        line += got
    options: dict[str, Any] = json.loads(line)
    return options


def serve(options: dict[str, Any]) -> Any:
    """A running server, for as long as it is referred to."""
    xllamacpp = importlib.import_module("xllamacpp")  # it has no types
    p = xllamacpp.CommonParams()
    p.model.path = options["path"]
    p.model_alias = {options["alias"]}
    p.n_ctx, p.n_parallel = options["n_ctx"], 1  # slots would share the context and give no speed
    p.cpuparams.n_threads = p.cpuparams_batch.n_threads = options["threads"]
    p.hostnames, p.port = ["127.0.0.1"], 0
    p.api_keys = [options["key"]]
    p.ui = p.endpoint_slots = False
    p.cache_ram_mib = options["cache_mib"]
    p.verbosity = 2  # warnings
    return xllamacpp.Server(p)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the interview
    options = read_options()
    die_with(options["parent"])
    try:
        server = serve(options)
    except Exception as e:
        say(f"{type(e).__name__}: {e}")
        os._exit(1)
    say(f"\n@ready {server.listening_address}")
    threading.Event().wait()


if __name__ == "__main__":
    main()
