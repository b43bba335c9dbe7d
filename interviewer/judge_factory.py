"""The judge in use, put together: embedder, rules and flags in one place, whoever wants to grade.

`judge_factory` makes it when it is first wanted, since an embedder can take seconds to load. The offline judge
is the one there is without a model.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from interviewer import paths

if TYPE_CHECKING:
    from interviewer.judge import OfflineJudge
    from interviewer.models import Flag
    from rubrics import Rules


def offline_judge(
    embedder: str | None = None, *, notice: Callable[[str], None] = lambda _: None, rules: Rules | None = None
) -> OfflineJudge:
    """The offline judge on the embedder of that name, None being the embedded table.

    `notice` hears what a person should know: a download, a hub that cannot be reached. Raises ConfigError.
    """
    from interviewer.embeddings import load_embedder
    from interviewer.judge import OfflineJudge

    found, flags = load_embedder(embedder, cache_dir=paths.cache_dir(), notice=notice)
    return OfflineJudge(found, rules=rules, flags=cast("list[Flag]", flags))


def judge_factory(
    embedder: str | None, *, notice: Callable[[str], None], rules: Rules | None = None
) -> Callable[[], OfflineJudge]:
    """`offline_judge`, later: nothing is loaded before it is called."""
    return partial(offline_judge, embedder, notice=notice, rules=rules)
