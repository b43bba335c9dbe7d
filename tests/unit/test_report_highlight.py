"""Evidence highlighting: whatever the spans, the answer comes out whole and escaped."""

from __future__ import annotations

import html
import re
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from interviewer.cli.plain_words import Words as PlainWords
from interviewer.flag_words import FLAGS
from interviewer.models import Evidence, Flag
from interviewer.report.highlight import Mark, place, stretches
from interviewer.report.html import answer_html, colour
from interviewer.report.parts import Exchange
from interviewer.report.words import Words
from interviewer.text import visible
from interviewer.tui.words import Words as ScreenWords

ANSWER = st.text(
    st.one_of(st.sampled_from("<>&\"'\r\n`|\x1b\ud800\u202e\u200b中a 😀"), st.characters(exclude_categories=())),
    max_size=50,
)
KEY = st.sampled_from(["1", "2", "3", "11", "a", "b"])
SPAN = st.tuples(KEY, st.integers(-3, 60), st.integers(-3, 60))


def shown(answer: str, marks: list[Mark]) -> str:
    exchange = Exchange("q1", "question", "", "", "", "", answer, False, "", [], None, stretches(answer, marks))
    return str(answer_html(exchange, Words("en")))


@given(ANSWER, st.lists(SPAN, max_size=12))
def test_stripping_the_tags_gives_back_the_answer(answer: str, spans: list[tuple[str, int, int]]) -> None:
    page = shown(answer, [Mark(*s) for s in spans])
    text = re.sub(r"<[^<>]*>", "", page)
    assert html.unescape(text) == visible(answer)
    assert "<" not in text and ">" not in text and '"' not in text
    tags = set(re.findall(r"</?([^\s>]*)", page))
    assert tags <= {"mark", "a"}
    assert page.count("<mark") == page.count("</mark>")


@given(ANSWER, st.lists(SPAN, max_size=12))
def test_a_character_is_marked_exactly_when_a_span_holds_it(answer: str, spans: list[tuple[str, int, int]]) -> None:
    plain = answer.replace("\r\n", "..")
    marks = [Mark(*s) for s in spans]
    at = 0
    for s in stretches(plain, marks):
        for offset in range(at, at + len(s.text)):
            assert set(s.keys) == {m.key for m in marks if max(m.start, 0) <= offset < min(m.end, len(plain))}
        at += len(s.text)
    assert at == len(plain)


def test_overlap_shows_both_marks_and_each_number_once() -> None:
    page = shown("one two three", [Mark("1", 0, 7), Mark("2", 4, 13), Mark("1", 2, 5)])
    assert page.count('data-n="1"') == page.count('data-n="2"') == 1
    assert '<mark class="h c1 also uc2">two</mark><a class="ref c1" href="#q1-p1"' in page


def test_quotes_that_are_not_where_they_claim() -> None:
    answer = "激活基本不变"
    moved = Evidence(start=3, end=5, text="激活")
    foreign = Evidence(start=0, end=2, text="权重")
    beyond = Evidence(start=90, end=99, text="")
    assert place(answer, "1", [moved, foreign, beyond]) == [Mark("1", 0, 2)]


def test_more_points_than_colours() -> None:
    assert colour("10") == "c1" and colour("9") == "c9" and colour("a") == "cm"


def test_every_flag_is_called_something_and_the_same_everywhere() -> None:
    assert set(FLAGS) == set(get_args(Flag))
    for flag, (zh, en) in FLAGS.items():
        assert Words("zh").named("flag", flag) == ScreenWords("zh").named("flag", flag) == zh
        assert Words("en").named("flag", flag).lower() == ScreenWords("en").named("flag", flag).lower() == en.lower()
        assert PlainWords("zh").flag(flag) == zh
