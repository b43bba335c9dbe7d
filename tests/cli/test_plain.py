"""`interviewer --plain`: a whole interview through pipes, interrupted, resumed, and fed with hostile text."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections import deque
from pathlib import Path

import pytest

from interviewer.cli import plain
from interviewer.cli.answers import Script
from interviewer.config import load_settings
from interviewer.errors import Exit
from interviewer.examiners import Examiners
from interviewer.models import Judgement, Rubric, Setup
from interviewer.store import SessionStore
from knowledge import load_map
from tests.cli.run import COMMAND, ONE, ROOT, interviewer, report_of
from tests.fake_judge import FakeJudge

TWO = ["--plain", "--only", "sft-fundamentals.loss", "--only", "lora.core-advantage", "--follow-ups", "0"]


def answers_of(*args: str, stdin: str | bytes = "", **env: str) -> list[str | None]:
    return [t["answer"] for t in report_of(interviewer(*args, "--json", stdin=stdin, **env))["turns"]]


def test_an_interview_through_a_pipe() -> None:
    done = interviewer(*TWO, stdin="第一行\nsecond line\n\nA\n\n")
    assert "1/2" in done.stdout and "2/2" in done.stdout and "  A. " in done.stdout
    assert "/10" in done.stdout and "interviewer report" in done.stderr
    english = interviewer(*TWO, "--lang", "en", stdin="first\n\nB\n\n")
    assert "Question 1 of 2" in english.stdout and "offline judge" in english.stdout


def test_answers_of_several_lines_and_blank_ones() -> None:
    assert answers_of(*ONE, stdin="one\ntwo\n\n") == ["one\ntwo"]
    assert answers_of(*ONE, stdin="\n\n\none\n\n") == ["one"]
    assert answers_of(*ONE, stdin='"""\none\n\n/skip\ntwo\n"""\n') == ["one\n\n/skip\ntwo"]
    assert answers_of(*ONE, stdin='before\n"""\none\n\ntwo\n"""\n') == ["before\none\n\ntwo"]
    code = 'def f():\n    """\n    Adds.\n    """\n\n    return 1'
    assert answers_of(*ONE, stdin=f'"""\n{code}\n"""\n') == [code]
    assert answers_of(*ONE, stdin="one\r\ntwo\r\n\r\n") == ["one\ntwo"]
    assert answers_of(*ONE, stdin="the end comes first") == ["the end comes first"]


@pytest.mark.parametrize(
    ("word", "status"), [("/skip", "skipped"), ("/dont-know", "dont_know"), ("/不知道", "dont_know")]
)
def test_the_words_that_are_actions(word: str, status: str) -> None:
    report = report_of(interviewer(*ONE, "--json", stdin=f"{word}\n"))
    assert [q["status"] for q in report["questions"]] == [status]
    assert report["score"] == (None if status == "skipped" else 0)


def test_a_hint_and_an_end() -> None:
    done = interviewer(*TWO, "--json", stdin="/hint\nanswer\n\n/quit\n")
    report = report_of(done)
    assert [t["kind"] for t in report["turns"]] == ["question", "hint", "question"]
    assert report["hints"] == 1 and len(report["questions"]) == 1 and report["finished"]


def test_the_end_of_the_input_is_no_end_of_the_interview() -> None:
    done = interviewer(*TWO, stdin="first answer\n\n", code=4)
    assert "--resume" in done.stderr
    assert "2/2" in done.stdout
    again = report_of(interviewer("--plain", "--resume", "last", "--json", stdin="B\n\n"))
    assert [t["answer"] for t in again["turns"]] == ["first answer", "B"] and again["finished"]
    assert "no open interview" in interviewer("--plain", "--resume", stdin="", code=2).stderr
    assert interviewer("--plain", "--resume", again["session"]).returncode == 0


def test_an_open_interview_reports_as_far_as_it_is() -> None:
    done = interviewer(*TWO, "--json", stdin="first answer\n\n", code=4)
    report = report_of(done)
    assert not report["finished"] and len(report["questions"]) == 1
    assert report_of(interviewer("report", "-f", "json"))["questions"] == report["questions"]


@pytest.mark.parametrize(
    "hostile",
    [
        "nul\x00and\x1b]0;title\x07\x1b[31mred",
        "[red]markup[/red] [/] <script>alert(1)</script>",
        "微" * 200_000,
        "{{7*7}} ${x} %s '; DROP TABLE turns; --",
    ],
    ids=["controls", "markup", "200k", "injection"],
)
def test_hostile_answers_are_kept_and_shown_harmless(hostile: str, tmp_path: Path) -> None:
    out = tmp_path / "r.html"
    done = interviewer(*ONE, "-o", str(out), stdin=f'"""\n{hostile}\n"""\n')
    assert "\x1b" not in done.stdout and "\x00" not in done.stdout and "\x1b" not in done.stderr
    assert "<script>alert" not in out.read_text("utf-8")
    assert report_of(interviewer("report", "-f", "json"))["turns"][0]["answer"] == hostile


def test_only_whitespace_is_not_submitted() -> None:
    done = interviewer(*ONE, "--json", stdin='"""\n  \t \n"""\nreal\n\n')
    assert [t["answer"] for t in report_of(done)["turns"]] == ["real"]


@pytest.mark.parametrize("env", [{"LANG": "C", "LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}], ids=str)
def test_chinese_through_an_ascii_terminal(env: dict[str, str]) -> None:
    assert answers_of(*ONE, stdin="只对回答部分算损失\n\n", **env) == ["只对回答部分算损失"]


def test_input_that_is_not_utf8() -> None:
    (answer,) = answers_of(*ONE, stdin="损失".encode("gbk") + b" loss\n\n")
    assert answer is not None and answer.endswith(" loss")


def until_asked(p: subprocess.Popen[str]) -> None:
    assert p.stdout is not None
    for line in p.stdout:
        if line.startswith("(为什么"):
            return
    raise AssertionError("nothing was asked")


def test_ctrl_c_while_typing_keeps_the_answers_and_the_draft() -> None:
    with subprocess.Popen(
        [*COMMAND, *TWO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as p:
        assert p.stdin is not None and p.stderr is not None
        until_asked(p)
        p.stdin.write("the first answer\n\n")
        p.stdin.flush()
        until_asked(p)
        p.send_signal(signal.SIGINT)
        assert p.wait(60) == 4
        said = p.stderr.read()
    assert "Traceback" not in said and "--resume" in said
    again = report_of(interviewer("--plain", "--resume", "--json", stdin="B\n\n"))
    assert [t["answer"] for t in again["turns"]] == ["the first answer", "B"]


def test_ctrl_c_before_typing_keeps_the_draft_of_last_time(clean_room: Path) -> None:
    interviewer(*ONE, stdin="", code=4)
    with SessionStore(load_settings().db_path) as store:
        session = store.sessions()[0].id
        store.save_draft(session, "q01", "写了一半")
    with subprocess.Popen(
        [*COMMAND, "--plain", "--resume"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    ) as p:  # fmt: skip
        assert p.stdout is not None
        for line in p.stdout:
            if "写了一半" in line:
                break
        p.send_signal(signal.SIGINT)
        assert p.wait(60) == 4
    with SessionStore(load_settings().db_path) as store:
        assert store.draft(session, "q01") == "写了一半"


def test_json_is_printed_even_when_the_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "r.html").mkdir()
    done = interviewer(*ONE, "--json", "-o", str(tmp_path / "r.html"), stdin="answer\n\n", code=None)
    assert done.returncode != 0 and "r.html" in done.stderr
    assert report_of(done)["turns"][0]["answer"] == "answer"


def test_a_reader_that_goes_away_leaves_the_interview_open() -> None:
    with subprocess.Popen(
        [*COMMAND, *TWO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as p:
        assert p.stdin is not None and p.stdout is not None and p.stderr is not None
        until_asked(p)
        p.stdout.close()
        p.stdin.write("the first answer\n\n")
        p.stdin.flush()
        assert p.wait(60) == 4
        said = p.stderr.read()
    assert "Traceback" not in said and "Exception ignored" not in said and "--resume" in said
    again = report_of(interviewer("--plain", "--resume", "--json", stdin="B\n\n"))
    assert [t["answer"] for t in again["turns"]] == ["the first answer", "B"]


def test_a_scripted_interview_by_id_and_in_order(tmp_path: Path) -> None:
    by_id = tmp_path / "a.yaml"
    by_id.write_text("lora.core-advantage: [B, more]\nsft-fundamentals.loss: {answer: 只算回答的损失}\n", "utf-8")
    report = report_of(interviewer("--answers", str(by_id), "--json", "--seed", "1"))
    assert [q["question_id"] for q in report["questions"]] == ["lora.core-advantage", "sft-fundamentals.loss"]
    in_order = tmp_path / "b.jsonl"
    rows = [{"answer": "a1 \ud800"}, "a2"]
    in_order.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    report = report_of(interviewer(*TWO, "--answers", str(in_order), "--json"))
    assert [t["answer"] for t in report["turns"]] == ["a1 \ufffd", "a2"]
    (tmp_path / "c.yaml").write_text("- only one\n", "utf-8")
    report = report_of(interviewer(*TWO, "--answers", str(tmp_path / "c.yaml"), "--json"))
    assert report["finished"] and len(report["questions"]) == 1


def test_a_script_goes_on_after_a_resume(tmp_path: Path) -> None:
    script = tmp_path / "a.yaml"
    script.write_text("- /hint\n- first\n- B\n", "utf-8")
    interviewer(*TWO, stdin="/hint\nfirst\n\n", code=4)
    report = report_of(interviewer("--resume", "--answers", str(script), "--json"))
    assert [t["answer"] for t in report["turns"] if t["kind"] == "question"] == ["first", "B"]


def test_a_script_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("lora.core-advantages: B\n", "utf-8")
    assert "lora.core-advantage" in interviewer("--answers", str(tmp_path / "bad.yaml"), code=2).stderr
    (tmp_path / "bad.yaml").write_text("lora.core-advantage: {answr: B}\n", "utf-8")
    assert "did you mean 'answer'?" in interviewer("--answers", str(tmp_path / "bad.yaml"), code=1).stderr
    assert "cannot be read" in interviewer("--answers", str(tmp_path / "none.yaml"), code=1).stderr


class Interrupting(FakeJudge):
    """Presses Ctrl-C in the middle of judging."""

    async def judge(self, rubric: Rubric, answer: str, lang: str) -> Judgement:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)
        raise AssertionError("the interrupt was not heard")


def test_ctrl_c_while_judging_keeps_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judges = [Interrupting(), FakeJudge()]
    monkeypatch.setattr(Examiners, "judge", lambda self: judges[0])
    settings = load_settings(db=tmp_path / "i.db")
    setup = Setup(role="algo", only=["sft-fundamentals.loss"], questions=1, follow_ups=0)

    def run(resume: str | None, script: Script) -> Exit:
        return plain.run_plain(settings, load_map(), setup, resume=resume, script=script, as_json=False, output=None)

    assert run(None, Script(in_order=deque(["@7 the answer"]))) == Exit.INTERRUPTED
    assert "--resume" in capsys.readouterr().err
    del judges[0]
    assert run("last", Script(in_order=deque(["@7 the answer"]))) == Exit.DONE
    with SessionStore(settings.db_path) as store:
        (row,) = store.sessions()
        (turn,) = store.turns(row.id)
    assert turn.answer == "@7 the answer" and turn.judgement is not None and turn.judgement.score == 7
    assert len(judges[0].judged) == 1
