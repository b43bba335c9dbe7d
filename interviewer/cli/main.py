"""`interviewer …`: the commands, their order in --help, and the entry point."""

from __future__ import annotations

import codecs
import importlib
import sys
from functools import partial
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from interviewer.cli import guard

EXAMPLES = """
[bold]Examples[/bold]

  interviewer --role algo                   a mock interview, full screen\n
  interviewer --role 工程 -l zh -n 4        four questions, in Chinese\n
  interviewer --plain --answers mine.yaml   a scripted interview\n
  interviewer --resume                      go on with the last one\n
  interviewer --model openai/gpt-5-mini     a model as the judge\n
  interviewer report -o report.html         the report of the last one\n
  interviewer grade in.csv -o out.csv       grade a file of answers\n
  interviewer class-report out.csv -o c.html  how the class did\n
  interviewer questions -r app --must 30    what an applied role must know\n
  interviewer questions -r eng -o eng.html  the same as a page, for Anki, …\n
  interviewer doctor                        what is used, what is missing
"""

COMMANDS = {
    "interview": "interview.interview",
    "history": "history.history",
    "report": "history.report",
    "judge": "judge.judge",
    "grade": "grade.grade",
    "class-report": "class_report.class_report",
    "map": "atlas.show_map",
    "questions": "questions.questions",
    "lint": "questions.lint",
    "graph": "diagnostics.graph",
    "doctor": "diagnostics.doctor",
}
"""Where each command lies below `interviewer.cli`, in the order of --help."""
TOP = {"--help", "-h", "--version", "--install-completion", "--show-completion"}


def _spared(params: list[Any]) -> list[Any]:
    """`params`, none of which does anything about a value that was not given.

    Typer builds a pydantic validator for each before it looks whether there is a value; that takes longer
    than all the rest that comes before the first picture.
    """
    for param in params:
        if not isinstance(param.process_value, partial):
            param.process_value = partial(_process, param, param.process_value)
    return params


def _process(param: Any, process: Any, ctx: Any, value: Any) -> Any:
    if value is not None or param.required:
        return process(ctx, value)
    nothing = () if param.multiple or param.nargs == -1 else None
    return param.callback(ctx, param, nothing) if param.callback else nothing


class Command(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _spared(super().get_params(ctx))


class Commands(TyperGroup):
    """A command's module is imported when that command is asked for; --help asks for all of them."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _spared(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            module, _, function = COMMANDS[cmd_name].rpartition(".")
            run = getattr(importlib.import_module(f"interviewer.cli.{module}"), function)
            alone = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
            alone.command(cmd_name, cls=Command)(guard.guarded(run))
            self.commands[cmd_name] = typer.main.get_command(alone)
        return self.commands.get(cmd_name)


app = typer.Typer(
    cls=Commands,
    name="interviewer",
    help="Mock interviews for LLM fine-tuning roles, graded with evidence. "
    "Works offline at once; without a command it starts an interview.",
    epilog=EXAMPLES,
    no_args_is_help=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from interviewer import __version__

        guard.out(f"interviewer {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    guard.debug = debug


def with_default(argv: list[str]) -> list[str]:
    """`interviewer --role algo` means `interviewer interview --role algo`; --debug goes anywhere."""
    debug = [a for a in argv if a == "--debug"][:1]
    rest = [a for a in argv if a != "--debug"]
    if not rest or (rest[0].startswith("-") and rest[0] not in TOP):
        rest = ["interview", *rest]
    elif not rest[0].startswith("-") and rest[0] not in COMMANDS:
        from knowledge.errors import nearest

        close = nearest(rest[0], sorted(COMMANDS), n=1)
        hint = f"did you mean `interviewer {close[0]}`?" if close else f"commands: {', '.join(sorted(COMMANDS))}"
        guard.say(f"error: no command {rest[0][:60]!r}")
        guard.say(f"  {hint}")
        raise SystemExit(2)
    return debug + _with_resume(rest)


def _with_resume(argv: list[str]) -> list[str]:
    """A bare `--resume` of an interview means `--resume last`."""
    if argv[0] != "interview":
        return argv
    for n, word in enumerate(argv):
        if word == "--resume" and (n + 1 == len(argv) or argv[n + 1].startswith("-")):
            return [*argv[: n + 1], "last", *argv[n + 1 :]]
    return argv


def main() -> None:
    """The console script. Never returns: exits with the code of errors.Exit."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if hasattr(sys.stdin, "reconfigure"):  # an answer in Chinese is text, whatever the locale says
        ascii_only = codecs.lookup(sys.stdin.encoding).name == "ascii"
        sys.stdin.reconfigure(encoding="utf-8" if ascii_only else None, errors="replace")
    app(args=with_default(sys.argv[1:]), prog_name="interviewer")
