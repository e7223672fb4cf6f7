"""Schemas of types, and of examples."""

from __future__ import annotations

from typing import Annotated, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from typing_extensions import TypedDict

from cor_provider.contract.shape import shape_of
from cor_provider.sandbox.by_contract import filled
from cor_provider.sandbox.shapes import schema_of_examples, schema_of_shape, schema_of_type


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


KEYS = st.sampled_from(("id", "status", "statusCode", "error", "message", "data", "start", "ok", "errors", "x"))
TEXTS = st.sampled_from(
    ("", "ZC001", "no LeaveNotFoundError", "2026-05-11T00:00:00-03:00", "2026-05-11", "ERROR", "Ana")
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 500) | st.floats(0, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_a_schema_of_a_shape_describes_what_has_it_and_what_is_made_up_like_it(value: Any) -> None:
    shape = shape_of(value)
    for one in (value, filled(shape, {})):
        # The shape of an array is that of its first item.
        if not _has_mixed_arrays(one):
            jsonschema.validate(one, schema_of_shape(shape))


def _has_mixed_arrays(value: Any) -> bool:
    if isinstance(value, list):
        return len({shape_of(item).model_dump_json() for item in value}) > 1 or any(map(_has_mixed_arrays, value))
    return isinstance(value, dict) and any(map(_has_mixed_arrays, value.values()))


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ({"id": 1}, {}),
        ({"id": 1}, {"id": "1"}),
        ({"statusCode": 404}, {"statusCode": 400}),
        ("ZC001", "ZC004"),
        ("2026-05-11", "11.5.2026"),
        ([1], ["1"]),
    ],
)
def test_a_schema_of_a_shape_does_not_describe_another(value: Any, other: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(other, schema_of_shape(shape_of(value)))
