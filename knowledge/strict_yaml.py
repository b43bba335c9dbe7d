"""YAML as data, where a key that is given twice is a fault, not a silently dropped field."""

from __future__ import annotations

from typing import Any

import yaml

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(SafeLoader):  # type: ignore[misc]
    """The fastest safe loader there is, refusing duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} is given twice", key.start_mark
                    )
                seen.add(key.value)
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


def parse(text: str) -> Any:
    """The plain value. Raises yaml.YAMLError, ValueError for an impossible date and the like."""
    return yaml.load(text, Loader=Loader)  # noqa: S506 -- derived from a safe loader
