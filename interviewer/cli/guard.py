"""Errors become messages and exit codes here, and nowhere else."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import typer

from interviewer.errors import Exit, InterviewerError

F = TypeVar("F", bound=Callable[..., Any])

debug = False
"""Set by --debug: show tracebacks, before the message."""


def guarded(command: F) -> F:
    """Run a command so that every error leaves as one message on stderr and the right exit code."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except KeyboardInterrupt:
            interrupted()
        except BrokenPipeError:
            # The reader went away (`| head`): nothing is wrong, and nothing more can be said.
            hush()
            raise typer.Exit(Exit.DONE) from None
        except Exception as e:
            if isinstance(e, typer.Exit | typer.Abort):
                raise
            if debug:
                traceback.print_exc()
            if isinstance(e.__cause__, KeyboardInterrupt):  # Python wraps what is raised while a class is made
                interrupted()
            fail(e)

    return run  # type: ignore[return-value]


def fail(e: Exception) -> NoReturn:
    """Print what went wrong, and exit with the code that belongs to it."""
    from interviewer.text import visible
    from knowledge.errors import MapError, UnknownNameError
    from rubrics import RubricError

    if isinstance(e, InterviewerError):
        stop(visible(e.message), e.hint, e.exit_code)
    if isinstance(e, UnknownNameError):
        known = ", ".join(e.known) if len(e.known) <= 24 else ""
        stop(visible(str(e)), f"known: {known}" if known else None, Exit.USAGE)
    if isinstance(e, MapError | RubricError):
        stop(visible(str(e)), "mend the file, then `interviewer lint`", Exit.CONFIG)
    if type(e).__module__.startswith("typer"):
        raise e
    stop(
        f"unexpected {type(e).__name__}: {visible(str(e))[:300]}",
        "run again with --debug for the traceback; answers given so far are kept",
        Exit.FAILED_ROWS,
    )


def interrupted() -> NoReturn:
    stop("interrupted", "everything answered so far is kept; run the same command again", Exit.INTERRUPTED)


def stop(message: str, hint: str | None, code: int) -> NoReturn:
    say(f"error: {message}" if code != Exit.INTERRUPTED else message)
    if hint:
        say(f"  {hint}")
    raise typer.Exit(int(code))


def hush() -> None:
    """After a broken pipe: what is still to be written to stdout goes nowhere, without complaint."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """A notice, on stderr, whatever the encoding of the terminal; names of files and columns cannot steer it."""
    from interviewer.text import visible

    stream, text = sys.stderr, visible(text)
    try:
        print(text, file=stream, flush=True)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        print(text.encode(encoding, "replace").decode(encoding), file=stream, flush=True)
    except (OSError, ValueError):
        pass


def out(text: str) -> None:
    """Data, on stdout, always as UTF-8."""
    data = text if text.endswith("\n") else text + "\n"
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(data)
    else:
        sys.stdout.flush()
        buffer.write(data.encode("utf-8", "replace"))
    sys.stdout.flush()
