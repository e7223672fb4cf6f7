"""The hours of a day, in the types that they come in."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from pydantic_core import PydanticCustomError

from cor_provider.fields.daily_hours import read_hours


@pytest.mark.parametrize(
    ("value", "hours"),
    [(8, "8"), (8.0, "8"), (" 7.5 ", "7.5"), (Decimal("7.50"), "7.5"), (np.float32(7.5), "7.5"), (np.int64(24), "24")],
)
def test_hours_are_a_number_without_a_fraction_that_says_nothing(value: object, hours: str) -> None:
    assert repr(read_hours(value)) == hours


@pytest.mark.parametrize("gap", [None, "", float("nan"), Decimal("NaN")])
def test_a_gap_is_none(gap: object) -> None:
    assert read_hours(gap) is None


@pytest.mark.parametrize("value", [0, -1, 24.5, True, "7,5", "eight", "nan", "sNaN", "inf", [8], b"8"])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(PydanticCustomError, match="above 0, at most 24"):
        read_hours(value)
