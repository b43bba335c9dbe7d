"""`python -m interviewer`."""

from __future__ import annotations

import sys


def main() -> None:
    """The command line; Ctrl-C while it is still being loaded is no traceback either."""
    try:
        from interviewer.cli.main import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(4)


if __name__ == "__main__":
    main()
