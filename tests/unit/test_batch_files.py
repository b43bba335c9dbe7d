"""interviewer.batch: whole files, in and out, with what goes wrong on the way."""

from __future__ import annotations

import asyncio
import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from interviewer.batch import Summary, grade_file
from interviewer.batch.writers import ADDED
from interviewer.errors import ConfigError, InputError, UsageError
from interviewer.models import Judgement, Rubric
from tests.fake_judge import FakeJudge

QUESTION = "lora.principle-and-starting-point"
FORMULA = '=HYPERLINK("http://evil","click")'


def run(source: Path, target: Path, judge: Any = None, **options: Any) -> Summary:
    return asyncio.run(grade_file(source, target, judge or FakeJudge(), **options))


def table(path: Path, delimiter: str = ",") -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f, delimiter=delimiter))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.csv"
    with path.open("w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows(
            [
                ["name", "question_id", "answer", "id", "note"],
                ["甲", QUESTION, "低秩 @8\n第二行", "1", "-5"],
                ["乙", QUESTION, "", "2", FORMULA],
                ["丙", "no.such", "@5", "3", ""],
                ["丁", QUESTION, "@6", "1", "x"],
            ]
        )
    return path


class TestCsv:
    def test_every_column_in_its_place_then_the_judgement(self, answers: Path, tmp_path: Path) -> None:
        summary = run(answers, tmp_path / "out.csv")
        rows = table(tmp_path / "out.csv")
        assert list(rows[0]) == ["name", "question_id", "answer", "id", "note", *ADDED]
        assert [r["name"] for r in rows] == ["甲", "乙", "丙", "丁"]
        assert rows[0]["answer"] == "低秩 @8\n第二行"
        assert [r["score"] for r in rows] == ["8.0", "0.0", "", "6.0"]
        assert json.loads(rows[0]["points"])[0]["verdict"] == "covered"
        assert json.loads(rows[0]["judge"])["kind"] == "fake"
        assert (summary.rows, summary.graded, summary.failed, summary.duplicate_ids) == (4, 3, 1, 1)
        assert summary.mean_score == pytest.approx(14 / 3, abs=1e-3)
        assert summary.columns == {"answer": "answer", "question_id": "question_id", "id": "id"}
        assert summary.complete

    def test_failed_rows_have_their_reason_in_both_places(self, answers: Path, tmp_path: Path) -> None:
        summary = run(answers, tmp_path / "out.csv")
        assert summary.errors == str(tmp_path / "out.csv.errors.jsonl")
        (failed,) = lines(tmp_path / "out.csv.errors.jsonl")
        assert (failed["row"], failed["id"]) == (4, "3")
        assert "unknown question 'no.such'" in failed["error"]
        assert table(tmp_path / "out.csv")[2]["error"] == failed["error"]

    def test_nothing_that_a_spreadsheet_would_run(self, answers: Path, tmp_path: Path) -> None:
        run(answers, tmp_path / "out.csv")
        notes = [r["note"] for r in table(tmp_path / "out.csv")]
        assert notes == ["-5", "'" + FORMULA, "", "x"]

    def test_the_mark_of_excel_comes_back_only_when_it_was_there(self, answers: Path, tmp_path: Path) -> None:
        run(answers, tmp_path / "out.csv")
        assert not (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
        for encoding in ("utf-8-sig", "gbk", "utf-16"):
            (tmp_path / "e.csv").write_bytes(answers.read_text("utf-8").encode(encoding))
            run(tmp_path / "e.csv", tmp_path / "out.csv", overwrite=True)
            assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
            assert [r["name"] for r in table(tmp_path / "out.csv")] == ["甲", "乙", "丙", "丁"]

    def test_columns_called_like_a_result_are_kept(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text(f"score,question_id,answer,error\n3,{QUESTION},@8,none\n")
        told: list[str] = []
        run(tmp_path / "a.csv", tmp_path / "out.csv", notice=told.append)
        (row,) = table(tmp_path / "out.csv")
        assert list(row)[:4] == ["input_score", "question_id", "answer", "input_error"]
        assert (row["input_score"], row["score"]) == ("3", "8.0")
        assert told == ["columns called like a result are kept as input_score, input_error"]

    def test_a_cell_of_200000_characters_and_nuls(self, tmp_path: Path) -> None:
        long = "\0字" * 100_000
        (tmp_path / "a.csv").write_text(f"question_id,answer\n{QUESTION},{long}\n", "utf-8")
        run(tmp_path / "a.csv", tmp_path / "out.csv")
        assert table(tmp_path / "out.csv")[0]["answer"] == long

    def test_tsv(self, tmp_path: Path) -> None:
        (tmp_path / "a.tsv").write_text(f"question_id\tanswer\n{QUESTION}\ta, b @4\n")
        run(tmp_path / "a.tsv", tmp_path / "out.tsv")
        assert table(tmp_path / "out.tsv", "\t")[0]["score"] == "4.0"


class TestJsonLines:
    def test_the_row_then_the_judgement(self, tmp_path: Path) -> None:
        rows = [
            {"id": 1, "question_id": QUESTION, "answer": "@8 \ud800", "extra": {"a": [1]}},
            {"id": 2, "question": "Q?", "points": [{"id": "p", "text": "t", "weight": 2}], "answer": "@10"},
        ]
        (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)) + '\n{"id": 3, "ans')
        summary = run(tmp_path / "a.jsonl", tmp_path / "out.jsonl")
        first, second = lines(tmp_path / "out.jsonl")
        assert first["extra"] == {"a": [1]}
        assert first["answer"] == "@8 \ud800"
        assert list(first)[-len(ADDED) :] == list(ADDED)
        assert first["interval"] == [8, 8]
        assert second["points"][0]["verdict"] == "covered"
        assert second["input_points"] == rows[1]["points"]
        assert summary.failed == 1
        (failed,) = lines(tmp_path / "out.jsonl.errors.jsonl")
        assert failed == {"row": 3, "id": None, "error": "the line breaks off", "raw": '{"id": 3, "ans'}

    def test_to_csv_and_back(self, tmp_path: Path) -> None:
        rows = [{"question_id": QUESTION, "answer": "@8"}, {"late": [1], "question_id": QUESTION, "answer": "@2"}]
        (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
        run(tmp_path / "a.jsonl", tmp_path / "out.csv")
        assert [r["late"] for r in table(tmp_path / "out.csv")] == ["", "[1]"]
        run(tmp_path / "out.csv", tmp_path / "again.jsonl")
        assert [(r["input_score"], r["score"]) for r in lines(tmp_path / "again.jsonl")] == [("8.0", 8), ("2.0", 2)]


class TestPlaces:
    def test_an_output_that_exists(self, answers: Path, tmp_path: Path) -> None:
        (tmp_path / "out.csv").write_text("mine")
        with pytest.raises(UsageError, match="is there already") as e:
            run(answers, tmp_path / "out.csv")
        assert "--overwrite" in str(e.value.hint)
        assert (tmp_path / "out.csv").read_text() == "mine"
        run(answers, tmp_path / "out.csv", overwrite=True)
        assert len(table(tmp_path / "out.csv")) == 4

    def test_errors_of_an_earlier_run_do_not_stay(self, answers: Path, tmp_path: Path) -> None:
        run(answers, tmp_path / "out.csv")
        good = answers.read_text("utf-8").replace("no.such", QUESTION)
        answers.write_text(good, "utf-8")
        assert run(answers, tmp_path / "out.csv", overwrite=True).errors is None
        assert not (tmp_path / "out.csv.errors.jsonl").exists()

    def test_the_input_is_never_the_output(self, answers: Path) -> None:
        with pytest.raises(UsageError, match="is the input"):
            run(answers, answers, overwrite=True)

    def test_a_link_stays_a_link_and_a_device_is_left_alone(self, answers: Path, tmp_path: Path) -> None:
        (tmp_path / "real.csv").write_text("old")
        (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
        run(answers, tmp_path / "link.csv", overwrite=True)
        assert (tmp_path / "link.csv").is_symlink()
        assert len(table(tmp_path / "real.csv")) == 4
        with pytest.raises(UsageError, match="not a regular file"):
            run(answers, Path(os.devnull), overwrite=True)

    def test_a_folder_that_is_not_there(self, answers: Path, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no folder"):
            run(answers, tmp_path / "a" / "out.csv")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_a_folder_without_rights(self, answers: Path, tmp_path: Path) -> None:
        (tmp_path / "ro").mkdir(mode=0o500)
        with pytest.raises(ConfigError, match="cannot be written"):
            run(answers, tmp_path / "ro" / "out.csv")

    def test_a_disk_that_fills_up(self, answers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("interviewer.batch.files._Files.write", full)
        with pytest.raises(ConfigError, match="No space left"):
            run(answers, tmp_path / "out.csv")
        assert [p.name for p in tmp_path.iterdir()] == ["answers.csv"]

    def test_what_cannot_be_graded_at_all_leaves_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("id,text\n1,x\n")
        with pytest.raises(InputError, match="no column with the answers; columns found: id, text"):
            run(tmp_path / "a.csv", tmp_path / "out.csv")
        (tmp_path / "a.jsonl").write_text("nothing\n")
        with pytest.raises(InputError, match="no line holds a JSON object"):
            run(tmp_path / "a.jsonl", tmp_path / "out.csv")
        assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.jsonl"]

    def test_an_input_that_is_written_while_it_is_read(self, answers: Path, tmp_path: Path) -> None:
        told: list[str] = []
        run(answers, tmp_path / "out.csv", on_row=lambda row: answers.write_text("id\n"), notice=told.append)
        assert [line for line in told if "was changed while it was read" in line]
        told.clear()
        answers.write_text(f"question_id,answer\n{QUESTION},@1\n")
        (tmp_path / "new.csv").write_text("id\n")

        def moved(row: object) -> None:
            (tmp_path / "new.csv").replace(answers)

        run(answers, tmp_path / "out.csv", overwrite=True, on_row=moved, notice=told.append)
        assert told == [], "what was opened is whole"

    def test_interrupted(self, answers: Path, tmp_path: Path) -> None:
        class Stops(FakeJudge):
            async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
                if "@6" in answer:
                    raise asyncio.CancelledError
                return await super().judge(rubric, answer, lang)

        told: list[str] = []
        with pytest.raises(asyncio.CancelledError):
            run(answers, tmp_path / "out.csv", Stops(), notice=told.append)
        assert len(table(tmp_path / "out.csv.part")) == 3
        assert told == [f"rows done so far: 3; they are in {tmp_path / 'out.csv.part'}"]
        assert sorted(p.name for p in tmp_path.iterdir()) == ["answers.csv", "out.csv.part"]
