"""interviewer.batch: what holds for all rows, one column per question, marks of the row's own."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.batch import Summary, grade_file, parse_asked, parse_constants
from interviewer.batch.scale import Scale, marks
from interviewer.errors import InputError, UsageError
from knowledge import load_map
from tests.batch_samples import OTHER, QUESTION, cells, excel_csv, forms_csv, workbook
from tests.fake_judge import FakeJudge

POINTS = '[{"id": "init", "text": "B starts at zero"}]'


def run(source: Path, target: Path, judge: Any = None, **options: Any) -> Summary:
    return asyncio.run(grade_file(source, target, judge or FakeJudge(), **options))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as f:
        return list(csv.DictReader(f))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def essays(tmp_path: Path) -> Path:
    path = tmp_path / "essays.csv"
    path.write_text("name,response\na,@8\nb,@4\n")
    return path


class TestForAllRows:
    def test_a_question_of_the_map(self, essays: Path, tmp_path: Path) -> None:
        judge = FakeJudge()
        summary = run(essays, tmp_path / "out.csv", judge, constants={"question_id": QUESTION})
        assert summary.mean_score == 6
        assert {ask for ask, _ in judge.judged} == {load_map().question(QUESTION).ask.zh}
        assert list(table(tmp_path / "out.csv")[0])[:3] == ["name", "response", "score"]

    def test_a_question_of_ones_own(self, essays: Path, tmp_path: Path) -> None:
        (tmp_path / "points.json").write_text("\ufeff" + POINTS)
        options = [f"points=@{tmp_path / 'points.json'}", "question=Why?", "lang=zh", "满分=5"]
        run(essays, tmp_path / "out.jsonl", constants=parse_constants(options))
        first, second = lines(tmp_path / "out.jsonl")
        assert first["points"][0]["id"] == "init"
        assert (first["score_scaled"], second["score_scaled"]) == (4, 2)
        assert list(first)[:4] == ["name", "response", "score", "score_scaled"]

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["question_id"], "FIELD=VALUE"),
            (["qestion_id=x"], "did you mean question_id"),
            (["answer=x"], "each row's own"),
            (["lang=zh", "language=en"], "lang twice"),
            (["points=@nowhere.json"], "No such file"),
            (["reference="], "empty"),
            (["question_id=lora.principle-and-starting"], "did you mean lora.principle-and-starting-point"),
            (["lang=fr"], "neither zh nor en"),
            (["points=[{"], "not valid JSON"),
            (["max_score=ten"], "not a number above 0"),
        ],
    )
    def test_what_cannot_be(self, essays: Path, tmp_path: Path, options: list[str], words: str) -> None:
        with pytest.raises(UsageError, match=words):
            run(essays, tmp_path / "out.csv", constants={"question_id": QUESTION} | parse_constants(options))
        assert list(tmp_path.iterdir()) == [essays]

    def test_an_at_sign_that_is_meant(self) -> None:
        assert parse_constants(["reference=@@home"]) == {"reference": "@home"}

    def test_a_field_that_has_a_column(self, essays: Path, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="the column 'response'") as e:
            run(essays, tmp_path / "out.csv", constants={"question_id": QUESTION, "answer": "x"})
        assert e.value.hint
        rows = [{"answer": "@8"}, {"answer": "@4", "question_id": OTHER}]
        (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
        with pytest.raises(UsageError, match="holds it already"):
            run(tmp_path / "a.jsonl", tmp_path / "out.jsonl", constants={"question_id": QUESTION})
        # Where it comes so late that nobody could know, the row's own goes first.
        (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, [rows[0]] * 100 + [rows[1]])))
        judge = FakeJudge()
        run(tmp_path / "a.jsonl", tmp_path / "out.jsonl", judge, constants={"question_id": QUESTION})
        assert judge.judged[-1][0] == load_map().question(OTHER).ask.zh


class TestWide:
    def test_an_export_of_google_forms(self, tmp_path: Path) -> None:
        the_map = load_map()
        asks = [the_map.question(QUESTION).ask.en, the_map.question(OTHER).ask.zh]
        people = [("a@x.org", ["x @8", "x @2"]), ("b@x.org", ["", "x @4\nmore, lines"])]
        (tmp_path / "a.csv").write_bytes(forms_csv(asks, people))
        told: list[str] = []
        summary = run(tmp_path / "a.csv", tmp_path / "out.csv", notice=told.append)
        assert summary.asked == dict(zip(asks, [QUESTION, OTHER], strict=True))
        assert "one column per question" in told[0]
        assert (summary.rows, summary.failed, summary.duplicate_ids) == (4, 0, 0)
        rows = table(tmp_path / "out.csv")
        assert list(rows[0])[:9] == [
            "Timestamp", "Email Address", "input_Score", *asks, "question_id", "answer", "score", "grade",
        ]  # fmt: skip
        assert [(r["Email Address"], r["question_id"], r["answer"], r["score"]) for r in rows] == [
            ("a@x.org", QUESTION, "x @8", "8.0"),
            ("a@x.org", OTHER, "x @2", "2.0"),
            ("b@x.org", QUESTION, "", "0.0"),
            ("b@x.org", OTHER, "x @4\nmore, lines", "4.0"),
        ]
        assert rows[1][asks[0]] == "x @8"

    def test_headers_as_surveys_number_them(self, tmp_path: Path) -> None:
        the_map = load_map()
        asks = [f"1、{the_map.question(QUESTION).ask.zh}（10分）", f"Q2. {the_map.question(OTHER).ask.en} *"]
        (tmp_path / "a.csv").write_bytes(excel_csv([["序号", *asks], ["7", "@8", "@3"]]))
        summary = run(tmp_path / "a.csv", tmp_path / "out.jsonl")
        assert list(summary.asked.values()) == [QUESTION, OTHER]
        assert [r["score"] for r in lines(tmp_path / "out.jsonl")] == [8, 3]

    def test_columns_that_are_named(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text(
            "id,question_id,answer,Response 1,A=B\ns1,old,mine,x @8,x @3\ns2,old,mine,x @boom\n"
        )
        asked = parse_asked([f"response 1={QUESTION}", f"A=B={OTHER}"])
        summary = run(tmp_path / "a.csv", tmp_path / "out.csv", asked=asked)
        rows = table(tmp_path / "out.csv")
        assert list(rows[0])[:8] == [
            "id", "question_id", "answer", "Response 1", "A=B", "question_id (2)", "answer (2)", "score",
        ]  # fmt: skip
        assert [(r["answer"], r["answer (2)"], r["score"]) for r in rows] == [
            ("mine", "x @8", "8.0"), ("mine", "x @3", "3.0"), ("mine", "x @boom", ""), ("mine", "", ""),
        ]  # fmt: skip
        failed = lines(Path(str(summary.errors)))
        assert [(f["row"], f["id"]) for f in failed] == [(3, f"s2 {QUESTION}"), (3, f"s2 {OTHER}")]
        assert failed[1]["error"].startswith("no answer")

    def test_in_a_workbook_and_json_lines(self, tmp_path: Path) -> None:
        ask = load_map().question(QUESTION).ask.zh
        path = workbook(tmp_path / "a.xlsx", {"说明": [["答题说明"]], "答卷": [["姓名", ask], ["甲", "@8"]]})
        run(path, tmp_path / "out.xlsx")
        assert cells(tmp_path / "out.xlsx")[1][:5] == ["甲", "@8", QUESTION, "@8", 8]
        (tmp_path / "a.jsonl").write_text(json.dumps({"姓名": "甲", ask: "@6"}))
        run(tmp_path / "a.jsonl", tmp_path / "out.jsonl")
        assert lines(tmp_path / "out.jsonl")[0]["score"] == 6

    @pytest.mark.parametrize(
        ("asked", "options", "words"),
        [
            ({"Response": "lora.principal-and-starting-point"}, {}, "did you mean lora.principle-and-starting-point"),
            ({"Responce": QUESTION}, {}, "did you mean response"),
            ({"response": QUESTION}, {"constants": {"question_id": OTHER}}, "does not go with --ask"),
            ({"response": QUESTION}, {"mapping": {"answer": "response"}}, "does not go with --ask"),
        ],
    )
    def test_what_cannot_be(
        self, essays: Path, tmp_path: Path, asked: dict[str, str], options: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(UsageError, match=words):
            run(essays, tmp_path / "out.csv", asked=asked, **options)

    @pytest.mark.parametrize("option", ["x", "=q", "c=", "c = "])
    def test_bad_options(self, option: str) -> None:
        with pytest.raises(UsageError, match="COLUMN=QUESTION_ID"):
            parse_asked([option])

    def test_a_column_with_answers_is_never_overlooked(self, tmp_path: Path) -> None:
        ask = load_map().question(QUESTION).ask.en
        with (tmp_path / "a.csv").open("w", newline="") as f:
            csv.writer(f).writerows([["answer", ask], ["@8", "@1"]])
        with pytest.raises(InputError, match="no column with question ids") as e:
            run(tmp_path / "a.csv", tmp_path / "out.csv")
        assert "--set question_id" in str(e.value.hint)

    def test_a_question_in_a_row_makes_no_header_of_it(self, tmp_path: Path) -> None:
        ask = load_map().question(QUESTION).ask.zh
        path = workbook(tmp_path / "a.xlsx", {"S": [["甲", "乙"], [ask, "x @8"], [QUESTION, "x @4"]]})
        with pytest.raises(InputError, match="columns found: 甲, 乙"):
            run(path, tmp_path / "out.csv")
        assert run(path, tmp_path / "out.csv", mapping={"question": "甲", "answer": "乙"}).graded == 2

    def test_a_long_file_with_the_text_of_a_question(self, tmp_path: Path) -> None:
        ask = load_map().question(QUESTION).ask.zh
        (tmp_path / "a.csv").write_bytes(excel_csv([["题目", "回答"], [ask, "@8"], ["别的题", "@8"]]))
        run(tmp_path / "a.csv", tmp_path / "out.jsonl")
        good, bad = lines(tmp_path / "out.jsonl")
        assert good["score"] == 8
        assert "nothing to grade against" in bad["error"]


class TestScale:
    def test_the_column_is_passed_through_and_used(self, tmp_path: Path) -> None:
        rows = [["题号", "满分", "回答", "评分人"], [QUESTION, "5", "@8", "王"], [QUESTION, "20 分", "@5", "李"],
                [QUESTION, "", "@8", ""], [QUESTION, "十", "@8", ""], ["no.such", "5", "@8", ""]]  # fmt: skip
        (tmp_path / "a.csv").write_bytes(excel_csv(rows))
        told: list[str] = []
        summary = run(tmp_path / "a.csv", tmp_path / "out.csv", notice=told.append)
        found = table(tmp_path / "out.csv")
        assert list(found[0])[:6] == ["题号", "满分", "回答", "评分人", "score", "score_scaled"]
        assert [r["score_scaled"] for r in found] == ["4.0", "10.0", "", "", ""]
        assert [r["满分"] for r in found] == ["5", "20 分", "", "十", "5"]
        assert (summary.columns["max_score"], summary.columns["rater"]) == ("满分", "评分人")
        assert "score_scaled is out of the column '满分'" in told
        assert "rows whose 满分 is no number above 0, without score_scaled: 1" in told
        assert (summary.graded, summary.failed) == (4, 1)

    def test_without_one_there_is_no_column(self, essays: Path, tmp_path: Path) -> None:
        run(essays, tmp_path / "out.csv", constants={"question_id": QUESTION})
        assert "score_scaled" not in table(tmp_path / "out.csv")[0]

    @pytest.mark.parametrize(
        ("value", "expected"),
        [("5", 5), (5, 5), ("2,5", 2.5), ("/10", 10), ("10 points", 10), ("10分", 10), (0, None), ("-1", None),
         ("A", None), (True, None), (None, None), (float("nan"), None), ([5], None)],
    )  # fmt: skip
    def test_marks(self, value: Any, expected: float | None) -> None:
        assert marks(value) == expected

    @given(st.floats(0, 10), st.floats(0.5, 1000))
    def test_a_share_stays_a_share(self, score: float, most: float) -> None:
        scaled = Scale(constant=most).scaled({}, score)
        assert scaled is not None
        assert abs(scaled / most - score / 10) <= 0.0005 / most + 1e-9
        assert Scale(constant=most).scaled({}, None) is None


def test_a_file_without_a_header_is_not_a_survey(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"s1,{QUESTION},@3\ns2,{QUESTION},@4\n")
    with pytest.raises(InputError, match="has no header row") as e:
        run(path, tmp_path / "out.csv")
    assert e.value.hint and "first row" in e.value.hint
    path.write_text(f"name,{QUESTION},{OTHER}\nx,@3,@4\n")
    assert run(path, tmp_path / "out.csv").mean_score == 3.5
