"""The journal: what is in it is found again, whatever happened to the process; what is not it is refused."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.batch.content import Keys, keepable, pack, unpack
from interviewer.batch.journal import GROUP, VERSION, Journal
from interviewer.embeddings import StaticTable
from interviewer.errors import StoreError
from interviewer.judge import OfflineJudge, own_rubric, question_rubric
from interviewer.judge.llm import LLMJudge
from interviewer.llm import ScriptedGateway, make_gateway
from interviewer.models import Evidence, JudgeInfo, Judgement, PointVerdict
from knowledge import load_map

RUBRIC = question_rubric(load_map().question("sft-fundamentals.loss"), "zh")
INFO = JudgeInfo(kind="fake")


def judgement(score: float | None = 5.0, said: str = "ok", **more: object) -> Judgement:
    point = PointVerdict(id="p", verdict="covered", credit=1, evidence=[Evidence(start=0, end=2, text=said)])
    return Judgement(score=score, grade=None if score is None else 3, points=[point], judge=INFO, **more)  # type: ignore[arg-type]


def keep(journal: Journal, *items: tuple[bytes, Judgement]) -> None:
    async def run() -> None:
        for key, made in items:
            await journal.put(key, made)

    asyncio.run(run())


@given(st.floats(0, 10), st.text(max_size=40))
def test_packing_is_exact(score: float, said: str) -> None:
    made = judgement(score, said, interval=(0.1 + 0.2, score))
    assert unpack(pack(made)) == made


def test_a_lone_surrogate_of_an_answer_survives() -> None:
    made = judgement(said="低秩\ud800")
    assert unpack(pack(made)) == made


@pytest.mark.parametrize("durable", [True, False])
def test_kept_and_found_in_another_run(tmp_path: Path, durable: bool) -> None:
    with Journal(tmp_path / "j", durable=durable) as journal:
        keep(journal, (b"a", judgement(1)), (b"b", judgement(2)))
        assert journal.get(b"a") == judgement(1), "also before it is on disk"
        assert journal.get(b"c") is None
    with Journal(tmp_path / "j") as journal:
        assert (journal.existed, journal.entries, journal.get(b"b")) == (True, 2, judgement(2))
    assert [p.name for p in tmp_path.iterdir()] == ["j"], "one file, nothing beside it"
    assert stat.S_IMODE((tmp_path / "j").stat().st_mode) == 0o600


def test_only_what_may_stand_for_a_later_one_is_kept(tmp_path: Path) -> None:
    stepped_in = judgement().model_copy(update={"judge": INFO.model_copy(update={"note": "the model is down"})})
    for made in (judgement(None, error="no"), judgement(5, error="half"), stepped_in):
        assert not keepable(made)
    with Journal(tmp_path / "j") as journal:
        keep(journal, (b"a", judgement(None, error="no")), (b"b", stepped_in))
        assert journal.get(b"a") is journal.get(b"b") is None
    assert not (tmp_path / "j").exists(), "a journal with nothing in it is not left lying about"


def test_each_is_on_disk_when_it_cost_money_and_in_groups_when_not(tmp_path: Path) -> None:
    def on_disk() -> int:
        with sqlite3.connect(f"file:{tmp_path / 'j'}?mode=ro", uri=True) as db:
            return int(db.execute("SELECT count(*) FROM judgements").fetchone()[0])

    with Journal(tmp_path / "j", durable=True) as journal:
        for n in range(3):
            keep(journal, (b"%d" % n, judgement()))
            assert on_disk() == n + 1
    with Journal(tmp_path / "j", durable=False) as journal:
        keep(journal, *((b"x%d" % n, judgement()) for n in range(GROUP - 1)))
        assert on_disk() == 3
        keep(journal, (b"last", judgement()))
        journal.finish()
        assert on_disk() == 3 + GROUP


def test_a_process_that_is_killed_loses_nothing_that_put_returned(tmp_path: Path) -> None:
    code = f"""
