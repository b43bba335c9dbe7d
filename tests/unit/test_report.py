"""What the report says, in both languages, and that no answer can break out of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Literal

import pytest
from markdown_it import MarkdownIt

from interviewer.errors import UsageError
from interviewer.models import Evidence, MisconceptionFound, PointVerdict, Report
from interviewer.report import render
from interviewer.report import words as catalogue
from interviewer.report.words import Words
from tests.unit.report_fixture import judgement, sample_map, sample_report

Text = Literal["md", "html"]
FORMATS: list[Text] = ["md", "html"]
HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[red]not markup[/red] [link](javascript:alert(1)) ![i](http://evil.example/x.png)",
    "</details></article></main><h1>Score 10/10</h1>",
    "```\n# Overall score 10 / 10\n````\n~~~\n`````python",
    "\x00 \x1b[31m\x1b]8;;http://evil.example\x07x \x9b2J \x7f",
    "\ud800 lone \udfff, \u202ebidi\u202c, zero\u200bwidth, 😀👩‍💻",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\n\n1. list\n- - -\n<!-- -->",
    "\" onmouseover=\"alert(1)' style='x {{ 7*7 }} {% raw %} ${x} %s {0}",
    "see https://evil.example/ and www.evil.example or me@evil.example &lt;b&gt; &#60;",
]


class Page(HTMLParser):
    """Collects what a browser would see: tags, attributes, text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(k, v or "") for k, v in attrs]
        self.ids += [v or "" for k, v in attrs if k == "id"]
        if tag not in ("meta", "br", "rect", "line", "circle", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_report(evil: str, lang: str = "en") -> Report:
    """The sample with `evil` in every place a candidate, a model or a database could put it."""
    report = sample_report(lang)
    whole = Evidence(start=0, end=len(evil), text=evil)
    for turn in report.turns:
        turn.answer = evil if turn.kind != "hint" else None
        turn.text, turn.why, turn.options = evil, evil, [evil] * len(turn.options)
        if turn.judgement is None:
            continue
        turn.judgement.feedback, turn.judgement.error = evil, evil
        turn.judgement.judge.model = evil
        for point in turn.judgement.points:
            point.evidence, point.text = [whole], evil
        turn.judgement.misconceptions = [MisconceptionFound(id="x", text=evil, evidence=[whole], penalty=1)]
    for item in report.study_next:
        item.why, item.points, item.question_ids = evil, [evil], [evil]
    for name in ("session", "role", "level", "judge_card", "why_ended", "started_at"):
        setattr(report, name, evil)
    return report


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("fmt", ["md", "html"])
def test_the_report_says_what_happened(fmt: Text, lang: str) -> None:
    report, the_map, t = sample_report(lang), sample_map(), Words(lang)
    text = render(report, fmt, the_map=the_map)
    text = Page(text).text if fmt == "html" else text
    for key in (
        "first_attempt",
        "after_probe",
        "study",
        "legend" if fmt == "html" else "evidence",
        "provenance",
    ):
        assert t(key) in text
    for word in (
        "covered",
        "partial",
        "missing",
        "contradicted",
        "status.skipped",
        "unscored",
        "chosen",
        "right",
    ):
        assert t(word) in text, word
    assert "openai/gpt-5-mini" in text and report.judge_card in text and report.session in text
    assert t("judge.fallback", n=1) in text
    for turn in report.turns:
        assert turn.text in text and turn.why in text
        if turn.answer and fmt == "html":
            assert turn.answer in text
    for question in the_map.questions.values():
        assert question.reference.text(lang) in text and question.talk.text(lang) in text
    assert "https://arxiv.org/abs/2106.09685" in render(report, fmt, the_map=the_map)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_report_in_the_other_language_without_a_map(lang: str) -> None:
    other = "en" if lang == "zh" else "zh"
    for fmt in FORMATS:
        text = render(sample_report(lang), fmt, lang=other)
        assert Words(other)("study_note") in text and Words(lang)("study_note") not in text
    translated = render(sample_report("zh"), "md", lang="en", the_map=sample_map())
    assert "The frozen base weights stay loaded in full" in translated


def test_study_goes_by_prerequisites() -> None:
    text = render(sample_report("en"), "md", the_map=sample_map())
    study = text[text.index("## What to study next") : text.index("## Question by question")]
    assert study.index("Gradient accumulation") < study.index("**LoRA")
    assert "Builds on: Gradient accumulation" in study


def test_unscored_is_never_zero() -> None:
    report = sample_report("en")
    for fmt in FORMATS:
        text = render(report, fmt, the_map=sample_map())
        last = text[text.rindex("When time to first token") :]
        assert "timed out three times" in last and "Unscored" in last
        assert "0.0" not in last.split("Where this report")[0]
    empty = report.model_copy(
        update={"score": None, "grade": None, "turns": [], "questions": [], "skills": [], "study_next": []}
    )
    for fmt in FORMATS:
        text = render(empty, fmt)
        assert "No question was scored" in text and "0.0" not in text.split("</style>")[-1]


def test_an_unfinished_interview_says_so() -> None:
    report = sample_report("en")
    report.finished = False
    report.turns = report.turns[:1]
    report.turns[0].judgement = None
    for fmt in FORMATS:
        text = render(report, fmt, the_map=sample_map())
        assert "not finished" in text and "stopped before it was graded" in text


def test_the_offline_judge_is_named_plainly() -> None:
    report = sample_report("zh")
    report.judge = judgement(1, []).judge.model_copy(update={"kind": "offline", "model": None})
    assert "离线评分器" in render(report, "md") and "没有使用语言模型" in render(report, "html")


@pytest.mark.parametrize("evil", HOSTILE)
def test_html_holds_whatever_is_typed(evil: str) -> None:
    honest = Page(render(sample_report("en"), "html", the_map=sample_map()))
    page = render(hostile_report(evil), "html", the_map=sample_map())
    seen = Page(page)
    assert not seen.open
    assert set(seen.tags) <= set(honest.tags)
    assert {k for k, _ in seen.attributes} <= {k for k, _ in honest.attributes}
    links = [v for k, v in seen.attributes if k in ("href", "src")]
    assert all(v.startswith(("#q", "https://arxiv.org/", "https://experimentguide.com/")) for v in links)
    assert len(seen.ids) == len(set(seen.ids))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b\ud800-\udfff]", page)


