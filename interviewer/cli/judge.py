"""`interviewer judge`: one answer judged, from the command line."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interviewer.cli.guard import out, say
from interviewer.cli.interview import ApiBase, CacheOption, EmbedderOption, Fallback, FallbackModels, ModelOption, Pack
from interviewer.errors import Exit, UsageError

if TYPE_CHECKING:
    from interviewer.api import Brought
    from interviewer.config import Settings
    from interviewer.models import Judgement


def judge(
    question: Annotated[
        str, typer.Option("--question", "-q", help="The question, or the id of one of the map.", show_default=False)
    ],
    answer: Annotated[
        str | None, typer.Option("--answer", "-a", help="The answer; `-` reads standard input.", show_default=False)
    ] = None,
    answer_file: Annotated[Path | None, typer.Option("--answer-file", help="The answer, from a file.")] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="A right answer; its points are compiled from it.")
    ] = None,
    points: Annotated[
        Path | None, typer.Option("--points", help="The points: JSON or YAML, a list of {id, text, weight}.")
    ] = None,
    show_points: Annotated[
        bool, typer.Option("--show-points", help="Print the points as YAML, to edit and reuse, and stop.")
    ] = False,
    model: ModelOption = None,
    api_base: ApiBase = None,
    signals: Annotated[
        str | None,
        typer.Option(help="llm, similarity or llm+similarity.", show_default="all there is"),
    ] = None,
    fallback_models: FallbackModels = None,
    fallback: Fallback = None,
    cache: CacheOption = None,
    lang: Annotated[str | None, typer.Option("--lang", "-l", help="zh or en.", show_default="the answer's")] = None,
    embedder: EmbedderOption = None,
    pack: Pack = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the judgement as JSON to stdout.")] = False,
) -> None:
    """Judge one answer.

    The question is one of the map (by id), or comes with points, or with a
    reference whose points are compiled first. Exit code 1 when the answer
    could not be judged.

    Examples: `interviewer judge -q lora.core-advantage -a "…"` ·
    `interviewer judge -q "什么是 LoRA？" --reference "…" -a - --model openai/gpt-5-mini --json` ·
    `interviewer judge -q "…" --reference "…" --show-points > points.yaml`
    """
    if lang not in (None, "zh", "en"):
        raise UsageError(f"--lang {lang!r} is neither zh nor en")
    from interviewer.config import load_settings

    settings = load_settings(
        embedder=embedder, model=model, api_base=api_base, fallback=fallback, cache=cache,
        fallback_models=fallback_models or None, pack=pack,
    )  # fmt: skip
    text = _answer(answer, answer_file, needed=not show_points)
    brought, judgement = asyncio.run(
        _judge(
            settings, question, text, reference=reference, points=points, show_points=show_points, signals=signals,
            lang=lang,
        )
    )  # fmt: skip
    if judgement is None:
        out(_points_yaml(brought))
        return
    if as_json:
        out(judgement.model_dump_json())
    else:
        out(as_text(judgement, brought.lang))
    if judgement.score is None:
        raise typer.Exit(int(Exit.FAILED_ROWS))


async def _judge(
    settings: Settings,
    question: str,
    answer: str,
    *,
    reference: str | None,
    points: Path | None,
    show_points: bool,
    signals: str | None,
    lang: str | None,
) -> tuple[Brought, Judgement | None]:
    from interviewer import api
    from interviewer.judge.compile import read_points
    from interviewer.maps import open_map

    wanted = api.wanted_signals(signals, has_model=settings.model is not None)
    gateway = None
    if settings.model is not None and wanted != "similarity":
        from interviewer.llm import make_gateway

        gateway = make_gateway(
            settings.model, api_base=settings.api_base, fallbacks=settings.fallback_models, cache=settings.cache,
            notice=say,
        )  # fmt: skip
    try:
        brought = await api.rubric_of(
            question,
            reference=reference,
            points=read_points(points) if points else None,
            lang=lang or api.language_of(answer or question),
            gateway=gateway,
            keep=settings.cache,
            the_map=open_map(settings.pack) if settings.pack else None,
        )
        if brought.compiled and brought.compiled.note:
            say(f"the reference was split without the model: {brought.compiled.note}")
        if show_points:
            return brought, None
        return brought, await api.judge_rubric(
            brought.rubric, answer, lang=brought.lang, gateway=gateway, signals=wanted,
            fallback="offline" if settings.fallback == "offline" else None, embedder=settings.embedder, notice=say,
        )  # fmt: skip
    finally:
        if gateway is not None:
            await gateway.aclose()


def _answer(answer: str | None, file: Path | None, *, needed: bool) -> str:
    if answer is not None and file is not None:
        raise UsageError("--answer and --answer-file are both given")
    if file is not None:
        try:
            return file.read_text("utf-8-sig", errors="replace")
        except OSError as e:
            raise UsageError(f"--answer-file {file}: {e.strerror or e}") from None
    if answer == "-":
        return sys.stdin.read()
    if answer is None and needed:
        raise UsageError("there is no answer", hint="give --answer TEXT, --answer - or --answer-file PATH")
    return answer or ""


def _points_yaml(brought: Brought) -> str:
    from interviewer.judge.compile import Compiled, OwnPoint

    if brought.compiled is not None:
        return brought.compiled.as_yaml()
    points = [
        OwnPoint(id=p.id, text=p.text(brought.lang), weight=p.weight, core=p.core, terms=p.terms)
        for p in brought.rubric.points
    ]
    return Compiled(question=brought.rubric.ask, points=points, source="given").as_yaml()


_MARKS = {"covered": "✓", "partial": "◐", "missing": "·", "contradicted": "✗"}
_WORDS: dict[str, tuple[str, str]] = {
    "score": ("得分", "Score"),
    "unscored": ("未评分：", "Unscored:"),
    "review": ("建议人工复核", "a person should look at it"),
    "bonus": ("加分点", "bonus"),
    "wrong": ("误解", "misconception"),
    "flags": ("注意：", "note:"),
    "judge": ("评分：", "graded by"),
    "fallback": ("离线代评", "fallback"),
    "unknown": ("未知", "unknown"),
}


def as_text(judgement: Judgement, lang: str) -> str:
    """The judgement for people: marks, points with their quotes, feedback, provenance."""
    from interviewer.text import one_line

    def word(key: str) -> str:
        return _WORDS[key][0 if lang == "zh" else 1]

    lines: list[str] = []
    if judgement.score is None:
        lines.append(f"{word('unscored')} {one_line(judgement.error or '')}")
    else:
        span = f" [{judgement.interval[0]:g}–{judgement.interval[1]:g}]" if judgement.interval else ""
        review = f" · {word('review')}" if judgement.needs_review else ""
        lines.append(f"{word('score')} {judgement.score:g}/10 ({judgement.grade}/5){span}{review}")
    for p in judgement.points:
        bonus = f" ({word('bonus')})" if not p.core else ""
        lines.append(f"  {_MARKS[p.verdict]} {p.credit:.2f}  {one_line(p.text)}{bonus}")
        lines += [f"           “{one_line(e.text)}”" for e in p.evidence]
    for m in judgement.misconceptions:
        lines.append(f"  ✗ -{m.penalty:g}  {word('wrong')}: {one_line(m.text)}")
        lines += [f"           “{one_line(e.text)}”" for e in m.evidence]
    if judgement.feedback:
        lines.append(one_line(judgement.feedback))
    if judgement.flags:
        lines.append(f"{word('flags')} {', '.join(judgement.flags)}")
    return "\n".join([*lines, _provenance(judgement, word)])


def _provenance(judgement: Judgement, word: Any) -> str:
    from interviewer.text import one_line

    info, usage = judgement.judge, judgement.usage
    parts = [info.kind, *([info.model] if info.model else []), info.calibration, f"rubric {info.rubric_hash}"]
    if info.note:
        parts.append(f"{word('fallback')} ({one_line(info.note)})")
    if usage.calls:
        tokens = [word("unknown") if n is None else str(n) for n in (usage.input_tokens, usage.output_tokens)]
        cost = word("unknown") if usage.cost is None else f"${usage.cost:.5f}"
        parts.append(f"{usage.calls} calls, {tokens[0]}+{tokens[1]} tokens, {cost}")
    return f"{word('judge')} {' · '.join(one_line(p) for p in parts)} · {usage.seconds:.2f} s"
