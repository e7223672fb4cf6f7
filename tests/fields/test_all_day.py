"""Whether a leave is all-day, in the words and types of its source."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic_core import PydanticCustomError

from cor_provider.fields.all_day import read_all_day
from gaps import GAPS

YES = [True, 1, 1.0, "true", "True", "yes", "Y", "on", "1", "t", " yes ", "\u00a0TRUE\n"]
NO = [False, 0, 0.0, "false", "FALSE", "no", "N", "off", "0", "f", "\tno", "False\u2003"]


@pytest.mark.parametrize("value", [*YES, np.bool_(True), np.int64(1), np.float64(1), np.str_("yes"), Decimal(1)])
def test_true_in_any_form_is_all_day(value: Any) -> None:
    assert read_all_day(value) is True


@pytest.mark.parametrize("value", [*NO, np.bool_(False), np.int64(0), np.float64(0), np.str_("no"), Decimal(0)])
def test_false_in_any_form_is_not(value: Any) -> None:
    assert read_all_day(value) is False


@pytest.mark.parametrize("column", [pd.Series([True, False]), pd.Series([True, False], dtype="boolean")])
def test_the_booleans_of_a_data_frame_are_read(column: Any) -> None:
    assert [read_all_day(value) for value in column] == [True, False]


@pytest.mark.parametrize("value", GAPS)
def test_a_gap_leaves_it_open(value: object) -> None:
    assert read_all_day(value) is None


@pytest.mark.parametrize("value", ["perhaps", "2", 2, 0.5, [], [True], {}, np.array([True]), np.int64(2), object()])
def test_anything_else_is_refused_without_being_shown(value: object) -> None:
    with pytest.raises(PydanticCustomError) as refusal:
        read_all_day(value)
    assert refusal.value.message() == "must be true or false, or left out"
