"""The files of one `interviewer grade`: which they are, and that none of them is written over another."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from interviewer.cli.guard import say
from interviewer.errors import UsageError


def check_files(
    input: Path, output: str, journal: Path | None, reports: Iterable[Path], submit: Path | None,
    collect: Iterable[Path], *, resume: bool,
) -> None:  # fmt: skip
    """Raises UsageError when a file that is to be written is another file of the run. `-` is a standard stream.

    With `resume`, says what there is to go on with.
    """
    from interviewer.batch.files import errors_of, journal_of

    kept = journal or journal_of(input, output)
    read = [("the input", input)] if str(input) != "-" else []
    read += [("a file of results", path) for path in collect]
    written: list[tuple[str, Path, str]] = []
    if output != "-":
        written += [("the output", Path(output), "give it another name with -o")]
        written += [("the file of failed rows", errors_of(Path(output)), "give the output another name with -o")]
    written += [("the journal", kept, "give it another name with --journal")]
    if submit is not None:
        written += [("the file of requests", submit, "give it another name with --submit-file")]
    written += [("the report", path, "give it another name with --report") for path in reports]
    taken = {path.resolve(): what for what, path in read}
    for what, path, hint in written:
        other = taken.setdefault(path.resolve(), what)
        if other != what:
            raise UsageError(f"{what} is {other}: {path}", hint=hint)
    if resume:
        say(f"going on with {kept}" if kept.exists() else f"there is no journal {kept} yet: from the first row")
