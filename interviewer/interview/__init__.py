"""The interview as its users see it: start, answer, hint, skip, resume, report.

Everything the candidate does is committed to the store before the machine hears of it. Whatever
moment a process dies at, `resume` brings the machine to where the store says it should be.
"""

from interviewer.interview.engine import (
    AskerFactory,
    Engine,
    JudgeFactory,
    new_session_id,
    open_engine,
    preview,
)
from interviewer.interview.interview import Interview
from interviewer.interview.view import View

__all__ = [
    "AskerFactory",
    "Engine",
    "Interview",
    "JudgeFactory",
    "View",
    "new_session_id",
    "open_engine",
    "preview",
]
