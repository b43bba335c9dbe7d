"""One part, by whoever grades it: what goes to a worker, what comes back, and the grading between.

What goes and comes is small and holds no secret: rows are read from the input and written to the output where
the worker runs, and keys are in its own environment.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from interviewer import __version__
from interviewer.batch.files import grade_file
from interviewer.batch.partitioned.folder import PartFolder
from interviewer.batch.partitioned.partitions import Partition
from interviewer.batch.partitioned.record import MapFacts, Record, key_of
from interviewer.batch.readers import Format
from interviewer.batch.runner import CONCURRENCY, GradedRow, rows_for
from interviewer.config import Settings
from interviewer.errors import ConfigError, InterviewerError
from interviewer.examiners import Examiners
from interviewer.judge.protocol import Judge
from interviewer.maps import open_map
from knowledge.models import Lang
from rubrics import load_rules

if TYPE_CHECKING:
    from knowledge import KnowledgeMap


class Job(BaseModel, frozen=True):
    """What is the same for all parts of a run."""

    settings: dict[str, Any]
    """Those that say who judges, by name."""
    output: str = ""
    """The folder, absolute."""
    mapping: dict[str, str] = {}
    constants: dict[str, Any] = {}
    asked: dict[str, str] = {}
    lang: Lang | None = None
    format: Format | None = None
    sheet: str | None = None
    html: bool = True
    deadline: float | None = None
    concurrency: int = CONCURRENCY
    """Calls to a model at a time, of all workers together."""
    version: str = __version__
    fingerprint: str = ""
    map_digest: str = ""
    """Of the judge and of the map that the workers are to have."""

    def options(self) -> dict[str, Any]:
        """Those that a part depends on."""
        names = ("mapping", "constants", "asked", "lang", "format", "sheet", "html", "deadline")
        return {name: getattr(self, name) for name in names}

    def bound(self, output: Path, facts: MapFacts, judge: Judge) -> Job:
        """The same for this folder, with what the workers are to have."""
        given = {"output": str(output.resolve()), "fingerprint": judge.fingerprint, "map_digest": facts.digest}
        return self.model_copy(update=given)

    def shared(self, workers: int) -> Job:
        """For each of so many workers: its share of what the provider is to have of all of them."""
        limits = {k: self.settings[k] / workers for k in ("rpm", "tpm") if self.settings.get(k)}
        given = {"concurrency": max(1, self.concurrency // workers), "settings": self.settings | limits}
        return self.model_copy(update=given)


class Task(BaseModel, frozen=True):
    """One part to be made."""

    number: int
    partition: Partition


class Outcome(BaseModel):
    """What became of a task, or of the worker that was to do it."""

    number: int
    record: Record | None = None
    error: str | None = None
    """Why the part could not be made."""
    hint: str | None = None
    fatal: bool = False
    """No part can be made there."""
    notices: list[str] = []
    failed: list[tuple[int, str, str]] = []
    """The first failed rows: number, id, reason."""


class Executor(Protocol):
    """Has parts made somewhere."""

    def __call__(self, job: Job, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
        """The outcomes as they come, in any order; a task without one has died with its worker. Closing it stops."""


class Grader:
    """A worker: judge and map are loaded once, and every part is graded with them. Bound to its thread.

    Raises ConfigError where this machine has another project, map or judge than the one that sent the job; what
    Examiners raises for the judge.
    """

    FIRST_FAILED = 5
    NOTICES = 20

    def __init__(self, job: Job) -> None:
        if job.version != __version__:
            raise ConfigError(
                f"a worker has interviewer {__version__}, and the command that asks it {job.version}",
                hint="install the same version on every machine of the cluster",
            )
        self._job = job
        self._notices: list[str] = []
        settings = settings_from(job)
        self._map = open_map(settings.pack)
        self._facts = MapFacts(self._map, load_rules())
        self._examiners = Examiners(settings, notice=self._notice, concurrency=job.concurrency, patient=True)
        self._judge = self._examiners.judge()
        for what, mine, wanted in (
            ("knowledge map", self._facts.digest, job.map_digest),
            ("judge", self._judge.fingerprint, job.fingerprint),
        ):
            if wanted and mine != wanted:
                raise ConfigError(
                    f"a worker has another {what} than the command that asks it"
                    + "".join(f"; {line}" for line in self._notices[:2]),
                    hint="every machine of the cluster needs the same project, packs and models",
                )
        self._loop = asyncio.Runner()

    def grade(self, task: Task) -> Outcome:
        """Never raises for what is wrong with the part."""
        out = Outcome(number=task.number)
        try:
            out.record = self._loop.run(self._grade(task, out))
        except InterviewerError as e:
            out.error, out.hint = e.message, e.hint
        except Exception as e:
            at = traceback.extract_tb(e.__traceback__)[-1]
            out.error = f"unexpected {type(e).__name__}: {e} ({Path(at.filename).name}:{at.lineno})"[:500]
        out.notices, self._notices = self._notices, []
        return out

    def close(self) -> None:
        async def end() -> None:
            async with aclosing(self._examiners):
                pass

        self._loop.run(end())
        self._loop.close()

    async def _grade(self, task: Task, out: Outcome) -> Record:
        job, partition = self._job, task.partition
        folder = PartFolder(Path(job.output))
        seen = _Rows(out, self.FIRST_FAILED)
        offline = self._judge.kind == "offline"
        with folder.making(task.number) as made:
            summary = await grade_file(
                partition.file, made.rows, self._judge, the_map=self._map, mapping=job.mapping, lang=job.lang,
                constants=job.constants, asked=job.asked, format=job.format, sheet=job.sheet, html=job.html,
                only=partition.only, html_found=partition.html, overwrite=True, to="parquet", errors=made.errors,
                journal=False if offline else made.journal, deadline=job.deadline, workers=1,
                concurrency=rows_for(job.concurrency), on_row=seen.add, notice=self._notice,
            )  # fmt: skip
            summary.input, summary.output, summary.errors, summary.journal = partition.name, made.name, None, None
            record = Record(
                key=key_of(partition, job.options(), self._judge.fingerprint, self._facts.names),
                rubrics=sorted(seen.rubrics & self._facts.rubrics),
                again=seen.again and (not offline or job.deadline is not None),
                file=partition.file,
                content=partition.content,
                score_sum=seen.score_sum,
                summary=summary,
                **made.facts(),
            )
            made.finish(record, seen.ids)
        return record

    def _notice(self, line: str) -> None:
        if line not in self._notices and len(self._notices) < self.NOTICES:
            self._notices.append(line)


class _Rows:
    """What is noted of rows while they are graded."""

    def __init__(self, out: Outcome, told: int) -> None:
        self.rubrics: set[str] = set()
        self.ids: list[str] = []
        self.score_sum = 0.0
        self.again = False
        self._out = out
        self._told = told

    def add(self, row: GradedRow) -> None:
        if row.id:
            self.ids.append(row.id)
        if row.judgement is not None:
            self.rubrics.add(row.judgement.judge.rubric_hash)
        if not row.failed:
            if row.judgement is not None:
                self.score_sum += row.judgement.score or 0.0
                self.again |= bool(row.judgement.judge.note)  # another judge stepped in
            return
        self.again |= row.asked
        if len(self._out.failed) < self._told:
            self._out.failed.append((row.number, row.id, row.error or ""))


class InProcess:
    """Parts made here, one after the other."""

    def __call__(self, job: Job, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
        grader = Grader(job)
        try:
            for task in tasks:
                yield grader.grade(task)
        finally:
            grader.close()


_JUDGING = ("pack", "embedder", "model", "api_base", "fallback_models", "fallback", "signals", "cache", "rpm", "tpm")


def settings_for(settings: Settings) -> dict[str, Any]:
    """The settings that go to workers. Raises UsageError where one holds a credential."""
    from interviewer.errors import UsageError
    from interviewer.llm.secrets import redact

    out = {name: getattr(settings, name) for name in _JUDGING}
    if settings.pack is not None:
        out["pack"] = str(settings.pack.resolve() if settings.pack.is_dir() else settings.pack)
    base = settings.api_base or ""
    if redact(base) != base or "@" in base:
        raise UsageError(
            "the address of the model holds a credential, which is not sent to workers",
            hint="put the key in the environment of the workers, and leave it out of --api-base",
        )
    return out


def settings_from(job: Job) -> Settings:
    return Settings(**job.settings, interviewer_model=None)


def load(job: Job, notice: Callable[[str], None]) -> tuple[KnowledgeMap, MapFacts, Examiners]:
    """The map and the judge as every worker loads them."""
    settings = settings_from(job)
    the_map = open_map(settings.pack)
    return the_map, MapFacts(the_map, load_rules()), Examiners(settings, notice=notice, concurrency=job.concurrency)
