"""SessionStore: sessions, turns, answers, judgements and drafts in one SQLite file.

An answer is committed (synchronous=FULL) before anything else happens to it. Knows models and errors,
nothing of graphs or screens. What a later version or a damage put there that cannot be read is a StoreError.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from interviewer.database import Database, storable
from interviewer.errors import SessionError, StaleTurnError, StoreError
from interviewer.models import Action, Judgement, Report, Setup, Turn


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class SessionRow:
    """One interview as the store knows it. `setup` is the plain JSON of `Setup`."""

    id: str
    created_at: str
    updated_at: str
    role: str
    level: str
    lang: str
    status: str
    """`open` or `finished`."""
    seconds: float
    """Time spent in the interview, pauses left out."""
    score: float | None
    setup: dict[str, Any]
    answered: int = 0


class SessionStore(Database):
    """What was asked, answered and found. Raises StoreError from every call, see `Database`."""

    # sessions

    def create_session(self, session_id: str, setup: dict[str, Any]) -> None:
        at = now()
        with self._write() as db:
            db.execute(
                "INSERT INTO sessions (id, created_at, updated_at, role, level, lang, setup)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (session_id, at, at, setup["role"], setup["level"], setup["lang"], _dump(setup)),
            )

    def session(self, session_id: str) -> SessionRow:
        """By id, or by a prefix that fits one session only. Raises SessionError."""
        session_id = storable(session_id)
        rows = self._sessions("WHERE s.id = ?", session_id)
        if not rows and session_id:
            rows = self._sessions("WHERE substr(s.id, 1, ?) = ?", len(session_id), session_id)
        if len(rows) == 1:
            return rows[0]
        if rows:
            raise SessionError(
                f"{session_id!r} fits {len(rows)} interviews", hint="give more of the id; `history` lists them"
            )
        raise SessionError(f"no interview {session_id[:80]!r} in {self.path}", hint="`interviewer history` lists them")

    def sessions(self, *, status: str | None = None, limit: int = 50) -> list[SessionRow]:
        """The newest first."""
        if status is None:
            return self._sessions("ORDER BY s.created_at DESC, s.id LIMIT ?", limit)
        return self._sessions("WHERE s.status = ? ORDER BY s.created_at DESC, s.id LIMIT ?", status, limit)

    def _sessions(self, tail: str, *values: object) -> list[SessionRow]:
        rows = self._rows(
            "SELECT s.id, s.created_at, s.updated_at, s.role, s.level, s.lang, s.status, s.seconds, s.score,"
            " s.setup, (SELECT count(*) FROM turns t WHERE t.session = s.id AND t.action = 'answer')"
            f" FROM sessions s {tail}",
            *values,
        )
        with self._readable("an interview"):
            return [SessionRow(*(*r[:9], json.loads(r[9]), r[10])) for r in rows]

    def setup(self, row: SessionRow) -> Setup:
        """What the candidate chose. Raises StoreError when a later version wrote what this one does not know."""
        with self._readable(f"settings of interview {row.id}"):
            return Setup.model_validate(row.setup)

    def add_seconds(self, session_id: str, seconds: float) -> None:
        with self._write() as db:
            db.execute("UPDATE sessions SET seconds = seconds + ? WHERE id = ?", (seconds, session_id))

    def questions_seen(self) -> dict[str, int]:
        """How often each question was asked in any session."""
        return dict(
            self._rows(
                "SELECT question_id, count(*) FROM turns WHERE json_extract(body, '$.kind') = 'question'"
                " GROUP BY question_id"
            )
        )

    # turns

    def add_turn(self, session_id: str, turn: Turn) -> None:
        """Idempotent: a node that runs again after a crash adds nothing."""
        body = turn.model_dump(mode="json", exclude={"answer", "action", "answered_at", "judgement"})
        with self._write() as db:
            db.execute(
                "INSERT INTO turns (session, seq, turn_id, question_id, body, action) VALUES"
                " (?, (SELECT count(*) + 1 FROM turns WHERE session = ?), ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (session_id, session_id, turn.turn_id, turn.question_id, _dump(body), turn.action),
            )

    def record_answer(self, session_id: str, turn_id: str, action: Action, text: str | None) -> None:
        """Commit what the candidate did, once; the draft goes with it.

        Raises StaleTurnError when the turn is not there or already has an action.
        """
        at = now()
        with self._write() as db:
            done = db.execute(
                "UPDATE turns SET action = ?, answer = ?, answered_at = ?"
                " WHERE session = ? AND turn_id = ? AND action IS NULL",
                (action, None if text is None else storable(text), at, session_id, turn_id),
            ).rowcount
            if not done:
                raise StaleTurnError(
                    f"turn {turn_id} is already answered",
                    hint="the interview has moved on; answer the question on the screen",
                )
            db.execute("DELETE FROM drafts WHERE session = ?", (session_id,))
            db.execute("UPDATE sessions SET updated_at = ? WHERE id = ?", (at, session_id))

    def save_judgement(self, session_id: str, turn_id: str, judgement: Judgement) -> bool:
        """Keep the first judgement of a turn; False when there was one already."""
        with self._write() as db:
            return bool(
                db.execute(
                    "UPDATE turns SET judgement = ? WHERE session = ? AND turn_id = ? AND judgement IS NULL",
                    (_dump(judgement.model_dump(mode="json")), session_id, turn_id),
                ).rowcount
            )

    def turn(self, session_id: str, turn_id: str) -> Turn | None:
        found = self._turns("AND turn_id = ?", session_id, turn_id)
        return found[0] if found else None

    def turns(self, session_id: str) -> list[Turn]:
        """In the order in which they were asked."""
        return self._turns("ORDER BY seq", session_id)

    def _turns(self, tail: str, *values: object) -> list[Turn]:
        rows = self._rows(
            f"SELECT body, action, answer, answered_at, judgement FROM turns WHERE session = ? {tail}", *values
        )
        with self._readable("a turn"):
            return [
                Turn(
                    **json.loads(body),
                    action=action,
                    answer=answer,
                    answered_at=at,
                    judgement=Judgement.model_validate_json(judgement) if judgement else None,
                )
                for body, action, answer, at, judgement in rows
            ]

    # drafts

    def save_draft(self, session_id: str, turn_id: str, text: str) -> None:
        """Keep what is being typed; an empty text forgets it."""
        with self._write() as db:
            if text:
                db.execute(
                    "INSERT INTO drafts VALUES (?, ?, ?, ?) ON CONFLICT (session) DO UPDATE SET"
                    " turn_id = excluded.turn_id, text = excluded.text, updated_at = excluded.updated_at",
                    (session_id, turn_id, storable(text), now()),
                )
            else:
                db.execute("DELETE FROM drafts WHERE session = ?", (session_id,))

    def draft(self, session_id: str, turn_id: str) -> str:
        rows = self._rows("SELECT text FROM drafts WHERE session = ? AND turn_id = ?", session_id, turn_id)
        return str(rows[0][0]) if rows else ""

    # reports

    def save_report(self, session_id: str, report: Report) -> None:
        with self._write() as db:
            db.execute(
                "UPDATE sessions SET report = ?, score = ?, status = 'finished', updated_at = ? WHERE id = ?",
                (_dump(report.model_dump(mode="json")), report.score, now(), session_id),
            )

    def report(self, session_id: str) -> Report | None:
        rows = self._rows("SELECT report FROM sessions WHERE id = ?", session_id)
        with self._readable("a report"):
            return Report.model_validate_json(rows[0][0]) if rows and rows[0][0] else None

    @contextmanager
    def _readable(self, what: str) -> Iterator[None]:
        try:
            yield
        except ValueError as e:  # pydantic's and json's too
            why = _first_fault(e)
            raise StoreError(
                f"{self.path} holds {what} that this version cannot read: {why}",
                hint="use the version that wrote it, or name another file with --db PATH",
            ) from None


def _first_fault(e: ValueError) -> str:
    if isinstance(e, ValidationError):
        fault = e.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
    return str(e)


def _dump(value: object) -> str:
    return storable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
