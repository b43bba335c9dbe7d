"""The shape of a skill file as JSON Schema, so that editors complete and check while one writes."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from knowledge import models
from knowledge.models import Skill

FILE = Path(__file__).with_name("skill.schema.json")


def skill_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a skill file. What the models' docstrings say of a field is its description."""
    schema = Skill.model_json_schema(by_alias=True)
    shapes = {**schema["$defs"], "Skill": schema}
    for name, shape in shapes.items():
        model = getattr(models, name, None)
        if isinstance(model, type) and issubclass(model, BaseModel):
            for field, text in _said_of_fields(model).items():
                alias = model.model_fields[field].alias or field
                if alias in shape.get("properties", {}):
                    shape["properties"][alias].setdefault("description", text)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def as_text() -> str:
    return json.dumps(skill_schema(), ensure_ascii=False, indent=1) + "\n"


def _said_of_fields(model: type[BaseModel]) -> dict[str, str]:
    """The string literals that stand behind the fields of a model, by field, base classes first."""
    said: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if not issubclass(cls, BaseModel) or cls.__module__ != models.__name__:
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
        assert isinstance(tree, ast.ClassDef)
        for field, after in zip(tree.body, tree.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and isinstance(after.value.value, str)
            ):
                said[field.target.id] = " ".join(after.value.value.split())
    return said
