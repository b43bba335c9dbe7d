"""Options recognised by letter, number word, text, or not at all; the key follows the shuffle."""

from __future__ import annotations

import pytest

from interviewer.judge import OfflineJudge, question_rubric
from interviewer.judge.choice import choose
from interviewer.judge.normalise import normalise
from knowledge import Kind, Question, load_map

OPTIONS = [
    ("低秩增量", "a low-rank update"),
    ("四比特量化", "four-bit quantisation"),
    ("剪掉注意力头", "pruning heads"),
]


def question(key: str = "A") -> Question:
    both = {"zh": "理由", "en": "reason"}
    return Question.model_validate(
        {
            "id": "x.y",
            "kind": "choice",
            "difficulty": 3,
            "roles": {"algo": "must"},
            "ask": {"zh": "LoRA 训练的是什么？", "en": "What does LoRA train?"},
            "points": [
                {
                    "id": "update",
                    "zh": "学到的是权重的增量，原权重冻结",
                    "en": "What is learned is an update; the weights stay frozen",
                }
            ],
            "misconceptions": [{"id": "quant", "zh": "LoRA 就是量化", "en": "LoRA is quantisation", "penalty": 1}],
            "reference": both,
            "talk": both,
            "bonus_line": both,
            "choices": [
                {"zh": zh, "en": en, "why": both, "misconception": "quant" if n == 1 else None}
                for n, (zh, en) in enumerate(OPTIONS)
            ],
            "key": key,
        }
    )


def chosen(answer: str, order: tuple[int, ...] = ()) -> str | None:
    found = choose(question_rubric(question(), "zh", order), normalise(answer))
    return found and found.letter


@pytest.mark.parametrize(
    "answer",
    ["B", "b", "Ｂ", "选B", "我选 B，因为…", "答案是B。", "B. 四比特量化", "B) because it is smaller", "Option B",
     "I'd go with B",
     "The answer is B", "第二个", "选第2个", "the second one", "四比特量化", "我觉得是四比特量化，因为它省显存",
     "four-bit quantization",
     "A 不对，C 也不对，选 B", "不选 A，应该是 B", "B 是对的，A 是错的", "(B)", "【B】", "选项B，理由是省显存",
     "option 2"],
)  # fmt: skip
def test_the_second_option(answer: str) -> None:
    assert chosen(answer) == "B"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "A 或者 B",
        "A、B",
        "AB",
        "都可以",
        "选 D",
        "A low-rank thing is what it learns",
        "我不知道",
        "first or second one",
    ],
)
def test_none_or_several(answer: str) -> None:
    assert chosen(answer) is None


def test_letters_follow_the_order_shown() -> None:
    found = choose(question_rubric(question(), "zh", (2, 0, 1)), normalise("选 B"))
    assert found is not None and (found.letter, found.index) == ("B", 0)
    assert chosen("四比特量化", (2, 0, 1)) == "C"


def test_marks_misconception_and_flags(judge: OfflineJudge) -> None:
    right = judge.judge_sync(question_rubric(question(), "zh", (2, 0, 1)), "选 B", "zh")
    assert (right.chosen, right.score, right.flags) == ("B", 8.0, [])
    wrong = judge.judge_sync(question_rubric(question(), "zh", (2, 0, 1)), "C，因为原权重冻结，学到的是增量", "zh")
    assert wrong.chosen == "C" and wrong.score is not None and wrong.score <= 2
    assert [m.id for m in wrong.misconceptions] == ["quant"]
    assert wrong.misconceptions[0].evidence[0].text == "C"
    none = judge.judge_sync(question_rubric(question(), "zh"), "原权重冻结，学到的是权重的增量", "zh")
    assert none.chosen is None and "no_choice" in none.flags and none.needs_review
    assert none.score is not None and 0 < none.score <= 8


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_option_of_the_map_is_recognised_by_letter_and_by_text(lang: str) -> None:
    for q in load_map().questions.values():
        if q.kind is not Kind.CHOICE:
            continue
        order = tuple(reversed(range(len(q.choices))))
        rubric = question_rubric(q, lang, order)
        for shown, index in enumerate(order):
            letter = chr(ord("A") + shown)
            for answer in (letter, f"选{letter}", f"The answer is {letter}.", q.choices[index].text(lang)):
                found = choose(rubric, normalise(answer))
                assert found is not None and (found.letter, found.index) == (letter, index), (q.id, answer)


@pytest.fixture(scope="module")
def judge() -> OfflineJudge:
    from interviewer.embeddings import StaticTable

    return OfflineJudge(StaticTable())
