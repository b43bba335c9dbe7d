"""Files packed with gzip or zstd, as streams: unpacked while they are read, packed while they are written.

A packed file that breaks off is read up to the break; `Unpacked.broken` then says what is wrong with it.
Knows bytes only.
"""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from interviewer.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Packing = Literal["gzip", "zstd"]
SUFFIXES: dict[str, Packing] = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_MAGIC: tuple[tuple[bytes, Packing], ...] = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_READ = 1 << 18
_ZSTD_INPUT = 1 << 10
"""So little goes in at a time that the most that can come out of it, 128 KiB for every 4 bytes, fits in memory."""


def missing(library: str, what: str) -> ConfigError:
    """The error for a library that is not installed."""
    return ConfigError(f"{what} needs {library}", hint="pip install 'interviewer[files]'")


def packing_of(head: bytes) -> Packing | None:
    """How a file that starts like this is packed."""
    return next((packing for magic, packing in _MAGIC if head.startswith(magic)), None)


def split_suffix(path: Path | str) -> tuple[str, Packing | None]:
    """The suffix that names the format, and the packing: `.csv`, gzip for `answers.csv.gz`."""
    path = Path(str(path))
    packing = SUFFIXES.get(path.suffix.lower())
    return (path.with_suffix("").suffix if packing else path.suffix).lower(), packing


class Unpacked(io.RawIOBase):
    """What is packed in `file`, to be read from its start as often as wanted.

    Going back starts over. `broken` is None until the reading comes to a place where the file breaks off
    or is damaged; the bytes before it have all come out then, and there are no more.
    """

    def __init__(self, file: BinaryIO, packing: Packing) -> None:
        self._file = file
        self._packing = packing
        self._start()

    def _start(self) -> None:
        self._file.seek(0)
        self._pieces = _gunzip(self._file) if self._packing == "gzip" else _unzstd(self._file)
        self._held = memoryview(b"")
        self._at = 0
        self._last = b""
        self.broken: str | None = None

    @property
    def ends_with_line(self) -> bool:
        """Whether the last byte that came out is a line feed."""
        return self._last == b"\n"

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        target = offset + (self._at if whence == os.SEEK_CUR else 0)
        if whence == os.SEEK_END:
            raise io.UnsupportedOperation("the end of a packed file is known when it is reached")
        if target < self._at:
            self._start()
        while self._at < target and self.read(min(_READ, target - self._at)):
            pass
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer).cast("B")
        if not self._held:
            self._held = memoryview(self._next())
        given = min(len(room), len(self._held))
        room[:given] = self._held[:given]
        self._held = self._held[given:]
        self._at += given
        if given:
            self._last = bytes(room[given - 1 : given])
        return given

    def _next(self) -> bytes:
        try:
            return next(self._pieces, b"")
        except EOFError:
            self.broken = f"the {self._packing} file breaks off here"
        except (zlib.error, gzip.BadGzipFile, _zstd_error()) as e:
            self.broken = f"the {self._packing} file is damaged here: {e}"
        self._pieces = iter(())
        return b""


def _gunzip(file: BinaryIO) -> Iterator[bytes]:
    packed = gzip.GzipFile(fileobj=file, mode="rb")
    # read1 gives what there is before it complains; read would lose it.
    while piece := packed.read1(_READ):
        yield piece


def _unzstd(file: BinaryIO) -> Iterator[bytes]:
    zstd = _zstandard()
    frame = None
    while packed := file.read(_ZSTD_INPUT):
        while packed:
            frame = frame or zstd.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
            if piece := frame.decompress(packed):
                yield piece
            packed = b""
            if frame.eof:
                packed, frame = frame.unused_data, None
    if frame is not None:
        raise EOFError


def pack(file: BinaryIO, packing: Packing) -> BinaryIO:
    """A stream that packs into `file`. Closing it finishes the packing and leaves `file` open."""
    if packing == "gzip":
        # No time of day in it: the same rows make the same bytes.
        return gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0)  # type: ignore[return-value]
    return _zstandard().ZstdCompressor(level=3).stream_writer(file, closefd=False)  # type: ignore[no-any-return]


def _zstandard() -> Any:
    try:
        import zstandard
    except ImportError:
        raise missing("zstandard", "a file packed with zstd") from None
    return zstandard


def _zstd_error() -> type[Exception]:
    try:
        from zstandard import ZstdError
    except ImportError:
        return zlib.error
    return ZstdError
