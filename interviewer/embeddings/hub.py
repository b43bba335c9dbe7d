"""Where a hub model is: in the local cache, on the hub within reach, or nowhere. Never waits for ever.

The hub's own client tries an unreachable hub for 70 s, and one that accepts and never answers without end;
so the hub is asked for a sign of life first, under a hard deadline, and downloads are watched for progress.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")

PROBE_S = 2.0
"""What all of the probe may take: name look-up, connection, answer."""
STALL_S = 60.0
"""A download that has brought no byte for this long is given up."""

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
_OTHER_FORMATS = ["onnx/*", "openvino/*", "coreml/*", "*.onnx", "*.h5", "*.msgpack", "*.ot", "*.gguf"]


def endpoint() -> str:
    """The hub's address: HF_ENDPOINT, or the public one."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"


def is_offline() -> bool:
    """Whether HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids the network."""
    values = (os.environ.get(name, "") for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return any(value.strip().upper() in {"1", "ON", "YES", "TRUE"} for value in values)


def within(seconds: float, work: Callable[[], _T]) -> _T:
    """`work()` in a daemon thread; raises `TimeoutError` when it is not done in time, else what it raises.

    The thread is left behind: a name look-up cannot be cancelled.
    """
    done: list[_T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # handed to the caller's thread
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True, name="hub")
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if not done:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return done[0]


def why_unreachable(model: str, seconds: float = PROBE_S) -> str | None:
    """None when the hub answers anything at all about `model` within `seconds`, else the reason in words.

    Proxies of the environment are respected. Server errors (5xx) count as unreachable.
    """
    if not endpoint().startswith(("http://", "https://")):
        return "HF_ENDPOINT is no http address"
    deadline = time.monotonic() + seconds

    def ask() -> int:
        from urllib.error import HTTPError
        from urllib.request import Request, urlopen

        request = Request(f"{endpoint()}/{model}/resolve/main/config.json", method="HEAD")  # noqa: S310
        try:
            with urlopen(request, timeout=max(0.1, deadline - time.monotonic())) as answer:  # noqa: S310
                return int(answer.status)
        except HTTPError as error:
            return int(error.code)

    try:
        status = within(seconds, ask)
    except Exception as error:  # urllib, ssl, http.client and socket share no narrower base
        return str(getattr(error, "reason", None) or error) or type(error).__name__
    return f"the hub answers {status}" if status >= 500 else None


def cached_snapshot(model: str) -> Path | None:
    """The folder of `model` in the local hub cache, when its weights are there. No network."""
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(_full_name(model), local_files_only=True))
    except Exception:  # not there, or a name no repository can have: both mean "not cached"
        return None
    whole = (folder / "config.json").is_file() or (folder / "modules.json").is_file()
    return folder if whole and any(p.exists() for w in _WEIGHTS for p in folder.rglob(w)) else None


def download(model: str, stall_s: float = STALL_S) -> Path:
    """Downloads `model` into the hub cache and returns its folder.

    Raises `TimeoutError` when nothing has arrived for `stall_s` seconds, else what the hub client raises
    (`RepositoryNotFoundError`, `GatedRepoError`, ...).
    """
    from huggingface_hub import HfApi, constants, snapshot_download

    name = _full_name(model)

    def fetch() -> Path:
        files = HfApi(endpoint=endpoint()).list_repo_files(name)
        twice = ["*.bin"] if any(f.endswith(".safetensors") for f in files) else []
        return Path(snapshot_download(name, ignore_patterns=_OTHER_FORMATS + twice, endpoint=endpoint()))

    store = Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}"
    result: list[Path | BaseException] = []

    def run() -> None:
        try:
            result.append(fetch())
        except BaseException as error:  # handed to the caller's thread
            result.append(error)

    thread = threading.Thread(target=run, daemon=True, name="hub-download")
    thread.start()
    seen, last = -1, time.monotonic()
    while not result:
        thread.join(0.5)
        size = _bytes_in(store)
        if size != seen:
            seen, last = size, time.monotonic()
        elif not result and time.monotonic() - last > stall_s:
            raise TimeoutError(f"the download of {name} brought nothing for {stall_s:g} s")
    if isinstance(result[0], BaseException):
        raise result[0]
    return result[0]


def _full_name(model: str) -> str:
    """Bare names are sentence-transformers' own models, as that library reads them."""
    return model if "/" in model else f"sentence-transformers/{model}"


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:  # renamed while we looked
            continue
    return total