import asyncio, os
from interviewer.batch.journal import Journal
from tests.unit.test_batch_journal import judgement
async def main():
    journal = Journal({str(tmp_path / "j")!r})
    for n in range(20):
        await journal.put(b"%d" % n, judgement(n / 2))
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(Path.cwd())}, timeout=60)
    with Journal(tmp_path / "j") as journal:
        assert [journal.get(b"%d" % n) for n in range(20)] == [judgement(n / 2) for n in range(20)]


def test_killed_before_it_was_anything(tmp_path: Path) -> None:
    (tmp_path / "j").touch()
    with Journal(tmp_path / "j") as journal:
        keep(journal, (b"a", judgement()))
    with sqlite3.connect(tmp_path / "k") as db:
        db.execute("PRAGMA journal_mode = WAL")
    with Journal(tmp_path / "k") as journal:
        keep(journal, (b"a", judgement()))


def test_fresh_counts_until_a_run_for_that_output_is_finished(tmp_path: Path) -> None:
    def found(output: str, *, fresh: bool = False, finish: bool = False) -> Judgement | None:
        with Journal(tmp_path / "j", output=output, fresh=fresh) as journal:
            there = journal.get(b"a")
            keep(journal, (b"mark" + os.urandom(4), judgement()))
            if finish:
                journal.finish()
            return there

    with Journal(tmp_path / "j", output="x") as journal:
        keep(journal, (b"a", judgement(1)))
    assert found("x") == judgement(1)
    assert found("x", fresh=True) is None
    assert found("x") is None, "it was interrupted: what is older still does not count"
    assert found("y") == judgement(1), "another output that shares the journal is not concerned"
    assert found("x", finish=True) is None
    assert found("x") == judgement(1)
    with Journal(tmp_path / "j", output="x", fresh=True) as journal:
        keep(journal, (b"a", judgement(2)))
        assert journal.get(b"a") == judgement(2)
    assert found("y") == judgement(2), "the newest stands"


class TestRefused:
    def test_another_version(self, tmp_path: Path) -> None:
        with Journal(tmp_path / "j") as journal:
            keep(journal, (b"a", judgement()))
        with sqlite3.connect(tmp_path / "j") as db:
            db.execute(f"PRAGMA user_version = {VERSION + 1}")
        before = (tmp_path / "j").read_bytes()
        with pytest.raises(StoreError, match="of another version") as e:
            Journal(tmp_path / "j")
        assert "graded again" in str(e.value.hint)
        assert (tmp_path / "j").read_bytes() == before

    def test_what_is_no_journal(self, tmp_path: Path) -> None:
        (tmp_path / "text").write_text("id,answer\n" * 200)
        with pytest.raises(StoreError, match="damaged or is no journal"):
            Journal(tmp_path / "text")
        with sqlite3.connect(tmp_path / "other") as db:
            db.execute("CREATE TABLE mine (x)")
        with pytest.raises(StoreError, match="is no journal of grades"):
            Journal(tmp_path / "other")
        with sqlite3.connect(tmp_path / "other") as db:
            assert [r[0] for r in db.execute("SELECT name FROM sqlite_master")] == ["mine"]

    def test_damage(self, tmp_path: Path) -> None:
        with Journal(tmp_path / "j") as journal:
            keep(journal, *((os.urandom(32), judgement(said=os.urandom(200).hex())) for _ in range(200)))
        content = bytearray((tmp_path / "j").read_bytes())
        content[4096 * 2 : 4096 * 12] = os.urandom(4096 * 10)
        (tmp_path / "j").write_bytes(content)
        with pytest.raises(StoreError, match="damaged") as e:
            Journal(tmp_path / "j")
        assert "move it away" in str(e.value.hint)
        assert (tmp_path / "j").read_bytes() == content

    def test_a_damaged_entry(self, tmp_path: Path) -> None:
        with Journal(tmp_path / "j") as journal:
            keep(journal, (b"a", judgement()))
        with sqlite3.connect(tmp_path / "j") as db:
            db.execute("UPDATE judgements SET body = X'00112233'")
        with Journal(tmp_path / "j") as journal, pytest.raises(StoreError, match="an entry cannot be read"):
            journal.get(b"a")

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="No such file"):
            Journal(tmp_path / "a" / "j")

    def test_a_disk_that_fills_up_is_told_and_what_was_written_stays(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="disk is full"), Journal(tmp_path / "j") as journal:
            keep(journal, (b"a", judgement(1)))
            pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
            journal._db.execute(f"PRAGMA max_page_count = {pages}")
            for _ in range(100):
                keep(journal, (os.urandom(8), judgement(said=os.urandom(4000).hex())))
        with Journal(tmp_path / "j") as journal:
            assert journal.get(b"a") == judgement(1)


