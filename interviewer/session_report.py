"""The report of an interview in the store: the one that was kept, else one made of its turns so far."""

from __future__ import annotations

from interviewer import results
from interviewer.errors import SessionError
from interviewer.judge_card import card_line
from interviewer.models import Report
from interviewer.store import SessionRow, SessionStore
from knowledge import KnowledgeMap, UnknownNameError
from rubrics import Rules


def session_report(
    store: SessionStore,
    the_map: KnowledgeMap,
    rules: Rules,
    row: SessionRow,
    *,
    finished: bool = False,
    why_ended: str = "",
) -> Report:
    """The report of the interview `row`, with how far its judge was found to agree with reference grades.

    Raises StoreError, SessionError when the map no longer has what was asked.
    """
    kept = store.report(row.id)
    if kept is not None:
        return kept
    try:
        made = results.make_report(
            the_map,
            rules,
            store.setup(row),
            session=row,
            turns=store.turns(row.id),
            finished=finished,
            why_ended=why_ended,
        )
    except UnknownNameError as e:
        raise outgrown(row.id, e) from None
    if made.judge is not None:
        made.judge_card = card_line(made.judge.kind, made.lang)
    return made


def outgrown(session_id: str, e: UnknownNameError) -> SessionError:
    """An interview whose questions the map does not have any more."""
    return SessionError(
        f"interview {session_id} cannot be gone on with: {e}; the map has changed since it began",
        hint="start a new interview; the answers of this one stay in the database",
    )
