"""Tunes the embedded table on the map: `python scripts/tune_embedding_table.py --base DIR --out DIR`.

Contrastive tuning (MultipleNegativesRankingLoss: Henderson et al. 2017, arXiv:1705.00652) with the
sentence-transformers trainer, on the CPU: two ways to say the same point lie close, ways to say other points lie
apart. Pairs come from the map alone: a point's two languages, its terms and its phrasings; a misconception's; and the
two languages of references, scripts and questions. No answer of the eval set is read. A batch holds at most one pair
of a point, or one way to say it would stand against another.

The model is the table followed by one square matrix, which is multiplied into the rows at the end; the rows are then
averaged with those that tuning began with (Wortsman et al. 2022, arXiv:2109.01903), which keeps what general text
needs. The layout of the folder stays, so nothing that reads it changes. Needs `sentence-transformers[train]`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from interviewer.embeddings.base import clean
from knowledge import KnowledgeMap, load_map
from rubrics.phrasings import phrasings_of

ROUNDS = 20
"""Times that each point gives a pair."""
BATCH = 256
RATE = 2e-3
SCALE = 14.0
"""One over the temperature of the loss."""
KEPT = 0.25
"""Part of the rows as they were."""
SEED = 0


def groups(the_map: KnowledgeMap, without: frozenset[str] = frozenset()) -> list[list[str]]:
    """Texts that say the same, per point, misconception, and text that is there in two languages."""
    out: list[list[str]] = []
    for q in the_map.questions.values():
        if q.id in without:
            continue
        also = {k: (*p.zh, *p.en) for k, p in phrasings_of(q.id).items()}
        out += [[p.zh, p.en, *p.terms, *also.get(p.id, ())] for p in q.points]
        out += [[p.zh, p.en, *p.terms] for f in q.follow_ups for p in f.points if not isinstance(p, str)]
        out += [[m.zh, m.en, *m.terms, *also.get(m.id, ())] for m in q.misconceptions]
        out += [[t.zh, t.en] for t in (q.ask, q.reference, q.talk)]
    return out


def pairs(texts: list[list[str]], rounds: int, seed: int) -> Iterator[list[tuple[str, str]]]:
    """Per round one pair of each group, in a new order."""
    rng = random.Random(seed)
    for _ in range(rounds):
        order = list(range(len(texts)))
        rng.shuffle(order)
        yield [(a, b) for k in order for a, b in [rng.sample(texts[k], 2)]]


def tune(base: Path, texts: list[list[str]], args: argparse.Namespace) -> np.ndarray[Any, Any]:
    """The rows after tuning, before averaging."""
    import torch
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer
    from sentence_transformers.sentence_transformer import losses
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, StaticEmbedding
    from sentence_transformers.sentence_transformer.training_args import SentenceTransformerTrainingArguments
    from tokenizers import Tokenizer
    from torch.utils.data import BatchSampler, SequentialSampler

    torch.manual_seed(args.seed)
    start = rows_of(base)
    table = StaticEmbedding(Tokenizer.from_file(str(base / "tokenizer.json")), embedding_weights=start)
    turn = Dense(start.shape[1], start.shape[1], bias=False, activation_function=torch.nn.Identity())
    with torch.no_grad():
        turn.linear.weight.copy_(torch.eye(start.shape[1]))
    model = SentenceTransformer(modules=[table, turn, Normalize()], device="cpu")
    chosen = [p for r in pairs(texts, args.rounds, args.seed) for p in r[: len(r) // args.batch * args.batch]]
    data = Dataset.from_dict({"anchor": [clean(a) for a, _ in chosen], "positive": [clean(b) for _, b in chosen]})

    def in_order(dataset: Any, batch_size: int, drop_last: bool, **_: Any) -> BatchSampler:
        return BatchSampler(SequentialSampler(dataset), batch_size, drop_last)

    trainer = SentenceTransformerTrainer(
        model=model,
        train_dataset=data,
        loss=losses.MultipleNegativesRankingLoss(model, scale=args.scale),
        args=SentenceTransformerTrainingArguments(
            output_dir=str(args.out) + ".trainer", num_train_epochs=1, per_device_train_batch_size=args.batch,
            learning_rate=args.rate, lr_scheduler_type="cosine", warmup_steps=0.05, weight_decay=0.0, seed=args.seed,
            batch_sampler=in_order, save_strategy="no", report_to="none", logging_steps=20, use_cpu=True,
            disable_tqdm=True, dataloader_drop_last=True,
        ),
    )  # fmt: skip
    trainer.train()
    shutil.rmtree(str(args.out) + ".trainer", ignore_errors=True)
    with torch.no_grad():
        out: np.ndarray[Any, Any] = (table.embedding.weight @ turn.linear.weight.T).numpy()
    return out


def rows_of(folder: Path) -> np.ndarray[Any, Any]:
    tensors = load_file(folder / "model.safetensors")
    return np.asarray(tensors["embeddings"].astype(np.float32) * tensors["weights"].astype(np.float32)[:, None])


def save(base: Path, out: Path, rows: np.ndarray[Any, Any], about: dict[str, Any]) -> str:
    """The folder of `base` with other rows, int8 as before; its new version."""
    out.mkdir(parents=True, exist_ok=True)
    if out != base:
        shutil.copytree(base, out, dirs_exist_ok=True)
    top = np.abs(rows).max(axis=1)
    top[top == 0] = 1
    whole = np.round(rows / top[:, None] * 127).astype(np.int8)
    factors = (top / 127).astype(np.float32)
    save_file({"embeddings": whole, "weights": factors}, out / "model.safetensors")
    meta = json.loads((base / "meta.json").read_text("utf-8"))
    version = hashlib.sha256(whole.tobytes() + factors.tobytes()).hexdigest()
    meta |= {"version": version, "tuned": {"from": meta["version"], **about}}
    (out / "meta.json").write_text(json.dumps(meta, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return version


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True, help="a folder that build_embedding_table.py wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--scale", type=float, default=SCALE)
    parser.add_argument("--kept", type=float, default=KEPT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--without", choices=("dev", "test"), help="leave out the questions of that half, for measuring"
    )
    args = parser.parse_args()
    without: frozenset[str] = frozenset()
    if args.without:
        from evals.datasets import load_dataset

        without = frozenset(i.question.id for i in load_dataset().only(args.without).items)
    texts = groups(load_map(), without)
    digest = hashlib.sha256(json.dumps(texts).encode()).hexdigest()
    tuned = tune(args.base, texts, args)
    start = rows_of(args.base)
    rows = args.kept * start + (1 - args.kept) * tuned
    rows[~start.any(axis=1)] = 0  # signs and broken characters say nothing, whatever company they keep
    settings = {k: getattr(args, k) for k in ("rounds", "batch", "rate", "scale", "kept", "seed")}
    version = save(args.base, args.out, rows, {"texts": digest, "groups": len(texts), **settings})
    print(f"{args.out}: {len(texts)} groups, version {version[:8]}")


if __name__ == "__main__":
    main()
