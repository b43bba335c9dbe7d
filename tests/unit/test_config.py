"""Settings: options over environment over file over default, and faults with a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from interviewer import paths
from interviewer.config import Settings, load_settings, system_lang
from interviewer.errors import ConfigError, UsageError


def write(text: str | bytes) -> Path:
    path = paths.config_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_options_over_environment_over_file_over_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().questions == 6
    write('questions = 7\nlevel = "senior"\n')
    assert (load_settings().questions, load_settings().level) == (7, "senior")
    monkeypatch.setenv("INTERVIEWER_QUESTIONS", "8")
    assert (load_settings().questions, load_settings().level) == (8, "senior")
    assert load_settings(questions=9).questions == 9
    assert load_settings(questions=None).questions == 8


def test_every_setting_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "role": "eng", "level": "junior", "lang": "en", "questions": "3", "minutes": "20.5",
        "db": "/x/y.db", "embedder": "some/model", "theme": "dark", "rpm": "60", "tpm": "9e4",
    }  # fmt: skip
    assert set(given) <= set(Settings.model_fields)
    for name, value in given.items():
        monkeypatch.setenv(f"INTERVIEWER_{name.upper()}", value)
    found = load_settings()
    assert found.db_path == Path("/x/y.db") and found.minutes == 20.5
    assert (found.rpm, found.tpm) == (60, 90_000)
    for name in ("role", "level", "lang", "embedder", "theme"):
        assert getattr(found, name) == given[name]


def test_the_database_lies_in_the_users_folder(clean_room: Path) -> None:
    assert load_settings().db_path == clean_room / "interviews.db"
    assert load_settings(db=Path("a.db")).db_path == Path("a.db")


@pytest.mark.parametrize(
    ("key", "close"), [("quesitons = 3", "questions"), ("embeder = 'x'", "embedder"), ("langs = 'en'", "lang")]
)
def test_an_unknown_key_of_the_file_is_named_with_the_nearest(key: str, close: str) -> None:
    path = write(key)
    with pytest.raises(ConfigError) as e:
        load_settings()
    assert f"unknown setting {key.split()[0]!r}; did you mean {close!r}?" in e.value.message
    assert str(path) in (e.value.hint or "")


def test_a_table_is_no_setting() -> None:
    write("[interview]\nquestions = 3\n")
    with pytest.raises(ConfigError, match="unknown setting 'interview'"):
        load_settings()


BAD = [
    ("level", "principal", "'junior', 'mid' or 'senior'"),
    ("lang", "fr", "'zh' or 'en'"),
    ("questions", "many", "integer"),
    ("questions", "0", "greater than or equal to 1"),
    ("questions", "51", "less than or equal to 50"),
    ("minutes", "0", "greater than 0"),
    ("minutes", "nan", "minutes"),
    ("minutes", "inf", "minutes"),
    ("theme", "pink", "theme"),
]


@pytest.mark.parametrize(("name", "value", "says"), BAD)
def test_a_bad_value_of_the_environment(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(f"INTERVIEWER_{name.upper()}", value)
    with pytest.raises(ConfigError) as e:
        load_settings(role="eng")
    assert f"setting {name}" in e.value.message and says in e.value.message


@pytest.mark.parametrize(("name", "value", "says"), BAD)
def test_a_bad_option_is_a_matter_of_usage(name: str, value: str, says: str) -> None:
    with pytest.raises(UsageError) as e:
        load_settings(**{name: value})
    assert f"option --{name}" in e.value.message and says in e.value.message


def test_a_bad_option_and_a_bad_file_are_both_told() -> None:
    write("questions = 0")
    with pytest.raises(ConfigError) as e:
        load_settings(lang="fr")
    assert "option --lang" in e.value.message and "setting questions" in e.value.message


@pytest.mark.parametrize("text", ["questions = = 3", b"\xff\xfe", "questions = 3\nquestions = 4", "\x00"])
def test_a_file_that_is_no_toml(text: str | bytes) -> None:
    path = write(text)
    with pytest.raises(ConfigError) as e:
        load_settings()
    assert str(path) in e.value.message and "TOML" in (e.value.hint or "")


@pytest.mark.parametrize(
    ("variables", "lang"),
    [
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C"}, "zh"),
        ({"LANG": "zh_CN", "LC_ALL": "en_GB"}, "en"),
        ({"LANG": "en_US", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LANG": ""}, "zh"),
    ],
)
def test_the_language_of_the_system(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], lang: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert system_lang() == load_settings().lang == lang


def test_home_moves_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INTERVIEWER_HOME", str(tmp_path))
    assert {paths.data_dir(), paths.cache_dir().parent, paths.config_file().parent} == {tmp_path}
    monkeypatch.delenv("INTERVIEWER_HOME")
    assert all("interviewer" in str(p()) for p in (paths.data_dir, paths.cache_dir, paths.config_file))
