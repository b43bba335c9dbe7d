"""The real child of `interviewer.llm.local_process` with a native library made of Python.

What follows GGUF in the "model" file says how it behaves: {"load": seconds, "fail": reason, "die": signal}. Asked to
`hang` it says nothing; asked for anything else it tells its environment.
"""

from __future__ import annotations

import ctypes
import http.server
import json
import os
import runpy
import sys
import threading
import time
import types
from pathlib import Path
from typing import Any

CHILD = Path(__file__).parents[2] / "interviewer" / "llm" / "local_child.py"


class Params:
    def __init__(self) -> None:
        self.model = types.SimpleNamespace(path="")
        self.cpuparams = types.SimpleNamespace(n_threads=-1)
        self.cpuparams_batch = types.SimpleNamespace(n_threads=-1)


class Server:
    def __init__(self, p: Any) -> None:
        told = json.loads(Path(p.model.path).read_bytes()[4:] or "{}")
        if load := told.get("load"):
            ctypes.PyDLL(None).usleep(int(load * 1e6))  # holds the interpreter's lock, as the real one does
        if "die" in told:
            os.kill(os.getpid(), told["die"])
        if "fail" in told:
            sys.stderr.write(f"0.00.052.162 E llama_model_load: {told['fail']}\n0.00.053.000 E srv init: exiting\n")
            raise RuntimeError("Failed to init server, please check the input params.")
        key, sys.stderr = p.api_keys[0], sys.__stderr__

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.reply(200, {"status": "ok"})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.headers["Authorization"] != f"Bearer {key}":
                    self.reply(401, {"error": {"message": "Invalid API Key", "code": 401}})
                    return
                if body["messages"][-1]["content"] == "hang":
                    time.sleep(600)
                self.reply(
                    200,
                    {
                        "model": "fake",
                        "choices": [{"message": {"content": json.dumps(dict(os.environ))}, "finish_reason": "stop"}],
                        "usage": {"prompt_tokens": 9, "completion_tokens": 3},
                        "timings": {"cache_n": 4},
                    },
                )

            def reply(self, status: int, body: dict[str, Any]) -> None:
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: Any) -> None: ...

        server = http.server.ThreadingHTTPServer((p.hostnames[0], p.port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.listening_address = f"http://127.0.0.1:{server.server_port}"


if __name__ == "__main__":
    fake = types.ModuleType("xllamacpp")
    fake.CommonParams, fake.Server = Params, Server  # type: ignore[attr-defined]
    sys.modules["xllamacpp"] = fake
    runpy.run_path(str(CHILD), run_name="__main__")
