"""How good an embedder is on graded answers and on the map's own points. `--help` says how to run it.

Two kinds of measurement, each beside character TF-IDF as the baseline:

graded answers  Pearson of the human score with the best-window similarity of reference and answer: the
                reference is cut into sentences, the answer into windows of one to three clauses, every
                sentence takes its best window, and sentences count by their length. `within` is the mean
                over questions of the correlation inside one question. The file is read where it lies and
                never copied. Used for choosing among a few settings, never for fitting weights.
map points      terms: a term (accepted wording) must find its own point among the points of its question;
                zh-en: the Chinese text of a point must find the English text of the same point among the
                points of its question (`sibling`) or of the whole map (`map`). MRR and top-1, both ways.

    python benchmarks/embedding_table.py --graded ads_zh.jsonl digiklausur.jsonl
    python benchmarks/embedding_table.py --embedder /path/to/model BAAI/bge-small-zh-v1.5
    python benchmarks/embedding_table.py --alternatives --gguf model.gguf --cache DIR     # 20 s each
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

Encode = Callable[[Sequence[str]], Any]
"""Texts to float rows (n, dim), unit or zero."""

SENTENCE = re.compile(r"(?<=[。！？；!?;\n])|(?<=\.)\s+")
CLAUSE = re.compile(r"(?<=[。！？；，、!?;,\n])|(?<=[.:：])\s+")
ROOT = Path(__file__).resolve().parents[1]
MAP = ROOT / "knowledge" / "data"


@dataclass(frozen=True)
class PointText:
    """One rubric point of the map, with its accepted wordings."""

    question: str
    id: str
    zh: str
    en: str
    terms: tuple[str, ...]


def cut(text: str, pattern: re.Pattern[str]) -> list[str]:
    """The non-empty pieces of `text`, stripped; the whole text when nothing can be cut."""
    return [p.strip() for p in pattern.split(text) if p and p.strip()] or [text]


def windows(text: str, longest: int = 3) -> list[str]:
    """All runs of one to `longest` consecutive clauses of `text`."""
    clauses = cut(text, CLAUSE)
    return [" ".join(clauses[i : i + n]) for n in range(1, longest + 1) for i in range(max(1, len(clauses) - n + 1))]


def best_window(encode: Encode, rows: list[dict[str, Any]]) -> np.ndarray:
    """Per row, the length-weighted mean over reference sentences of the best answer window, in [-1, 1]."""
    refs = [cut(r["reference"], SENTENCE) for r in rows]
    wins = [windows(r["answer"]) for r in rows]
    texts = sorted({t for group in (*refs, *wins) for t in group})
    at = {t: i for i, t in enumerate(texts)}
    vectors = encode(texts)
    out = np.zeros(len(rows))
    for i, (ref, win) in enumerate(zip(refs, wins, strict=True)):
        sims = cosines(vectors[[at[t] for t in ref]], vectors[[at[t] for t in win]])
        out[i] = np.average(sims.max(axis=1), weights=[len(t) for t in ref])
    return out


def cosines(a: Any, b: Any) -> np.ndarray:
    """Inner products of dense or sparse rows, (n, m)."""
    sims = a @ b.T
    return np.asarray(sims.toarray() if hasattr(sims, "toarray") else sims)


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1]) if len(a) > 2 and a.std() > 0 and b.std() > 0 else float("nan")


def graded(encode: Encode, path: Path) -> dict[str, float]:
    """{"pearson", "within"} on one JSONL of graded answers (question_id, reference, answer, score)."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    sims = best_window(encode, rows)
    scores = np.array([float(r["score"]) for r in rows])
    groups: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        groups[row["question_id"]].append(i)
    inner = [pearson(sims[g], scores[g]) for g in groups.values()]
    return {"pearson": pearson(sims, scores), "within": float(np.nanmean(inner))}


def map_points(root: Path) -> list[PointText]:
    """Every point of the map's YAML under `root`; a file that does not parse is told and skipped."""
    out = []
    for path in sorted(root.rglob("*.yaml")):
        try:
            document = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.YAMLError as error:
            print(f"{path}: skipped, {str(error).splitlines()[0]}", file=sys.stderr)
            continue
        for q in (document.get("questions") or []) if isinstance(document, dict) else []:
            for p in q.get("points") or []:
                terms = tuple(str(t) for t in p.get("terms") or [])
                out.append(PointText(q["id"], p["id"], p["zh"], p["en"], terms))
    return out


