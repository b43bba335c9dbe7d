"""interviewer.batch: answers in HTML, read as the text that they show."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.batch import Summary, grade_file
from interviewer.batch.html_text import as_text, is_html
from interviewer.models import Judgement, Rubric
from tests.batch_samples import QUESTION, excel_csv
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


MOODLE = '<p dir="ltr" style="text-align: left;">原权重&nbsp;冻住，<b>旁边</b>加低秩增量 @8<br></p><p>W<sub>0</sub></p>'


class TestHtml:
    def test_an_export_of_a_learning_platform(self, tmp_path: Path) -> None:
        class Quotes(FakeJudge):
            async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
                judged = await super().judge(rubric, answer, lang)
                for p in judged.points:
                    p.evidence = [e.model_copy(update={"start": 0, "end": 3, "text": answer[:3]}) for e in p.evidence]
                return judged

        rows = [
            ["Email address", "question_id", "Response"],
            ["a@x", QUESTION, MOODLE],
            ["b@x", QUESTION, "plain @4, with <p>tags</p> in it"],
        ]
        (tmp_path / "a.csv").write_bytes(excel_csv(rows, encoding="utf-8"))
        told: list[str] = []
        run(tmp_path / "a.csv", tmp_path / "out.csv", Quotes(), notice=told.append)
        html, plain = table(tmp_path / "out.csv")
        assert list(html)[:5] == ["Email address", "question_id", "Response", "answer_text", "score"]
        assert html["Response"] == MOODLE
        assert html["answer_text"] == "原权重 冻住，旁边加低秩增量 @8\nW_0"
        quote = json.loads(html["points"])[0]["evidence"][0]
        assert html["answer_text"][quote["start"] : quote["end"]] == quote["text"] == "原权重"
        assert (plain["answer_text"], plain["score"]) == ("", "4.0")
        assert told[-1].startswith("answers in HTML, read as text: 1;")

    def test_left_alone_when_asked_to(self, tmp_path: Path) -> None:
        judge = FakeJudge()
        (tmp_path / "a.jsonl").write_text(json.dumps({"question_id": QUESTION, "answer": MOODLE}))
        run(tmp_path / "a.jsonl", tmp_path / "out.jsonl", judge, html=False)
        assert judge.judged[0][1] == MOODLE
        assert "answer_text" not in lines(tmp_path / "out.jsonl")[0]
        run(tmp_path / "a.jsonl", tmp_path / "again.jsonl", judge)
        assert lines(tmp_path / "again.jsonl")[0]["answer_text"] == judge.judged[1][1]

    def test_the_last_row_may_be_the_only_one(self, tmp_path: Path) -> None:
        rows = [["question_id", "answer"], *([QUESTION, "@1"] for _ in range(500)), [QUESTION, "<p>x @9</p>"]]
        (tmp_path / "a.csv").write_bytes(excel_csv(rows, encoding="utf-8"))
        run(tmp_path / "a.csv", tmp_path / "out.csv")
        assert table(tmp_path / "out.csv")[-1]["answer_text"] == "x @9"

    def test_a_column_that_is_called_so_already(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text(f"question_id,answer_text\n{QUESTION},<p>x @9</p>\n")
        run(tmp_path / "a.csv", tmp_path / "out.csv")
        (row,) = table(tmp_path / "out.csv")
        assert (row["answer_text"], row["answer_text (2)"], row["score"]) == ("<p>x @9</p>", "x @9", "9.0")

    def test_questions_and_references_too(self, tmp_path: Path) -> None:
        judge = FakeJudge()
        row = {"question": "<p>What is <i>LoRA</i>?</p>", "reference": "<p>A low-rank delta.</p>", "answer": "@8"}
        (tmp_path / "a.jsonl").write_text(json.dumps(row))
        run(tmp_path / "a.jsonl", tmp_path / "out.jsonl", judge)
        assert judge.judged[0][0] == "What is LoRA?"

    def test_side_by_side(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("id,Response 1\n1,<p>x @8</p>\n")
        run(tmp_path / "a.csv", tmp_path / "out.csv", asked={"Response 1": QUESTION})
        (row,) = table(tmp_path / "out.csv")
        assert (row["answer"], row["answer_text"], row["score"]) == ("<p>x @8</p>", "x @8", "8.0")

    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            ("<p>a</p><p>b</p>", "a\nb"),
            ("<ul><li>one</li><li><p>two</p><ol><li>x</li><li>y</li></ol></li></ul>", "- one\n- two\n  1. x\n  2. y"),
            ("<p>a &lt;b&gt; &amp; c&nbsp;&nbsp;d</p>", "a <b> & c d"),
            ("<div>x<script>alert(1)</script><style>p{}</style><!-- no -->y</div>", "xy"),
            ("<p>run:</p><pre><code>for x in y:\n    f(x)\n</code></pre>", "run:\nfor x in y:\n    f(x)"),
            ("<table><tr><td>r</td><td>8</td></tr><tr><td>a</td><td>16</td></tr></table>", "r\t8\na\t16"),
            ('<p>10<sup>-4</sup> <img alt="x^2" src="e.png"> <img src="p.png"></p>', "10^-4 x^2"),
            ("  <p>a < b and\r\n  c</p>\n", "a < b and c"),
            ("<p></p>", ""),
        ],
    )
    def test_as_a_reader_sees_it(self, cell: str, text: str) -> None:
        assert is_html(cell)
        assert as_text(cell) == text

    @pytest.mark.parametrize(
        "cell",
        [
            "<b>bold</b>",
            "<s>[INST] hi [/INST]</s>",
            "<think>hm</think>",
            "use <p>text</p>",
            "<p>text</p> makes a paragraph",
            "a < b > c",
            "<p",
            "",
            None,
            3,
        ],
    )
    def test_what_is_no_html(self, cell: object) -> None:
        assert not is_html(cell)

    @pytest.mark.parametrize(
        "piece", ["<!--", "<a ", "</p", "<ul><li>", "<script>", "<sup>", "&nbsp;", "<p>", "<![CDATA["]
    )
    def test_a_hostile_megabyte(self, piece: str) -> None:
        cell = f"<p>{piece * (1_000_000 // len(piece))}</p>"
        assert len(as_text(cell)) < 6_000_000

    @given(st.text(max_size=80))
    def test_text_that_was_escaped_comes_back(self, text: str) -> None:
        import html

        assert as_text(f"<pre>{html.escape(text)}</pre>").split() == text.split()
