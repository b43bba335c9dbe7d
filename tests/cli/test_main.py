"""Only what a command line needs is loaded, and nothing of it can be told from outside."""

from __future__ import annotations

import subprocess
import sys

import pytest

from interviewer.cli.main import COMMANDS
from tests.cli.run import ROOT, interviewer

MODULES = sorted({where.partition(".")[0] for where in COMMANDS.values()})


def loaded_by(*args: str) -> set[str]:
    """The modules of ours that are there when the command line has done with `args`."""
    code = (
        f"import sys\nfrom interviewer.cli.main import main\nsys.argv = ['interviewer', *{args!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("command", ["history", "map"])
def test_only_the_module_of_the_command_is_loaded(command: str) -> None:
    loaded = loaded_by(command)
    wanted = {"interview", COMMANDS[command].partition(".")[0]}  # `interview` has the options that others share
    assert {m for m in MODULES if f"interviewer.cli.{m}" in loaded} == wanted


def test_help_lists_every_command_with_its_help() -> None:
    shown = interviewer("--help").stdout
    lines = [" ".join(line.strip("│ ").split()) for line in shown.splitlines()]
    for name in COMMANDS:
        assert any(line.startswith(f"{name} ") and len(line) > len(name) + 8 for line in lines), name


def test_what_was_not_given_needs_no_validator() -> None:
    assert "pydantic" not in loaded_by("--version")
