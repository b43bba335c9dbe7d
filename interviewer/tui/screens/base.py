"""What all full screens share: the bar on top, the keys below, and the cover for a tiny terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from interviewer.tui.widgets.key_bar import Key, KeyBar
from interviewer.tui.widgets.too_small import TooSmall
from interviewer.tui.widgets.top_bar import TopBar
from interviewer.tui.words import Words

if TYPE_CHECKING:
    from interviewer.tui.app import InterviewerApp


class FullScreen(Screen[None]):
    """Subclasses give `body` and `keys`."""

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words

    @property
    def owner(self) -> InterviewerApp:
        return cast("InterviewerApp", self.app)

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield TopBar()
            yield from self.beside()
        yield from self.body()
        yield KeyBar(self.keys())
        yield TooSmall(self.words)

    def body(self) -> Iterable[Widget]:
        """What stands between the top line and the keys; each screen has its own."""
        return ()

    def beside(self) -> Iterable[Widget]:
        """What stands at the right end of the top line."""
        return ()

    def keys(self) -> list[Key]:
        raise NotImplementedError

    @property
    def top(self) -> TopBar:
        return self.query_one(TopBar)


class Dialog(ModalScreen[str | None]):
    """A box over the screen below; dismissed with the action that was chosen, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "")]

    def __init__(self, words: Words) -> None:
        super().__init__()
        self.words = words

    @property
    def owner(self) -> InterviewerApp:
        return cast("InterviewerApp", self.app)