def reciprocal_ranks(sims: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """1/rank of column `truth[i]` in row i of `sims` (n, m); ties count against the truth."""
    own = sims[np.arange(len(sims)), truth]
    rank: np.ndarray = (sims >= own[:, None] - 1e-9).sum(axis=1)
    return 1.0 / rank


def map_retrieval(encode: Encode, points: list[PointText]) -> dict[str, float]:
    """MRR and top-1 of the retrieval tasks in the module docstring."""
    groups: dict[str, list[int]] = defaultdict(list)
    for i, p in enumerate(points):
        groups[p.question].append(i)
    texts = sorted({t for p in points for t in (p.zh, p.en, *p.terms)})
    at = {t: i for i, t in enumerate(texts)}
    v = encode(texts)
    zh = v[[at[p.zh] for p in points]]
    en = v[[at[p.en] for p in points]]
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    for group in groups.values():
        if len(group) < 2:
            continue
        idx = np.arange(len(group))
        for j, i in enumerate(group):
            for t in points[i].terms:
                q = v[[at[t]]]
                best = np.maximum(cosines(q, zh[group]), cosines(q, en[group]))
                found["terms"].append(reciprocal_ranks(best, np.array([j])))
        found["sibling"].append(reciprocal_ranks(cosines(zh[group], en[group]), idx))
        found["sibling"].append(reciprocal_ranks(cosines(en[group], zh[group]), idx))
    everything = np.arange(len(points))
    found["map"] = [
        reciprocal_ranks(cosines(zh, en), everything),
        reciprocal_ranks(cosines(en, zh), everything),
    ]
    out: dict[str, float] = {}
    for name, parts in found.items():
        ranks = np.concatenate(parts)
        out[f"{name} mrr"], out[f"{name} top1"] = float(ranks.mean()), float((ranks == 1).mean())
    return out


def char_tfidf(texts: Sequence[str]) -> Any:
    """The baseline: TF-IDF of character 1-3-grams fitted on the very texts compared, sparse unit rows."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True).fit_transform(texts)


def measure(encode: Encode, paths: Sequence[Path], points: list[PointText]) -> dict[str, float]:
    """All figures of one embedder, in the order in which they are printed."""
    out: dict[str, float] = {}
    for path in paths:
        out |= {f"{path.stem} {k}": v for k, v in graded(encode, path).items()}
    if points:
        out |= map_retrieval(encode, points)
    return out


def table(tokenizer: Any, rows: np.ndarray) -> Encode:
    """An encoder over float rows that were just built, as the embedded one computes it."""

    def encode(texts: Sequence[str]) -> np.ndarray:
        sums = np.zeros((len(texts), rows.shape[1]))
        for i, text in enumerate(texts):
            sums[i] = rows[tokenizer.encode(text, add_special_tokens=False).ids].sum(axis=0)
        return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12))

    return encode


def alternatives(options: argparse.Namespace) -> dict[str, Callable[[], Encode]]:
    """Tables that differ from the shipped one in one setting, built here and not written."""
    sys.path.insert(0, str(ROOT / "scripts"))
    import build_embedding_table as script
    import embedding_sources as sources

    cache = options.cache or sources.CACHE
    model = script.Model(options.gguf or sources.fetch_gguf(cache))
    lists = sources.fetch_lists(cache)
    domain = sources.domain_texts([options.map])
    changes: list[dict[str, Any]] = [{}]
    for name, values in {
        "dropped": (0, 1, 3, 4),
        "dims": (128, 192, 384),
        "sif_a": (3e-4, 2e-3, 3e-3),
        "domain_share": (0.0, 1.0),
        "vocabulary": (16_000, 24_000, 40_000),
        "signs": (True,),
    }.items():
        changes += [{name: value} for value in values]

    def maker(change: dict[str, Any]) -> Callable[[], Encode]:
        return lambda: table(*script.build(model, lists, domain, script.Settings(**change)))

    return {str(change or "as shipped, float"): maker(change) for change in changes}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graded", type=Path, nargs="*", default=[], help="JSONL files of graded answers")
    parser.add_argument("--map", type=Path, default=MAP)
    parser.add_argument("--embedder", nargs="*", default=[], help="further embedders, as for `--embedder`")
    parser.add_argument("--alternatives", action="store_true", help="rebuild the table with other settings")
    parser.add_argument("--gguf", type=Path)
    parser.add_argument("--cache", type=Path, help="as for the build script")
    options = parser.parse_args(argv)

    sys.path.insert(0, str(ROOT))
    from interviewer.embeddings import load_embedder

    def named(name: str | None) -> Callable[[], Encode]:
        return lambda: load_embedder(name, cache_dir=None, notice=print)[0].encode

    points = map_points(options.map)
    print(f"{len(points)} points of {len({p.question for p in points})} questions", file=sys.stderr)
    runs: dict[str, Callable[[], Encode]] = {"char TF-IDF": lambda: char_tfidf, "embedded": named(None)}
    runs |= {name: named(name) for name in options.embedder}
    if options.alternatives:
        runs |= alternatives(options)
    for i, (name, make) in enumerate(runs.items()):
        figures = measure(make(), options.graded, points)
        if i == 0:
            print("| embedder | " + " | ".join(figures) + " |\n|---" + "|---" * len(figures) + "|")
        print(f"| {name} | " + " | ".join(f"{v:.3f}" for v in figures.values()) + " |", flush=True)


if __name__ == "__main__":
    main()
