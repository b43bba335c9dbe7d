"""interviewer.batch.class_report: what it says, in both languages, and that no answer can break out of it."""

from __future__ import annotations

import json
import string
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from markdown_it import MarkdownIt

from evals import metrics
from interviewer.batch import GradedRow
from interviewer.batch.class_report import Figures, figures, render, write_class_report
from interviewer.batch.class_report.agreement import agreement
from interviewer.batch.class_report.words import ClassWords, class_keys
from interviewer.batch.facts import FactReader
from interviewer.batch.samples import PairSample
from interviewer.batch.statistics import ClassStatistics
from interviewer.errors import UsageError
from interviewer.models import JudgeInfo
from knowledge import load_map
from tests.unit.graded_fixture import failed, graded
from tests.unit.test_report import HOSTILE
from tests.unit.test_report import Page as InterviewPage

Lang = Literal["zh", "en"]
LANGS: list[Lang] = ["zh", "en"]
TEXTS: list[Literal["md", "html"]] = ["md", "html"]


class Page(InterviewPage):
    """Shapes of a picture may hold a title here, so that they are closed by a tag of their own."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag in ("rect", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in ("rect", "circle"):
            self.open.pop()


def report(rows: list[GradedRow], lang: Lang = "en", **options: Any) -> Figures:
    top = options.pop("max_score", None)
    s, read = ClassStatistics(), FactReader(max_score=top)
    for row in rows:
        s.add(row, read(row))
    return figures(s, source="answers.csv", lang=lang, columns=read.columns, max_score=top, **options)


def class_of(persons: int = 12, human: bool = True) -> list[GradedRow]:
    """Two questions, every person with an answer to each, a few rows that fail."""
    rows = []
    for n in range(persons):
        for q in (1, 2):
            score = float((n * 7 + q * 3) % 11)
            rows.append(
                graded(
                    len(rows) + 2, score, question=f"q{q}", person=f"p{n:02d}", human=n % 6 if human else None,
                    verdicts={"a": "covered" if n % 3 else "missing", "b": "partial"},
                    wrong={"m": f"wrong {n}"} if n % 4 == 0 else {}, review=n % 5 == 0, width=n % 3 + 1,
                    flags=["injection"] if n == 3 else [],
                )
            )  # fmt: skip
    return [*rows, failed(len(rows) + 2), graded(len(rows) + 3, None, question="q1")]


class TestWhatItSays:
    def test_numbers_of_a_class(self) -> None:
        f = report(class_of())
        assert (f.rows, f.graded, f.failed) == (26, 24, 2)
        assert {x.n for x in f.failures} == {1}
        assert [q.id for q in f.questions if q.n] == sorted(
            ["q1", "q2"], key=lambda id: next(q.mean or 0 for q in f.questions if q.id == id)
        )
        assert f.hardest_points[0].id == "b"
        assert (f.hardest_points[0].credit, f.hardest_points[0].partial) == (0.5, 12)
        assert f.common_misconceptions[0].n == 3
        assert f.common_misconceptions[0].share == 0.25
        assert [q.text for q in f.common_misconceptions[0].quotes] == ["wrong 0", "wrong 4", "wrong 8"]
        assert f.review[0].flags == ["injection"]
        assert len(f.people) == 12
        assert f.people[0].mean == max(p.mean or 0 for p in f.people)
        assert f.people[0].answers == 2
        assert all(q.persons == 12 for q in f.questions if q.n)

    def test_points_and_questions_of_the_map_in_the_language_of_the_report(self) -> None:
        the_map = load_map()
        question = the_map.questions["lora.principle-and-starting-point"]
        verdicts: dict[str, Any] = {p.id: "missing" for p in question.points}
        for lang in LANGS:
            f = report([graded(2, 3, question=question.id, verdicts=verdicts)], lang, the_map=the_map)
            assert f.questions[0].ask == question.ask.text(lang)
            assert {p.text for p in f.questions[0].points} == {p.text(lang) for p in question.points}

    def test_own_points_under_an_id_of_the_map_are_not_the_maps(self) -> None:
        row = graded(2, 3, question="lora.principle-and-starting-point", verdicts={"mine": "covered"})
        row.data["question"] = "My own?"
        f = report([row], the_map=load_map())
        assert (f.questions[0].ask, f.questions[0].points[0].text) == ("My own?", "point mine")

    def test_people_are_told_only_where_someone_has_several_answers(self) -> None:
        assert report([graded(n, 5, person=f"p{n}") for n in range(9)]).people == []

    def test_json_reads_back(self) -> None:
        made = report(class_of())
        assert Figures.model_validate_json(render(made, "json")) == made

    @pytest.mark.parametrize("lang", LANGS)
    @pytest.mark.parametrize("fmt", TEXTS)
    def test_every_part_is_there(self, fmt: Literal["md", "html"], lang: Lang) -> None:
        text = render(report(class_of(), lang), fmt)
        t = ClassWords(lang)
        for key in (
            "distribution", "agreement", "review", "hardest", "common", "by_question", "people", "failures",
            "provenance", "m.qwk", "flag.injection",
        ):  # fmt: skip
            assert t(key) in text, key
        for part in ("wrong 4", "point b", "belief m", "p07", "fusion-v2", "unknown question"):
            assert part in text, part

    def test_the_page_needs_nothing_but_itself(self) -> None:
        page = Page(render(report(class_of()), "html"))
        assert page.open == []
        assert not {"script", "img", "iframe", "link", "object"} & set(page.tags)
        assert len(page.ids) == len(set(page.ids))
        inside = {v[1:] for k, v in page.attributes if k == "href"}
        assert inside <= set(page.ids)
        assert {v for k, v in page.attributes if k == "class" and v == "pair"}


@pytest.mark.parametrize("lang", LANGS)
class TestLittleInput:
    def all_of(self, rows: list[GradedRow], lang: Lang) -> dict[str, str]:
        made = report(rows, lang)
        out = {fmt: render(made, fmt) for fmt in ("html", "md", "json")}  # type: ignore[arg-type]
        assert Page(out["html"]).open == []
        for text in out.values():
            assert "nan" not in text.lower().replace("finan", "")
            assert "None" not in text
        return out

    def test_no_rows(self, lang: Lang) -> None:
        out = self.all_of([], lang)
        assert ClassWords(lang)("no_rows") in out["html"]
        assert json.loads(out["json"])["distribution"] is None

    def test_one_row(self, lang: Lang) -> None:
        out = self.all_of([graded(2, 7.5, verdicts={"a": "covered"}, human=4)], lang)
        assert "7.50" in out["md"]
        assert json.loads(out["json"])["agreement"]["metrics"]["pearson"]["value"] is None

    def test_all_failed(self, lang: Lang) -> None:
        out = self.all_of([failed(n) for n in range(2, 9)], lang)
        t = ClassWords(lang)
        assert t("no_score_why") in out["html"]
        assert t("failures") in out["md"]
        assert t("review") not in out["html"].partition("</style>")[2]

    def test_no_human_scores(self, lang: Lang) -> None:
        out = self.all_of(class_of(human=False), lang)
        assert json.loads(out["json"])["agreement"] is None
        assert ClassWords(lang)("agreement") not in out["md"]

    def test_human_scores_that_are_none(self, lang: Lang) -> None:
        out = self.all_of([graded(2, 5, human="absent"), graded(3, 6, human=0)], lang)
        assert json.loads(out["json"])["agreement"] is None
        assert "absent" in out["md"] and "absent" in out["html"]

    def test_a_row_that_waits(self, lang: Lang) -> None:
        row = graded(2, None)
        row.error = None
        assert ClassWords(lang)("waiting_notice", n=1) in Page(self.all_of([row], lang)["html"]).text


class TestAgreement:
    def pairs(self, n: int = 60, questions: int = 6, top: int = 5) -> tuple[PairSample, np.ndarray, np.ndarray]:
        rng = np.random.default_rng(4)
        human = rng.integers(0, top + 1, n)
        judge = np.clip(human / top * 10 + rng.normal(0, 2, n), 0, 10).round(2)
        sample = PairSample()
        for i in range(n):
            sample.add(i, "", f"q{i % questions}", float(human[i]), float(top), float(judge[i]))
        return sample, human, judge

    def test_is_what_the_metrics_of_the_harness_say(self) -> None:
        sample, human, judge = self.pairs()
        a = agreement(sample)
        assert a is not None
        levels = np.floor(judge / 2 + 0.5).astype(int)
        m = {k: e.value for k, e in a.metrics.items()}
        assert m["qwk"] == pytest.approx(metrics.qwk(human, levels, 6), abs=1e-4)
        assert m["pearson"] == pytest.approx(float(np.corrcoef(human, judge)[0, 1]), abs=1e-4)
        assert m["spearman"] == pytest.approx(metrics.spearman(human, judge), abs=1e-4)
        assert m["mae"] == pytest.approx(float(np.abs(human * 2 - judge).mean()), abs=1e-4)
        assert m["bias"] == pytest.approx(float((judge - human * 2).mean()), abs=1e-4)
        assert m["exact"] == pytest.approx(float((human == levels).mean()), abs=1e-4)
        assert m["adjacent"] == pytest.approx(float((abs(human - levels) <= 1).mean()), abs=1e-4)
        assert (a.levels, a.clustered_on, a.clusters, a.max_score) == (6, "question", 6, 5)
        expected = metrics.bootstrap(
            {"mae": lambda at: metrics.mae(human[at] * 2, judge[at])}, [f"q{i % 6}" for i in range(60)], resamples=2000
        )["mae"]
        assert a.metrics["mae"].low == pytest.approx(expected.low, abs=1e-4)
        assert a.metrics["mae"].high == pytest.approx(expected.high, abs=1e-4)
        assert sum(d.n for d in a.scatter) == 60

    def test_the_largest_disagreements(self) -> None:
        sample, human, judge = self.pairs()
        a = agreement(sample)
        assert a is not None
        apart = judge - human * 2
        order = sorted(range(60), key=lambda i: (-abs(apart[i]), i))
        assert [d.row for d in a.worst] == order[:10]
        assert a.worst[0].difference == pytest.approx(apart[order[0]], abs=0.01)

    def test_levels_are_the_persons_own_where_they_are_few_and_whole(self) -> None:
        def levels(top: float, *human: float) -> int:
            sample = PairSample()
            for i, h in enumerate(human):
                sample.add(i, "", "q", h, top, 5)
            found = agreement(sample)
            assert found is not None
            return found.levels

        assert [levels(3, 1, 2), levels(1, 0, 1), levels(10, 7, 3), levels(100, 60, 7), levels(5, 2.5, 1)] == [
            4, 2, 11, 6, 6,
        ]  # fmt: skip

    def test_where_nobody_says_out_of_how_many_the_highest_is_taken_and_told(self) -> None:
        rows = [graded(n, n % 11, human=(n % 11) * 2, question=f"q{n % 2}") for n in range(22)]
        f = report(rows)
        assert f.agreement is not None
        assert (f.agreement.max_score, f.agreement.max_score_from) == (20, "highest")
        assert f.agreement.metrics["mae"].value == 0
        assert "--max-score" in render(f, "html").replace("&#45;", "-")
        said = report(rows, max_score=40).agreement
        assert said is not None
        assert (said.max_score, said.max_score_from, said.worst[0].human_of_ten) == (40, "option", 5)

    def test_one_question_is_resampled_by_rows(self) -> None:
        a = agreement(self.pairs(questions=1)[0])
        assert a is not None
        assert (a.clustered_on, a.clusters) == ("row", 60)
        assert a.metrics["mae"].low is not None

    def test_a_sample_says_that_it_is_one(self) -> None:
        sample, _, _ = self.pairs()
        small = PairSample(most=20)
        small.merge(sample)
        a = agreement(small)
        assert a is not None
        assert (a.pairs, a.seen, a.sampled) == (20, 60, True)


def hostile_rows(evil: str) -> list[GradedRow]:
    """A class with `evil` in every place that a file, a candidate or a model could put it."""
    rows = []
    for n in range(6):
        row = graded(
            n + 2, float(n), question=evil, person=f"{evil}{n % 2}", human=n, answer=evil, verdicts={evil: "partial"},
            wrong={evil: evil}, review=True, judge=JudgeInfo(kind="llm", model=evil, embedder=evil), id=evil,
        )  # fmt: skip
        row.id = evil
        row.data["question"] = evil
        assert row.judgement is not None
        row.judgement.points[0].text = row.judgement.misconceptions[0].text = evil
        rows.append(row)
    absent = graded(9, 5, human=evil)
    return [*rows, failed(10, evil), absent]


@pytest.mark.parametrize("evil", HOSTILE)
class TestHostileText:
    def test_html(self, evil: str) -> None:
        s, read = ClassStatistics(), FactReader()
        for row in hostile_rows(evil):
            s.add(row, read(row))
        made = figures(s, source=evil, lang="en", columns={"human": evil, "person": evil})
        page = Page(render(made, "html"))
        calm = Page(render(report(hostile_rows("calm")), "html"))
        assert page.open == []
        assert set(page.tags) <= {*calm.tags, "q", "code"}
        assert not {k for k, _ in page.attributes if k.startswith("on")}
        assert all(v.startswith("#") for k, v in page.attributes if k == "href")
        assert not set(page.text) & set("\x00\x1b\x07\x9b\x7f\u202e\ud800\u200b")

    def test_markdown(self, evil: str) -> None:
        s, read = ClassStatistics(), FactReader()
        for row in hostile_rows(evil):
            s.add(row, read(row))
        text = render(figures(s, source=evil, lang="en", columns={"human": evil, "person": evil}), "md")
        calm = render(report(hostile_rows("calm")), "md")
        parser = MarkdownIt("commonmark").enable("table").enable("strikethrough")

        def shape(source: str) -> list[str]:
            return [x.type for x in parser.parse(source) if x.level == 0 and x.nesting >= 0]

        assert shape(text) == shape(calm)
        inside = [x for block in parser.parse(text) for x in block.children or []]
        assert not {"link_open", "image", "html_inline"} & {x.type for x in inside}
        assert not set(text) & set("\x00\x1b\x07\x9b\x7f\u202e\ud800\u200b")

    def test_json(self, evil: str) -> None:
        text = render(report(hostile_rows(evil)), "json")
        text.encode("utf-8")
        assert json.loads(text)["agreement"]["pairs"] == 6


class TestWords:
    def test_both_languages_have_the_same_places(self) -> None:
        def places(text: str) -> set[str]:
            return {name for _, name, _, _ in string.Formatter().parse(text) if name}

        for key in class_keys():
            zh, en = ClassWords("zh")(key), ClassWords("en")(key)
            assert zh and en
            # The Chinese singular has no use for what the English one says by its form.
            assert places(zh) == places(en), key

    def test_every_sentence_is_used(self) -> None:
        room = files("interviewer.batch.class_report")
        sources = [p.read_text("utf-8") for p in Path(str(room)).rglob("*") if p.suffix in (".py", ".j2", ".css")]
        used = "\n".join(s for s in sources if "_CATALOGUE: dict" not in s)
        built = ("m.", "scale.", "interval.", "judge.")
        unused = [
            key for key in class_keys() if not key.startswith(built) and f'"{key.removesuffix(".one")}"' not in used
        ]
        assert unused == []


def test_written_whole_by_the_name(tmp_path: Path) -> None:
    made = report(class_of())
    for name in ("a.html", "a.md", "a.json"):
        write_class_report(made, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000
    with pytest.raises(UsageError, match="cannot tell the report format"):
        write_class_report(made, tmp_path / "a.pdf")
