"""What `interviewer grade` says on standard error when it is done, or was interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interviewer.cli.guard import say
from interviewer.cli.stopping import same_command

if TYPE_CHECKING:
    from interviewer.batch import GradedRow, Summary
    from interviewer.cli.limits import Purse
    from interviewer.models import Usage


def tell(summary: Summary, failed: list[GradedRow]) -> None:
    from interviewer.text import counted, truncate

    for row in failed:
        name = f" ({truncate(row.id, 40)})" if row.id else ""
        say(f"row {row.number}{name}: {truncate(row.error or '', 300)}")
    if summary.failed > len(failed):
        say(f"… and {summary.failed - len(failed):,} more")
    if summary.duplicate_ids:
        say(f"rows with an id that an earlier row has: {summary.duplicate_ids}")
    mean = "-" if summary.mean_score is None else f"{summary.mean_score:.2f}"
    judge = f", judge: {summary.judge}" if summary.judge else ""
    say(
        f"{counted(summary.rows, 'row')}: {summary.graded:,} graded, {summary.failed:,} failed, "
        + (f"{summary.waiting:,} waiting, " if summary.waiting else "")
        + f"{summary.needs_review:,} to review; mean score {mean}{judge}, {summary.seconds:.1f} s"
    )
    if not summary.rows:
        say(f"there was nothing to grade: {summary.input} has no rows")
    if summary.from_journal:
        now = summary.graded - summary.from_journal
        say(
            f"of the graded rows, {now:,} judged now, {summary.from_journal:,} judged before "
            "(in the journal, or an identical row)"
        )
    if summary.this_run.calls:
        say(_spent(summary.this_run))
    if summary.output != "standard output":
        say(f"written to {summary.output}" + (f"; failed rows in {summary.errors}" if summary.errors else ""))


def interrupted(summary: Summary | None, purse: Purse | None, *, from_stdin: bool) -> None:
    from interviewer.text import counted

    if summary is None:
        say("interrupted before the first row")
    else:
        rows = counted(summary.rows, "row")
        kept = f"; what was judged is in {summary.journal}" if summary.journal else ""
        say(f"interrupted: {rows} done, {summary.failed:,} of them failed{kept}")
    if purse is not None:
        purse.tell()
    say("to go on" + (" (with the same input)" if from_stdin else "") + f": {same_command('--fresh')}")


def _spent(usage: Usage) -> str:
    from interviewer.text import counted

    tokens = [
        f"{n:,} tokens {way}" for n, way in ((usage.input_tokens, "in"), (usage.output_tokens, "out")) if n is not None
    ]
    cost = "cost unknown" if usage.cost is None else f"${usage.cost:.4f}"
    return f"this run: {', '.join([counted(usage.calls, 'call'), *tokens, cost])}"
