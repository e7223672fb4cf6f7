"""What counts as a field without a value."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.fields.gaps import is_gap
from gaps import GAPS


@pytest.mark.parametrize("value", GAPS)
def test_what_stands_for_no_value_is_a_gap(value: object) -> None:
    assert is_gap(value) is True


@pytest.mark.parametrize(
    "value",
    [
        *(0, 0.0, -0.0, False, True, math.inf, Decimal(0), Decimal("Infinity")),
        *(np.int64(0), np.float32(0), np.float32("inf"), np.bool_(False), np.bool_(True)),
        *("0", ".", "nan", "NaT", "None", "<NA>", "null", "\u200bE-7", np.str_("x")),
        *(date.min, datetime(9999, 12, 31), pd.Timestamp(0), np.datetime64(0, "D"), np.timedelta64(0, "D")),
        *([], {}, (), b"", [math.nan], object(), pl.lit(None), np.array(math.nan), np.array([math.nan, 1])),
        *(pd.Series([math.nan]), pd.DataFrame({"id": [None]}), np.array(["NaT"], "datetime64[D]")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_may_be_a_value_is_none(value: object) -> None:
    assert is_gap(value) is False


@pytest.mark.parametrize(
    ("column", "gaps"),
    [
        (pd.Series([1, None]), [False, True]),
        (pd.Series([1, None], dtype="Int64"), [False, True]),
        (pd.Series(["a", None], dtype="string"), [False, True]),
        (pd.Series([True, None], dtype="boolean"), [False, True]),
        (pd.Series([datetime(2026, 5, 11), None]), [False, True]),
        (pd.Series([1, None], dtype="float32"), [False, True]),
        (pl.Series([1, None]), [False, True]),
        (pl.Series([1.0, math.nan]), [False, True]),
        (pl.Series([date(2026, 5, 11), None]), [False, True]),
    ],
)
def test_the_gaps_of_a_data_frame_are_found(column: Any, gaps: list[bool]) -> None:
    assert [is_gap(value) for value in column] == gaps


@given(st.text())
def test_text_that_shows_anything_is_no_gap(text: str) -> None:
    assert is_gap(text) is (not text.strip().strip("\u200b\u200c\u200d\u2060\ufeff").strip() or not text.strip())
