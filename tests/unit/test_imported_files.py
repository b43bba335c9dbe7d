"""evals.imported on real files: what is read, what is left out and told, what is kept and read again."""

from __future__ import annotations

import csv
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evals.datasets import DATA, load_dataset
from evals.imported.judging import judge_imported, readings
from evals.imported.keeping import into, save
from evals.imported.reading import Options, read
from evals.imported.scales import Scale
from evals.imported.shapes import Imported
from interviewer.errors import InputError, UsageError
from knowledge import load_map
from tests.fake_judge import FakeJudge

MAP = load_map()
QUESTION = next(q for q in MAP.questions.values() if q.misconceptions)
NAMED = [i.answer for i in load_dataset().items[:4]]
HEADER = "编号,题目,参考答案,回答,老师1,老师2"


def imported(tmp_path: Path, text: str, name: str = "a.csv", encoding: str = "utf-8", **options: Any) -> Imported:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return read(path, MAP, Options(**options))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows)


def marks(found: Imported) -> dict[str, dict[str, float]]:
    return {a.id: {r: m.value for r, m in sorted(a.marks.items())} for a in found.answers}


def told(found: Imported) -> list[tuple[int, str]]:
    return [(f.row, f.error) for f in found.faults]


class TestReading:
    def test_everything_that_people_write(self, tmp_path: Path) -> None:
        rows = [
            HEADER, "s1,q,r,一,10,1", "s2,q,r,二,8分,７", "s3,q,r,三,7.5/10,缺考", 's4,q,r,四,"6,5",N/A',
            "s5,q,r,,8,8", "s6,q,r,五,-,", "s7,q,r,六,85,4", "s8,q,r,七,好,4", HEADER, "s2,q,r,二,8,7", "s2,q,r,二,3,7",
            ",,,,,", ",,,,,",
        ]  # fmt: skip
        found = imported(tmp_path, "\r\n".join(rows) + "\r\n", scales={"": Scale(1, 10)})
        assert marks(found) == {
            "s1": {"老师1": 10, "老师2": 1}, "s2": {"老师1": 8, "老师2": 7}, "s3": {"老师1": 7.5}, "s4": {"老师1": 6.5},
            "s7": {"老师2": 4}, "s8": {"老师2": 4},
        }  # fmt: skip
        assert told(found) == [
            (6, "no answer"),
            (8, "老师1: 85 lies outside 1-10"),
            (9, "老师1: '好' is no rating"),
            (11, "the same as row 3"),
            (12, "老师1: has rated this answer already (row 3: 8, here 3)"),
        ]
        assert "the header stands again in row 10; skipped" in found.notices
        assert "1 row holds no rating" in found.notices

    def test_the_scale_is_found_and_told(self, tmp_path: Path) -> None:
        rows = [HEADER, *(f"s{n},q,r,a{n},{n % 10 + 1},{(n + 3) % 10 + 1}" for n in range(20))]
        found = imported(tmp_path, "\n".join(rows))
        assert "ratings from 1 to 10 seen; taken as 1-10; --scale says otherwise" in found.notices
        assert {m.scale for a in found.answers for m in a.marks.values()} == {Scale(1, 10)}
        with pytest.raises(UsageError, match=r"ratings from 3 to 7 seen"):
            imported(tmp_path, f"{HEADER}\ns,q,r,a,3,7")

    def test_a_scale_for_each_rater_and_one_of_words(self, tmp_path: Path) -> None:
        rows = ["题目,回答,老师1,老师2,评级", "q,a,80,4,优", "q,b,65,2,差", "q,c,70,5,良"]
        found = imported(tmp_path, "\n".join(rows), scales={"老师1": Scale(0, 100), "老师2": Scale(0, 5)},
                         ratings=["老师1", "老师2", "评级"])  # fmt: skip
        units = [{r: round(m.unit, 3) for r, m in a.marks.items()} for a in found.answers]
        assert units[0] == {"老师1": 0.8, "老师2": 0.8, "评级": 1}
        assert units[1]["评级"] == 0
        assert "评级: words taken as 差 0, 良 2, 优 3 on 0-3" in found.notices
        with pytest.raises(UsageError, match="no such rater"):
            imported(tmp_path, "\n".join(rows), scales={"老师9": Scale(0, 100)})

    def test_full_marks_in_a_column_and_in_the_cell(self, tmp_path: Path) -> None:
        found = imported(tmp_path, "question,answer,score,max score\nq,a,3,4\nq,b,10,20\nq,c,5,\n", scales={})
        assert [m.unit for a in found.answers for m in a.marks.values()][:2] == [0.75, 0.5]
        found = imported(tmp_path, "question,answer,score\nq,a,3/4\nq,b,2\n")
        assert [m.unit for a in found.answers for m in a.marks.values()] == [0.75, 0.5]

    def test_one_rating_a_row(self, tmp_path: Path) -> None:
        rows = [
            "题目,学号,回答,评分人,得分",
            "q,1,甲,王,8",
            "q,1,甲, 李 ,7",
            "q,2,乙,王,1",
            "q,2,乙,,10",
            "q,2,乙,王,3",
            "q,3,丙,王,10",
        ]
        found = imported(tmp_path, "\n".join(rows), name="a.tsv.csv")
        assert marks(found) == {"1": {"王": 8, "李": 7}, "2": {"王": 1}, "3": {"王": 10}}
        assert told(found) == [
            (5, "no rater in '评分人'"), (6, "王: has rated this answer already (row 4: 1, here 3)"),
        ]  # fmt: skip

    def test_a_raters_name_is_hostile_text(self, tmp_path: Path) -> None:
        found = imported(tmp_path, "question,answer,rater,score\nq,a,\x1b[31mＡ\u202e  b,0\nq,b,A,10\n")
        assert found.raters == ["A", "\u241b[31mA\ufffd b"]

    def test_equal_answers_without_an_id_are_different_peoples(self, tmp_path: Path) -> None:
        found = imported(tmp_path, "question,answer,score\nq,no idea,0\nq,no idea,0\nq,all of it,10\n")
        assert len(found.answers) == 3
        assert len({a.id for a in found.answers}) == 3
        assert any("1 rows say the same as an earlier one" in n for n in found.notices)

    def test_one_person_answers_several_questions(self, tmp_path: Path) -> None:
        found = imported(tmp_path, "question,student id,answer,score\nq,1,a,0\np,1,a,10\n")
        assert [a.id for a in found.answers] == ["q#1", "p#1"]

    def test_json_lines_as_programs_write_them(self, tmp_path: Path) -> None:
        rows = [
            {"question": "q", "answer": "a", "ratings": {"x": 1, "y": {"rating": 40, "scale": [0, 50]}}},
            {"question": "q", "answer": "b", "ratings": [{"rater": "x", "rating": 5}, {"rating": 3}]},
            {"question": "q", "answer": ["c"], "ratings": {"x": 2}},
            {"question": "q", "answer": "d", "ratings": "7"},
        ]  # fmt: skip
        found = imported(tmp_path, jsonl(rows) + "{", name="a.jsonl")
        assert [{r: m.unit for r, m in a.marks.items()} for a in found.answers] == [{"x": 0, "y": 0.8}, {"x": 1}]
        assert [row for row, _ in told(found)] == [2, 3, 4, 5]

    @given(chance=st.randoms())
    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_no_order_counts(self, tmp_path: Path, chance: random.Random) -> None:
        rows = [f"s{n},q{n % 3},r,a{n},{n % 10 + 1},{(n * 7) % 10 + 1}" for n in range(12)]
        once = imported(tmp_path, "\n".join([HEADER, *rows]))
        chance.shuffle(rows)
        again = imported(tmp_path, "\n".join([HEADER, *rows]))
        assert again.hash == once.hash
        assert marks(again) == marks(once)

    def test_nothing_to_read(self, tmp_path: Path) -> None:
        for text, words in (
            ("question,response\nq,a\n", "no column with ratings"),
            ("question,score\nq,8\n", "no column with the answers"),
            ("answer,score\na,8\n", "no column with question ids"),
            ("question,answer,score\nq,,8\n", "no answer has a rating: row 2: no answer"),
        ):
            with pytest.raises(InputError, match=words):
                imported(tmp_path, text)
        with pytest.raises(UsageError, match="holds no imported"):
            read(tmp_path, MAP)


