"""Questions as documents: complete, in one language, safe, and readable by what they are for."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape
from pathlib import Path

import pytest

from interviewer.errors import UsageError
from interviewer.export import Chosen, format_for, render
from interviewer.export.words import WORDS
from knowledge import KnowledgeMap, load_map
from tests.unit.small_map import choice, code, question, small_map, two

HOSTILE = "=cmd|' /C calc'!A0 <script>alert(1)</script> **b** [x](http://evil) \x1b[31m\ttab\nline ::deck"
FORMATS = ("md", "html", "csv", "json", "anki")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeMap:
    bad = question("tuning.bad", ask=two(f"问{HOSTILE}", f"q{HOSTILE}"), reference=two(f"答{HOSTILE}", f"a{HOSTILE}"))
    return small_map(tmp_path_factory.mktemp("map"), question(), choice(), code(), bad)


def chosen(the_map: KnowledgeMap, **options: object) -> Chosen:
    return Chosen(the_map, tuple(the_map.questions.values()), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("fmt", FORMATS)
def test_the_whole_map_in_every_format(fmt: str, lang: str) -> None:
    the_map = load_map()
    text = render(chosen(the_map, lang=lang, role="algo"), fmt)  # type: ignore[arg-type]
    other = "en" if lang == "zh" else "zh"
    for q in the_map.questions.values():
        assert q.id in text
    if fmt != "json":
        assert not any(q.talk.text(other) in text for q in the_map.questions.values())


@pytest.mark.parametrize("fmt", FORMATS)
def test_what_is_left_out(fmt: str) -> None:
    the_map = load_map()
    q = next(q for q in the_map.questions.values() if q.kind.value == "open")
    one = Chosen(the_map, (q,), "en", answers=False, scripts=False, follow_ups=False)
    bare = letters(render(one, fmt))  # type: ignore[arg-type]
    for text in (q.reference.en, q.talk.en, q.points[0].en, q.bonus_line.en, q.follow_ups[0].en, q.sources[0].label):
        assert letters(text[:60]) not in bare
    assert letters(q.id) in bare
    with_scripts = render(Chosen(the_map, (q,), "en", answers=False, follow_ups=False), fmt)  # type: ignore[arg-type]
    assert letters(q.talk.en[:60]) in letters(with_scripts)


def letters(text: str) -> str:
    """Letters and digits, whatever the format makes of the rest."""
    return "".join(c for c in unescape(text) if c.isalnum())


def test_markdown_shows_hostile_text_as_text(hostile: KnowledgeMap) -> None:
    text = render(chosen(hostile), "md")
    assert "<script>" not in text and "](http://evil)" not in text and "\x1b" not in text


def test_html_needs_nothing_but_itself_and_runs_nothing(hostile: KnowledgeMap) -> None:
    page = render(chosen(hostile), "html")
    assert "<script" not in page and "\x1b" not in page and "default-src 'none'" in page
    assert not re.search(r"<(img|link|iframe|object)|url\(", page)
    assert all(href.startswith(("#", "https://")) for href in re.findall(r'href="([^"]*)"', page))
    assert page.count("<article") == 4 and page.count("<details>") == page.count("</details>")


def test_csv_runs_nothing_and_reads_back(hostile: KnowledgeMap) -> None:
    text = render(chosen(hostile), "csv")
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [r["id"] for r in rows] == list(hostile.questions)
    assert not any(cell.startswith(("=", "+", "-", "@")) for r in rows for cell in r.values())


def test_json_is_whole_and_in_both_languages(hostile: KnowledgeMap) -> None:
    rows = json.loads(render(chosen(hostile), "json"))
    for row in rows:
        q = hostile.question(row["id"])
        assert row["ask"] == {"zh": q.ask.zh, "en": q.ask.en} and len(row["points"]) == len(q.points)
    assert not {"points", "key", "solution"} & set(json.loads(render(chosen(hostile, answers=False), "json"))[1])


def test_anki_imports_the_file_as_it_is(hostile: KnowledgeMap, tmp_path: Path) -> None:
    """By Anki's own importer: every note new, in its deck, with its tags; a second time none is new."""
    from anki.collection import Collection, ImportCsvRequest

    file = tmp_path / "questions.txt"
    file.write_text(render(chosen(hostile, role="algo", lang="zh"), "anki"), "utf-8")
    collection = Collection(str(tmp_path / "collection.anki2"))

    def bring() -> tuple[int, int]:
        metadata = collection.get_csv_metadata(path=str(file), delimiter=None)
        log = collection.import_csv(ImportCsvRequest(path=str(file), metadata=metadata)).log
        return len(log.new), len(log.updated) + len(log.duplicate)

    assert bring() == (len(hostile.questions), 0)
    assert bring() == (0, len(hostile.questions))
    decks = {d.name for d in collection.decks.all_names_and_ids()}
    assert any(d.startswith("Interviewer::") for d in decks)
    notes = [collection.get_note(n) for n in collection.find_notes("")]
    assert all(set(n.keys()) == {"Front", "Back"} for n in notes)
    assert all("role::algo::must" in n.tags for n in notes)
    bad = next(n for n in notes if "calc" in n["Front"])
    assert "<script>" not in bad["Front"] + bad["Back"] and "\t" not in bad["Front"]
    collection.close()


def test_formats_by_name() -> None:
    assert [format_for(Path(f"x{s}")) for s in (".md", ".HTML", ".csv", ".json", ".txt")] == [
        "md", "html", "csv", "json", "anki",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="cannot tell the format"):
        format_for(Path("x.docx"))
    with pytest.raises(UsageError, match="no format"):
        render(chosen(load_map()), "pdf")  # type: ignore[arg-type]


def test_every_label_is_in_both_languages() -> None:
    for key, (zh, en) in WORDS.items():
        assert zh and en and re.findall(r"{\w+}", zh) == re.findall(r"{\w+}", en), key
        assert not re.search("[\u4e00-\u9fff]", en), key
