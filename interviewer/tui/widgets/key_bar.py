"""The line at the bottom: which keys do what. Each entry can be clicked, too."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from interviewer.tui.paint import line


@dataclass(frozen=True)
class Key:
    key: str
    """As it is printed on a keyboard: ^S, F2, ⏎."""
    label: str
    action: str
    """What a click runs, as for a binding."""
    rank: int = 0
    """Keys of a higher rank are left out first where the line is short."""


class _Entry(Static):
    def __init__(self, key: Key) -> None:
        super().__init__(
            line((f" {key.key} ", "bold $footer-key-foreground"), (key.label, "$foreground")), markup=False
        )
        self.key = key
        self.cells = cell_len(key.key) + cell_len(key.label) + 2

    async def on_click(self) -> None:
        await self.screen.run_action(self.key.action)


class KeyBar(Horizontal):
    """The keys of a screen."""

    can_focus = False

    def __init__(self, keys: list[Key]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        for key in self._keys:
            yield _Entry(key)

    def on_mount(self) -> None:
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    async def put(self, keys: list[Key]) -> None:
        """Other keys, or the same in another language."""
        if keys != self._keys:
            self._keys = keys
            async with self.batch():
                await self.remove_children()
                await self.mount_all(_Entry(key) for key in keys)
            self._fit()

    def _fit(self) -> None:
        entries = list(self.query(_Entry))
        room = self.size.width or 80
        left_out: set[_Entry] = set()
        for entry in sorted(entries, key=lambda e: (-e.key.rank, -entries.index(e))):
            if sum(e.cells for e in entries if e not in left_out) <= room:
                break
            if entry.key.rank:
                left_out.add(entry)
        shown = [e for e in entries if e not in left_out]
        gap = min(2, max(0, (room - sum(e.cells for e in shown)) // max(len(shown), 1)))
        for entry in entries:
            entry.display = entry in shown
            entry.styles.margin = (0, gap, 0, 0)

    @property
    def text(self) -> str:
        """What is shown, for tests and screen readers."""
        return " ".join(str(Content(f"{e.key.key} {e.key.label}")) for e in self.query(_Entry) if e.display)
