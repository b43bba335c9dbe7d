"""How long the offline judge takes for one answer: `python benchmarks/judge_latency.py`.

Judges the reference and the script of every question of the map (200-400 characters) after a warm-up that
builds each rubric's index. Bar: median at most 50 ms. Exit code 1 when it is not met.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

BAR_MS = 50.0


def main() -> int:
    began = time.perf_counter()
    from interviewer.embeddings import load_embedder
    from interviewer.judge import OfflineJudge, question_rubric
    from knowledge import load_map

    questions = list(load_map().questions.values())
    embedder, _ = load_embedder(None, cache_dir=None, notice=print)
    judge = OfflineJudge(embedder)
    ready = time.perf_counter() - began
    jobs = [
        (question_rubric(q, lang), text.text(lang), lang)
        for q in questions
        for lang in ("zh", "en")
        for text in (q.reference, q.talk)
    ]
    first = []
    for rubric, answer, lang in jobs:
        start = time.perf_counter()
        judge.judge_sync(rubric, answer, lang)
        first.append(time.perf_counter() - start)
    wall, cpu = [], []
    for _ in range(3):
        for rubric, answer, lang in jobs:
            start, used = time.perf_counter(), time.process_time()
            judge.judge_sync(rubric, answer, lang)
            wall.append(time.perf_counter() - start)
            cpu.append(time.process_time() - used)
    ms = np.array(wall) * 1000
    median = float(np.median(ms))
    result = {
        "answers": len(jobs),
        "median_chars": int(np.median([len(a) for _, a, _ in jobs])),
        "ready_s": round(ready, 3),
        "first_of_a_rubric_ms": round(float(np.median(first[::2])) * 1000, 2),
        "median_ms": round(median, 2),
        "p95_ms": round(float(np.quantile(ms, 0.95)), 2),
        "cpu_ms": round(float(np.mean(cpu)) * 1000, 2),
        "bar_ms": BAR_MS,
    }
    print(json.dumps(result))
    return int(median > BAR_MS)


if __name__ == "__main__":
    raise SystemExit(main())
