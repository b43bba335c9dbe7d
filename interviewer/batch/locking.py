"""One run at a time for one file that is written: the lock, and what a run that was killed left behind.

Knows files only.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from interviewer.errors import ConfigError, StoreError

TEMPORARY = ".tmp"
_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class FileLock:
    """Held by the one process that writes `path`, on a file beside it that goes away with the lock.

    The operating system holds it: it ends with the process, however that ends. Where the file system knows no locks
    there is none. Use it as a context manager.

    Raises StoreError when another process holds it, ConfigError when nothing can be written there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        whole = path.resolve()  # a link is one with what it leads to
        self._file = whole.with_name(f".{whole.name}.lock")
        self._handle: int | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def acquire(self) -> None:
        while not self._taken():
            pass

    def release(self) -> None:
        if self._handle is not None:
            if sys.platform != "win32":  # there, what is open cannot be removed
                self._file.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None
            if sys.platform == "win32":
                with suppress(OSError):
                    self._file.unlink(missing_ok=True)

    def _taken(self) -> bool:
        """False when the file was removed, by the run before, between its opening and the lock."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        try:
            handle = os.open(self._file, flags, 0o666)
        except OSError as e:
            raise ConfigError(
                f"{self.path} cannot be written: {e.strerror or e}",
                hint="check the folder's rights and the space left",
            ) from None
        try:
            _lock(handle)
            if not _same(handle, self._file):
                os.close(handle)
                return False
        except OSError as e:
            if e.errno in _TAKEN:
                os.close(handle)
                raise StoreError(
                    f"{self.path} is being written by another run",
                    hint="wait until that one is done, or give this one a file of its own",
                ) from None
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle
        return True


def clear(path: Path, *more: str) -> None:
    """Remove what a killed run left half-written of `path`, and of files in its folder of the names `more`.

    Only for who holds the lock: the files of a run that lives are called the same.
    """
    path = path.resolve()
    names = "|".join(map(re.escape, (path.name, *more)))
    left = re.compile(rf"\.(?:{names})\.\w{{8}}{re.escape(TEMPORARY)}")
    with suppress(OSError):
        for beside in path.parent.iterdir():
            if left.fullmatch(beside.name):
                beside.unlink(missing_ok=True)


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
