"""Which questions a judge may be fitted on. Decided by the question's id alone, so it never moves.

`dev` is for looking, fitting and choosing; `test` is for the number that is told. Whatever fits refuses `test`.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from interviewer.errors import UsageError

Split = Literal["dev", "test"]
SPLITS: tuple[Split, ...] = ("dev", "test")


def split_of(question_id: str) -> Split:
    """The half a question belongs to: all its answers are in one, or a judge could learn the question."""
    return "test" if hashlib.sha256(f"split:{question_id}".encode()).digest()[0] % 2 else "dev"


def for_fitting(split: str) -> Split:
    """`split`, if fitting on it is allowed. Raises UsageError."""
    if split != "dev":
        raise UsageError(
            f"nothing is fitted on {split!r}", hint="fit on dev; test is for measuring what was fitted, once"
        )
    return "dev"
