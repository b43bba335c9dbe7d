"""`interviewer grade --engine ray` up to where Ray begins: what is refused, and what is said without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.batch_samples import QUESTION
from tests.cli.run import ROOT, interviewer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(f"question_id,answer\n{QUESTION},x\n")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--report", "r.html"], "--report does not go with --engine ray"),
        (["--limit", "3"], "--limit does not go"),
        (["--sample", "3"], "--sample does not go"),
        (["--max-cost", "1", "--model", "openai/m"], "--max-cost does not go"),
        (["--journal", "j"], "--journal does not go"),
        (["--submit-file", "s", "--model", "openai/m"], "--submit-file does not go"),
        (["--to", "csv"], "--to does not go"),
        (["--dry-run"], "--dry-run does not go"),
        (["--model", "local/m.gguf"], "a model file is served by one process"),
        (["--model", "openai/m", "--api-base", "http://u:hunter2hunter2@h/v1"], "holds a credential"),
        (["--partition-rows", "0"], "--partition-rows"),
    ],
)
def test_what_ray_has_not(folder: Path, options: list[str], said: str) -> None:
    done = interviewer("grade", str(folder / "in"), "-o", str(folder / "out"), "--engine", "ray", *options, code=2)
    assert said in done.stderr and "hunter2" not in done.stderr
    assert not (folder / "out").exists()


def test_streams_and_files_are_no_folders(folder: Path) -> None:
    for args in (["-", "-o", str(folder / "out")], [str(folder / "in")], [str(folder / "in"), "-o", "-"]):
        assert "writes a folder" in interviewer("grade", *args, "--engine", "ray", code=2).stderr
    (folder / "out").write_text("x")
    assert (
        "is a file"
        in interviewer("grade", str(folder / "in"), "-o", str(folder / "out"), "--engine", "ray", code=2).stderr
    )


def test_what_the_local_engine_has_not(folder: Path) -> None:
    given = [str(folder / "in" / "a.csv"), "-o", str(folder / "out.csv")]
    for option in (["--ray-address", "auto"], ["--partition-rows", "5"]):
        assert f"{option[0]} is for --engine ray" in interviewer("grade", *given, *option, code=2).stderr
    assert "neither local nor ray" in interviewer("grade", *given, "--engine", "spark", code=2).stderr
    done = interviewer("grade", str(folder / "in"), "-o", str(folder / "out.csv"), code=2)
    assert "is a folder" in done.stderr and "--engine ray" in done.stderr


def test_without_ray(folder: Path) -> None:
    (folder / "none" / "ray").mkdir(parents=True)
    (folder / "none" / "ray" / "__init__.py").write_text("raise ImportError('no ray')")
    done = interviewer(
        "grade", str(folder / "in"), "-o", str(folder / "out"), "--engine", "ray", code=3,
        PYTHONPATH=f"{folder / 'none'}:{ROOT}",
    )  # fmt: skip
    assert "pip install 'interviewer[ray]'" in done.stderr
    assert not (folder / "out").exists()
