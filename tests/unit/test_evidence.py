"""Quotes located in answers; spans merged and trimmed."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from interviewer.judge.evidence import Located, cite, locate, merge, trim
from interviewer.judge.normalise import normalise
from interviewer.judge.quotes import Quotes

ANSWER = "首先，LoRA 冻结原权重，只训练低秩增量 ＢＡ；The base weights still sit in memory, in full!"


def test_a_verbatim_quote_is_found() -> None:
    found = locate("只训练低秩增量", ANSWER)
    assert found is not None
    assert ANSWER[found.start : found.end] == found.text == "只训练低秩增量"


def test_width_case_and_punctuation_do_not_matter() -> None:
    found = locate("lora冻结原权重,只训练低秩增量BA", ANSWER)
    assert found is not None and found.text == "LoRA 冻结原权重，只训练低秩增量 ＢＡ"
    found = locate("the base weights — still sit in memory", ANSWER)
    assert found is not None and found.text == "The base weights still sit in memory"


def test_a_few_wrong_characters_are_forgiven_and_a_paraphrase_is_not() -> None:
    assert locate("The base weigths still sit in memory in full", ANSWER) is not None
    assert locate("原始参数依旧全部驻留在显卡里", ANSWER) is None
    assert locate("LoRA 冻结权重，只学低秩的增量矩阵", ANSWER) is None
    assert locate("The base weights are still kept in memory", ANSWER) is None


def test_a_quote_of_what_earns_nothing_does_not_count() -> None:
    at = ANSWER.index("The base")
    order = Quotes(Located(ANSWER), [(at, len(ANSWER))])
    assert not order.find(["The base weights still sit in memory"]).located
    assert order.find(["只训练低秩增量"]).located
    half = order.find(["只训练低秩增量", "The base weights still sit in memory"])
    assert half.share == 0.5 and [e.text for e in half.evidence] == ["只训练低秩增量"]


def test_empty_long_and_short_quotes() -> None:
    assert locate("", ANSWER) is None
    assert locate("，。！", ANSWER) is None
    assert locate(ANSWER + "还有别的一些话", ANSWER) is None
    assert locate("LoRB", ANSWER) is None, "a short quote counts only when verbatim"
    assert locate("LoRA", ANSWER) is not None
    assert locate("LoRA", "") is None


@given(st.text(max_size=80), st.text(max_size=200))
def test_whatever_is_located_lies_in_the_answer(quote: str, answer: str) -> None:
    found = locate(quote, answer)
    if found is not None:
        assert 0 <= found.start < found.end <= len(answer)
        assert found.text == answer[found.start : found.end]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12))
def test_merged_spans_are_ordered_apart_and_cover_the_same(spans: list[tuple[int, int]]) -> None:
    merged = merge(spans, gap=0)
    assert merged == sorted(merged)
    assert all(a[1] < b[0] for a, b in pairwise(merged))
    covered = {i for s, e in spans for i in range(s, e)}
    assert covered == {i for s, e in merged for i in range(s, e)}


def test_trimmed_spans_lose_loose_punctuation_only() -> None:
    assert trim("，（a+b）。", (0, 7)) == (1, 6)
    assert [e.text for e in cite(ANSWER, [(2, 15), (14, 20)])] == ["LoRA 冻结原权重，只训练低秩增"]


@given(st.text(max_size=300))
def test_offsets_lead_back_to_the_answer(text: str) -> None:
    folded = normalise(text)
    assert len(folded.offsets) == len(folded.text) + 1
    assert list(folded.offsets) == sorted(folded.offsets)
    if folded.text:
        start, end = folded.span(0, len(folded.text))
        assert 0 <= start < end <= len(text)


def test_hidden_characters_are_dropped_and_counted() -> None:
    folded = normalise("Lo\u200bRA\u202e\x00 省\ufeff显存\ud800")
    assert folded.text == "lora 省显存"
    assert folded.hidden == 3
