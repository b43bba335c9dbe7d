"""`interviewer grade`: a file of written answers in, the same file with grades out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from interviewer.cli import provider
from interviewer.cli.class_report import HumanOption, MaxScoreOption, PersonOption, ReportOption
from interviewer.cli.foretelling import DryRunOption, LimitOption, SampleOption, SeedOption, foretell
from interviewer.cli.grade_files import check_files
from interviewer.cli.grade_here import grade_here
from interviewer.cli.grade_on_ray import Engine, PartitionRows, RayAddress, grade_on_ray
from interviewer.cli.interview import (
    ApiBase,
    CacheOption,
    EmbedderOption,
    Fallback,
    FallbackModels,
    ModelOption,
    Pack,
    SignalsOption,
)
from interviewer.cli.limits import (
    ConcurrencyOption,
    DeadlineOption,
    MaxCostOption,
    RpmOption,
    TpmOption,
    check_max_cost,
)
from interviewer.errors import Exit, UsageError


def grade(
    input: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV, JSON Lines (also .gz, .zst), .xlsx or Parquet; `-` is standard input. "
            "With --engine ray also a folder of them.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Where to write; its suffix says the format: out.xlsx, out.csv.gz.",
            show_default="stdout",
        ),
    ] = None,
    lang: Annotated[
        str | None,
        typer.Option("--lang", "-l", help="zh or en, for rows that do not say.", show_default="the answer's"),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            "-m",
            help="Which column is what: answer=Response; repeat. Fields: answer, question_id, question, points, "
            "reference, lang, id, choice_order, max_score, rater.",
            metavar="FIELD=COLUMN",
        ),
    ] = None,
    constants: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A field that no column has, the same for all rows: question_id=ID, points=@points.json; repeat.",
            metavar="FIELD=VALUE",
        ),
    ] = None,
    asked: Annotated[
        list[str] | None,
        typer.Option(
            "--ask",
            help="A column with all answers to one question, in a file with a row per person; "
            "repeat. Found without it where the header is the question's text.",
            metavar="COLUMN=QUESTION_ID",
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option("--sheet", help="The sheet of a workbook.", show_default="the first with answers"),
    ] = None,
    html: Annotated[
        bool,
        typer.Option("--html/--no-html", help="Read answers that are HTML as their text; it comes out in answer_text."),
    ] = True,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="The same, and say what the journal has; only what is new is graded.")
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal", help="Where judgements are kept, so that none is made twice.", show_default="OUTPUT.journal"
        ),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Grade every row again, whatever the journal has.")] = False,
    concurrency: ConcurrencyOption = None,
    rpm: RpmOption = None,
    tpm: TpmOption = None,
    deadline: DeadlineOption = None,
    max_cost: MaxCostOption = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers",
            min=1,
            max=1024,
            show_default="one per core for 400 rows or more",
            help="Processes of the offline judge; of --engine ray, whichever judge.",
        ),
    ] = None,
    report: ReportOption = None,
    human: HumanOption = None,
    max_score: MaxScoreOption = None,
    person: PersonOption = None,
    limit: LimitOption = None,
    sample: SampleOption = None,
    seed: SeedOption = 0,
    dry_run: DryRunOption = False,
    embedder: EmbedderOption = None,
    pack: Pack = None,
    format: Annotated[
        str | None,
        typer.Option(help="Of the input: csv, tsv or jsonl, where its name does not tell.", show_default="found out"),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            help="Of the output: csv, tsv, jsonl, xlsx, parquet, csv.gz, jsonl.zst, …",
            show_default="its suffix, else the input's",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON to stdout.")] = False,
    model: ModelOption = None,
    api_base: ApiBase = None,
    fallback_models: FallbackModels = None,
    fallback: Fallback = None,
    signals: SignalsOption = None,
    cache: CacheOption = None,
    submit_file: provider.SubmitFile = None,
    collect_files: provider.CollectFile = None,
    escalate: provider.Escalate = True,
    engine: Engine = "local",
    ray_address: RayAddress = None,
    partition_rows: PartitionRows = None,
) -> None:
    """Grade a file of written answers.

    A row names a question of the map (question_id) or brings its own:
    question with points, or question with reference. Column names are
    recognised in Chinese and English; a column max_score (满分) adds
    score_scaled. Failed rows are listed in OUTPUT.errors.jsonl and make
    the exit code 1; the others are graded.

    Every judgement is kept in OUTPUT.journal as it is made: interrupted
    (Ctrl-C, kill), the same command goes on, and nothing is judged or paid
    for twice. With more rows, or in another order, only what is new is.

    With --submit-file nothing is asked over the network: the requests are
    written for a provider's batch service, and --collect-file grades what
    comes back. Doubtful points and failed requests go into a next file; run
    it again with all results so far, until no row waits (exit code 4).

    With --engine ray the input may be a folder and the output is one, of
    Parquet parts that are graded by many workers and are, in the order of
    their names, what the local engine makes. Interrupted, the same command
    makes the parts that are missing. On a cluster (--ray-address) all its
    machines must see both folders under the same path, have the same
    project, and the keys of a model in their environment.

    Examples: `interviewer grade answers.csv -o graded.csv` ·
    `interviewer grade 答卷.csv -o out.jsonl --map answer=作答 --lang zh` ·
    `cat rows.jsonl | interviewer grade - > graded.jsonl` ·
    `interviewer grade a.csv --dry-run --model openai/gpt-5-mini` ·
    `interviewer grade a.csv -o try.csv --sample 50 --seed 1 --max-cost 0.5 --model openai/gpt-5-mini` ·
    `interviewer grade more.csv -o graded.csv --resume` ·
    `interviewer grade a.csv -o out.csv --model openai/gpt-5-mini -j 64 --rpm 500 --tpm 200000` ·
    `interviewer grade 成绩.xlsx --sheet 答卷 -o graded.xlsx` ·
    `interviewer grade essays.csv --set question_id=lora.principle-and-starting-point -o out.csv` ·
    `interviewer grade forms.csv --ask "Response 1=lora.principle-and-starting-point" -o out.parquet` ·
    `interviewer grade a.csv -o out.csv --model openai/gpt-5-mini --submit-file requests.jsonl` ·
    `interviewer grade a.csv -o out.csv --overwrite --model openai/gpt-5-mini --submit-file requests.jsonl
    --collect-file responses.jsonl` ·
    `interviewer grade answers.csv -o graded.csv --report class.html --human 教师评分` ·
    `interviewer grade answers/ -o graded/ --engine ray` ·
    `interviewer grade /shared/answers -o /shared/graded --engine ray --ray-address auto --workers 64`
    """
    from interviewer.batch import parse_asked, parse_constants, parse_mapping
    from interviewer.config import load_settings
    from interviewer.maps import open_map

    mapping = parse_mapping(columns or [])
    given, questions = parse_constants(constants or []), parse_asked(asked or [])
    if lang not in (None, "zh", "en"):
        raise UsageError(f"--lang {lang!r} is neither zh nor en")
    if format not in (None, "csv", "tsv", "jsonl", "parquet", "xlsx"):
        raise UsageError(f"--format {format!r} is none of csv, tsv, jsonl, parquet, xlsx")
    target = str(output) if output is not None else "-"
    if as_json and target == "-" and not dry_run:
        raise UsageError("--json and the rows would both go to stdout", hint="give the rows a file with -o")
    settings = load_settings(
        embedder=embedder, model=model, api_base=api_base, fallback=fallback, signals=signals, cache=cache,
        fallback_models=fallback_models or None, pack=pack, rpm=rpm, tpm=tpm,
    )  # fmt: skip
    the_map = open_map(settings.pack) if settings.pack else None
    if deadline is not None and deadline <= 0:
        raise UsageError("--deadline must be above 0")
    if (rpm or tpm) and (not settings.model or settings.signals == "similarity"):
        raise UsageError("--rpm and --tpm are for a judge with a model", hint="name one with --model")
    if engine == "ray":
        grade_on_ray(
            input, output, settings, ray_address=ray_address, workers=workers, partition_rows=partition_rows,
            concurrency=concurrency, replace=overwrite or resume, fresh=fresh, as_json=as_json,
            options={
                "mapping": mapping, "constants": given, "asked": questions, "lang": lang, "format": format,
                "sheet": sheet, "html": html, "deadline": deadline,
            },
            not_there={
                "--to": to not in (None, "parquet"), "--journal": journal is not None, "--report": bool(report),
                "--limit": limit is not None, "--sample": sample is not None, "--dry-run": dry_run,
                "--max-cost": max_cost is not None, "--submit-file": submit_file is not None,
                "--collect-file": bool(collect_files), "--no-escalate": not escalate,
            },
        )  # fmt: skip
        return
    if engine != "local":
        raise UsageError(f"--engine {engine!r} is neither local nor ray")
    for name, value in (("--ray-address", ray_address), ("--partition-rows", partition_rows)):
        if value is not None:
            raise UsageError(f"{name} is for --engine ray")
    if input.is_dir():
        raise UsageError(f"{input} is a folder", hint="--engine ray grades all files below it into a folder of parts")
    if workers is not None and settings.model and settings.signals != "similarity":
        raise UsageError("--workers is for the offline judge", hint="a model's calls run together: --concurrency")
    if dry_run:
        told = foretell(
            input, the_map, settings, mapping=mapping, lang=lang, format=format, sheet=sheet, html=html,
            constants=given, asked=questions, limit=limit, sample=sample, seed=seed, as_json=as_json,
            concurrency=concurrency, workers=workers,
        )  # fmt: skip
        raise typer.Exit(int(Exit.FAILED_ROWS if told.failed else Exit.DONE))
    if max_cost is not None:
        check_max_cost(max_cost, settings, deferred=submit_file is not None or bool(collect_files))
    if resume and fresh:
        raise UsageError("--resume goes on with what the journal has, --fresh with nothing of it: give one of them")
    check_files(input, target, journal, report or [], submit_file, collect_files or [], resume=resume)
    grade_here(
        input, output, settings, the_map, journal=journal, concurrency=concurrency, max_cost=max_cost, as_json=as_json,
        report=report or [], submit_file=submit_file, collect_files=collect_files or [], escalate=escalate,
        fallback_models=fallback_models or [], columns={"human": human, "person": person}, max_score=max_score,
        rows={
            "mapping": mapping, "constants": given, "asked": questions, "lang": lang, "format": format, "to": to,
            "sheet": sheet, "html": html, "overwrite": overwrite or resume, "fresh": fresh, "deadline": deadline,
            "workers": workers, "limit": limit, "sample": sample, "seed": seed,
        },
    )  # fmt: skip
