"""What the app has to say just now: a spinner while it works, a notice, or an error with what to do."""

from __future__ import annotations

from textual.content import Content
from textual.timer import Timer

from interviewer.tui.paint import line, safe
from interviewer.tui.prose import Prose
from interviewer.tui.widgets.prose_view import ProseView

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
TICK = 0.1


class StatusLine(ProseView):
    """Empty, it takes no room."""

    def on_mount(self) -> None:
        self._spinning: Timer = self.set_interval(TICK, self._turn, pause=True)
        self._frame = 0
        self._working = ""
        self.display = False

    @property
    def working(self) -> bool:
        return bool(self._working)

    def work(self, text: str) -> None:
        """Spin beside `text` until something else is said."""
        self._working = text
        self._frame = 0
        self._draw()
        self._spinning.resume()

    def say(self, text: str, hint: str = "", *, error: bool = False) -> None:
        self._stop()
        icon, style = ("✗", "bold $error") if error else ("·", "$quiet")
        parts: list[Content | str | tuple[str, str]] = [(f"{icon} ", style), safe(text, style)]
        if hint:
            parts += ["\n  ", safe(hint, "$foreground")]
        self.put(line(*parts), hang=2)

    def clear(self) -> None:
        self._stop()
        self.put("")

    def _stop(self) -> None:
        self._working = ""
        self._spinning.pause()

    def _turn(self) -> None:
        self._frame += 1
        self._draw()

    def _draw(self) -> None:
        if self._working:
            frame = FRAMES[self._frame % len(FRAMES)]
            dots = "." * (self._frame // 5 % 4)
            self.display = True
            self.update(Prose(line((f"{frame} ", "bold $accent"), (self._working + dots, "$foreground"))))
