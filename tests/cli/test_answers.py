"""Files of scripted answers: both shapes of YAML, JSONL, and every fault with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from interviewer.cli.answers import Script, as_action, read_answers
from interviewer.errors import InputError
from interviewer.models import Turn
from knowledge import UnknownNameError, load_map
from tests.unit.judged import hint, turn

MAP = load_map()
LOSS, LORA = MAP.question("sft-fundamentals.loss"), MAP.question("lora.core-advantage")


def read(tmp_path: Path, text: str | bytes, name: str = "a.yaml") -> Script:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_answers(path, MAP)


def faulty(tmp_path: Path, text: str | bytes, name: str = "a.yaml") -> str:
    with pytest.raises(InputError) as e:
        read(tmp_path, text, name)
    assert str(tmp_path / name) in e.value.message
    return f"{e.value.message.removeprefix(str(tmp_path))} {e.value.hint}"


def test_by_id(tmp_path: Path) -> None:
    yaml = read(tmp_path, "lora.core-advantage: B\nsft-fundamentals.loss: [first, second]\n")
    jsonl = read(
        tmp_path,
        '{"question_id": "lora.core-advantage", "answer": "B"}\n\n'
        '{"question_id": "sft-fundamentals.loss", "answer": "first", "follow_ups": ["second"]}\n',
        "a.jsonl",
    )
    assert yaml == jsonl
    assert yaml.take(turn(LOSS)) == ("answer", "first")
    assert yaml.take(turn(LOSS)) == ("answer", "second")
    assert yaml.take(turn(LOSS)) == ("skip", None)
    assert yaml.take(turn(LORA)) == ("answer", "B")


def test_in_order(tmp_path: Path) -> None:
    script = read(tmp_path, "- one\n- /hint\n- {answer: two, follow_ups: [three]}\n-\n")
    taken = [script.take(turn(LOSS)) for _ in range(6)]
    assert taken == [
        ("answer", "one"), ("hint", None), ("answer", "two"), ("answer", "three"), ("answer", ""), ("finish", None),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["no", "on", "1.10", "0x1F", "2026-11-21", "1_000", "12:30:00", ".5", "True"])
def test_plain_yaml_scalars_are_text_as_written(tmp_path: Path, text: str) -> None:
    assert list(read(tmp_path, f"- {text}\n").in_order) == [text]


def test_null_is_no_answer(tmp_path: Path) -> None:
    assert list(read(tmp_path, "- null\n- ~\n- 'null'\n").in_order) == ["", "", "null"]


def test_unicode_separators_do_not_cut_a_line_of_json(tmp_path: Path) -> None:
    script = read(tmp_path, '{"answer": "a\u2028b\u0085c\x7f"}\r\n"d"\r\n', "a.jsonl")
    assert list(script.in_order) == ["a\u2028b\u0085c\x7f", "d"]


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    assert list(read(tmp_path, b"\xef\xbb\xbf- one\n").in_order) == ["one"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a\n- [b\n", "/a.yaml:3: not valid YAML"),
        ("a: b: c\n", "/a.yaml:1: not valid YAML"),
        ("- a\n- b\x00\n", "/a.yaml:2: YAML does not allow the character U+0000"),
        ("- a\n- b\x1b[31m\n", "/a.yaml:2: YAML does not allow the character U+001B"),
        ("lora.core-advantage: A\nlora.core-advantage: B\n", "/a.yaml:2: not valid YAML: the key 'lora.core-adv"),
        ("lora.core-advantage: {answr: B}\n", "unknown key 'answr' did you mean 'answer'?"),
        ("lora.core-advantage: {answer: {a: b}}\n", "an answer must be text, not dict"),
        ("- [[a]]\n", "item 1: expected an answer or an object, not list"),
        ("lora.core-advantage: {follow_ups: x}\n", "follow_ups must be a list"),
        ("- one\n- {question_id: lora.core-advantage, answer: B}\n", "some answers name their question and some"),
        ("just text\n", "expected a mapping"),
        ("", "expected a mapping"),
        ("[]\n", "no answers in it"),
        (b"- \xff\xce\n", "is not UTF-8"),
        ("!!python/object/apply:os.system ['true']\n", "not valid YAML"),
        ("- " + "[" * 5000 + "\n", "not valid YAML"),
    ],
)  # fmt: skip
def test_every_fault_of_a_yaml_file_has_its_place(tmp_path: Path, text: str | bytes, says: str) -> None:
    assert says in faulty(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('"a"\n{"answer": \n', "/a.jsonl:2: not valid JSON"),
        ('"a"\n\n{"anwser": "x"}\n', "line 3: unknown key 'anwser' did you mean 'answer'?"),
        ("[1]\n", "line 1: expected an answer or an object, not list"),
        ("[" * 100_000 + "\n", "/a.jsonl:1: not valid JSON"),
        ("9" * 5000 + "\n", "/a.jsonl:1: not valid JSON"),
        ("", "no answers in it"),
    ],
)
def test_every_fault_of_a_jsonl_file_has_its_line(tmp_path: Path, text: str, says: str) -> None:
    assert says in faulty(tmp_path, text, "a.jsonl")


def test_a_file_that_is_not_there_or_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_answers(path, MAP)


def test_an_unknown_question_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError) as e:
        read(tmp_path, "lora.core-advantages: B\n")
    assert "lora.core-advantage" in e.value.nearest and "a.yaml" in str(e.value)


def test_words_that_are_actions() -> None:
    assert as_action(" /HINT ") == ("hint", None)
    assert as_action("/不知道") == ("dont_know", None)
    assert as_action("/hint me") == ("answer", "/hint me")
    assert as_action("") == ("answer", "")


def done(turn_id: str, *, follow_up: int | None = None) -> Turn:
    return turn(LOSS, id=turn_id, follow_up=follow_up)


@pytest.mark.parametrize(
    ("entries", "turns", "left"),
    [
        ("- a\n- b\n", [], ["a", "b"]),
        ("- a\n- b\n", [done("q01")], ["b"]),
        ("- a\n- b\n", [done("q01"), turn(LOSS, id="q02", action=None)], ["b"]),
        ("- /hint\n- a\n- b\n", [done("q01"), hint(LOSS)], ["b"]),
        ("- a\n- /hint\n- b\n- c\n", [done("q01"), done("q01.f1", follow_up=0)], ["c"]),
        ("- /hint\n- /hint\n- a\n- b\n", [done("q01"), hint(LOSS)], ["b"]),
        ("- /hint\n- a\n", [turn(LOSS, action=None), hint(LOSS)], ["/hint", "a"]),
        ("- a\n", [done("q01"), done("q02")], []),
    ],
)
def test_after_a_resume_what_was_given_is_dropped(
    tmp_path: Path, entries: str, turns: list[Turn], left: list[str]
) -> None:
    script = read(tmp_path, entries)
    script.skip_done(turns)
    assert list(script.in_order) == left


def test_a_file_without_an_end() -> None:
    with pytest.raises(InputError, match="larger than"):
        read_answers(Path("/dev/zero"), MAP)
