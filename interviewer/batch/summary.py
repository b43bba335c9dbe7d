"""What became of a file, counted row by row."""

from __future__ import annotations

from pydantic import BaseModel, PrivateAttr

from interviewer.batch.judging import GradedRow
from interviewer.batch.readers import Format
from interviewer.llm.cost import Spent
from interviewer.llm.protocol import Tokens
from interviewer.models import Usage


class Summary(BaseModel):
    """What became of a file. Field names are part of the JSON contract."""

    input: str
    output: str
    errors: str | None = None
    """The file of failed rows; null when there is none."""
    rows: int = 0
    graded: int = 0
    failed: int = 0
    waiting: int = 0
    """Rows that wait for a provider's batch; they are in the output without a score."""
    from_journal: int = 0
    """Of the graded rows, those that were judged before, or together with an identical row."""
    needs_review: int = 0
    mean_score: float | None = None
    """Of the graded rows, 0-10."""
    duplicate_ids: int = 0
    """Rows whose id an earlier row has; they are graded like any other."""
    seconds: float = 0
    format: Format = "csv"
    encoding: str = ""
    sheet: str | None = None
    """The sheet that was read, of a workbook."""
    columns: dict[str, str] = {}
    """Which column was taken for what."""
    asked: dict[str, str] = {}
    """Column to question id, where every question has a column of its own."""
    judge: str = ""
    """Kind of the judge, and model where it has one."""
    journal: str | None = None
    """The file that keeps the judgements; null when there is none."""
    this_run: Usage = Usage()
    """What this run used, failed rows included. Rows from the journal cost nothing; their own usage tells what they
    cost when they were judged."""
    complete: bool = False
    """False when it was interrupted: `output` then names what was finished."""

    _spent: Spent = PrivateAttr(default_factory=Spent)

    def add(self, row: GradedRow) -> None:
        self.rows += 1
        if row.asked:
            self._spend(row)
        if row.waiting:
            self.waiting += 1
            return
        if row.failed or row.judgement is None or row.judgement.score is None:
            self.failed += 1
            return
        self.graded += 1
        self.from_journal += row.from_journal
        self.needs_review += row.judgement.needs_review
        mean = self.mean_score or 0.0
        self.mean_score = mean + (row.judgement.score - mean) / self.graded
        if not self.judge:
            info = row.judgement.judge
            self.judge = f"{info.kind} {info.model}" if info.model else info.kind

    @property
    def known_cost(self) -> float:
        """US dollars of this run that the provider told; the least that it cost."""
        return self._spent.known_cost

    def _spend(self, row: GradedRow) -> None:
        if row.judgement is None:  # given up after a while, or broken: nobody knows what it had used by then
            self._spent.add(Tokens(), None, calls=0)
        else:
            u = row.judgement.usage
            self._spent.add(Tokens(u.input_tokens, u.output_tokens), u.cost, calls=u.calls)

    def close(self, seconds: float) -> None:
        """Make it what is told at the end."""
        if self.mean_score is not None:
            self.mean_score = round(self.mean_score, 3)
        self.seconds = round(seconds, 3)
        self.this_run = self._spent.usage.model_copy(update={"seconds": self.seconds})
