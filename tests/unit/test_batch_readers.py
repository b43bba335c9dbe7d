"""interviewer.batch: files as people make them, read as they were meant."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewer.batch.columns import check, resolve
from interviewer.batch.encoding import find_encoding
from interviewer.batch.options import parse_mapping
from interviewer.batch.readers import RawRow, open_source
from interviewer.errors import InputError, UsageError

HEADER = "编号,题目,回答"
ROWS = ["1,什么是 LoRA？,低秩增量，冻结原权重", "2,什么是 QLoRA？,把基座存成四位"]
TEXT = "\r\n".join([HEADER, *ROWS]) + "\r\n"


def read(tmp_path: Path, content: bytes | str, name: str = "a.csv") -> list[RawRow]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with open_source(path) as source:
        return list(source)


class TestEncoding:
    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "big5", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
    )
    def test_found(self, tmp_path: Path, encoding: str) -> None:
        text = TEXT
        if encoding == "big5":
            text = TEXT.replace("编号", "編號").replace("题", "題").replace("么", "麼").replace("冻", "凍")
            text = text.replace("增量", "的更新量").replace("结", "結").replace("权", "權").replace("把", "將")
        rows = read(tmp_path, text.encode(encoding))
        assert len(rows) == 2
        assert all(r.error is None for r in rows)
        assert list(rows[0].data.values())[2] == text.splitlines()[1].split(",")[2]

    def test_ascii_for_a_megabyte_then_gbk(self, tmp_path: Path) -> None:
        """A look at the start only would call it UTF-8."""
        plain = "id,question,answer\n" + "1,why,because\n" * 90_000
        rows = read(tmp_path, plain.encode() + "2,为什么,因为梯度要穿过冻结层\n".encode("gbk"))
        assert rows[-1].data["answer"] == "因为梯度要穿过冻结层"

    def test_one_broken_line_does_not_turn_the_file(self, tmp_path: Path) -> None:
        good = [f"{i},什么是 LoRA？,低秩增量" for i in range(20)]
        content = (
            "\n".join([HEADER, *good[:10]]).encode() + b"\n99,x,\xb5\xcd\xd6\xc8\n" + "\n".join(good[10:]).encode()
        )
        rows = read(tmp_path, content)
        assert [r.number for r in rows if r.error] == [12]
        assert "not valid utf-8" in str(rows[10].error)
        assert sum(r.data.get("回答") == "低秩增量" for r in rows) == 20

    def test_utf16_without_a_mark_where_bytes_look_like_line_feeds(self, tmp_path: Path) -> None:
        """上 is 4E 0A."""
        text = "编号,题目,回答\n" + "1,什么,上上上上\n" * 5
        for encoding in ("utf-16-le", "utf-16-be"):
            assert read(tmp_path, text.encode(encoding))[4].data["回答"] == "上上上上"

    @given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=6, max_size=40))
    @settings(max_examples=50, deadline=None)
    def test_utf8_is_never_taken_for_something_else(self, text: str) -> None:
        assert find_encoding(io.BytesIO(text.encode())).name == "utf-8"


class TestDelimited:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_delimiters(self, tmp_path: Path, delimiter: str) -> None:
        buffer = io.StringIO()
        out = csv.writer(buffer, delimiter=delimiter)
        out.writerows([["id", "question_id", "answer"], ["1", "q", "a, b; c | d\te"], ["2", "q", 'say "x"\n\nthen y']])
        rows = read(tmp_path, buffer.getvalue(), "a.txt")
        assert [r.data["answer"] for r in rows] == ["a, b; c | d\te", 'say "x"\n\nthen y']

    def test_an_answer_full_of_commas_does_not_choose_the_delimiter(self, tmp_path: Path) -> None:
        rows = read(tmp_path, "id;question;answer\n1;a, b, c;d, e, f\n2;a, b, c;g, h, i\n")
        assert rows[1].data == {"id": "2", "question": "a, b, c", "answer": "g, h, i"}

    def test_excels_first_line(self, tmp_path: Path) -> None:
        rows = read(tmp_path, "sep=;\nid;question_id;answer\n1;q;a\n")
        assert rows == [RawRow(3, {"id": "1", "question_id": "q", "answer": "a"})]

    def test_rows_are_numbered_as_a_spreadsheet_numbers_them(self, tmp_path: Path) -> None:
        rows = read(tmp_path, 'id,question_id,answer\n\n1,q,"two\nlines"\n,,\n2,q,x\n')
        assert [(r.number, r.data["id"]) for r in rows] == [(3, "1"), (5, "2")]

    def test_nuls_and_controls_stay(self, tmp_path: Path) -> None:
        rows = read(tmp_path, "id,question_id,answer\n1,q,a\0b\x1b[31mc\n")
        assert rows[0].data["answer"] == "a\0b\x1b[31mc"

    def test_a_cell_of_200000_characters(self, tmp_path: Path) -> None:
        rows = read(tmp_path, f"id,question_id,answer\n1,q,{'字' * 200_000}\n")
        assert len(rows[0].data["answer"]) == 200_000

    def test_too_many_cells_is_an_error_of_that_row(self, tmp_path: Path) -> None:
        rows = read(tmp_path, "id,question_id,answer\n1,q,first, then second\n2,q,fine,,\n")
        assert "4 cells" in str(rows[0].error)
        assert rows[1].error is None

    def test_a_missing_cell_is_missing(self, tmp_path: Path) -> None:
        assert "answer" not in read(tmp_path, "id,question_id,answer\n1,q\n")[0].data

    @pytest.mark.parametrize("last", ["3,q,z\n", '3,q,"z"\n', "3,q,z"])
    def test_an_open_quote_takes_one_row_only(self, tmp_path: Path, last: str) -> None:
        rows = read(tmp_path, f'id,question_id,answer\n1,q,"oh no\n2,q,y\n{last}')
        assert [(r.number, bool(r.error)) for r in rows] == [(2, True), (3, False), (4, False)]
        assert rows[1].data["answer"] == "y"

    def test_a_row_that_breaks_off_in_a_quote(self, tmp_path: Path) -> None:
        rows = read(tmp_path, 'id,question_id,answer\n1,q,x\n2,q,"half')
        assert [bool(r.error) for r in rows] == [False, True]

    def test_quotes_inside_words_are_kept(self, tmp_path: Path) -> None:
        rows = read(tmp_path, 'id,question_id,answer\n1,q,the "LoRA" way\n2,q,5" disk\n')
        assert [r.data["answer"] for r in rows] == ['the "LoRA" way', '5" disk']

    def test_names_of_columns(self, tmp_path: Path) -> None:
        rows = read(tmp_path, " id ,,answer,answer,question_id,\n1,x,a,b,q,\n")
        assert list(rows[0].data) == ["id", "column 2", "answer", "answer (2)", "question_id"]

    @given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=8))
    @settings(max_examples=80, deadline=None)
    def test_what_csv_writes_comes_back(self, tmp_path_factory: pytest.TempPathFactory, cells: list[list[str]]) -> None:
        path = tmp_path_factory.mktemp("csv") / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as f:
            writer = csv.writer(f, quoting=csv.QUOTE_ALL)
            writer.writerow(["question_id", "answer"])
            writer.writerows(cells)
        with open_source(path) as source:
            found = [list(r.data.values()) for r in source]
        assert found == [c for c in cells if any(x.strip() for x in c)]


class TestJsonLines:
    def test_bad_lines_are_told_by_number(self, tmp_path: Path) -> None:
        lines = [
            '{"a": 1}',
            "",
            "not json",
            "[1]",
            '{"a": "\\ud800"}',
            '{"a": 2',
            '"x"',
            '{"b": "\u2028"}',
            '{"a": "ha',
        ]
        rows = read(tmp_path, "\ufeff" + "\r\n".join(lines), "a.jsonl")
        assert [(r.number, bool(r.error)) for r in rows] == [
            (1, False), (3, True), (4, True), (5, False), (6, True), (7, True), (8, False), (9, True),
        ]  # fmt: skip
        assert "breaks off" in str(rows[-1].error)
        assert rows[-1].raw == '{"a": "ha'

    def test_gbk(self, tmp_path: Path) -> None:
        line = json.dumps({"question": "什么是低秩增量", "answer": "冻结原来的权重"}, ensure_ascii=False)
        assert read(tmp_path, (line + "\n").encode("gbk"), "a.jsonl")[0].data["answer"] == "冻结原来的权重"

    def test_a_depth_bomb(self, tmp_path: Path) -> None:
        rows = read(tmp_path, '{"a": ' + "[" * 100_000 + '\n{"a": 1}\n', "a.jsonl")
        assert [bool(r.error) for r in rows] == [True, False]


class TestOpening:
    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("a.csv", b"", "is empty"),
            ("a.csv", b"  \n\n", "is empty"),
            ("a.xlsx", b"PK\x03\x04....", "damaged Excel"),
            ("a.xls", b"\xd0\xcf\x11\xe0....", "old or a protected Excel"),
            ("a.xls", b"<html><table>", "web page"),
            ("a.csv.gz", b"\x1f\x8b\x08", "breaks off"),
            ("a.csv.bz2", b"BZh91AY", "bzip2"),
            ("a.parquet", b"PAR1abc", "Parquet"),
            ("a.jsonl", b'[{"a": 1}]', "JSON array"),
            ("a.json", b'\xef\xbb\xbf\n[\n  {"a": 1},\n {"a": 2}]', "JSON array"),
        ],
    )
    def test_what_is_no_table(self, tmp_path: Path, name: str, content: bytes, words: str) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=words) as e:
            open_source(tmp_path / name)
        assert e.value.hint

    def test_no_such_file(self, tmp_path: Path) -> None:
        (tmp_path / "answers.csv").write_text("x")
        with pytest.raises(UsageError, match="no file") as e:
            open_source(tmp_path / "anwsers.csv")
        assert "answers.csv" in str(e.value.hint)

    def test_standard_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for content, expected in ((b'{"answer": "a"}\n', "jsonl"), (b"question_id;answer\nq;a\n", "csv")):
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
            with open_source("-") as source:
                assert source.format == expected
                assert next(iter(source)).data["answer"] == "a"


class TestColumns:
    @pytest.mark.parametrize(
        ("columns", "expected"),
        [
            (["学号", "题号", "学生答案"], {"id": "学号", "question_id": "题号", "answer": "学生答案"}),
            (["ID", "Question ID", "Response"], {"id": "ID", "question_id": "Question ID", "answer": "Response"}),
            (["题目", "参考答案", "回答 "], {"question": "题目", "reference": "参考答案", "answer": "回答 "}),
            (["stem", "rubric", "reply", "answer"], {"question": "stem", "points": "rubric", "answer": "answer"}),
            (["Ｑｕｅｓｔｉｏｎ", "答案"], {"question": "Ｑｕｅｓｔｉｏｎ", "answer": "答案"}),
        ],
    )  # fmt: skip
    def test_synonyms(self, columns: list[str], expected: dict[str, str]) -> None:
        assert resolve(columns) == expected

    def test_a_mapping_goes_first(self) -> None:
        mapping = parse_mapping(["回答=Essay", "question=Q text"])
        assert resolve(["answer", "essay", "q-text"], mapping) == {"answer": "essay", "question": "q-text"}

    def test_what_is_missing_is_told_with_what_is_there(self) -> None:
        with pytest.raises(InputError) as e:
            check(["id", "question_id", "answr", "note"])
        assert "id, question_id, answr, note" in e.value.message
        assert "nearest: answr" in e.value.message
        assert str(e.value.hint).startswith("name it: --map answer=answr; ")
        with pytest.raises(InputError, match="question ids or questions"):
            check(["id", "answer"])

    @pytest.mark.parametrize("option", ["answer", "anser=x", "=x", "answer="])
    def test_bad_mappings(self, option: str) -> None:
        with pytest.raises(UsageError):
            parse_mapping([option])

    def test_a_mapping_to_nothing(self) -> None:
        with pytest.raises(UsageError, match="did you mean Response"):
            check(["question_id", "Response"], {"answer": "Responce"})
