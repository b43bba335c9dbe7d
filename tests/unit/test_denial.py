"""What is called untrue, and what only sounds like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.judge.denial import denied
from interviewer.judge.normalise import normalise
from knowledge import load_map

CLAIM = "the loss is computed on the answer tokens only"
AUSSAGE = "冻结的基座权重仍要整份留在显存里"


def covered(text: str, claim: str) -> bool:
    folded = normalise(text, 20_000).text
    at = folded.index(normalise(claim, 20_000).text)
    return any(s <= at and at + len(claim) <= e for s, e in denied(folded))


@pytest.mark.parametrize(
    "frame",
    [
        "{x}，这纯属胡说。", "{x}？扯淡。", "{x}？不存在的。", "我坚决不同意{x}。", "“{x}”这句话经不起推敲。",
        "有人说{x}，听听就好，别当真。", "认为{x}，是对原理的误读。", "{x}的说法早就被实验推翻了。",
        "网上都说{x}。那是以讹传讹。", "实际情况与“{x}”恰恰相反。",
    ],
)  # fmt: skip
def test_denials_in_chinese(frame: str) -> None:
    assert covered(frame.format(x=AUSSAGE), AUSSAGE)


@pytest.mark.parametrize(
    "frame",
    [
        "I reject the idea that {x}.", "It is a myth that {x}.",
        "Contrary to the belief that {x}, things work differently.",
        "Well, {x}. Nonsense.", "Some say that {x}. Don't believe them.", "I don't buy for a second that {x}.",
        "The claim that {x} has been debunked.", "In my view, {x}? Nope.",
        "They could not be further off: I deny that {x}.",
    ],
)  # fmt: skip
def test_denials_in_english(frame: str) -> None:
    assert covered(frame.format(x=CLAIM), CLAIM)


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (f"不可否认，{AUSSAGE}。", AUSSAGE),
        (f"很多人不信，但{AUSSAGE}，这没什么可争的。", AUSSAGE),
        (f"这个说法我不同意，{AUSSAGE}。", AUSSAGE),
        (f"常见的误解是这里很复杂，其实{AUSSAGE}。", AUSSAGE),
        (f"错误样本会误导模型，所以{AUSSAGE}。", AUSSAGE),
        (f"No one disputes that {CLAIM}.", CLAIM),
        (f"Those who reject the idea that {CLAIM} are mistaken.", CLAIM),
        (f"It is a myth that this is complicated: {CLAIM}.", CLAIM),
        (f"With rejected answers and false positives in the data, {CLAIM}.", CLAIM),
    ],
)
def test_what_only_sounds_like_a_denial(text: str, claim: str) -> None:
    assert not covered(text, claim)


def test_the_maps_own_texts_deny_next_to_nothing() -> None:
    texts = [
        text
        for q in load_map().questions.values()
        for lang in ("zh", "en")
        for text in (q.talk.text(lang), q.reference.text(lang), *(p.text(lang) for p in q.points))
    ]
    found = [t for t in texts if denied(normalise(t, 20_000).text)]
    assert len(texts) > 3000 and len(found) <= 25, found


@given(st.text(alphabet="的不是说错胡否认这那，。！？ \n\"“”:abnothetru.'"))
def test_ranges_are_in_the_text(text: str) -> None:
    assert all(0 <= s <= e <= len(text) for s, e in denied(text))
