"""Does a piece of Python contain what a check asks for? Reads the syntax tree, never runs the code.

Names are compared after import aliases are resolved, and as dotted suffixes: the pattern
`LoraConfig` matches `peft.LoraConfig(...)` and `from peft import LoraConfig as L; L(...)`.
"""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from knowledge.models import Check, Pattern

MAX_CODE = 50_000
"""Characters of code that are parsed; deeper or longer code is refused, not risked."""


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
        raise CodeError(f"line {e.lineno}: {e.msg}") from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as e:
        raise CodeError(f"cannot be parsed: {type(e).__name__}") from None


def run_check(check: Check, tree: ast.Module, code: str) -> tuple[bool, Span | None]:
    """Whether the check holds, and where the evidence lies (None for an `absent` check that holds)."""
    aliases = _aliases(tree)
    for pattern in check.any:
        for node in _matches(pattern, tree, aliases):
            return (not check.absent), _span(node, code)
    return check.absent, None


def dedent(code: str) -> str:
    return textwrap.dedent(code)


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Local name to the full dotted name that an import gave it."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for a in node.names:
                if a.asname:
                    found[a.asname] = a.name
        elif isinstance(node, ast.ImportFrom):
            for a in node.names:
                found[a.asname or a.name] = f"{node.module or ''}.{a.name}".lstrip(".")
    return found


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


def _matches(pattern: Pattern, tree: ast.Module, aliases: dict[str, str]) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if pattern.call is not None:
            if (
                isinstance(node, ast.Call)
                and _is_suffix(pattern.call, _dotted(node.func, aliases))
                and _has_keywords(node, pattern.keywords, tree, aliases)
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


def _has_keywords(call: ast.Call, wanted: dict[str, Any], tree: ast.Module, aliases: dict[str, str]) -> bool:
    given = {k.arg: k.value for k in call.keywords if k.arg}
    for name, value in wanted.items():
        if name not in given:
            return False
        if value is not None and not _equals(given[name], value, tree, aliases):
            return False
    return True


def _equals(node: ast.expr, value: Any, tree: ast.Module, aliases: dict[str, str], depth: int = 3) -> bool:
    """A literal equal to `value`, a dotted name ending in it, or a variable assigned one of these."""
    try:
        literal = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        pass
    else:
        if isinstance(value, list) and isinstance(literal, list | tuple | set):
            return set(map(repr, value)) <= set(map(repr, literal))
        if isinstance(value, bool) or isinstance(literal, bool):
            return literal is value
        return bool(literal == value)
    if isinstance(node, ast.Name) and depth > 0:
        for other in ast.walk(tree):
            if (
                isinstance(other, ast.Assign)
                and any(isinstance(t, ast.Name) and t.id == node.id for t in other.targets)
                and _equals(other.value, value, tree, aliases, depth - 1)
            ):
                return True
    return isinstance(value, str) and _is_suffix(value, _dotted(node, aliases))


def _span(node: ast.AST, code: str) -> Span | None:
    """Character offsets of a node; ast counts columns in UTF-8 bytes."""
    if not hasattr(node, "lineno") or node.end_lineno is None:  # type: ignore[attr-defined]
        return None
    lines = code.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        before = sum(len(text) for text in lines[: line - 1])
        return before + len(lines[line - 1].encode()[:column].decode("utf-8", "ignore"))

    return Span(
        offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
        offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
    )
