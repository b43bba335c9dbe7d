"""Files to and from a provider's batch service: ids, lines, names, parts, and results of every kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.batch.exchange import LONGEST_LINE, BatchExchange
from interviewer.batch.exchange_words import assumed, mismatch, results
from interviewer.batch.request_files import Rounds
from interviewer.errors import ConfigError, InputError, UsageError
from interviewer.llm.batch_lines import NoResultError, content_id, custom_id, read_result, request_line
from tests.llm.batch_service import expired, lines_of, result_line, vllm_error, write
from tests.llm.server import answer, error

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
LIKE_A_RESULT = st.fixed_dictionaries(
    {},
    optional={
        "custom_id": st.text() | st.just("a" * 40) | st.just("a" * 40 + "-7") | JSON,
        "error": JSON | st.fixed_dictionaries({}, optional={"message": JSON, "code": JSON, "error": JSON}),
        "response": JSON | st.fixed_dictionaries({}, optional={"status_code": JSON, "body": JSON}),
        "body": JSON,
    },
)


def body(n: int = 0, text: str = "") -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": f"{n}{text}"}], "max_tokens": 10}


def asked(exchange: BatchExchange, *numbers: int, again: bool = False, attempt: int = 1) -> None:
    for n in numbers:
        exchange.ask(content_id(body(n)), attempt, body(n), again=again)


def submit(folder: Path, *numbers: int, name: str = "requests.jsonl", **options: Any) -> list[Path]:
    with BatchExchange("m", submit=folder / name, **options) as exchange:
        asked(exchange, *numbers)
        return exchange.finish()


def names(paths: list[Path]) -> list[str]:
    return [p.name for p in paths]


class TestLines:
    @given(LIKE_A_RESULT | JSON)
    def test_no_result_is_trusted(self, value: Any) -> None:
        try:
            found = read_result(json.dumps(value).encode())
        except NoResultError:
            return
        assert isinstance(found.key, str) and found.attempt >= 1
        assert (found.body is None) == (found.error is not None)
        if found.error:
            assert isinstance(found.error.message, str) and isinstance(found.error.code, str)
            assert found.error.status_code is None or isinstance(found.error.status_code, int)
        else:
            assert isinstance(found.body and found.body["choices"], list)

    @given(st.binary())
    def test_nor_are_bytes(self, line: bytes) -> None:
        with pytest.raises(NoResultError):
            read_result(b"\xff" + line)

    def test_deeply_nested(self) -> None:
        with pytest.raises(NoResultError):
            read_result(b"[" * 200_000)

    @given(st.text(), st.integers(1, 999_999))
    def test_a_request_is_one_line_to_every_reader(self, text: str, attempt: int) -> None:
        asked = body(text=text)
        line = request_line(content_id(asked), attempt, asked)
        assert line.endswith(b"\n") and len(line.decode().splitlines()) == 1
        whole = json.loads(line)
        assert whole["body"] == asked and whole["custom_id"] == custom_id(content_id(asked), attempt)
        back = read_result(json.dumps(result_line(whole["custom_id"], answer("x"))).encode())
        assert (back.key, back.attempt) == (content_id(asked), attempt)

    def test_an_id_says_what_is_asked_and_nothing_else(self) -> None:
        one = {"a": 1, "b": {"c": "é", "d": [1, 2]}}
        assert content_id(one) == content_id({"b": {"d": [1, 2], "c": "é"}, "a": 1})
        assert content_id(one) != content_id(one | {"a": 2}) and len(custom_id(content_id(one), 999_999)) <= 64
        code = f"from interviewer.llm.batch_lines import content_id; print(content_id({one!r}))"
        for seed in "17":
            done = subprocess.run(
                [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed, "LC_ALL": "C"},
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            assert done.stdout.strip() == content_id(one)

    def test_errors_as_they_come(self) -> None:
        for line, status, code, message in (
            (expired("x"), None, "batch_expired", "This request could not"),
            (result_line("x", error(429, "slow", code="rate")), 429, "rate", "slow"),
            (vllm_error("x", 400, "too long"), 400, "", "too long"),
            ({"custom_id": "x", "response": None, "error": "boom"}, None, "", "boom"),
            ({"custom_id": "x", "response": {"status_code": 502, "body": None}, "error": None}, 502, "", "neither"),
            ({"custom_id": "x", "response": None, "error": None}, None, "", "neither"),
        ):
            found = read_result(json.dumps(line).encode()).error
            assert found is not None and (found.status_code, found.code) == (status, code)
            assert found.message.startswith(message) or message in found.message


class TestRounds:
    @pytest.mark.parametrize(
        ("there", "given", "following"),
        [
            ([], "requests.jsonl", "requests.jsonl"),
            (["requests.jsonl"], "requests.jsonl", "requests-2.jsonl"),
            (["requests.jsonl"], "requests-2.jsonl", "requests-2.jsonl"),
            (["requests.jsonl", "requests-2.jsonl"], "requests.jsonl", "requests-3.jsonl"),
            (["requests.jsonl", "requests-9.jsonl"], "requests-2.jsonl", "requests-2.jsonl"),
            (["requests-001.jsonl", "requests-002.jsonl"], "requests.jsonl", "requests-2.jsonl"),
            (["requests-001.jsonl", "requests-2-001.jsonl"], "requests-2.jsonl", "requests-3.jsonl"),
            (["requests-old.jsonl", "my-requests.jsonl"], "requests.jsonl", "requests.jsonl"),
            (["2025-11.jsonl"], "2025-11.jsonl", "2025-12.jsonl"),
            (["请求.jsonl"], "请求.jsonl", "请求-2.jsonl"),
        ],
    )
    def test_names(self, tmp_path: Path, there: list[str], given: str, following: str) -> None:
        for name in there:
            (tmp_path / name).touch()
        assert Rounds(tmp_path / given).next().name == following

    def test_parts(self, tmp_path: Path) -> None:
        found = submit(tmp_path, *range(7), most_requests=3)
        assert names(found) == ["requests-001.jsonl", "requests-002.jsonl", "requests-003.jsonl"]
        assert [len(lines_of(p)) for p in found] == [3, 3, 1]
        size = max(len(line) for p in found for line in p.read_bytes().splitlines(keepends=True))
        second = submit(tmp_path, *range(10), most_bytes=2 * size)
        assert names(second) == ["requests-2-001.jsonl", "requests-2-002.jsonl"], "only those that were not asked"
        assert all(p.stat().st_size <= 2 * size for p in second)
        assert submit(tmp_path, *range(10)) == []

    def test_nothing_is_left_of_a_run_that_stops(self, tmp_path: Path) -> None:
        with (
            pytest.raises(KeyboardInterrupt),
            BatchExchange("m", submit=tmp_path / "requests.jsonl", most_requests=1) as exchange,
        ):
            asked(exchange, 1, 2, 3)
            assert len(list(tmp_path.glob(".*.tmp"))) == 3
            raise KeyboardInterrupt
        assert list(tmp_path.iterdir()) == []


class TestResults:
    def test_the_first_answer_counts(self, tmp_path: Path) -> None:
        key = content_id(body(1))
        first, other = answer("first"), answer("other")
        one = write(tmp_path / "a.jsonl", [expired(key), result_line(key, error(500)), result_line(key, first)])
        two = write(tmp_path / "b.jsonl", [result_line(key, other), expired(key), result_line(key + "-2", other)])
        with BatchExchange("m", collect=[one, two, one]) as exchange:
            found = exchange.results(key)
            assert [(r.attempt, r.body and r.body["choices"][0]["message"]["content"]) for r in found] == [
                (1, "first"), (2, "other"),
            ]  # fmt: skip
            assert (exchange.collected.answers, exchange.collected.duplicates, exchange.collected.failed) == (2, 1, 3)
            assert exchange.unknown == 0
        with BatchExchange("m", collect=[two, one]) as exchange:
            assert exchange.results(key)[0].body is not None
            assert exchange.results("elsewhere") == []

    def test_lines_that_are_none(self, tmp_path: Path) -> None:
        good = json.dumps(result_line(content_id(body(1)), answer("x"))).encode()
        stranger = json.dumps(result_line("request-1", answer("x"))).encode()
        path = tmp_path / "responses.jsonl"
        path.write_bytes(
            b"\xef\xbb\xbf" + good + b"\r\n\n" + b"<html>\n" + b"\xff\xfe\n" + b'{"custom_id": 7}\n' + b"[]\n"
            + stranger + b"\n" + good[:-9]
        )  # fmt: skip
        with BatchExchange("m", collect=[path]) as exchange:
            exchange.results(content_id(body(1)))
            assert results(exchange) == (
                "results: 2 answers, 0 failed; 1 to nothing that is asked here; 4 lines unreadable "
                "(responses.jsonl:3, responses.jsonl:4, responses.jsonl:5, …); "
                "the last line of responses.jsonl is cut off"
            )

    def test_a_line_without_end(self, tmp_path: Path) -> None:
        path = tmp_path / "responses.jsonl"
        with path.open("wb") as file:
            file.write(b"x" * (LONGEST_LINE + 5) + b"\n")
            file.write(json.dumps(expired("a")).encode())
        with BatchExchange("m", collect=[path]) as exchange:
            assert (exchange.collected.failed, exchange.collected.unreadable_lines) == (1, 1)

    def test_files_that_are_none(self, tmp_path: Path) -> None:
        (requests,) = submit(tmp_path, 1)
        (tmp_path / "empty.jsonl").touch()
        (tmp_path / "notes.txt").write_text("hello")
        (tmp_path / "responses-1.jsonl").touch()
        for path, fault, words in (
            (requests, InputError, "holds requests, not results"),
            (tmp_path / "empty.jsonl", InputError, "holds no result"),
            (tmp_path / "notes.txt", InputError, "holds no result"),
            (tmp_path, InputError, "cannot be read"),
            (tmp_path / "responses-l.jsonl", UsageError, "no file"),
            (tmp_path / "no" / "such.jsonl", UsageError, "no file"),
        ):
            with pytest.raises(fault, match=words) as e:
                BatchExchange("m", collect=[path])
            if path.name == "responses-l.jsonl":
                assert "responses-1.jsonl" in (e.value.hint or "")

    def test_requests_of_something_else(self, tmp_path: Path) -> None:
        submit(tmp_path, 1)
        with pytest.raises(UsageError, match="are for m, not for n"):
            BatchExchange("n", submit=tmp_path / "requests.jsonl")
        (tmp_path / "list.jsonl").write_text('{"id": 1}\n')
        with pytest.raises(UsageError, match="no file of requests"):
            BatchExchange("m", submit=tmp_path / "list.jsonl")
        for path in (tmp_path, tmp_path / "no" / "requests.jsonl"):
            with pytest.raises(UsageError, match="folder"):
                BatchExchange("m", submit=path)

    def test_requests_that_another_program_wrote_anew(self, tmp_path: Path) -> None:
        (path,) = submit(tmp_path, 1, 2)
        lines = lines_of(path)
        path.write_text("\n".join(json.dumps(dict(reversed(line.items())), indent=None) for line in lines) + "\n")
        assert submit(tmp_path, 1, 2) == []

    def test_without_the_file_of_requests(self, tmp_path: Path) -> None:
        """What was asked first is taken to be on its way; what follows from answers is asked."""
        path = write(tmp_path / "responses.jsonl", [expired(content_id(body(1)))])
        with BatchExchange("m", submit=tmp_path / "new.jsonl", collect=[path]) as exchange:
            asked(exchange, 2, 3, 3)
            asked(exchange, 4, again=True)
            asked(exchange, 1, attempt=2)
            assert (exchange.assumed, exchange.asked.again, exchange.asked.resent) == (2, 1, 1)
            assert len(lines_of(*exchange.finish())) == 2 and "2;" in (assumed(exchange) or "")

    def test_results_of_something_else(self, tmp_path: Path) -> None:
        path = write(tmp_path / "responses.jsonl", [result_line("b" * 40, answer("x"))])
        with BatchExchange("m", collect=[path]) as exchange:
            asked(exchange, 1)
            assert exchange.unknown == 1 and "none of the results" in (mismatch(exchange) or "")
        with BatchExchange("m", collect=[path]) as exchange:
            exchange.results("b" * 40)
            asked(exchange, 1)
            assert mismatch(exchange) is None

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        if os.geteuid() == 0:
            pytest.skip("root writes everywhere")
        tmp_path.chmod(0o500)
        with BatchExchange("m", submit=tmp_path / "requests.jsonl") as exchange:
            asked(exchange, 1, 2)
            with pytest.raises(ConfigError, match="cannot be written"):
                exchange.finish()
