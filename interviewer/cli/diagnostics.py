"""`interviewer graph` and `interviewer doctor`: the machine, and what it runs on."""

from __future__ import annotations

import importlib.util
import json
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interviewer.cli.guard import out, say
from interviewer.cli.interview import ApiBase, Db, EmbedderOption, ModelOption
from interviewer.errors import Exit, InterviewerError

if TYPE_CHECKING:
    from interviewer.config import Settings
    from interviewer.llm import Probe


def graph() -> None:
    """Print the interview machine as a Mermaid flowchart.

    Example: `interviewer graph > machine.mmd`
    """
    from interviewer.graph.builder import mermaid

    out(mermaid())


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    probe: Annotated[bool, typer.Option("--probe", help="Make one real call and say what the model can do.")] = False,
    db: Db = None,
    embedder: EmbedderOption = None,
    model: ModelOption = None,
    api_base: ApiBase = None,
) -> None:
    """Say what is configured, what will be used, what is missing and how to get it.

    Exit code 3 when something that is configured cannot be used.

    Examples: `interviewer doctor` · `interviewer doctor --model openai/gpt-5-mini --probe` ·
    `interviewer doctor --embedder ./bge-small-zh-v1.5`
    """
    rows = _examine({"db": db, "embedder": embedder, "model": model, "api_base": api_base}, probe)
    if as_json:
        keys = ("part", "ok", "what", "next")
        out(json.dumps([dict(zip(keys, r, strict=True)) for r in rows], ensure_ascii=False, indent=2))
    else:
        from rich.console import Console
        from rich.table import Table

        table = Table(box=None, pad_edge=False, show_header=False)
        for _ in range(3):
            table.add_column(overflow="fold")
        for part, ok, what, then in rows:
            mark = {True: "ok", False: "PROBLEM", None: "–"}[ok]
            table.add_row(part, mark, what + (f"\n→ {then}" if then else ""))
        Console(markup=False, highlight=False).print(table)
    if any(ok is False for _, ok, _, _ in rows):
        raise typer.Exit(int(Exit.CONFIG))


Row = tuple[str, bool | None, str, str]


def _examine(options: dict[str, Any], probe: bool) -> list[Row]:
    from interviewer import __version__, paths
    from interviewer.config import load_settings

    rows: list[Row] = [
        ("interviewer", True, f"{__version__} on Python {platform.python_version()}, {sys.platform}", "")
    ]
    try:
        settings = load_settings(**options)
    except InterviewerError as e:
        return [*rows, ("settings", False, e.message, e.hint or "")]
    found = paths.config_file()
    rows.append(("settings", True, str(found) if found.exists() else f"defaults (no file at {found})", ""))
    rows.append(_checked("knowledge map", lambda: _map(settings)))
    rows.append(_checked("rubrics", _rules))
    rows.append(_checked("judge", lambda: _judge(settings)))
    if probe:
        rows.append(_checked("probe", lambda: _probe(settings)))
    rows.append(_checked("judge card", lambda: _card("llm" if settings.model else "offline")))
    rows.append(_checked("embedder", lambda: _embedder(settings.embedder)))
    rows.append(_checked("database", lambda: _database(settings.db_path)))
    missing = [n for n in ("sentence_transformers", "torch") if importlib.util.find_spec(n) is None]
    rows.append(
        ("extra `embeddings`", None, "not installed", "pip install 'interviewer[embeddings]'")
        if missing
        else ("extra `embeddings`", True, "sentence-transformers models can be named with --embedder", "")
    )
    return rows


def _checked(part: str, look: Any) -> Row:
    try:
        ok, what, then = look()
    except InterviewerError as e:
        return part, False, e.message, e.hint or ""
    except Exception as e:  # a broken part must not hide the state of the others
        return part, False, f"{type(e).__name__}: {e}", ""
    return part, ok, what, then


def _map(settings: Settings) -> tuple[bool, str, str]:
    from interviewer.maps import open_map

    the_map = open_map(settings.pack)
    where = f"pack {the_map.pack}: " if the_map.pack else ""
    return True, f"{where}{len(the_map.questions)} questions on {len(the_map.skills)} skills", ""


def _rules() -> tuple[bool, str, str]:
    from rubrics import load_rules

    rules = load_rules()
    return True, f"policy version {rules.policy.version}, hash {rules.hash}", ""


def _judge(settings: Settings) -> tuple[bool, str, str]:
    from interviewer.examiners import Examiners

    if Examiners(settings, notice=say).gateway is None:
        return True, "offline judge, no language model is called", "name a model with --model to use one"
    return True, f"{settings.model}, one structured call per answer", "doctor --probe makes one call to try it"


def _probe(settings: Settings) -> tuple[bool, str, str]:
    import asyncio
    from contextlib import aclosing

    from interviewer.llm import make_transport, probe
    from interviewer.text import visible

    if not settings.model:
        return False, "there is no model to call", "name one with --model"

    async def call(model: str) -> Probe:
        async with aclosing(make_transport(model, api_base=settings.api_base, notice=say)) as transport:
            return await probe(transport)

    found = asyncio.run(call(settings.model))
    if found.error is not None:
        return False, visible(found.error), found.hint or ""
    can = {
        "json_schema": "a JSON schema, enforced",
        "json_object": "JSON, the schema not enforced",
        "prompt": "JSON when asked for it",
    }
    said = can.get(found.capability or "", "no JSON: it cannot be a judge")
    known = found.input_tokens is not None
    tokens = f"{found.input_tokens} + {found.output_tokens} tokens" if known else "tokens unknown"
    cost = "unknown" if found.cost is None else f"${found.cost:.4f}"
    return found.capability is not None, f"{said}; {found.seconds:.1f} s, {tokens}, cost {cost}", ""


def _card(kind: str) -> tuple[bool | None, str, str]:
    from interviewer.judge_card import card_line

    line = card_line(kind, "en")
    return (True, line, "") if line else (None, "the agreement of this judge is not measured yet", "")


def _embedder(name: str | None) -> tuple[bool, str, str]:
    from interviewer import paths
    from interviewer.embeddings import load_embedder

    notices: list[str] = []
    embedder, flags = load_embedder(name, cache_dir=paths.cache_dir(), notice=notices.append)
    embedder.encode(["显存 GPU memory"])
    if flags:
        return False, f"{'; '.join(notices)}; {embedder.name} is used instead", "name a local folder"
    return True, f"{embedder.name}, {embedder.dim} dimensions", ""


def _database(path: Path) -> tuple[bool, str, str]:
    from interviewer.store import SessionStore

    if not path.exists():
        return True, f"{path} (made by the first interview)", ""
    with SessionStore(path) as store:
        n = len(store.sessions(limit=1_000_000))
        store.save_draft("doctor", "doctor", "")
    return True, f"{path}: {n} interviews", ""
