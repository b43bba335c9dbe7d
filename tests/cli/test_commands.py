"""Every command but `interview` and `grade`: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from interviewer.cli import guard
from tests.cli.run import COMMAND, ONE, ROOT, interviewer, report_of

HEAVY = ("litellm", "sentence_transformers", "torch", "langgraph", "textual")


def test_help_is_quick_and_has_examples() -> None:
    started = time.perf_counter()
    done = interviewer("--help")
    assert time.perf_counter() - started < 10
    for word in ("Examples", "--role algo", "grade", "doctor", "report"):
        assert word in done.stdout


@pytest.mark.parametrize(
    "args", [["--help"], ["--version"], ["interview", "--help"], ["questions", "--json"], ["history"]], ids=" ".join
)
def test_what_needs_no_machine_loads_none(args: list[str]) -> None:
    code = (
        "import sys\nfrom interviewer.cli.main import main\n"
        f"sys.argv = ['interviewer', *{args!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_version() -> None:
    from interviewer import __version__

    assert interviewer("--version").stdout == f"interviewer {__version__}\n"


@pytest.mark.parametrize(
    ("args", "close"),
    [
        (["interviw"], "interview"),
        (["qestions"], "questions"),
        (["xyzzy"], "commands: "),
        (["--role", "alog"], "algo"),
        (["questions", "--role", "enginer"], "engineer"),
        (["--skill", "lroa"], "lora"),
        (["map", "dpo-alignment"], "dpo"),
        (["lint", "lorra"], "lora"),
        (["--only", "lora.core-advantages"], "lora.core-advantage"),
        (["--rol", "algo"], "--role"),
        (["questions", "--skil", "lora"], "--skill"),
        (["questions", "--kind", "essay"], "open, scenario, choice, code"),
        (["questions", "--must", "3"], "--role algo"),
        (["report", "--format", "pdf"], "html"),
        (["report", "nothing-like-it"], "history"),
        (["report"], "interviewer --role algo"),
        (["--lang", "fr"], "'zh' or 'en'"),
        (["--questions", "0"], "greater than or equal to 1"),
        (["--questions", "many"], "--questions"),
        (["--minutes", "nan"], "minutes"),
        (["--follow-ups", "9"], "follow-ups"),
        (["--resume"], "no open interview"),
        (["--resume", "20260101-zzzzz"], "no interview"),
        (["-o", "report.pdf"], ".html"),
        (["-o", "no/such/folder/report.md"], "the folder does not exist"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_word_is_answered_with_the_nearest(args: list[str], close: str) -> None:
    done = interviewer(*args, code=2)
    assert close in done.stderr and done.stdout == ""


def test_questions() -> None:
    rows = json.loads(interviewer("questions", "--json").stdout)
    assert len(rows) >= 48 and len({r["id"] for r in rows}) == len(rows)
    for row in rows:
        assert {"id", "skill", "kind", "ask", "points", "reference", "talk", "follow_ups"} <= set(row)
    must = json.loads(interviewer("questions", "--role", "应用", "--must", "12", "--json").stdout)
    assert len(must) == 12 and all(r["roles"]["app"] == "must" for r in must)
    some = json.loads(interviewer("questions", "--skill", "lora", "--kind", "choice", "--json").stdout)
    assert some and {(r["skill"], r["kind"]) for r in some} == {("lora", "choice")}
    table = interviewer("questions", "--skill", "lora", "--lang", "en")
    assert "lora.core-advantage" in table.stdout
    assert interviewer("questions", "--skill", "lora", "--role", "testdev", "--kind", "code").stdout == ""


def test_lint_keeps_its_contract() -> None:
    found = json.loads(interviewer("lint", "--json").stdout)
    assert {"questions", "covered", "sources", "errors"} <= set(found)
    assert found["sources"] == 219 and found["errors"] == []
    assert "0 errors" in interviewer("lint", "lora").stdout


def test_the_map() -> None:
    done = interviewer("map", "--lang", "en")
    assert "[lora]" in done.stdout and "Knowledge map" in done.stdout
    skills = json.loads(interviewer("map", "--json").stdout)
    assert len(skills) >= 50 and all({"id", "prerequisites", "weights", "questions"} <= set(s) for s in skills)
    one = interviewer("map", "lora").stdout
    assert "(lora)" in one and "lora.core-advantage" in one
    lora = json.loads(interviewer("map", "lora", "--json").stdout)
    assert lora["skill"] == "lora"
    assert '"import_"' not in json.dumps(lora) and '"for_"' not in json.dumps(lora)


def test_the_graph_is_mermaid() -> None:
    lines = interviewer("graph").stdout.splitlines()
    assert "graph TD;" in "\n".join(lines)
    assert any("listen" in line for line in lines) and any("follow_up" in line for line in lines)


def test_doctor(tmp_path: Path) -> None:
    assert "PROBLEM" not in interviewer("doctor").stdout
    rows = {r["part"]: r for r in json.loads(interviewer("doctor", "--json").stdout)}
    assert {"interviewer", "settings", "knowledge map", "rubrics", "judge", "embedder", "database"} <= set(rows)
    assert all(r["ok"] is not False for r in rows.values())
    bad = interviewer("doctor", "--embedder", "/no/such/folder", code=3)
    assert "PROBLEM" in bad.stdout
    corrupt = tmp_path / "corrupt.db"
    corrupt.write_text("this is no database\n" * 50)
    (row,) = [
        r for r in json.loads(interviewer("doctor", "--json", "--db", str(corrupt), code=3).stdout) if r["ok"] is False
    ]
    assert row["part"] == "database" and "damaged" in row["what"] and row["next"]
    folder = interviewer("doctor", "--db", str(tmp_path), code=3)
    assert "cannot be opened" in " ".join(folder.stdout.split())


def test_a_broken_settings_file(clean_room: Path) -> None:
    (clean_room / "config.toml").write_text("quesitons = 3\n")
    for args in (["questions"], ["history"], ["--plain"]):
        done = interviewer(*args, code=3)
        assert "did you mean 'questions'?" in done.stderr and "config.toml" in done.stderr
    assert "did you mean 'questions'?" in " ".join(interviewer("doctor", code=3).stdout.split())


@pytest.mark.parametrize("args", [["--plain"], ["history"], ["report"]], ids=" ".join)
def test_a_corrupt_database(tmp_path: Path, args: list[str]) -> None:
    corrupt = tmp_path / "corrupt.db"
    corrupt.write_text("this is no database\n" * 50)
    done = interviewer(*args, "--db", str(corrupt), code=3)
    assert "damaged" in done.stderr and "--db" in done.stderr and done.stdout == ""
    assert corrupt.read_text() == "this is no database\n" * 50


def test_history_and_report(tmp_path: Path) -> None:
    nothing = interviewer("history")
    assert nothing.stdout == "" and "no interviews yet" in nothing.stderr
    assert json.loads(interviewer("history", "--json").stdout) == []
    session = report_of(interviewer(*ONE, "--json", stdin="<script>alert(1)</script> [red] loss\n\n"))["session"]
    (row,) = json.loads(interviewer("history", "--json").stdout)
    assert row["id"] == session and row["status"] == "finished" and row["answered"] == 1
    assert session in interviewer("history").stdout
    for wanted in ([], ["last"], [session], [session[:11]]):
        assert session in interviewer("report", *wanted).stdout
    kept = report_of(interviewer("report", session, "--format", "json"))
    assert kept["session"] == session and kept["finished"]
    page = interviewer("report", "--format", "html").stdout
    assert page.lstrip().lower().startswith("<!doctype html>") and "<script>alert" not in page
    for name, starts in (("r.md", "#"), ("r.html", "<!"), ("r.json", "{")):
        done = interviewer("report", "-o", str(tmp_path / name))
        assert done.stdout == "" and (tmp_path / name).read_text("utf-8").lstrip().lower().startswith(starts)
    assert "does not exist" in interviewer("report", "-o", str(tmp_path / "no" / "r.md"), code=1).stderr
    assert "this is a folder" in interviewer("report", "-f", "md", "-o", str(tmp_path), code=1).stderr
    assert "%" in interviewer("map").stdout


@pytest.mark.parametrize(
    "args", [["map"], ["questions"], ["questions", "--json"], ["graph"], ["--help"], ["doctor"]], ids=" ".join
)
def test_a_reader_that_goes_away(args: list[str]) -> None:
    """As `| head -1`, with the pipe closed before anything is written."""
    with subprocess.Popen([*COMMAND, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as p:
        assert p.stdout is not None and p.stderr is not None
        p.stdout.close()
        said = p.stderr.read().decode()
    assert "Traceback" not in said and "Exception ignored" not in said
    assert p.returncode in (0, 1)


@pytest.mark.parametrize("env", [{"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}], ids=str)
@pytest.mark.parametrize("args", [["map"], ["questions", "-l", "zh"], ["doctor"], ["--help"]], ids=" ".join)
def test_a_terminal_that_knows_only_ascii(args: list[str], env: dict[str, str]) -> None:
    interviewer(*args, **env)


@pytest.mark.parametrize("wrapped", [False, True])
def test_ctrl_c_anywhere_is_resumable(wrapped: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Python 3.11 wraps an interrupt that arrives while a class is being made in a RuntimeError."""

    def command() -> None:
        if wrapped:
            raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as e:
        guard.guarded(command)()
    assert e.value.exit_code == 4 and capsys.readouterr().err.startswith("interrupted")


def test_a_database_that_cannot_be_read_does_not_hide_the_map(tmp_path: Path) -> None:
    (tmp_path / "i.db").write_bytes(b"no database " * 400)
    done = interviewer("map", "--db", str(tmp_path / "i.db"))
    assert "[lora]" in done.stdout and "where you stand is left out" in done.stderr


def test_debug_shows_the_traceback_and_keeps_the_exit_code() -> None:
    done = subprocess.run([*COMMAND, "map", "nosuch", "--debug"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and "Traceback" in done.stderr and "error: unknown skill 'nosuch'" in done.stderr
