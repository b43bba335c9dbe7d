"""`python -m evals …`: how far can this judge be trusted? One command a room, in `evals/commands/`."""

from __future__ import annotations

import argparse
import sys

from evals.commands import calibrate, check, compare, gate, import_, own_texts, probes, report, requests, run
from evals.commands.terminal import say
from interviewer.errors import Exit, InterviewerError
from knowledge import MapError
from rubrics import RubricError

COMMANDS = (run, report, compare, gate, import_, requests, probes, calibrate, check, own_texts)
EXAMPLES = """examples:
  python -m evals run --judge offline --split test    agreement on the half whose answers nothing was fitted on
  python -m evals run --output out/                   also as a page of plots: out/report.html
  python -m evals gate                                fail when judge or probes are worse than the committed report
  python -m evals report out/                         that page again, from the files of the run
  python -m evals import answers.csv                  agreement on answers that you have graded yourself
  python -m evals probes                              what can the judge be talked into? exit code 1 when one fails
  python -m evals probes negation master-keys         two of them
  python -m evals calibrate --id fusion-v9            fit the offline judge's weights and intervals on the dev half
  python -m evals check                               faults in answers*.jsonl and grades*.jsonl
  python -m evals export-requests --model openai/gpt-5-mini --split test -o requests.jsonl
                                                      the eval set for a provider's batch; import-responses reads it
  python -m evals map lora peft                       does the judge recognise the map's own texts?
`python -m evals COMMAND --help` has more.
"""


def main(argv: list[str] | None = None) -> int:
    parser = _parser()
    args = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        return int(args.command(args))
    except InterviewerError as e:
        say(f"error: {e.message}")
        if e.hint:
            say(f"  {e.hint}")
        return int(e.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        return int(Exit.DONE)
    except (MapError, RubricError, OSError) as e:
        say(f"error: {e}")
        return int(Exit.CONFIG)
    except KeyboardInterrupt:
        say("interrupted; what a model has answered is kept, so the same command goes on from there")
        return int(Exit.INTERRUPTED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evals",
        description="How far can this judge be trusted?",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for room in COMMANDS:
        room.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
