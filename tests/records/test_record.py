"""What all records have in common when they are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import pytest
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from cor_provider.exceptions import CorConflictingRepeatError, CorRecordError, CorValidationError
from cor_provider.records.record import Record


def _refuse(_value: object) -> str:
    raise PydanticCustomError("odd", "is odd")


class Thing(Record):
    expected: ClassVar[str] = "A thing must be a mapping with name"
    refusals: ClassVar[Mapping[str, type[CorRecordError]]] = {"odd": CorConflictingRepeatError}

    name: str
    colour: Annotated[str, BeforeValidator(_refuse)] = "red"


def test_what_is_no_mapping_is_refused_by_its_type() -> None:
    with pytest.raises(CorValidationError, match=r"A thing must be a mapping with name, not int\."):
        Thing.model_validate(5)


def test_fields_are_named_as_the_context_says() -> None:
    with pytest.raises(CorValidationError, match="NAME: is missing"):
        Thing.model_validate({}, context={"label": str.upper})


def test_a_problem_with_an_error_of_its_own_has_that_error() -> None:
    with pytest.raises(CorConflictingRepeatError, match="colour: is odd"):
        Thing(name="x", colour="blue")


def test_several_kinds_of_problems_are_a_validation_error() -> None:
    with pytest.raises(CorValidationError, match="name: is missing; colour: is odd"):
        Thing.model_validate({"colour": "blue"})