class TestJudging:
    async def test_the_judge_sees_no_mark_and_is_not_asked_in_vain(self, tmp_path: Path) -> None:
        rows = [
            "question_id,question,reference,answer,score", f"{QUESTION.id},,,@4,3", ",why,because,@10,10",
            ",why,,@8,8", "no.such,,,@8,8", ",why,because,@boom,1",
        ]  # fmt: skip
        found = imported(tmp_path, "\n".join(rows))
        judge = FakeJudge()
        seen: list[Any] = []
        judged = await judge_imported(found, judge, MAP, on_judged=seen.append)
        assert [a for _, a in judge.judged] == ["@4", "@10", "@boom"]
        assert [j.scored for j in judged] == [True, True, False, False, False]
        assert [j.asked for j in judged] == [True, True, False, False, True]
        assert len(seen) == 5
        assert "nothing to grade against" in str(judged[2].error) and "no.such" in str(judged[3].error)
        assert [r.judge for r in readings(judged)] == [0.4, 1, None, None, None]


class TestKeeping:
    def test_kept_and_read_again(self, tmp_path: Path) -> None:
        rows = ["编号,题目,参考答案,回答,老师1,老师2", "s1,q,r,一,10,1", "s2,q,r,=二,8,", "s2,p,r,三,3,5"]
        first = imported(tmp_path, "\n".join(rows), scales={"": Scale(1, 10)})
        save(tmp_path / "kept", first, MAP)
        assert [p.name for p in (tmp_path / "kept").iterdir()] == ["imported.jsonl"]
        again = read(tmp_path / "kept", MAP)
        assert (marks(again), again.hash, told(again)) == (marks(first), first.hash, [])
        assert [a.cells for a in again.answers] == [a.cells for a in first.answers]
        with pytest.raises(UsageError, match="is there already"):
            save(tmp_path / "kept", first, MAP)

    def test_credits_per_point_make_an_eval_set(self, tmp_path: Path) -> None:
        credits = {p.id: 0.5 for p in QUESTION.points}
        wrong = QUESTION.misconceptions[0].id
        base = {"id": "x1", "question_id": QUESTION.id, "answer": "an answer in English", "score": 7, "max_score": 10}
        rows = [
            base | {"rater": "eva", "points": credits, "misconceptions": [wrong, "odd"], "note": "hm"},
            base | {"rater": "tom", "points": {"odd": 1}},
        ]
        found = imported(tmp_path, jsonl(rows), name="a.jsonl")
        assert [row for row, error in told(found) if "credits are left out" in error] == [2]
        assert "eval set" in save(tmp_path / "kept", found, MAP)
        (item,) = load_dataset(tmp_path / "kept").items
        (rating,) = item.ratings
        assert (rating.rater, rating.grade, rating.points, rating.misconceptions) == ("eva", 4, credits, [wrong])
        assert (item.answer.lang, item.answer.mode) == ("en", "imported")
        assert marks(read(tmp_path / "kept", MAP)) == {"x1": {"eva": 7, "tom": 7}}

    def people(self, tmp_path: Path, rater: str = "王老师") -> Imported:
        rows = [f"answer_id,{rater},eva"] + [f"{a.id},{n % 5 + 1},{5 - n % 5}" for n, a in enumerate(NAMED)]
        return imported(tmp_path, "\n".join([*rows, "no such,3,3"]), scales={"": Scale(1, 5)}, ratings=[rater, "eva"])

    def test_further_raters_of_the_set(self, tmp_path: Path) -> None:
        found = self.people(tmp_path)
        assert told(found) == [(6, "the eval set has no answer 'no such'")]
        assert found.answers[0].answer == NAMED[0].answer
        assert set(found.answers[0].known) == {"r1", "r2", "r3"}
        mine = tmp_path / "mine"
        before = {p.name: p.read_bytes() for p in DATA.glob("*.jsonl")}
        into(mine, found, DATA)
        assert {p.name for p in mine.iterdir()} == {*before, "CARD.md", "ratings-王老师.jsonl", "ratings-eva.jsonl"}
        assert {n: (mine / n).read_bytes() for n in before} == before
        assert lines(mine / "ratings-eva.jsonl")[0] == {
            "answer_id": NAMED[0].id, "rater": "eva", "rating": 5.0, "scale": [1.0, 5.0],
        }  # fmt: skip
        assert load_dataset(mine).items
        again = read(mine, MAP)
        assert (marks(again), again.hash) == (marks(found), found.hash)

    def test_nobody_is_written_over(self, tmp_path: Path) -> None:
        mine = tmp_path / "mine"
        with pytest.raises(UsageError, match="'r1' already"):
            into(mine, self.people(tmp_path, "r1"), DATA)
        assert not mine.exists()
        into(mine, self.people(tmp_path), DATA)
        before = sorted((p.name, p.read_bytes()) for p in mine.iterdir())
        with pytest.raises(UsageError, match="'eva', '王老师' already"):
            into(mine, self.people(tmp_path), DATA)
        assert sorted((p.name, p.read_bytes()) for p in mine.iterdir()) == before
        with pytest.raises(UsageError, match="no row names an answer"):
            into(mine, imported(tmp_path, "question,answer,score\nq,a,0\nq,b,10\n"), DATA)

    def test_whole_ratings_are_counted_by_a_run(self, tmp_path: Path) -> None:
        """The lines of an eval set's own grades are a file of graded answers too."""
        source = next(r for r in lines(DATA / "grades.jsonl") if r["rater"] == "r1" and r["answer_id"] == NAMED[0].id)
        text = jsonl([source | {"rater": "../eva"}])
        found = imported(tmp_path, text, name="a.jsonl", scales={"": Scale(0, 5)})
        into(tmp_path / "mine", found, DATA)
        assert (tmp_path / "mine" / "grades-eva.jsonl").exists()
        dataset = load_dataset(tmp_path / "mine")
        assert dataset.raters == ["../eva", "r1", "r2", "r3"]
        item = next(i for i in dataset.items if i.answer.id == NAMED[0].id)
        own = {r.rater: (r.grade, r.points, r.misconceptions) for r in item.ratings}
        assert own["../eva"] == own["r1"]

    def test_an_answer_that_reads_otherwise(self, tmp_path: Path) -> None:
        text = "answer_id,question_id,answer,score\n" + f"{NAMED[0].id},x,something else,3\n{NAMED[1].id},x,,0\n"
        found = imported(tmp_path, text, scales={"": Scale(0, 5)})
        assert told(found) == [(2, f"the answer {NAMED[0].id!r} of the eval set reads otherwise")]
        assert marks(found) == {NAMED[1].id: {"score": 0}}


def test_a_set_of_ones_own(tmp_path: Path) -> None:
    """Rows may name the answers of whatever set --into or --data points at."""
    shutil.copyfile(DATA / "answers.jsonl", tmp_path / "answers.jsonl")
    with (tmp_path / "people.csv").open("w", newline="") as f:
        csv.writer(f).writerows([["answer_id", "score"], [NAMED[0].id, 5], [NAMED[1].id, 0]])
    found = read(tmp_path / "people.csv", MAP, Options(data=tmp_path))
    assert all(a.of_the_set and not a.known for a in found.answers)
    into(tmp_path, found, tmp_path)
    assert lines(tmp_path / "ratings-score.jsonl")[0]["rating"] == 5
