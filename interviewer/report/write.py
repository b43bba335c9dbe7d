"""Writing a file so that a reader sees the old one or the new one whole, never half of either."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from interviewer.errors import InputError, InterviewerError, StoreError
from interviewer.text import visible

_DISK = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EIO: "the disk reported an error",
}


def write_atomic(path: Path, text: str) -> None:
    """Put `text` at `path` as UTF-8, through a temporary file beside it.

    A symbolic link keeps pointing where it did, an existing file keeps its permissions, and a
    device or a pipe is written to directly. Raises StoreError for the disk, InputError for the path.
    """
    data = text.encode("utf-8", "replace")
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode if target.exists() else None
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if mode is not None and not stat.S_ISREG(mode):
            target.write_bytes(data)
        else:
            _replace(target, data, mode)
    except OSError as e:
        raise _told(path, e) from e


def _replace(target: Path, data: bytes, mode: int | None) -> None:
    # The name is ours and new (O_EXCL), so that the umask applies and nothing is followed or kept.
    temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(stat.S_IMODE(mode))
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _told(path: Path, error: OSError) -> InterviewerError:
    shown = visible(str(path))
    if error.errno in _DISK:
        return StoreError(
            f"{shown}: not written: {_DISK[error.errno]}",
            hint="Nothing was lost: free some space or write somewhere else, then ask for the report again.",
        )
    if isinstance(error, PermissionError):
        return StoreError(f"{shown}: not written: no permission to write here", hint="Choose a folder that is yours.")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return InputError(
            f"{shown}: not written: the folder does not exist", hint="Create the folder or choose another."
        )
    if isinstance(error, IsADirectoryError):
        return InputError(f"{shown}: not written: this is a folder", hint="Give the name of a file.")
    return InputError(f"{shown}: not written: {error.strerror or error}")