class TestKeys:
    def test_what_the_judgement_depends_on(self) -> None:
        keys, other = Keys("f"), Keys("g")
        one = keys.of(RUBRIC, "a", "zh")
        assert one == keys.of(RUBRIC.model_copy(), "a", "zh") == Keys("f").of(RUBRIC, "a", "zh")
        shown = RUBRIC.model_copy(update={"option_order": (1, 0)})
        different = [
            other.of(RUBRIC, "a", "zh"), keys.of(RUBRIC, "b", "zh"), keys.of(RUBRIC, "a", "en"),
            keys.of(own_rubric("Q", None, "x y z."), "a", "zh"), keys.of(shown, "a", "zh"),
        ]  # fmt: skip
        assert len({one, *different}) == 6
        assert keys.of(RUBRIC, "\ud800", "zh") != keys.of(RUBRIC, "?", "zh")

    def test_rubrics_that_come_and_go(self) -> None:
        keys, seen = Keys("f"), set()
        for n in range(3000):
            seen.add(keys.of(own_rubric(f"question {n}", None, "x y z."), "a", "en"))
        assert len(seen) == 3000


class TestFingerprints:
    def test_the_same_in_every_process(self) -> None:
        code = "from interviewer.examiners import offline_judge; print(offline_judge().fingerprint)"
        env = os.environ | {"PYTHONHASHSEED": "7", "PYTHONPATH": str(Path.cwd())}
        there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=60)
        assert there.stdout.strip() == OfflineJudge(StaticTable()).fingerprint

    def test_whatever_changes_grades_changes_it(self) -> None:
        plain = OfflineJudge(StaticTable())
        heavier = plain.fusion.model_copy(update={"bias": plain.fusion.bias + 0.1})
        rules = plain.rules.model_copy(update={"hash": "other"})

        class Other(StaticTable):
            def __init__(self) -> None:
                super().__init__()
                self.name = "other"

        judges = [
            plain, plain.with_fusion(heavier), OfflineJudge(StaticTable(), rules=rules), OfflineJudge(Other()),
            OfflineJudge(StaticTable(), flags=["embedder_fallback"]), OfflineJudge(StaticTable(), model_answers=False),
        ]  # fmt: skip
        assert len({j.fingerprint for j in judges}) == len(judges)

    async def test_of_a_judge_with_a_model(self) -> None:
        offline, url = OfflineJudge(StaticTable()), "http://127.0.0.1:9/v1"

        def asks(*models: str, base: str = url, n: int = 8) -> LLMJudge:
            gateway = make_gateway(models[0], api_base=base, fallbacks=models[1:], cache=False, concurrency=n)
            return LLMJudge(gateway, offline)

        plain = asks("m")
        assert plain.fingerprint == asks("m", n=64).fingerprint
        others = [
            asks("n"), asks("m", "n"), asks("m", base="http://127.0.0.1:10/v1"),
            LLMJudge(plain.gateway, offline, signals="llm"), LLMJudge(plain.gateway, offline, fallback="offline"),
            LLMJudge(plain.gateway, offline, reasks=0), LLMJudge(plain.gateway, offline, answer_chars=100),
        ]  # fmt: skip
        assert len({j.fingerprint for j in [plain, *others]}) == 8
        assert LLMJudge(None, offline, signals="similarity").fingerprint == offline.fingerprint
        assert LLMJudge(ScriptedGateway([]), offline).fingerprint != plain.fingerprint
