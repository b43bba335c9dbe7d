"""The harness: files of answers and grades, the reference made of them, and what a run says."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evals.assess import Judged, Table, assess, ceiling, covered, thirds
from evals.datasets import DATA, Dataset, load_dataset
from evals.runner import judge_all
from evals.show import as_text
from evals.splits import split_of
from interviewer.errors import InputError
from interviewer.models import Judgement, Rubric
from knowledge import load_map
from tests.fake_judge import FakeJudge

QUESTIONS = list(load_map().questions.values())[:6]


def write(folder: Path, answers: list[dict[str, Any]], grades: list[dict[str, Any]]) -> Path:
    for name, rows in (("answers", answers), ("grades", grades)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return folder


def answer(number: int, grade: int, **more: Any) -> dict[str, Any]:
    """The fake judge gives twice the number after the @."""
    question = QUESTIONS[number % len(QUESTIONS)]
    return {
        "id": f"a{number}", "question_id": question.id, "lang": ["zh", "en", "mixed"][number % 3],
        "mode": ["complete", "vague"][number % 2], "answer": f"@{2 * grade}", "choice_order": None,
    } | more  # fmt: skip


def rating(number: int, rater: str, grade: int, credit: float = 0, **more: Any) -> dict[str, Any]:
    points = {p.id: credit for p in QUESTIONS[number % len(QUESTIONS)].points}
    return {"answer_id": f"a{number}", "rater": rater, "points": points, "grade": grade} | more


@pytest.fixture
def perfect(tmp_path: Path) -> Path:
    """Two raters and a judge who agree on everything."""
    grades = [n % 6 for n in range(24)]
    rated = [rating(n, r, g, g / 5 if g in (0, 5) else 0.5) for n, g in enumerate(grades) for r in ("r1", "r2")]
    return write(tmp_path, [answer(n, g) for n, g in enumerate(grades)], rated)


def judged(dataset: Dataset, judge: Any = None) -> list[Judged]:
    return asyncio.run(judge_all(dataset, judge or FakeJudge()))


class TestDataset:
    def test_reference_is_the_mean_rounded_half_up(self, tmp_path: Path) -> None:
        data = write(tmp_path, [answer(0, 3)], [rating(0, "r1", 2, 0.5), rating(0, "r2", 3, 1)])
        (item,) = load_dataset(data).items
        assert (item.grade, item.mean_grade) == (3, 2.5)
        assert set(item.points.values()) == {0.75}

    def test_an_adjudicated_grade_decides(self, tmp_path: Path) -> None:
        rated = [rating(0, "r1", 0), rating(0, "r2", 1), rating(0, "adj", 4, 1)]
        dataset = load_dataset(write(tmp_path, [answer(0, 3)], rated))
        assert dataset.items[0].grade == 4
        assert set(dataset.items[0].points.values()) == {1}
        assert dataset.raters == ["r1", "r2"]

    def test_a_misconception_that_half_the_raters_found(self, tmp_path: Path) -> None:
        number = next(n for n, q in enumerate(QUESTIONS) if q.misconceptions)
        wrong = QUESTIONS[number].misconceptions[0].id
        rated = [rating(number, f"r{k}", 2, misconceptions=[wrong] * (k == 1)) for k in (1, 2)]
        data = write(tmp_path, [answer(number, 2)], rated)
        assert load_dataset(data).items[0].misconceptions == {wrong}
        write(tmp_path, [answer(number, 2)], [*rated, rating(number, "r3", 2)])
        assert load_dataset(data).items[0].misconceptions == set()

    def test_several_files(self, tmp_path: Path) -> None:
        write(tmp_path, [answer(0, 3)], [rating(0, "r1", 2)])
        (tmp_path / "answers-more.jsonl").write_text(json.dumps(answer(1, 2)))
        (tmp_path / "grades-r2.jsonl").write_text(json.dumps(rating(0, "r2", 3)))
        dataset = load_dataset(tmp_path)
        assert [len(i.ratings) for i in dataset.items] == [2]
        assert [a.id for a in dataset.ungraded] == ["a1"]

    def test_every_fault_is_told_with_its_place(self, tmp_path: Path) -> None:
        points = {p.id: 0 for p in QUESTIONS[0].points}
        first, *rest = points
        answers = [answer(0, 1), answer(0, 1), answer(1, 1, question_id="no.such"), answer(2, 1, mode="Not A Slug")]
        grades = [
            rating(0, "r1", 1), rating(0, "r1", 1), rating(9, "r1", 1), rating(0, "r2", 6),
            rating(0, "r3", 1, 0.7), rating(0, "r4", 1, points=dict.fromkeys([*rest, "odd"], 1)),
            rating(0, "r5", 1, misconceptions=["odd"]), rating(0, "r6", 1, extra=1),
        ]  # fmt: skip
        write(tmp_path, answers, grades)
        with (tmp_path / "grades.jsonl").open("a") as f:
            f.write("{")
        with pytest.raises(InputError) as e:
            load_dataset(tmp_path)
        for part in (
            "answers.jsonl:2: the id 'a0' occurs twice", "answers.jsonl:3: unknown question 'no.such'",
            "answers.jsonl:4: mode:", "grades.jsonl:2: r1 grades 'a0' twice", "grades.jsonl:3: there is no answer 'a9'",
            "grades.jsonl:4: grade:", "grades.jsonl:5: points.", f"no value for {first}", "no such point: odd",
            "no such misconception: odd", "grades.jsonl:8: extra:", "grades.jsonl:9: not valid JSON",
        ):  # fmt: skip
            assert part in e.value.message, part

    def test_a_half_and_a_sample_still_say_who_graded(self) -> None:
        part = load_dataset().only("test").sample(12)
        assert part.annotators == "language models" and len(part.items) >= 12

    def test_no_data(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no answers"):
            load_dataset(tmp_path)

    def test_the_eval_set_in_the_repository_has_no_fault(self) -> None:
        if not list(DATA.glob("grades*.jsonl")):
            pytest.skip("no grades yet")
        assert load_dataset().items


class TestAssess:
    def test_perfect_agreement(self, perfect: Path) -> None:
        dataset = load_dataset(perfect)
        result = assess(dataset, judged(dataset))
        found = {k: v["value"] for k, v in result["metrics"].items()}
        assert {found[k] for k in ("qwk", "pearson", "spearman", "kendall", "exact", "adjacent")} == {1}
        assert {found[k] for k in ("mae", "rmse", "mean_signed_error", "unscored")} == {0}
        assert result["n"] == 24
        assert result["questions"] == 6
        assert [row[i] for i, row in enumerate(result["confusion"])] == [4] * 6
        assert result["annotators"]["metrics"]["qwk"] == {"value": 1, "low": 1, "high": 1}
        assert result["annotators"]["metrics"]["alpha"]["value"] == 1
        assert set(result["slices"]) == {"lang", "kind", "category", "difficulty", "length", "mode", "band"}
        assert sum(s["n"] for s in result["slices"]["mode"].values()) == 24
        assert result["probes"] == {}

    def test_the_contract(self, perfect: Path) -> None:
        dataset = load_dataset(perfect)
        metrics = json.loads(json.dumps(assess(dataset, judged(dataset)), allow_nan=False))["metrics"]
        assert all(set(v) == {"value", "low", "high"} for v in metrics.values())

    def test_a_lenient_judge_and_raters_who_differ(self, tmp_path: Path) -> None:
        grades = [n % 5 for n in range(30)]
        rated = [rating(n, r, g + (r == "r2" and n % 2)) for n, g in enumerate(grades) for r in ("r1", "r2")]
        dataset = load_dataset(write(tmp_path, [answer(n, g + 1) for n, g in enumerate(grades)], rated))
        result = assess(dataset, judged(dataset))
        assert result["metrics"]["mean_signed_error"]["value"] == 0.75
        assert result["metrics"]["adjacent"]["value"] == 1
        assert result["annotators"]["metrics"]["exact"]["value"] == 0.5
        assert result["annotators"]["metrics"]["mae"]["value"] == 0.5

    def test_unscored_answers_are_counted_and_not_graded(self, tmp_path: Path) -> None:
        answers = [answer(n, n % 6) for n in range(12)]
        answers[3]["answer"] = "@boom"
        dataset = load_dataset(write(tmp_path, answers, [rating(n, "r1", n % 6) for n in range(12)]))
        result = assess(dataset, judged(dataset))
        assert result["n"] == 11
        assert result["metrics"]["unscored"]["value"] == pytest.approx(1 / 12, abs=1e-4)
        assert result["metrics"]["qwk"]["value"] == 1
        assert result["failures"] == [{"answer": "a3", "error": "the fake judge was told to fail"}]
        assert result["annotators"]["metrics"] == {}

    def test_raters_who_each_graded_a_part(self, tmp_path: Path) -> None:
        pairs = [("r1", "r2"), ("r2", "r3"), ("r1", "r3")]
        rated = [rating(n, r, n % 6) for n in range(18) for r in pairs[n % 3]]
        found = ceiling(load_dataset(write(tmp_path, [answer(n, 0) for n in range(18)], rated)).items)
        assert found["raters"] == ["r1", "r2", "r3"]
        assert found["metrics"]["qwk"]["value"] == found["metrics"]["alpha"]["value"] == 1

    def test_nothing_scored(self, tmp_path: Path) -> None:
        dataset = load_dataset(write(tmp_path, [answer(0, 1, answer="@boom")], [rating(0, "r1", 1)]))
        result = assess(dataset, judged(dataset))
        assert result["metrics"]["unscored"]["value"] == 1
        assert as_text(result, "judge")

    def test_cuts(self) -> None:
        import numpy as np

        credit = np.array([0, 0.24, 0.25, 0.5, 0.74, 0.75, 1])
        assert covered(credit).tolist() == [0, 0, 0, 1, 1, 1, 1]
        assert thirds(credit).tolist() == [0, 0, 1, 1, 1, 2, 2]

    def test_the_table_for_people(self, perfect: Path) -> None:
        dataset = load_dataset(perfect)
        text = as_text(assess(dataset, judged(dataset)), "judge fake", raters="not people")
        assert "judge fake: 24 answers to 6 questions" in text
        assert "QWK (0-5)               1.000    [1.000, 1.000]         1.000    [1.000, 1.000]" in text
        assert "reference: r1, r2; not people" in text
        assert max(map(len, text.splitlines())) <= 100


class _Nosy(FakeJudge):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        self.seen.append(rubric.model_dump_json() + answer + lang)
        return await super().judge(rubric, answer, lang)


def test_the_judge_sees_neither_mode_nor_grades(tmp_path: Path) -> None:
    dataset = load_dataset(
        write(tmp_path, [answer(0, 3, mode="secret-mode")], [rating(0, "r1", 2, note="secret note")])
    )
    judge = _Nosy()
    table = Table(judged(dataset, judge))
    assert "secret" not in judge.seen[0]
    assert table.grade.tolist() == [3]


class TestCommand:
    def run(self, *args: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "evals", *map(str, args)],
            capture_output=True, text=True, timeout=120, env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip

    def test_run_twice_to_the_digit(self, perfect: Path, tmp_path: Path) -> None:
        first, second = (
            self.run("run", "--judge", "offline", "--data", perfect, "--json", "--output", tmp_path / f"out{n}")
            for n in range(2)
        )
        assert first.returncode == 0, first.stderr
        result, again = json.loads(first.stdout), json.loads(second.stdout)
        assert result.pop("timing")["seconds_median"] > 0 and again.pop("timing")
        assert json.dumps(result) == json.dumps(again)
        assert result["judge"]["kind"] == "offline"
        assert set(result["metrics"]["qwk"]) == {"value", "low", "high"}
        assert (tmp_path / "out0" / "items.jsonl").read_bytes() == (tmp_path / "out1" / "items.jsonl").read_bytes()
        reports = [tmp_path / "out0" / f"report{lang}.{kind}" for lang in ("", ".zh") for kind in ("html", "md")]
        written = [path.read_bytes() for path in reports]
        assert self.run("report", tmp_path / "out0").returncode == 0
        assert [path.read_bytes() for path in reports] == written
        items = (tmp_path / "out0" / "items.jsonl").read_text("utf-8").splitlines()
        assert json.loads(items[0])["judgement"]["judge"]["kind"] == "offline"

    def test_table_and_check(self, perfect: Path) -> None:
        done = self.run("run", "--data", perfect)
        assert done.stdout.startswith("judge offline")
        assert (
            "24 answers, 0 without a grade; 48 ratings by r1, r2; no fault"
            in self.run("check", "--data", perfect).stdout
        )

    def test_what_goes_wrong(self, perfect: Path, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.mkdir()
        for args, code, words in (
            (["run", "--data", empty], 1, "no answers*.jsonl"),
            (["run", "--judge", "gpt", "--data", perfect], 3, "no such model"),
            (["nothing"], 2, "invalid choice"),
            (["run", "--concurrency", "-2", "--data", perfect], 2, "--concurrency: -2: at least 1"),
            (["run", "--deadline", "0", "--data", perfect], 2, "--deadline: 0: not a number above 0"),
            (["run", "--judge", "nosuch/model", "--data", perfect, "--sample", "4"], 3, "none of the answers could be"),
            (["calibrate", "--id", "x", "--split", "test"], 2, "error: nothing is fitted on 'test'"),
        ):
            done = self.run(*args)
            assert done.returncode == code
            assert words in done.stderr, done.stderr
            assert "about a minute" not in done.stderr
            assert "Traceback" not in done.stderr
        assert "python -m evals run --judge offline" in self.run("--help").stdout

    def test_a_folder_that_cannot_be_written_and_a_card_of_nothing(self, perfect: Path, tmp_path: Path) -> None:
        done = self.run("run", "--data", perfect, "--output", perfect / "answers.jsonl")
        assert done.returncode == 3 and "Traceback" not in done.stderr and "answers.jsonl" in done.stderr
        (tmp_path / "one").mkdir()
        n = next(n for n, q in enumerate(QUESTIONS) if split_of(q.id) == "test")
        write(tmp_path / "one", [answer(n, 3)], [rating(n, "r1", 3)])
        done = self.run("run", "--data", tmp_path / "one", "--split", "test", "--check-card")
        assert done.returncode == 1 and "no card can be made" in done.stderr
        done = self.run("run", "--data", tmp_path / "one", "--check-card")
        assert done.returncode == 2 and "--split test" in done.stderr

    def test_without_its_extra(self, perfect: Path) -> None:
        code = (
            "import sys; sys.modules['krippendorff'] = None; from evals.__main__ import main; "
            f"sys.exit(main(['run', '--data', {str(perfect)!r}]))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
        assert done.returncode == 3 and "interviewer[evals]" in done.stderr and "Traceback" not in done.stderr
