"""Does a piece of Python contain what a check asks for? Reads the syntax tree, never runs the code.

Names are compared after import aliases are resolved, and as dotted suffixes: the pattern
`LoraConfig` matches `peft.LoraConfig(...)` and `from peft import LoraConfig as L; L(...)`.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from knowledge.models import Check, Pattern

MAX_CODE = 50_000
"""Characters of code that are parsed; deeper or longer code is refused, not risked."""


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
"""Lines as Python counts them: `str.splitlines` also cuts at form feeds and Unicode separators."""


class CodeError(ValueError):
    """The text is not Python that can be parsed; `str()` says where."""


@dataclass(frozen=True)
class Span:
    """Half-open character range in the text that was parsed."""

    start: int
    end: int


def parse(code: str) -> ast.Module:
    """The syntax tree of `code`. Raises CodeError with the line of the fault."""
    if len(code) > MAX_CODE:
        raise CodeError(f"code longer than {MAX_CODE} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except SyntaxError as e:
        where = f"line {e.lineno}" if e.lineno else "cannot be parsed"
        raise CodeError(f"{where}: {e.msg}") from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as e:
        raise CodeError(f"cannot be parsed: {type(e).__name__}") from None


def run_check(check: Check, tree: ast.Module, code: str) -> tuple[bool, Span | None]:
    """Whether the check holds, and where the evidence lies (None for an `absent` check that holds)."""
    names = _Names.of(tree)
    for pattern in check.any:
        for node in _matches(pattern, tree, names):
            return (not check.absent), _span(node, code)
    return check.absent, None


@dataclass(frozen=True)
class _Names:
    """What the names of a piece of code stand for."""

    aliases: dict[str, str]
    """Local name to the full dotted name that an import gave it."""
    values: dict[str, list[ast.expr]]
    """Variable to all that is assigned to it, anywhere."""
    known: dict[tuple[str, str], bool]
    """Whether a variable equals a value, once found out: hostile code asks it thousands of times."""

    @classmethod
    def of(cls, tree: ast.Module) -> _Names:
        names = cls({}, {}, {})
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names.aliases.update({a.asname: a.name for a in node.names if a.asname})
            elif isinstance(node, ast.ImportFrom):
                for a in node.names:
                    names.aliases[a.asname or a.name] = f"{node.module or ''}.{a.name}".lstrip(".")
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        names.values.setdefault(target.id, []).append(node.value)
        return names


def _dotted(node: ast.expr, aliases: dict[str, str]) -> str | None:
    """`model.config.use_cache` for the nested attribute; calls on the way are looked through."""
    parts: list[str] = []
    current: ast.expr = node
    while True:
        if isinstance(current, ast.Attribute):
            parts.append(current.attr)
            current = current.value
        elif isinstance(current, ast.Call):
            current = current.func
        elif isinstance(current, ast.Name):
            parts.append(aliases.get(current.id, current.id))
            break
        else:
            break
    return ".".join(reversed(parts)) or None


def _is_suffix(wanted: str, full: str | None) -> bool:
    return full is not None and (full == wanted or full.endswith("." + wanted))


def _matches(pattern: Pattern, tree: ast.Module, names: _Names) -> Iterator[ast.AST]:
    aliases = names.aliases
    for node in ast.walk(tree):
        if pattern.call is not None:
            if (
                isinstance(node, ast.Call)
                and _is_suffix(pattern.call, _dotted(node.func, aliases))
                and _has_keywords(node, pattern.keywords, names)
            ):
                yield node
        elif pattern.import_ is not None:
            if _imports(node, pattern.import_):
                yield node
        elif pattern.attribute is not None:
            if isinstance(node, ast.Attribute) and _is_suffix(pattern.attribute, _dotted(node, aliases)):
                yield node
        elif pattern.name is not None and _names(node, pattern.name):
            yield node


def _imports(node: ast.AST, wanted: str) -> bool:
    if isinstance(node, ast.Import):
        return any(a.name == wanted or a.name.startswith(wanted + ".") for a in node.names)
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        names = {f"{module}.{a.name}" for a in node.names}
        return module == wanted or module.startswith(wanted + ".") or wanted in names
    return False


def _names(node: ast.AST, wanted: str) -> bool:
    if isinstance(node, ast.Name):
        return node.id == wanted
    if isinstance(node, ast.arg):
        return node.arg == wanted
    if isinstance(node, ast.keyword):
        return node.arg == wanted
    if isinstance(node, ast.Constant):
        return node.value == wanted
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
        return node.name == wanted
    return False


def _has_keywords(call: ast.Call, wanted: dict[str, Any], names: _Names) -> bool:
    given = {k.arg: k.value for k in call.keywords if k.arg}
    for name, value in wanted.items():
        if name not in given:
            return False
        if value is not None and not _equals(given[name], value, names):
            return False
    return True


def _equals(node: ast.expr, value: Any, names: _Names) -> bool:
    """A literal equal to `value`, a dotted name ending in it, or a variable assigned one of these."""
    if not isinstance(node, ast.Name):
        return _is(node, value, names)
    key = (node.id, repr(value))
    if key not in names.known:
        names.known[key] = _leads_to(node, value, names)
    return names.known[key]


def _leads_to(node: ast.expr, value: Any, names: _Names) -> bool:
    todo, seen = [node], set()
    while todo:
        at = todo.pop()
        if _is(at, value, names):
            return True
        if isinstance(at, ast.Name) and at.id not in seen:
            seen.add(at.id)
            todo += names.values.get(at.id, [])
    return False


def _is(node: ast.expr, value: Any, names: _Names) -> bool:
    try:
        literal = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return isinstance(value, str) and _is_suffix(value, _dotted(node, names.aliases))
    if isinstance(value, list) and isinstance(literal, list | tuple | set):
        return set(map(repr, value)) <= set(map(repr, literal))
    if isinstance(value, bool) or isinstance(literal, bool):
        return literal is value
    return bool(literal == value)


def _span(node: ast.AST, code: str) -> Span | None:
    """Character offsets of a node; ast counts columns in UTF-8 bytes."""
    if not hasattr(node, "lineno") or node.end_lineno is None:  # type: ignore[attr-defined]
        return None
    lines = _LINE.findall(code)

    def offset(line: int, column: int) -> int:
        before = sum(len(text) for text in lines[: line - 1])
        return before + len(lines[line - 1].encode()[:column].decode("utf-8", "ignore"))

    return Span(
        offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
        offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
    )
