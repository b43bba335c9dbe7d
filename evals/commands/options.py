"""Options that several commands share, and the judge that they name."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from evals.commands.terminal import say
from evals.datasets import DATA

if TYPE_CHECKING:
    from interviewer.judge import OfflineJudge
    from interviewer.judge.fusion import Fusion

RAW = argparse.RawDescriptionHelpFormatter


def add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="another eval set")


def add_embedder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--embedder", help="a sentence-transformers model; default: the embedded table")


def offline(embedder: str | None, fusion: Fusion | None = None) -> OfflineJudge:
    """The offline judge as the product makes it."""
    from interviewer.examiners import offline_judge

    return offline_judge(embedder, notice=say, fusion=fusion)
