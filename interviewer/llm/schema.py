"""A pydantic model as the schema that providers take: strict where they enforce it, compact where they read it.

Strict mode wants every property required and no others allowed, no defaults, and rejects some keywords. What is
left out here is still checked by pydantic afterwards.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

REJECTED = {"default", "title", "minLength", "maxLength", "examples", "discriminator", "format", "uniqueItems"}


BRIEF = "x-brief"
"""In the schema of a string or a list: how many characters or items a small model is held to. Told to no other."""


@lru_cache(maxsize=64)
def strict_format(schema: type[BaseModel], *, brief: bool = False) -> dict[str, Any]:
    """The `response_format` of a strict schema; `brief` for a server whose grammar counts characters."""
    plain = schema.model_json_schema()
    shape = _strict(plain, plain.get("$defs", {}))
    shape = _held(shape) if brief else _without(shape)
    named = {"name": _name(schema), "schema": shape, "strict": not _open(plain)}
    return {"type": "json_schema", "json_schema": named}


@lru_cache(maxsize=64)
def in_words(schema: type[BaseModel]) -> str:
    """For the prompt of models that no schema is enforced on; the same bytes every time, so prefixes stay cached."""
    text = json.dumps(_plain(schema.model_json_schema()), ensure_ascii=False, separators=(",", ":"))
    return f"Reply with one JSON object and nothing else: no prose, no code fence. It follows this JSON schema:\n{text}"


def _name(schema: type[BaseModel]) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in schema.__name__)[:64]


def _strict(node: Any, defs: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_strict(n, defs) for n in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and len(node) > 1:  # a reference takes no keywords beside it: put the definition here
        target = defs.get(str(node["$ref"]).rpartition("/")[2], {})
        return _strict({**target, **{k: v for k, v in node.items() if k != "$ref"}}, defs)
    if len(node.get("allOf", ())) == 1:
        return _strict({**node["allOf"][0], **{k: v for k, v in node.items() if k != "allOf"}}, defs)
    out: dict[str, Any] = {}
    for key, value in node.items():
        if key in ("properties", "$defs"):
            out[key] = {name: _strict(sub, defs) for name, sub in value.items()}
        elif key == "oneOf":
            out["anyOf"] = _strict(value, defs)
        elif key == "const":
            out["enum"] = [value]
        elif key == "enum":
            out[key] = value
        elif key not in REJECTED:
            out[key] = _strict(value, defs)
    if "properties" in out:
        out["required"] = list(out["properties"])
        out["additionalProperties"] = False
    return out


def _held(node: Any) -> Any:
    """With `BRIEF` as the grammar's limit."""
    if isinstance(node, dict):
        limit = "maxItems" if node.get("type") == "array" else "maxLength"
        return {(limit if k == BRIEF else k): _held(v) for k, v in node.items()}
    return [_held(n) for n in node] if isinstance(node, list) else node


def _without(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: _without(v) for k, v in node.items() if k != BRIEF}
    return [_without(n) for n in node] if isinstance(node, list) else node


def _open(node: Any) -> bool:
    """Whether an object of any keys occurs: strict mode cannot say that."""
    if isinstance(node, list):
        return any(map(_open, node))
    if not isinstance(node, dict):
        return False
    loose = node.get("additionalProperties") not in (None, False)
    bare = node.get("type") == "object" and "properties" not in node
    return loose or bare or any(map(_open, node.values()))


def _plain(node: Any) -> Any:
    """Without what costs tokens and says nothing: titles that pydantic made of names."""
    if isinstance(node, list):
        return [_plain(n) for n in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, value in node.items():
        if key in ("properties", "$defs"):
            out[key] = {name: _plain(sub) for name, sub in value.items()}
        elif key not in ("title", BRIEF):
            out[key] = value if key in ("enum", "const", "default") else _plain(value)
    return out
