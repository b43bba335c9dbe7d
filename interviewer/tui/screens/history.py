"""Past interviews: Enter opens the report of a finished one, and goes on with an open one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import DataTable

from interviewer.errors import InterviewerError
from interviewer.store import SessionRow
from interviewer.text import one_line
from interviewer.tui.paint import line, marks
from interviewer.tui.screens.base import FullScreen
from interviewer.tui.when import when
from interviewer.tui.widgets.key_bar import Key
from interviewer.tui.widgets.prose_view import ProseView
from interviewer.tui.widgets.status_line import StatusLine


class HistoryScreen(FullScreen):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", show=False)]

    def keys(self) -> list[Key]:
        t = self.words
        return [
            Key("⏎", t("key.open"), "open"),
            Key("Esc", t("key.back"), "back"),
            Key("F1", t("key.help"), "app.help", 1),
            Key("^Q", t("key.quit"), "app.leave"),
        ]

    def body(self) -> Iterable[Widget]:
        yield DataTable(cursor_type="row", zebra_stripes=True)
        yield ProseView(line((self.words("history_none"), "$quiet")), id="none")
        yield StatusLine(id="status")

    async def on_mount(self) -> None:
        t, table = self.words, self.query_one(DataTable)
        self.top.put(line((f" {t('history')}", "bold")))
        for name in ("when", "role", "level", "lang", "answered", "score", "status"):
            table.add_column(Text(t(f"col.{name}")), key=name)
        try:
            rows = await self.owner.room.sessions()
        except InterviewerError as e:
            self.query_one("#status", StatusLine).say(e.message, e.hint or "", error=True)
            rows = []
        for row in rows:
            table.add_row(*self._cells(row), key=f"{row.status}:{row.id}")
        table.display = bool(rows)
        self.query_one("#none").display = not rows
        table.focus()

    def _cells(self, row: SessionRow) -> list[Text]:
        t = self.words
        names = {r.id: r.brief(t.lang) for r in self.owner.the_map.roles}
        values = [
            when(row.created_at),
            names.get(row.role, row.role),
            t.named("level", row.level),
            t.named("lang", row.lang),
            str(row.answered),
            marks(row.score),
            t.named("session", row.status),
        ]
        return [Text(one_line(v)) for v in values]

    @on(DataTable.RowSelected)
    def chosen(self, event: DataTable.RowSelected) -> None:
        status, _, session = str(event.row_key.value).partition(":")
        if status == "open":
            self.owner.resume_interview(session)
        else:
            self.owner.open_report(session)

    def action_open(self) -> None:
        self.query_one(DataTable).action_select_cursor()

    def action_back(self) -> None:
        self.owner.open_setup()
