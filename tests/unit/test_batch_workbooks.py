"""interviewer.batch: Excel workbooks, read and written."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.batch import RawRow, Summary, grade_file, open_source
from interviewer.batch.sheet_file import LONGEST_CELL, SheetFile, escaped, unescaped
from interviewer.batch.writers import ADDED
from interviewer.errors import ConfigError, InputError, UsageError
from tests.batch_samples import QUESTION, cells, excel_csv, excel_workbook, sheet_xml, workbook
from tests.fake_judge import FakeJudge

HEADER = ["id", "question_id", "answer"]
FORMULA_TOLD = "holds a formula: what Excel last showed is read, or the formula's text where it kept nothing"
FORMULA = '=HYPERLINK("http://evil","click")'


def read(path: Path, **options: Any) -> tuple[list[RawRow], list[str]]:
    told: list[str] = []
    with open_source(path, notice=told.append, **options) as source:
        return list(source), told


def run(source: Path | str, target: Path | str, **options: Any) -> Summary:
    return asyncio.run(grade_file(source, target, FakeJudge(), **options))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def table(data: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


class TestWorkbooksIn:
    def test_values_as_they_stand(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", {"S": [HEADER, [20260001, QUESTION, "低秩\n增量"], ["b", QUESTION, None]]})
        rows, told = read(path)
        assert [(r.number, list(r.data.values())) for r in rows] == [
            (2, [20260001, QUESTION, "低秩\n增量"]),
            (3, ["b", QUESTION, ""]),
        ]
        assert told == []

    def test_a_formula_that_nobody_computed_is_its_text(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", {"S": [HEADER, [1, QUESTION, "=B0 + BA"], [2, QUESTION, "=SUM(A1:A9)"]]})
        rows, told = read(path)
        assert [r.data["answer"] for r in rows] == ["=B0 + BA", "=SUM(A1:A9)"]
        assert told == [f"row 2 {FORMULA_TOLD}"]

    def test_merged_cells(self, tmp_path: Path) -> None:
        rows = [
            ["第一班", None, None],
            HEADER,
            ["s1", QUESTION, "one"],
            [None, None, "two"],
            ["s2", QUESTION, "three"],
            [None, None, None],
        ]
        path = workbook(tmp_path / "a.xlsx", {"S": rows}, merged=["A1:C1", "A3:A4", "B3:B4", "A5:A6", "B5:B6", "C5:C6"])
        found, told = read(path)
        assert [list(r.data.values()) for r in found] == [
            ["s1", QUESTION, "one"], ["s1", QUESTION, "two"], ["s2", QUESTION, "three"],
        ]  # fmt: skip
        assert "row 2 of the sheet is taken for the header" in told[0]
        assert "6 merged ranges" in told[1]

    def test_the_sheet_with_answers_is_read_and_the_others_named(self, tmp_path: Path) -> None:
        sheets = {"学生": [["学号", "姓名"], ["s1", "甲"]], "答卷": [HEADER, [1, QUESTION, "x"]], "旧": [HEADER]}
        path = workbook(tmp_path / "a.xlsx", sheets)
        rows, told = read(path)
        assert rows[0].data["answer"] == "x"
        assert told == [f"{path}: sheet '答卷' is read, not '学生', '旧'; --sheet takes another"]
        assert read(path, sheet="学生")[0][0].data == {"学号": "s1", "姓名": "甲"}
        with pytest.raises(UsageError, match="no such sheet; did you mean '答卷'") as e:
            read(path, sheet="答卷1")
        assert e.value.hint == "sheets: 学生, 答卷, 旧"
        (tmp_path / "a.csv").write_text("question_id,answer\n")
        with pytest.raises(UsageError, match="not an Excel workbook"):
            read(tmp_path / "a.csv", sheet="x")

    def test_rows_that_do_not_fit(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", {"S": [HEADER, [1, QUESTION, "x", "y"], [], [2, QUESTION, "z"]]})
        rows, _ = read(path)
        assert [(r.number, r.error) for r in rows] == [(2, "the row has 4 cells but the header has 3"), (4, None)]

    def test_a_size_that_is_wrong(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", {"S": [HEADER, [1, QUESTION, "x"], [2, QUESTION, "y"]]})
        out = tmp_path / "b.xlsx"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name).replace(b'<dimension ref="A1:C3"', b'<dimension ref="A1:A1"'))
        assert [r.data["answer"] for r in read(out)[0]] == ["x", "y"]

    def test_a_sheet_that_breaks_off(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", {"S": [HEADER, *([n, QUESTION, "x" * 50] for n in range(2000))]})
        out = tmp_path / "b.xlsx"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                data = old.read(name)
                new.writestr(name, data[: len(data) // 2] if name.endswith("sheet1.xml") else data)
        rows, _ = read(out)
        assert 500 < len(rows) < 1500
        assert "damaged here" in str(rows[-1].error)
        assert all(r.error is None for r in rows[:-1])

    @pytest.mark.parametrize(
        ("member", "words"),
        [("a.txt", "a zip archive"), ("xl/workbook.bin", r"\.xlsb"), ("mimetype", "OpenDocument")],
    )
    def test_other_archives(self, tmp_path: Path, member: str, words: str) -> None:
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
            archive.writestr(member, "x")
        with pytest.raises(InputError, match=words) as e:
            read(tmp_path / "a.xlsx")
        assert e.value.hint

    def test_as_excel_itself_writes_it(self, tmp_path: Path) -> None:
        rows = [
            ["<t>id</t>", "<t>question_id</t>", "<t>answer</t>"],
            ["<t>1</t>", f"<t>{QUESTION}</t>", "<t>one_x000D_\ntwo _x005F_x0041_ &lt;b&gt;</t>"],
            ["<t>2</t>", f"<t>{QUESTION}</t>", "<r><rPr><b/></rPr><t>bold</t></r><r><t> and not</t></r>"],
            ["<t>3</t>", f"<t>{QUESTION}</t>", '<c r="C4" t="str"><f>CONCAT("a","b")</f><v>ab</v></c>'],
            ["<t>4</t>", f"<t>{QUESTION}</t>", '<c r="C5" t="e"><v>#N/A</v></c>'],
            ["<t>5</t>", f"<t>{QUESTION}</t>", '<c r="C6" t="str"><f t="array" ref="C6">SUM(A1:A2)</f><v>3</v></c>'],
            ["<t>6</t>", f"<t>{QUESTION}</t>", '<c r="C7"><f>A1*2.5</f><v>2.5</v></c>'],
            ["<t>7</t>", f"<t>{QUESTION}</t>", '<c r="C8" t="str"><f>IF(A1="","",A1)</f><v></v></c>'],
            ["<t>8</t>", f"<t>{QUESTION}</t>", '<c r="C9" t="e"><f>B0 + BA</f><v>#NAME?</v></c>'],
            ["<t>9</t>", f"<t>{QUESTION}</t>", '<c r="C10" t="e"><f>VLOOKUP(A1,B:C,2,0)</f><v>#N/A</v></c>'],
            ["<t>10</t>", f"<t>{QUESTION}</t>", '<c r="C11" t="str"><f>VLOOKUP(A1,B:C,2,0)</f></c>'],
        ]
        found, told = read(excel_workbook(tmp_path / "a.xlsx", rows))
        assert [r.data["answer"] for r in found] == [
            "one\r\ntwo _x0041_ <b>", "bold and not", "ab", "#N/A", "3", 2.5, "", "=B0 + BA", "#N/A", "",
        ]  # fmt: skip
        assert told == [f"row 4 {FORMULA_TOLD}"]

    def test_an_archive_that_unpacks_to_too_much(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = excel_workbook(tmp_path / "a.xlsx", [[f"<t>{'x' * 5000}</t>"]])
        monkeypatch.setattr("interviewer.batch.workbook._MOST_STRINGS", 4000)
        with pytest.raises(InputError, match="MiB of text"):
            read(path)

    def test_a_workbook_without_its_parts(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
            archive.writestr("xl/workbook.xml", "<workbook/>")
        with pytest.raises(InputError, match="cannot be read"):
            read(tmp_path / "a.xlsx")
        with pytest.raises(InputError, match="the sheet is empty"):
            read(workbook(tmp_path / "b.xlsx", {"S": []}))

    def test_without_the_library(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = workbook(tmp_path / "a.xlsx", {"S": [HEADER]})
        monkeypatch.setitem(sys.modules, "openpyxl", None)
        with pytest.raises(ConfigError, match="needs openpyxl") as e:
            read(path)
        assert e.value.hint == "pip install 'interviewer[files]'"


class TestWorkbooksOut:
    def test_no_cell_is_a_formula(self, tmp_path: Path) -> None:
        rows = [["note", *HEADER], [FORMULA, 1, QUESTION, "=1+1 @8"], ["@SUM(A1)", "-2", QUESTION, "+3 @4"]]
        (tmp_path / "a.csv").write_bytes(excel_csv(rows, encoding="utf-8"))
        summary = run(tmp_path / "a.csv", tmp_path / "out.xlsx")
        assert (summary.graded, summary.failed) == (2, 0)
        found = cells(tmp_path / "out.xlsx")
        assert found[0] == ["note", *HEADER, *ADDED]
        assert [r[:4] for r in found[1:]] == [
            [FORMULA, "1", QUESTION, "=1+1 @8"],
            ["@SUM(A1)", "-2", QUESTION, "+3 @4"],
        ]
        assert found[1][4:8] == [8, 4, "[8.0, 8.0]", False]
        import openpyxl

        sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
        assert [sheet.cell(2, n).quotePrefix for n in (1, 2, 4)] == [True, False, True]
        assert sheet.freeze_panes == "A2"
        xml = sheet_xml(tmp_path / "out.xlsx")
        assert "<f>" not in xml
        assert xml.count('t="inlineStr"') > 10

    def test_what_excel_refuses_is_told(self, tmp_path: Path) -> None:
        answers = ["\0a\x1b[31m @8", "字" * 40_000, "a\r\nb _x0041_ \ufffe"]
        rows = [{"id": 110101199003071234, "question_id": QUESTION, "answer": a} for a in answers]
        (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(r) for r in rows))
        told: list[str] = []
        run(tmp_path / "a.jsonl", tmp_path / "out.xlsx", notice=told.append)
        assert told == [
            "cells with control characters, which Excel refuses: 2; each of the characters became U+FFFD",
            "cells cut at Excel's 32,767 characters: 1; .jsonl keeps them whole",
        ]
        again, _ = read(tmp_path / "out.xlsx")
        assert [r.data["answer"] for r in again] == [
            "\ufffda\ufffd[31m @8",
            "字" * 32_766 + "…",
            "a\r\nb _x0041_ \ufffd",
        ]
        assert again[0].data["id"] == "110101199003071234"

    def test_graded_again(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", {"S": [HEADER, [1, QUESTION, "@8"]]})
        run(path, tmp_path / "out.xlsx")
        run(tmp_path / "out.xlsx", tmp_path / "again.jsonl")
        (row,) = lines(tmp_path / "again.jsonl")
        assert (row["input_score"], row["score"]) == (8, 8)

    def test_as_csv_it_has_the_mark_that_excel_wants(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", {"S": [HEADER, [1, QUESTION, "@8"]]})
        run(path, tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")

    def test_more_rows_than_a_sheet_has(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("interviewer.batch.sheet_file.MOST_ROWS", 3)
        with (tmp_path / "a.xlsx").open("wb") as f:
            sheet = SheetFile(f, ["n"])
            for n in range(5):
                sheet.append([n])
            sheet.close()
        assert [cells(tmp_path / "a.xlsx", n) for n in range(3)] == [[["n"], [0], [1]], [["n"], [2], [3]], [["n"], [4]]]

    @given(
        st.lists(
            st.sampled_from(["_x000D_", "_x005F_", "x0041_", "_", "\r", "\n", " ", "=", "字"])
            | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
            max_size=8,
        ).map("".join)
    )
    @settings(max_examples=100, deadline=None)
    def test_every_text_comes_back(self, tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
        path = tmp_path_factory.mktemp("x") / "a.xlsx"
        with path.open("wb") as f:
            sheet = SheetFile(f, ["answer", "n"])
            sheet.append([text, 1])
            sheet.close()
        ((row,), _) = read(path)
        assert row.data["answer"] == "".join(
            "\ufffd" if (c < " " and c not in "\t\n\r") or c in "\ufffe\uffff" else c for c in text
        )
        assert unescaped(escaped(text)) == text
        assert len(text) < LONGEST_CELL
