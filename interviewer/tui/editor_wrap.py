"""Line breaks of the editor: the same as of all other text here (prose.py).

Textual offers no way to choose them, so its function is replaced, once, for this process, which has no
other editor. A version of Textual that has moved it keeps its own line breaks; nothing else changes.
"""

from __future__ import annotations

import importlib
from typing import Any

from interviewer.tui.prose import breaks

HOME, NAME = "textual.document._wrapped_document", "compute_wrap_offsets"


def install() -> bool:
    """Whether the editor now breaks lines as prose does."""
    try:
        module = importlib.import_module(HOME)
        own = getattr(module, NAME)
    except (ImportError, AttributeError):
        return False
    if getattr(own, "is_prose", False):
        return True

    def compute_wrap_offsets(text: str, width: int, tab_size: int, *args: Any, **options: Any) -> Any:
        if "\t" in text or width < 2:
            return own(text, width, tab_size, *args, **options)
        return breaks(text, width, keep_spaces=True)

    compute_wrap_offsets.is_prose = True  # type: ignore[attr-defined]
    setattr(module, NAME, compute_wrap_offsets)
    return True
