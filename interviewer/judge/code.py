"""Code in an answer: found, parsed and checked by its syntax tree. It is never run."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass, field

from interviewer.judge.evidence import Span
from knowledge.models import Check
from knowledge.syntax import CodeError, parse, run_check

_FENCE = re.compile(r"(?:```|~~~)[ \t]*([\w+-]*)[ \t]*\r?\n(.*?)(?:\n[ \t]*(?:```|~~~)|\Z)", re.S)
_QUOTES = str.maketrans("“”‘’（），：；＝［］｛｝＋－＊／．＂＇\u3000\u00a0", "\"\"''(),:;=[]{}+-*/.\"'  ")
_LOOKS_LIKE_CODE = re.compile(
    r"^\s*(?:from\s+[\w.]+\s+import\b|import\s+\w|def\s+\w+\s*\(|class\s+\w+|for\s+.+:\s*$|if\s+.+:\s*$|"
    r"while\s+.+:\s*$|with\s+.+:\s*$"
    r"|return\b|try:|else:|elif\s|@\w|[\w.\[\]\"']+(?:\s*,\s*[\w.]+)*\s*[-+*/]?=\s*\S|"
    r"[\w.]+\(.*\)?\s*,?\s*(?:#.*)?$|[)\]}]+,?\s*$|#)"
)
MAX_TRIES = 40
"""Parses tried while looking for the best region; beyond, the answer counts as unparsed."""


@dataclass(frozen=True)
class Region:
    """A stretch of the answer that parses."""

    code: str
    offsets: tuple[int, ...]
    """Where in the answer each character of `code` stands, and the end."""

    def statements(self) -> list[Span]:
        """Where its code lies, without comments and docstrings: those are prose."""
        return [self.span(s, e) for s, e in _code_only(self.code) if e > s]

    def span(self, start: int, end: int) -> Span:
        return self.offsets[start], self.offsets[max(end - 1, start)] + 1


@dataclass
class CodeReading:
    regions: list[Region] = field(default_factory=list)
    passed: dict[str, bool] = field(default_factory=dict)
    """Per check id."""
    spans: dict[str, Span] = field(default_factory=dict)
    """Where in the answer the evidence of a check lies."""

    @property
    def parsed(self) -> bool:
        return bool(self.regions)

    def spans_of_code(self) -> list[Span]:
        """The parsed stretches of the answer, comments and strings left out."""
        return [s for r in self.regions for s in r.statements()]

    def point(self, checks: list[Check], point: str) -> tuple[float, list[Span]]:
        """Share of the point's checks that hold, with their evidence."""
        mine = [c for c in checks if c.point == point]
        held = [c for c in mine if self.passed.get(c.id)]
        return (len(held) / len(mine) if mine else 0.0), [self.spans[c.id] for c in held if c.id in self.spans]


def read_code(answer: str, checks: list[Check]) -> CodeReading:
    """The code of an answer against the checks of its question."""
    out = CodeReading(regions=regions(answer))
    if not out.regions:
        return out
    trees = [(r, parse(r.code)) for r in out.regions]
    for check in checks:
        results = [(r, *run_check(check, tree, r.code)) for r, tree in trees]
        # A forbidden call anywhere breaks an `absent` check; a wanted one anywhere fulfils the other kind.
        held = [r for r in results if r[1]]
        out.passed[check.id] = len(held) == len(results) if check.absent else bool(held)
        where = next(((r, s) for r, ok, s in results if ok and s), None)
        if out.passed[check.id] and where:
            region, span = where
            out.spans[check.id] = region.span(span.start, span.end)
    return out


def regions(answer: str) -> list[Region]:
    """Fenced blocks that parse; else the whole answer; else the longest run of code lines that parses."""
    fenced = [
        (m.start(2), m.group(2)) for m in _FENCE.finditer(answer) if m.group(1) not in ("json", "bash", "sh", "yaml")
    ]
    found = [r for start, body in fenced if (r := _try(body, start))]
    if found:
        return found
    whole = _try(answer, 0)
    if whole and _is_code(whole.code):
        return [whole]
    return _best_run(answer)


def _try(text: str, start: int) -> Region | None:
    """The text as a region when it parses: as it is, with full-width signs repaired, or dedented."""
    for repaired in (text, text.translate(_QUOTES)):
        code, offsets = _dedented(repaired, start)
        try:
            if parse(code).body:
                return Region(code, offsets)
        except CodeError:
            continue
    return None


def _dedented(text: str, start: int) -> tuple[str, tuple[int, ...]]:
    """The text without the indentation all its lines share, and without carriage returns."""
    lines = text.split("\n")
    shift = min((len(x) - len(x.lstrip(" \t")) for x in lines if x.strip()), default=0)
    kept: list[str] = []
    offsets: list[int] = []
    at = start
    for n, line in enumerate(lines):
        own = line if n == len(lines) - 1 else line + "\n"
        cut = shift if line.strip() else 0
        for i, char in enumerate(own[cut:], at + cut):
            # A form feed or a carriage return ends a line for some counters and not for others.
            kept.append(" " if char in "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029" else char)
            offsets.append(i)
        at += len(own)
    return "".join(kept), (*offsets, start + len(text))


def _code_only(code: str) -> list[Span]:
    """Lines of code up to their comment; lines of a string over several lines are prose."""
    starts = [0]
    for line in code.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    out: dict[int, tuple[int, int]] = {}
    prose: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            row, column = token.start
            if token.type == tokenize.STRING and token.end[0] > row:
                prose.update(range(row, token.end[0] + 1))
            elif token.type not in (
                tokenize.COMMENT,
                tokenize.NL,
                tokenize.NEWLINE,
                tokenize.INDENT,
                tokenize.DEDENT,
                tokenize.ENDMARKER,
            ):
                first = out.get(row, (column, 0))[0]
                out[row] = (first, max(out.get(row, (0, 0))[1], token.end[1]))
    except (tokenize.TokenError, SyntaxError):
        return [(0, len(code))]
    return [(starts[r - 1] + a, starts[r - 1] + b) for r, (a, b) in out.items() if r not in prose]


def _is_code(code: str) -> bool:
    """Prose of one word is valid Python too; code has a call, an assignment, an import or a definition."""
    return bool(re.search(r"[\w)\]]\s*\(|(?<![=!<>])=(?!=)|^\s*(?:from|import|def|class)\s", code, re.M))


def _best_run(answer: str) -> list[Region]:
    """The longest stretch of lines that look like code and parse."""
    lines: list[tuple[int, str]] = []
    at = 0
    for line in answer.splitlines(keepends=True):
        lines.append((at, line))
        at += len(line)
    starts = [i for i, (_, x) in enumerate(lines) if _LOOKS_LIKE_CODE.match(x)]
    if not starts:
        return []
    best: Region | None = None
    tries = 0
    for first in starts:
        for last in reversed([i for i in range(len(lines)) if i >= first and lines[i][1].strip()]):
            if tries >= MAX_TRIES:
                break
            begin, end = lines[first][0], lines[last][0] + len(lines[last][1])
            if best and end - begin <= len(best.code):  # cannot beat it
                break
            tries += 1
            region = _try(answer[begin:end], begin)
            if region and _is_code(region.code):
                best = region
                break
    return [best] if best else []
