"""Which knowledge map is in use: the packaged one, or a pack of one's own in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from interviewer import paths
from interviewer.errors import ConfigError

if TYPE_CHECKING:
    from knowledge import KnowledgeMap


def open_map(pack: Path | str | None = None) -> KnowledgeMap:
    """The packaged map, or that of the folder `pack`, or of a shipped example by its name.

    Raises ConfigError where there is no such folder, MapError with every fault of its files.
    """
    from knowledge import load_map

    if pack is None:
        return load_map(cache_file=paths.map_cache())
    return load_map(pack_folder(pack), cache_file=paths.map_cache())


def pack_folder(pack: Path | str) -> Path:
    """The folder that `--pack` means. Raises ConfigError."""
    from knowledge.packs import EXAMPLES, example

    given = Path(pack).expanduser()
    folder = given if given.is_dir() else example(str(pack))
    if folder is None:
        raise ConfigError(
            f"--pack {pack}: there is no such folder",
            hint=f"`python -m knowledge new SKILL --pack DIR` begins one; shipped examples: {', '.join(EXAMPLES)}",
        )
    if not (folder / "categories.yaml").is_file():
        raise ConfigError(
            f"--pack {pack}: no categories.yaml in it, so it is no pack",
            hint="`python -m knowledge new SKILL --pack DIR` begins one; knowledge/AUTHORING.md says what is in it",
        )
    return folder.resolve()
