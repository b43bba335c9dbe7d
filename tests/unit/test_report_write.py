"""Reports reach the disk whole or not at all, and a failure says what to do."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import pytest

from interviewer.errors import InputError, StoreError, UsageError
from interviewer.models import Report
from interviewer.report import format_for, write_atomic, write_report
from tests.unit.report_fixture import sample_map, sample_report


@pytest.mark.parametrize("name", ["r.md", "r.MARKDOWN", "r.html", "r.htm", "r.json"])
def test_the_name_decides_the_format(tmp_path: Path, name: str) -> None:
    path = write_report(sample_report("en"), tmp_path / name, the_map=sample_map())
    text = path.read_text("utf-8")
    assert text.startswith({"m": "# ", "h": "<!doctype html>", "j": "{"}[format_for(path)[0]])
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_an_unknown_name_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot tell"):
        write_report(sample_report(), tmp_path / "report.pdf")
    assert not list(tmp_path.iterdir())
    write_report(sample_report(), tmp_path / "report.pdf", "json")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.md"
    path.write_text("old", "utf-8")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="disk is full") as caught:
        write_report(sample_report(), path)
    assert caught.value.hint
    assert path.read_text("utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.md"
    path.write_text("old", "utf-8")

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, "new")
    assert path.read_text("utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.md"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_is_written_to_directly() -> None:
    with pytest.raises(StoreError, match="disk is full"):
        write_atomic(Path("/dev/full"), "text")
    write_atomic(Path(os.devnull), "text")


def test_paths_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="folder does not exist"):
        write_atomic(tmp_path / "no" / "r.md", "x")
    with pytest.raises(InputError, match="is a folder"):
        write_atomic(tmp_path, "x")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="folder does not exist"):
        write_atomic(tmp_path / "file" / "r.md", "x")
    with pytest.raises(InputError, match="not written"):
        write_atomic(tmp_path / ("x" * 400), "x")

    def denied(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(StoreError, match="no permission"):
        write_atomic(tmp_path / "r.md", "x")


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    real = tmp_path / "real.md"
    real.write_text("old")
    real.chmod(0o600)
    link = tmp_path / "link.md"
    link.symlink_to(real)
    write_atomic(link, "new")
    assert link.is_symlink() and real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_json_reads_back_as_the_same_report(tmp_path: Path, lang: str) -> None:
    report = sample_report(lang)
    report.turns[0].answer = "\ud800 \x1b[2J \x9b \u202e \u2028 \x00 中文"
    path = write_report(report, tmp_path / "r.json")
    text = path.read_text("utf-8")
    assert not {"\x1b", "\x9b", "\u202e", "\u2028", "\x00"} & set(text)
    assert Report.model_validate(json.loads(text)) == report
