"""The report of an evaluation: drawings, escaping, what is missing, the same bytes twice."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from evals.probes import Outcome
from evals.report import FORMATS, LANGS, render, report_again, write_reports
from evals.report.markdown import forest_text
from evals.report.names import NAMES
from evals.report.shapes import Interval, Result
from evals.report.svg import scale
from evals.report.words import _CATALOGUE, Words
from interviewer.errors import InputError
from interviewer.text import cell_width

HOSTILE = (
    "<script>alert(1)</script> </details></div><img src=x onerror=alert(2)> | a | b |\n"
    '```\n# not a heading\n[link](javascript:alert(3)) "quoted" \'&amp; \x1b[31m\u202e {{ 7 * 7 }} {% raw %}'
)
EMPTY: dict[str, Any] = {"metrics": {}, "n": 0}


def estimate(value: float, half: float = 0.05) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + half}


def result(text: str = "plain", **more: Any) -> dict[str, Any]:
    """A result with one of everything, every free text in it being `text`."""
    bins = [
        {"low": 0, "high": 1, "n": 4, "given": 0.5, "reference": estimate(0.7)},
        {"low": 9, "high": 10, "n": 2, "given": 9.5, "reference": {"value": 8, "low": None, "high": None}},
    ]
    part = {"n": 6, "qwk": estimate(0.7), "mae": estimate(0.5), "mean_signed_error": estimate(-0.1)}
    both = {"zh": text, "en": text}
    point = {
        "id": "p1", "text": both, "reference": 1, "credit": 0.5, "verdict": "partial", "core": False,
        "evidence": [{"start": 0, "end": 6, "text": text[:6]}],
    }  # fmt: skip
    wrong = {"id": "w", "text": both, "judge": True, "evidence": [{"start": 3, "end": 9, "text": text[3:9]}]}
    worst = {
        "answer_id": text, "question_id": "q", "question": both, "answer": text, "lang": "en",
        "kind": "open", "mode": text, "reference": 4.5, "score": 1.0, "difference": -4.0, "flags": ["off_topic", text],
        "points": [point], "misconceptions": [wrong], "raters": [{"rater": text, "grade": 4, "note": text}],
    }  # fmt: skip
    return {
        "judge": {"kind": "offline", "model": text, "embedder": text, "calibration": "fusion-v9"},
        "split": text, "versions": {text: text}, "n": 6, "questions": 3, "data": text,
        "metrics": {"qwk": estimate(0.74), "mae": estimate(0.8), "adjacent": estimate(0.8), "smd": -0.02, text: 1},
        "annotators": {"raters": [text, "r2"], "n": 6, "metrics": {"qwk": estimate(0.98, 0.01)}, "kind": None},
        "confusion": [[1 if r == c else 0 for c in range(6)] for r in range(6)],
        "point_confusion": [[5, 1, 0], [1, 2, 1], [0, 0, 9]],
        "slices": {"lang": {"en": part}, "mode": {text: part}, "category": {"arch": part}},
        "names": {"category": {"arch": both}},
        "calibration": {"top": 10, "error": 0.4, "bins": bins},
        "point_calibration": {"top": 1, "error": 0.1, "bins": [bins[0]]},
        "bland_altman": {"bias": estimate(-0.1), "lower": estimate(-2), "upper": estimate(2), "sd": 1.0,
                         "items": [{"answer": text, "mean": 2, "difference": -4.0}]},
        "worst": [worst], "failures": [{"answer": text, "error": text}],
        "probes": [Outcome(text, 0.2, 0.1, 0.3, text, False, 9, (text,)).as_json(),
                   Outcome("padding", float("nan"), None, None, "line", True, 0).as_json()],
        "beside": [{"name": text, "what": text, "qwk": estimate(0.4), "mae": estimate(1), "point_f1": estimate(0.5),
                    "difference": estimate(0.3)}, {"name": "b", "what": "", "difference": None}],
        "others": [{"name": text, "n": 3, "metrics": {"qwk": estimate(0.9)}, "cost": 0.5, "seconds_per_answer": None}],
        "timing": {"answers": 6, "seconds_median": 0.5, "seconds_p95": 1.5, "calls": 12, "cost": None},
    } | more  # fmt: skip


class _Page(HTMLParser):
    """Checks that tags close in order, and collects what the page is made of."""

    VOID = frozenset({"meta", "br", "img", "input", "link", "hr"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self.ids += [v or "" for k, v in attrs if k == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


@pytest.mark.parametrize("lang", LANGS)
class TestPage:
    def test_everything_is_there(self, lang: str) -> None:
        page = _Page(render(result(), fmt="html", lang=lang))
        t = Words(lang)
        for key in ("forest", "criteria", "confusion", "grades", "point_confusion", "calibration", "point_calibration",
                    "bland_altman", "slices", "measures", "probes", "beside", "others", "worst", "failures", "timing",
                    "provenance", "slices.restricted"):  # fmt: skip
            assert t(key) in page.text, key
        assert t("fail") in page.text and t("ok") in page.text
        assert "<" not in page.text and {"svg", "details", "table"} <= page.tags

    def test_hostile_text_stays_text(self, lang: str) -> None:
        page = _Page(render(result(HOSTILE), fmt="html", lang=lang))
        assert not page.tags & {"script", "img", "iframe", "object", "link", "form"}
        assert not [k for k, _ in page.attributes if k.startswith("on")]
        assert all((v or "").startswith("#") for k, v in page.attributes if k in ("href", "xlink:href"))
        assert not [k for k, _ in page.attributes if k in ("src", "style", "formaction")]
        assert "<script>alert(1)</script>" in page.text and "{{ 7 * 7 }}" in page.text
        assert "\x1b" not in page.text and "\u202e" not in page.text

    def test_it_needs_nothing_but_itself(self, lang: str) -> None:
        page = render(result(), fmt="html", lang=lang)
        assert not re.search(r"https?://|url\(|@import|<script", page)
        assert "default-src 'none'" in page

    def test_links_lead_somewhere_and_ids_are_unique(self, lang: str) -> None:
        page = _Page(render(result("word word word"), fmt="html", lang=lang))
        assert len(page.ids) == len(set(page.ids))
        targets = {(v or "")[1:] for k, v in page.attributes if k == "href"}
        assert targets and targets <= set(page.ids)

    def test_the_drawings_are_well_formed(self, lang: str) -> None:
        page = render(result(HOSTILE), fmt="html", lang=lang)
        drawings = re.findall(r"<svg.*?</svg>(?=\s*<|</)", page, re.DOTALL)
        assert len(drawings) > 10
        for figure in re.findall(r"<figure>(.*?)</figure>", page, re.DOTALL):
            ET.fromstring(figure[figure.index("<svg") : figure.rindex("</svg>") + 6])

    @pytest.mark.parametrize("fmt", FORMATS)
    def test_the_same_bytes_twice(self, fmt: Any, lang: str) -> None:
        first = render(result(HOSTILE), fmt=fmt, lang=lang)
        assert first == render(json.loads(json.dumps(result(HOSTILE))), fmt=fmt, lang=lang)

    @pytest.mark.parametrize("fmt", FORMATS)
    def test_nothing_in_it(self, fmt: Any, lang: str) -> None:
        for empty in (EMPTY, EMPTY | {"probes": {}, "beside": None, "failures": [{"answer": "a", "error": None}]}):
            text = render(empty, fmt=fmt, lang=lang)
            assert Words(lang)("nothing_scored") in text
            assert Words(lang)("who.nobody") in text
            assert Words(lang)("criteria") not in text
        if fmt == "html":
            _Page(text)

    @pytest.mark.parametrize("fmt", FORMATS)
    def test_one_item_without_annotators(self, fmt: Any, lang: str) -> None:
        nothing = {"value": None, "low": None, "high": None}
        one = {
            "metrics": {"qwk": nothing, "mae": {"value": 0, "low": None, "high": None}, "smd": nothing}, "n": 1,
            "questions": 1, "confusion": [[0] * 6 for _ in range(5)] + [[0, 0, 0, 0, 0, 1]],
            "calibration": {"top": 10, "error": 0, "bins": [
                {"low": 9, "high": 10, "n": 1, "given": 10, "reference": {"value": 10, "low": None, "high": None}}]},
            "bland_altman": {"bias": {"value": 0}, "items": [{"answer": "a", "mean": 5, "difference": 0}]},
            "slices": {"lang": {"en": {"n": 1, "qwk": nothing}}, "mode": {}},
        }  # fmt: skip
        text = render(one, fmt=fmt, lang=lang)
        assert Words(lang)("unknown_met") in text
        assert not re.search(r"\b(nan|inf|None)\b", text)

    def test_who_the_annotators_were(self, lang: str) -> None:
        models = {"raters": ["r1", "r2", "r3"], "metrics": {}, "kind": "language models"}
        assert Words(lang)("who.models", n=3, raters=Words(lang).comma.join(["r1", "r2", "r3"])) in render(
            result(annotators=models), fmt="md", lang=lang
        )
        assert "r2" in render(result(annotators=models | {"kind": None}), fmt="html", lang=lang)

    def test_items_say_more_about_the_dots(self, lang: str) -> None:
        line = {"id": "plain", "mode": "vague", "reference": {"mean_grade": 4.5}, "judgement": {"score": 1.0}}
        page = render(result(), [line], fmt="html", lang=lang)
        told = Words(lang)("dot", id="plain", mode=Words(lang).named("mode", "vague"), reference="4.5", score="0.5")
        assert f"<title>{told}</title>" in page
        assert told not in render(result(), fmt="html", lang=lang)


class TestEvidence:
    def test_it_is_marked_where_it_stands(self) -> None:
        page = render(result("Warmup keeps <b>the</b> first steps small."), fmt="html", lang="en")
        assert '<mark class="h c1">War</mark>' in page
        assert 'data-n="1"' in page and 'data-n="A"' in page
        words = re.search(r'<div class="words">(.*?)</div>', page, re.DOTALL)
        assert words and "&lt;b&gt;the&lt;/b&gt;" in words[1]
        assert _Page(words[0]).text == "Warmup keeps <b>the</b> first steps small."

    def test_a_quote_that_is_not_in_the_answer_marks_nothing(self) -> None:
        made = result("an answer")
        made["worst"][0]["points"][0]["evidence"] = [{"start": 0, "end": 5, "text": "other words"}]
        made["worst"][0]["misconceptions"] = []
        assert "<mark" not in render(made, fmt="html", lang="en")


class TestMarkdown:
    def test_tables_hold(self) -> None:
        text = render(result(HOSTILE), fmt="md", lang="en")
        table: int | None = None
        fenced = ""
        for line in text.split("\n"):
            if fence := re.match(r"`{3,}", line):
                fenced = "" if fenced and line == fenced else fenced or fence[0]
                continue
            if fenced:
                continue
            if line.startswith("|"):
                cells = len(re.findall(r"(?<!\\)\|", line))
                assert table in (None, cells), line
                table = cells
            else:
                table = None
                assert "<script" not in line.replace("\\<", "")
                assert not line.startswith("# not a heading")
        assert not fenced
        assert "\x1b" not in text and "\u202e" not in text

    def test_the_answer_cannot_close_its_fence(self) -> None:
        text = render(result("before\n```\n# after"), fmt="md", lang="en")
        assert "````text\nbefore\n```\n# after\n````" in text

    def test_forest_in_letters(self) -> None:
        rows = [
            ("标注者", Interval(value=1, low=0.9, high=1), "annotators"),
            ("judge", Interval(value=0.5, low=0.25, high=0.75), "judge"),
            ("none", Interval(), "judge"),
        ]
        axis, first, second, third = forest_text(rows, scale((), 0, 1))
        assert axis.split() == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
        assert second.index("●") - second.index("├") == second.index("┤") - second.index("●") == 10
        assert "◆" in first and "●" not in third
        assert cell_width(first.split("  1.00")[0]) == cell_width(second.split("  0.50")[0])


def test_both_languages_say_the_same() -> None:
    for key, (zh, en) in (_CATALOGUE | NAMES).items():
        assert zh and en, key
        assert sorted(re.findall(r"{\w+}", zh)) == sorted(re.findall(r"{\w+}", en)), key


class TestFiles:
    def test_written_and_made_again(self, tmp_path: Path) -> None:
        made = result(HOSTILE)
        (tmp_path / "result.json").write_text(json.dumps(made))
        (tmp_path / "items.jsonl").write_text(json.dumps({"id": "x"}) + "\n\n")
        first = write_reports(tmp_path, made)
        assert [p.name for p in first] == ["report.html", "report.md", "report.zh.html", "report.zh.md"]
        before = [p.read_bytes() for p in first]
        assert [p.read_bytes() for p in report_again(tmp_path)] == before
        assert report_again(tmp_path, ("zh",)) == first[2:]

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (None, "no result.json in it"),
            (b"{", "result.json: not valid JSON"),
            (b"\xff", "not UTF-8"),
            (b"[]", "no result of"),
            (b"{}", "metrics: Field required"),
            (b'{"metrics": {}, "n": 1, "confusion": [[1, 2]]}', "confusion"),
        ],
    )
    def test_what_is_no_result(self, tmp_path: Path, content: bytes | None, words: str) -> None:
        if content is not None:
            (tmp_path / "result.json").write_bytes(content)
        with pytest.raises(InputError, match=re.escape(words)) as e:
            report_again(tmp_path)
        assert e.value.hint or "UTF-8" in words
        assert not list(tmp_path.glob("report*"))

    def test_a_broken_line_of_items(self, tmp_path: Path) -> None:
        (tmp_path / "result.json").write_text(json.dumps(EMPTY))
        (tmp_path / "items.jsonl").write_text('{"id": "a"}\n{\n')
        with pytest.raises(InputError, match=r"items\.jsonl:2: not valid JSON"):
            report_again(tmp_path)

    def test_the_command(self, tmp_path: Path) -> None:
        def run(*args: str | Path) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "evals", "report", *map(str, args)],
                capture_output=True, text=True, timeout=60, env=os.environ | {"PYTHONIOENCODING": "utf-8"},
            )  # fmt: skip

        (tmp_path / "result.json").write_text(json.dumps(result()))
        done = run(tmp_path, "--lang", "zh")
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == [str(tmp_path / "report.zh.html"), str(tmp_path / "report.zh.md")]
        missing = run(tmp_path / "nowhere")
        assert missing.returncode == 1 and "evals run --output DIR" in missing.stderr
        assert "Traceback" not in missing.stderr


def test_a_bare_number_is_an_estimate_and_nan_is_unknown() -> None:
    read = Result.model_validate({"metrics": {"a": 1, "b": None, "c": {"value": float("nan")}}, "n": 0})
    assert [read.metrics[k].value for k in "abc"] == [1, None, None]
