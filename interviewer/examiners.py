"""Who grades and who asks, put together from the settings in one place, for every way in.

The offline judge is the one there is without a model. With a model, judge and interviewer share its gateway,
which is opened at once (so that a missing key is told before the first question) and closed with `aclose`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, cast

from interviewer import paths

if TYPE_CHECKING:
    from interviewer.config import Settings
    from interviewer.embeddings import Embedder
    from interviewer.follow_up_writer import ModelFollowUps
    from interviewer.judge import Judge, OfflineJudge
    from interviewer.judge.fusion import Fusion
    from interviewer.llm import Gateway, Spent
    from interviewer.models import Flag
    from rubrics import Rules

Notice = Callable[[str], None]


def offline_judge(
    embedder: str | None = None,
    *,
    notice: Notice = lambda _: None,
    rules: Rules | None = None,
    fusion: Fusion | None = None,
) -> OfflineJudge:
    """The offline judge on the embedder of that name, None being the embedded table.

    `notice` hears what a person should know: a download, a hub that cannot be reached. Raises ConfigError.
    """
    from interviewer.embeddings import load_embedder
    from interviewer.judge import OfflineJudge

    found, flags = load_embedder(embedder, cache_dir=paths.cache_dir(), notice=notice)
    return OfflineJudge(found, rules=rules, fusion=fusion, flags=cast("list[Flag]", flags))


class Examiners:
    """The judge, and the writer of follow-ups where a model is named. Made once, safe from any thread.

    `concurrency` is how many calls a gateway makes at a time; None leaves it to the gateway. For `patient` and
    `on_spent` (of the judge's gateway) see ModelGateway.

    With a `gateway` of the caller's that one is used, and closed with the others.

    Raises ConfigError or ProviderError where it is clear at once that the model cannot be called.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        notice: Notice,
        rules: Rules | None = None,
        concurrency: int | None = None,
        gateway: Gateway | None = None,
        patient: bool = False,
        on_spent: Callable[[Spent], None] | None = None,
    ) -> None:
        self.settings = settings
        self._patient = patient
        self._concurrency = concurrency
        self._notice = notice
        self._rules = rules
        self._lock = threading.Lock()
        self._offline: OfflineJudge | None = None
        self.gateway: Gateway | None = None
        self._interviewer: Gateway | None = None
        if gateway is not None:
            self.gateway = self._interviewer = gateway
        elif settings.model and settings.signals != "similarity":
            self.gateway = self._open(settings.model, on_spent)
            other = settings.interviewer_model
            self._interviewer = self._open(other) if other and other != settings.model else self.gateway

    def _open(self, model: str, on_spent: Callable[[Spent], None] | None = None) -> Gateway:
        from interviewer.llm import make_gateway

        s = self.settings
        return make_gateway(
            model,
            api_base=s.api_base,
            fallbacks=s.fallback_models,
            cache=s.cache,
            concurrency=self._concurrency,
            rpm=s.rpm,
            tpm=s.tpm,
            patient=self._patient,
            notice=self._notice,
            on_spent=on_spent,
        )

    @property
    def offline(self) -> OfflineJudge:
        """The offline judge, whose embedder everyone shares. Loading it can take seconds."""
        with self._lock:
            if self._offline is None:
                self._offline = offline_judge(self.settings.embedder, notice=self._notice, rules=self._rules)
            return self._offline

    @property
    def embedder(self) -> Embedder:
        return self.offline.embedder

    def judge(self) -> Judge:
        """The judge in use."""
        if self.gateway is None:
            return self.offline
        from interviewer.judge.llm import LLMJudge

        fallback: Literal["offline"] | None = "offline" if self.settings.fallback == "offline" else None
        return LLMJudge(self.gateway, self.offline, signals=self.settings.signals, fallback=fallback)

    @property
    def asker(self) -> Callable[[], ModelFollowUps] | None:
        """Makes the writer of follow-ups for where the map has none; None without a model."""
        gateway = self._interviewer
        if gateway is None:
            return None

        def make() -> ModelFollowUps:
            from interviewer.follow_up_writer import ModelFollowUps

            return ModelFollowUps(gateway, self.embedder, notice=self._notice)

        return make

    async def aclose(self) -> None:
        """Close the connections, in the event loop that used them."""
        gateways = {id(g): g for g in (self.gateway, self._interviewer) if g is not None}
        self.gateway = self._interviewer = None
        for gateway in gateways.values():
            await gateway.aclose()
