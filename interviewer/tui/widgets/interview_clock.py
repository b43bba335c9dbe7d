"""Time spent, against the time there is. It moves while the candidate is at a question only."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget

from interviewer.tui.paint import clock, line


class InterviewClock(Widget):
    """`seconds` is asked every second; past `minutes` it says so with a sign, not only in colour."""

    def __init__(self, seconds: Callable[[], float], minutes: float) -> None:
        super().__init__()
        self._seconds = seconds
        self.minutes = minutes

    def on_mount(self) -> None:
        self.set_interval(1.0, self.refresh)

    @property
    def overtime(self) -> bool:
        return self._seconds() >= self.minutes * 60

    def render(self) -> Content:
        spent, whole = clock(self._seconds()), clock(self.minutes * 60)
        if self.overtime:
            return line((f"! {spent} ", "bold $error"), (f"/ {whole}", "$quiet"))
        return line((f"{spent} ", "bold"), (f"/ {whole}", "$quiet"))
