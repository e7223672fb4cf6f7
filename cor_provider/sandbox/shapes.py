"""JSON Schemas: of a Python type, of the shape of a value, and of examples, such as errors in each of their styles."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from cor_provider.contract.shape import Shape

Schema: TypeAlias = dict[str, Any]


def schema_of_type(kind: Any) -> Schema:
    """Return the schema of a type that pydantic knows, in one piece: nothing in it refers to something else."""
    schema = TypeAdapter(kind).json_schema()
    return _without_titles(schema, schema.pop("$defs", {}))


def _without_titles(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """Return the schema with its definitions in place, and without the titles that pydantic makes from names."""
    if "$ref" in schema:
        definition = definitions[schema["$ref"].rpartition("/")[2]]
        schema = {**definition, **{key: value for key, value in schema.items() if key != "$ref"}}
    parts: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            parts[key] = {name: _without_titles(part, definitions) for name, part in value.items()}
        elif key == "items":
            parts[key] = _without_titles(value, definitions)
        elif key == "anyOf":
            parts[key] = [_without_titles(part, definitions) for part in value]
        elif key != "title":
            parts[key] = value
    return parts


def schema_of_shape(shape: Shape) -> Schema:
    """Return the schema of what has a shape, of any length: what a COR has answered, and what is made up like it."""
    if shape.type == "deeper":
        return {}
    if shape.value is not None:
        return {"type": shape.type, "enum": [shape.value]}
    schema: Schema = {"type": shape.type}
    if shape.type == "object":
        schema["properties"] = {key: schema_of_shape(inner) for key, inner in shape.keys.items()}
        schema["required"] = [*shape.keys]
    elif shape.items is not None:
        schema["items"] = schema_of_shape(shape.items)
    elif shape.alone:
        schema["enum"] = [*shape.words]
    elif shape.date:
        schema["pattern"] = f"^{re.escape(shape.date).replace('0', '[0-9]')}$"
    return schema


def schema_of_examples(examples: Sequence[Any], *, names: Collection[str] = ()) -> Schema:
    """
    Return the schema of what looks like these JSON values, which are of one type.

    :param names: text that stands for itself. Where an example has such text, or a number, nothing else is allowed.
    """
    first = examples[0]
    if isinstance(first, dict):
        keys = dict.fromkeys(key for example in examples for key in example)
        return {
            "type": "object",
            "properties": {
                key: schema_of_examples([example[key] for example in examples if key in example], names=names)
                for key in keys
            },
            "required": [key for key in keys if all(key in example for example in examples)],
        }
    if isinstance(first, list):
        items = [item for example in examples for item in example]
        return {"type": "array", **({"items": schema_of_examples(items, names=names)} if items else {})}
    if first is None:
        return {"type": "null"}
    if isinstance(first, str) and any(example not in names for example in examples):
        return {"type": "string"}
    type_name = {str: "string", int: "integer", float: "number", bool: "boolean"}[type(first)]
    return {"type": type_name, "enum": [*dict.fromkeys(examples)]}
