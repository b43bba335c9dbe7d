"""`interviewer class-report`, and the reports of `interviewer grade --report`."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from interviewer.cli.guard import out, say
from interviewer.cli.interview import Lang, Pack
from interviewer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interviewer.batch import GradedRow
    from interviewer.batch.class_report import Format
    from knowledge import KnowledgeMap

ReportOption = Annotated[
    list[Path] | None,
    typer.Option("--report", help="A class report as .html, .md or .json; repeat.", show_default=False),
]
HumanOption = Annotated[
    str | None,
    typer.Option("--human", help="The column of human scores, for the report.", show_default="found by its name"),
]
PersonOption = Annotated[
    str | None,
    typer.Option("--person", help="The column that says whose answer it is.", show_default="found by its name"),
]
MaxScoreOption = Annotated[
    float | None,
    typer.Option("--max-score", help="What human scores are out of.", show_default="the file, else the highest found"),
]


def class_report(
    graded: Annotated[
        Path, typer.Argument(help="A file that `interviewer grade` made; `-` is standard input.", show_default=False)
    ],
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="Where to write; .html, .md or .json; repeat.", show_default="stdout"),
    ] = None,
    fmt: Annotated[
        str | None, typer.Option("--format", "-f", help="md, html or json.", show_default="md, or by -o")
    ] = None,
    human: HumanOption = None,
    max_score: MaxScoreOption = None,
    person: PersonOption = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", "-m", help="Which column is what, as in `grade`; repeat.", metavar="FIELD=COLUMN"),
    ] = None,
    lang: Lang = None,
    pack: Pack = None,
) -> None:
    """The report of a class or a pool of candidates, from a graded file.

    Distribution of scores, every question with its hardest points and common
    misconceptions, the rows to review first, totals by person, and agreement
    with human scores where a column holds them. `interviewer grade --report`
    writes the same while it grades.

    Examples: `interviewer class-report graded.csv -o class.html` ·
    `interviewer class-report graded.jsonl -o class.html -o class.json --lang en` ·
    `interviewer class-report graded.csv --human 教师评分 --max-score 20`
    """
    from interviewer.batch import RowBuilder, open_source, parse_mapping
    from interviewer.batch.graded import graded_rows

    if fmt is not None and fmt not in ("md", "html", "json"):
        raise UsageError(f"no report format {fmt!r}", hint="there are md, html and json")
    if fmt is not None and output and len(output) > 1:
        raise UsageError("--format and several outputs", hint="each name says its format: -o class.html -o class.json")
    mapping = parse_mapping(columns or [])
    reports = ClassReports(
        output or [], mapping=mapping, lang=lang, pack=pack, human=human, person=person, max_score=max_score, fmt=fmt
    )
    with open_source(graded) as source:
        reports.check_source(source)
        for row in graded_rows(source, RowBuilder(reports.the_map, mapping)):
            reports.row(row)
        name = Path(source.name).name
    if not output:
        out(reports.text(cast("Format", fmt or "md"), source=name))
        return
    reports.write(source=name)


def class_reports(
    paths: list[Path], input: Path, *, overwrite: bool, wanted: bool, **options: Any
) -> ClassReports | None:
    """What `grade` counts rows with: None when no report and no statistics are wanted.

    Raises UsageError before the first row: for a report that would replace a file, and for columns that are not there.
    """
    from interviewer.batch import open_source
    from interviewer.batch.writers import check_place

    given = {"--human": options["human"], "--max-score": options["max_score"], "--person": options["person"]}
    if not paths:
        if asked := [name for name, value in given.items() if value is not None]:
            raise UsageError(f"{asked[0]} is for a report", hint="add --report class.html")
        if not wanted:
            return None
    reports = ClassReports(paths, **options)
    for path in paths:
        check_place(path, overwrite=overwrite, source=None if str(input) == "-" else input)
    # A pipe can be read once only.
    if input.is_file() and (options["human"] or options["person"]):
        with open_source(input) as source:
            reports.check_source(source)
    return reports


class ClassReports:
    """Counts rows as they come, and writes the reports at the end."""

    def __init__(
        self,
        paths: list[Path],
        *,
        mapping: Mapping[str, str],
        lang: str | None = None,
        pack: Path | str | None = None,
        the_map: KnowledgeMap | None = None,
        human: str | None = None,
        person: str | None = None,
        max_score: float | None = None,
        constants: Mapping[str, Any] | None = None,
        fmt: str | None = None,
    ) -> None:
        """Raises UsageError for a path whose format or folder cannot be."""
        from interviewer.batch.class_report import format_for
        from interviewer.batch.facts import FactReader
        from interviewer.batch.statistics import ClassStatistics
        from interviewer.config import load_settings
        from interviewer.maps import open_map

        if max_score is not None and not 0 < max_score < float("inf"):
            raise UsageError("--max-score must be above 0")
        for path in paths:
            if fmt is None:
                format_for(path)
            if path.is_dir():
                raise UsageError(f"{path} is a folder", hint="give a file: class.html")
            if not path.parent.is_dir():
                raise UsageError(f"there is no folder {path.parent}", hint=f"mkdir -p {path.parent}")
        settings = load_settings(lang=lang, pack=pack)
        self.the_map = the_map or open_map(settings.pack)
        self.statistics = ClassStatistics()
        self._paths, self._lang, self._fmt, self._max_score = paths, settings.lang, fmt, max_score
        self._columns = {"--human": human, "--person": person}
        self._facts = FactReader(mapping, human=human, person=person, max_score=max_score, constants=constants or {})
        self._started = time.monotonic()

    def check_source(self, source: Any) -> None:
        """Whether the columns that options name are in the file. Raises UsageError."""
        from interviewer.batch.facts import check_columns

        check_columns(source, self._columns)

    def row(self, row: GradedRow) -> None:
        self.statistics.add(row, self._facts(row))

    def questions(self) -> list[dict[str, Any]]:
        """Each question's numbers, for the summary."""
        from interviewer.batch.class_report import question_figures

        kept = {"id", "n", "failed", "mean", "sd", "review_share", "discrimination", "persons"}
        found = question_figures(self.statistics, lang=self._lang, the_map=self.the_map)
        return [q.model_dump(mode="json", include=kept) for q in found]

    def text(self, fmt: Format, *, source: str) -> str:
        from interviewer.batch.class_report import render

        return render(self._figures(source, None), fmt)

    def write(self, *, source: str, seconds: float | None = None, asked: int = 0) -> None:
        """Write all reports and say where they are. `asked`: how many questions have a column in a row per person."""
        from interviewer.batch.class_report import Format, write_class_report

        if not self._paths:
            return
        made = self._figures(source, seconds)
        for option, column in self._columns.items():
            if column and option.removeprefix("--") not in made.columns:
                say(f"{option} {column}: no row has such a column")
        if made.agreement is not None and made.agreement.max_score_from == "highest":
            most = made.agreement.max_score
            say(
                f"human scores ({made.columns.get('human')}): out of "
                + (f"{most:g}, the highest found" if most is not None else "the highest found where rows do not say")
                + "; --max-score says otherwise"
            )
        if made.agreement is not None and asked > 1:
            say(
                f"human scores ({made.columns.get('human')}): one per person is compared with each of {asked} answers; "
                "a file with a row per answer has one for each"
            )
        for path in dict.fromkeys(self._paths):
            assert self._fmt is None or self._fmt in get_args(Format)
            write_class_report(made, path, cast("Format | None", self._fmt))
            say(f"report written to {path}")

    def _figures(self, source: str, seconds: float | None) -> Any:
        from interviewer.batch.class_report import figures

        return figures(
            self.statistics,
            source=source,
            lang=self._lang,
            the_map=self.the_map,
            columns=self._facts.columns,
            max_score=self._max_score,
            created=f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}".strip(),
            seconds=seconds,
        )
