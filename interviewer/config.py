"""Settings: command-line options over environment over config file over defaults.

Environment variables are `INTERVIEWER_ROLE`, `INTERVIEWER_DB`, …; the file is `config.toml` in the
user's config folder (`interviewer doctor` prints where). Keys and secrets never live here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from interviewer import paths
from interviewer.errors import ConfigError, UsageError
from interviewer.glimpse import system_lang
from knowledge.errors import nearest
from knowledge.models import Lang, Level

MOST_QUESTIONS = 50
"""In one interview."""


class Settings(BaseSettings):
    """What applies to every command; a command's own options are its own."""

    model_config = SettingsConfigDict(env_prefix="INTERVIEWER_", extra="forbid")

    role: str | None = None
    """None: the first of the map."""
    pack: Path | None = None
    """A folder with a knowledge map of one's own; None: the packaged one."""
    level: Level = "mid"
    lang: Lang = Field(default_factory=system_lang)
    questions: int = Field(default=6, ge=1, le=MOST_QUESTIONS)
    minutes: float = Field(default=45, gt=0, le=600)
    db: Path | None = None
    """None: the user's data folder."""
    embedder: str | None = None
    """None: the embedded table. Otherwise a sentence-transformers model, by hub name or folder."""
    theme: Literal["auto", "dark", "light"] = "auto"
    model: str | None = None
    """None: the offline judge. Otherwise `openai/…`, `anthropic/…`, `ollama/…`, `local/FILE.gguf`, any litellm name."""
    api_base: str | None = None
    """The address of an OpenAI-compatible server that has the model."""
    interviewer_model: str | None = None
    """Who writes follow-ups where the map has none; None: the judge's model."""
    fallback_models: list[str] = []
    """Tried in order when the model fails."""
    fallback: Literal["none", "offline"] = "none"
    """What grades when no model can: nothing (unscored, with the reason), or the offline judge, flagged."""
    signals: Literal["llm", "similarity", "llm+similarity"] = "llm+similarity"
    """What the judge goes by, for comparing."""
    cache: bool = True
    """Keep what a model answered, so that the same question about the same answer is not paid for twice."""
    rpm: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Requests a minute to each model, at most; None: as many as it takes."""
    tpm: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Tokens a minute, read and written."""

    @property
    def db_path(self) -> Path:
        return self.db or paths.default_db()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources: list[PydanticBaseSettingsSource] = [init_settings, env_settings]
        if paths.config_file().is_file():
            sources.append(TomlConfigSettingsSource(settings_cls, paths.config_file()))
        return tuple(sources)


def load_settings(**options: Any) -> Settings:
    """The settings with `options` on top; None means "not given".

    Raises UsageError when only options are at fault, else ConfigError.
    """
    given = {k: v for k, v in options.items() if v is not None}
    try:
        return Settings(**given)
    except ValidationError as e:
        lines, options_only = [], True
        for fault in e.errors(include_url=False, include_context=False, include_input=False):
            name = ".".join(map(str, fault["loc"]))
            options_only &= name in given
            if fault["type"] == "extra_forbidden":
                close = nearest(name, list(Settings.model_fields), n=1)
                lines.append(f"unknown setting {name!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
            else:
                lines.append(f"{'option --' if name in given else 'setting '}{name}: {fault['msg']}")
        if options_only:
            raise UsageError("; ".join(lines), hint="`interviewer interview --help` has the options") from None
        raise ConfigError(
            "; ".join(lines),
            hint=f"check the variables INTERVIEWER_* and {paths.config_file()}",
        ) from None
    except (ValueError, OSError) as e:
        raise ConfigError(f"{paths.config_file()}: {e}", hint="mend the file or move it away; it is TOML") from None