@pytest.mark.parametrize("evil", HOSTILE)
def test_markdown_holds_whatever_is_typed(evil: str) -> None:
    text = render(hostile_report(evil), "md")
    text.encode("utf-8")
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    inline = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in [*tokens, *inline]}
    assert not kinds & {"html_block", "html_inline", "image", "link_open", "s_open", "code_block"}
    honest = parser.parse(render(sample_report("en"), "md"))
    headings = [t.tag for t in tokens if t.type == "heading_open"]
    assert headings == [t.tag for t in honest if t.type == "heading_open"]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b\ud800-\udfff]", text)
    loose = "".join(child.content for child in inline if child.type == "text")
    assert "://evil" not in loose and "www.evil" not in loose and "me@evil" not in loose


def test_a_huge_answer_is_kept_whole_and_folded() -> None:
    report = sample_report("en")
    report.turns[0].answer = answer = "显存 <b> ` \n" * 20_000
    page = render(report, "html", the_map=sample_map())
    assert answer in Page(page).text and 'class="long"' in page
    assert answer.strip() in render(report, "md")


def test_equal_input_gives_equal_output() -> None:
    for lang in ("zh", "en"):
        for fmt in ("md", "html", "json"):
            once = render(sample_report(lang), fmt, the_map=sample_map())
            assert once == render(sample_report(lang), fmt, the_map=sample_map())


def test_the_page_needs_nothing_but_itself() -> None:
    page = render(sample_report("zh"), "html", the_map=sample_map())
    seen = Page(page)
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert '<html lang="zh-CN">' in page and '<meta name="viewport"' in page
    assert not {"script", "img", "link", "iframe", "object", "form", "input"} & set(seen.tags)
    assert "url(" not in page and "@import" not in page
    targets = {v[1:] for k, v in seen.attributes if k == "href" and v.startswith("#")}
    assert targets <= set(seen.ids)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown report format"):
        render(sample_report(), "pdf")  # type: ignore[arg-type]


def test_many_points_and_misconceptions_keep_their_own_anchors() -> None:
    report = sample_report("en")
    found = report.turns[0].judgement
    assert found is not None
    quote = found.points[0].evidence
    found.points = [PointVerdict(id=f"p{n}", verdict="partial", credit=0.5, evidence=quote) for n in range(14)]
    found.misconceptions = [MisconceptionFound(id=f"m{n}", evidence=quote) for n in range(30)]
    seen = Page(render(report, "html", the_map=sample_map()))
    assert len(seen.ids) == len(set(seen.ids))


def test_both_languages_have_every_placeholder() -> None:
    for key in catalogue.all_keys():
        zh, en = (set(re.findall(r"{(\w+)}", Words(lang)(key))) for lang in ("zh", "en"))
        assert zh == en, key


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(scheme: str) -> None:
    """WCAG 2.2 AA, 4.5:1, for every pair of text and ground in the style sheet."""
    css = (files("interviewer.report") / "templates" / "report.css").read_text("utf-8")
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in css.split("@media screen", 1))
    colours = light if scheme == "light" else light | dark
    pairs = [(text, ground) for text in ("ink", "soft", "accent") for ground in ("paper", "card", "wash")]
    pairs += [(v, "card") for v in ("covered", "partial", "missing", "contradicted")]
    pairs += [("warn", "warn-bg"), ("paper", "accent")]
    for n in (*range(1, 10), "m"):
        pairs += [(f"c{n}", f"c{n}b"), ("ink", f"c{n}b"), (f"c{n}", "wash")]
    low = {pair: round(contrast(*(colours[p] for p in pair)), 2) for pair in pairs}
    assert not {pair: ratio for pair, ratio in low.items() if ratio < 4.5}


def contrast(one: str, two: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)
