"""Options that several commands share, and the judge that they name."""

from __future__ import annotations

import argparse
import math
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from evals.commands.terminal import say
from evals.datasets import DATA

if TYPE_CHECKING:
    from interviewer.judge import Judge, OfflineJudge
    from interviewer.judge.fusion import Fusion

RAW = argparse.RawDescriptionHelpFormatter


def add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DATA, metavar="DIR", help="another eval set")


def add_embedder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--embedder", help="a sentence-transformers model; default: the embedded table")


def add_model(parser: argparse.ArgumentParser) -> None:
    """What a judge with a model may need beside its name; all as in `interviewer grade`."""
    parser.add_argument("--api-base", metavar="URL", help="address of an OpenAI-compatible server")
    parser.add_argument("--signals", choices=("llm", "llm+similarity"), help="what counts; default: both")
    parser.add_argument(
        "--concurrency", type=_at_least_one, metavar="N", help="answers in flight at once; default 8, 1 for local/…"
    )
    parser.add_argument("--rpm", type=_above_zero, metavar="N", help="requests a minute at most")
    parser.add_argument("--tpm", type=_above_zero, metavar="N", help="tokens a minute at most")
    parser.add_argument(
        "--deadline", type=_above_zero, metavar="SECONDS",
        help="for one call of a model, its turn waited for; default 120",
    )  # fmt: skip
    parser.add_argument("--no-cache", action="store_true", help="ask the model anew, whatever it has answered before")


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1")
    return value


def _above_zero(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: not a number above 0")
    return value


_at_least_one.__name__, _above_zero.__name__ = "int", "float"  # what argparse calls them in its error


@asynccontextmanager
async def judge_of(args: argparse.Namespace) -> AsyncIterator[Judge]:
    """The judge that `--judge` names, closed at the end. Raises ConfigError or ProviderError."""
    base = offline(args.embedder)
    if args.judge == "offline":
        yield base
        return
    from interviewer.judge.llm import LLMJudge
    from interviewer.llm import make_gateway

    gateway = make_gateway(
        args.judge, api_base=args.api_base, cache=not args.no_cache, deadline=args.deadline, notice=say,
        concurrency=args.concurrency, rpm=args.rpm, tpm=args.tpm, patient=True,
    )  # fmt: skip
    async with aclosing(gateway):
        yield LLMJudge(gateway, base, signals=args.signals or "llm+similarity")


def add_sample(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sample", type=int, metavar="N", help="whole questions with at least N answers in all")
    parser.add_argument("--seed", type=int, default=0, help="which questions the sample holds")


def offline(embedder: str | None, fusion: Fusion | None = None) -> OfflineJudge:
    """The offline judge as the product makes it."""
    from interviewer.examiners import offline_judge

    return offline_judge(embedder, notice=say, fusion=fusion)
