"""What can be said of a local model before anything is started: the extra, the file, the memory."""

from __future__ import annotations

import importlib.util
import os
import re
from datetime import datetime
from pathlib import Path

from interviewer.errors import ConfigError

PIP = 'pip install "interviewer[local]"'
MAGIC = b"GGUF"
WORKING_MEMORY = 512 << 20
"""What a server takes beside the weights at the very least: context and buffers of a small model."""
THREADS = "INTERVIEWER_LOCAL_THREADS"

_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def check_extra() -> None:
    """Raises ConfigError. Imports nothing."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise ConfigError("a local model needs the package xllamacpp, which is not installed", hint=PIP)


def check_file(path: str | Path) -> Path:
    """The model file's full path. Raises ConfigError."""
    file = Path(path).expanduser()
    try:
        with file.open("rb") as stream:
            head = stream.read(len(MAGIC))
    except IsADirectoryError:
        found = sorted(p.name for p in file.glob("*.gguf"))[:3]
        raise ConfigError(
            f"{file} is a folder, not a model file",
            hint=f"it has {', '.join(found)}" if found else "a local model is a .gguf file",
        ) from None
    except FileNotFoundError:
        rooted = Path("/", path)
        hint = "a local model is named local/ and the path of a .gguf file"
        if not file.is_absolute() and rooted.is_file():
            hint = f"an absolute path keeps its slash: local/{rooted}"
        raise ConfigError(f"there is no model file {file.absolute()}", hint=hint) from None
    except (OSError, ValueError) as e:
        raise ConfigError(f"the model file {file} cannot be read: {getattr(e, 'strerror', None) or e}") from None
    if head != MAGIC:
        raise ConfigError(f"{file} is not a GGUF file", hint="llama.cpp's converter makes one of other formats")
    return file.resolve()


def check_memory(path: Path) -> None:
    """Raises ConfigError when the model cannot possibly fit. What it takes exactly is known when it is loaded."""
    needed, free = path.stat().st_size + WORKING_MEMORY, available_memory()
    if free is not None and free < needed:
        raise ConfigError(
            f"{path.name} needs {_gb(needed)} of memory or more, and {_gb(free)} is free",
            hint="close other programs, or take a smaller model or a smaller quantisation of it",
        )


def available_memory() -> int | None:
    """Bytes; None where the system does not tell."""
    known = []
    try:
        if found := re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.M):
            known.append(int(found[1]) << 10)
    except OSError:
        pass
    for limit in _LIMITS:
        try:
            known.append(int(Path(limit).read_text()))
        except (OSError, ValueError):  # no such file, or `max`
            continue
    return min(known, default=None)


def threads_wanted() -> int:
    """1 unless the environment says otherwise: with every core taken, one other busy process stalls decoding."""
    text = os.environ.get(THREADS, "").strip() or "1"
    if not text.isdecimal() or not 1 <= int(text) <= (os.cpu_count() or 1):
        raise ConfigError(
            f"{THREADS} is {text!r}", hint=f"a number from 1 to {os.cpu_count() or 1}, this machine's cores"
        )
    return int(text)


def identity(path: Path) -> str:
    """Where the model is and which it is: kept answers of one file are not those of another by the same name."""
    stat = path.stat()
    changed = datetime.fromtimestamp(stat.st_mtime).isoformat(" ", "seconds")
    return f"{path} ({_gb(stat.st_size)}, {changed})"


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
