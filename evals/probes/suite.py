"""Which probes there are. Each is a function from a bench to what it measured and whether that is past its line.

A probe that finds nothing to run on says so and does not pass.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from evals.probes.attacks import (
    injection_good,
    injection_poor,
    keyword_salad,
    master_keys,
    off_topic,
    padding,
    question_echo,
    stuffing,
)
from evals.probes.bench import Bench, Outcome
from evals.probes.meaning import (
    criterion_order,
    deletion,
    denial,
    languages,
    negation,
    other_words,
    test_retest,
)
from interviewer.errors import UsageError

__all__ = ["PROBES", "Bench", "Outcome", "Probe", "run_probes"]


@dataclass(frozen=True)
class Probe:
    name: str
    run: Callable[[Bench], Awaitable[Outcome]]


PROBES: tuple[Probe, ...] = tuple(
    Probe(run.__name__.replace("_", "-"), run)
    for run in (
        injection_poor, injection_good, master_keys, keyword_salad, question_echo, off_topic, stuffing, padding,
        criterion_order, test_retest, deletion, negation, denial, other_words, languages,
    )
)  # fmt: skip


async def run_probes(
    bench: Bench, only: Sequence[str] = (), told: Callable[[Outcome], None] = lambda _: None
) -> list[Outcome]:
    """The outcomes in order, each also to `told` when it is there; of the probes in `only`, or of all.

    Raises UsageError for a name that is none.
    """
    names = [p.name for p in PROBES]
    if unknown := [n for n in only if n not in names]:
        raise UsageError(f"no probe {unknown[0]!r}", hint=f"there are {', '.join(names)}")
    out = []
    for p in PROBES:
        if not only or p.name in only:
            bench.calls = bench.unscored = 0
            outcome = await p.run(bench)
            if bench.unscored:
                why = f"{bench.unscored} of {bench.calls} judgements have no score"
                outcome = replace(outcome, passed=False, worst=(why, *outcome.worst))
            out.append(outcome)
            told(outcome)
    return out
