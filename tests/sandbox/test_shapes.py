"""Schemas of types, and of examples."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field
from typing_extensions import TypedDict

from cor_provider.sandbox.shapes import schema_of_examples, schema_of_type


class Inner(TypedDict):
    title: str


class Outer(TypedDict):
    one: Inner
    several: list[Inner]
    perhaps: Annotated[Inner | None, Field(json_schema_extra={"x-mark": "!"})]


def test_a_schema_of_a_type_is_in_one_piece_and_keeps_what_is_marked() -> None:
    inner = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}

    assert schema_of_type(Outer) == {
        "type": "object",
        "properties": {
            "one": inner,
            "several": {"type": "array", "items": inner},
            "perhaps": {"anyOf": [inner, {"type": "null"}], "x-mark": "!"},
        },
        "required": ["one", "several", "perhaps"],
    }


@pytest.mark.parametrize(
    ("examples", "schema"),
    [
        ([None], {"type": "null"}),
        ([400, 404, 400], {"type": "integer", "enum": [400, 404]}),
        ([True], {"type": "boolean", "enum": [True]}),
        ([6.5], {"type": "number", "enum": [6.5]}),
        (["a", "b"], {"type": "string"}),
        (["NameError"], {"type": "string", "enum": ["NameError"]}),
        (["NameError", "a"], {"type": "string"}),
        ([[]], {"type": "array"}),
        ([["a"], ["b"]], {"type": "array", "items": {"type": "string"}}),
        (
            [{"a": "x", "b": 1}, {"a": "y"}],
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "integer", "enum": [1]}},
                "required": ["a"],
            },
        ),
    ],
)
def test_a_schema_of_examples_allows_what_looks_like_them(examples: list[Any], schema: dict[str, Any]) -> None:
    assert schema_of_examples(examples, names={"NameError"}) == schema
