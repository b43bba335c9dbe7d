"""Which encoding a file of text is in: BOM, then strict UTF-8 on the whole file, then a guess.

Knows bytes only. A file that is mostly UTF-8 with a few broken lines is UTF-8: the broken lines are
reported by whoever reads them, instead of turning every other line into another alphabet.
"""

from __future__ import annotations

import codecs
import io
import locale
from typing import BinaryIO, NamedTuple

CANDIDATES = ["utf_8", "gb18030", "big5", "cp1252"]
"""What exports come in; without this list the guess is often a neighbour of the right one."""
ERRORS = "surrogateescape"
"""How bytes that do not belong are kept, so that the row they are in can be told."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LEGACY = frozenset({"gb18030", "gbk", "gb2312", "big5", "cp1252"})
_TELLING = 4
"""Characters that make a text UTF-8 beyond doubt."""
_CHUNK = 1 << 20
_SAMPLE = 1 << 18


class Encoding(NamedTuple):
    name: str
    """As Python decodes it."""
    bom: bool
    """A byte order mark stands at the start: the file probably comes from, and returns to, a spreadsheet."""


def find_encoding(file: BinaryIO, *, may_break_off: bool = False) -> Encoding:
    """The encoding of a seekable binary file, left at its start.

    One that may break off can end in the middle of a character.
    """
    file.seek(0)
    head = file.read(_CHUNK)
    file.seek(0)
    for bom, name in _BOMS:
        if head.startswith(bom):
            return Encoding(name, True)
    if unmarked := _without_bom(head[:65536]):
        return Encoding(unmarked, False)
    if _is_utf8(file, whole=not may_break_off):
        file.seek(0)
        return Encoding("utf-8", False)
    file.seek(0)
    sample, right, wrong = _telling_lines(file)
    file.seek(0)
    if right > wrong:
        return Encoding("utf-8", False)
    return Encoding(_guess(sample), False)


def undecodable(text: str) -> bool:
    """Whether `text`, read with ERRORS, holds bytes that its encoding does not have."""
    return not text.isascii() and any("\udc80" <= c <= "\udcff" for c in text)


def foreign(text: str, encoding: str) -> str | None:
    """The encoding a text is really in, when it was read with `encoding` and is UTF-8 beyond doubt.

    Two or three characters of GBK can be valid UTF-8 by chance; this many that all turn out Chinese cannot.
    """
    if encoding not in _LEGACY or text.isascii():
        return None
    try:
        found = text.encode(encoding, ERRORS).decode("utf-8")
    except UnicodeError:
        return None
    above = [c for c in found if c > "\x7f"]
    return "utf-8" if len(above) >= _TELLING and all(_is_chinese(c) for c in above) else None


def _is_chinese(char: str) -> bool:
    return "\u3000" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" or "\u2010" <= char <= "\u2027"


def _without_bom(head: bytes) -> str | None:
    """UTF-16 without its mark: line feeds are whole units, with their NUL on the same side.

    UTF-8 may hold NULs too, but not in every other byte, as UTF-16 does where it is valid UTF-8.
    """
    if head.count(0) < len(head) // 4 and _is_utf8(io.BytesIO(head.rpartition(b"\n")[0])):
        return None
    units = range(0, len(head) - 1, 2)
    little = sum(head[i : i + 2] == b"\n\0" for i in units)
    big = sum(head[i : i + 2] == b"\0\n" for i in units)
    if little == big:
        return None
    return "utf-16-le" if little > big else "utf-16-be"


def _is_utf8(file: BinaryIO, *, whole: bool = True) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _telling_lines(file: BinaryIO) -> tuple[bytes, int, int]:
    """A sample of the lines that are not UTF-8, and of the lines above ASCII how many are and how many are not."""
    kept: list[bytes] = []
    size = right = wrong = 0
    for line in iter(lambda: file.readline(_SAMPLE), b""):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            right += 1
        except UnicodeDecodeError:
            wrong += 1
            kept.append(line)
        size += len(line)
        if size >= _SAMPLE:
            break
    return b"".join(kept), right, wrong


def _guess(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=CANDIDATES).best()
    if best is not None:
        return best.encoding
    for name in ("gb18030", locale.getpreferredencoding(False)):
        try:
            sample.decode(name)
            return name
        except (UnicodeDecodeError, LookupError):
            continue
    return "utf-8"
