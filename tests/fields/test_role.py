"""Roles by number and by name."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from pydantic_core import PydanticCustomError

from cor_provider.fields.role import ROLES, read_role


@pytest.mark.parametrize(("number", "name"), ROLES.items())
def test_a_role_is_read_by_number_and_by_name_however_it_is_spelt(number: int, name: str) -> None:
    spellings = [name, name.upper(), f"  {name.lower()} ", name.replace(" ", "  "), name.replace("-", " ")]
    numbers = [number, float(number), Decimal(number), np.int64(number), f"{number}", f" {number}.0"]
    assert {read_role(value) for value in (*spellings, *numbers)} == {number}


@pytest.mark.parametrize("gap", [None, "", float("nan")])
def test_a_gap_is_none(gap: object) -> None:
    assert read_role(gap) is None


@pytest.mark.parametrize("value", [0, 7, -1, 1.5, True, "boss", "1.5", "9" * 400, "²", "१", [1], b"1", "Client\0"])
def test_anything_else_is_refused_without_being_quoted(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="1 C-Level") as refused:
        read_role(value)
    assert "boss" not in refused.value.message()
