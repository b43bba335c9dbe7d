"""`python -m interviewer`."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """The command line; Ctrl-C while it is still being loaded is no traceback either."""
    # Starting makes many objects that live to the end; looking through them again and again costs a tenth.
    gc.set_threshold(50_000, 20, 20)
    # Nothing here is a plugin of pydantic's, and looking through all that is installed for one takes as long.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        from interviewer.cli.main import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(4)


if __name__ == "__main__":
    main()
