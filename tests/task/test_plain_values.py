"""The values of records, whatever library they come from, as the types that files hold."""

from __future__ import annotations

import json
from collections import UserDict
from datetime import date, datetime, time, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.task.plain_values import to_plain

MADRID = ZoneInfo("Europe/Madrid")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((None, None), (float("nan"), None), (float("inf"), None), (Decimal("NaN"), None), (pd.NaT, None)),
        *((pd.NA, None), (np.float64("nan"), None), (np.datetime64("NaT", "D"), None), ("", ""), (" ", " ")),
        *((True, True), (np.bool_(False), False), (12, 12), (np.int64(12), 12), (1.5, 1.5), (np.float32(1.5), 1.5)),
        *((Decimal(12), "12"), (Decimal("12.50"), "12.50"), (Decimal("1E+3"), "1000"), (Decimal("-0.5"), "-0.5")),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (np.str_("L1"), "L1"),
        (b"L\xff", "L\\xff"),
        (date(2026, 5, 11), date(2026, 5, 11)),
        (datetime(2026, 5, 11, 9, tzinfo=MADRID), datetime(2026, 5, 11, 9, tzinfo=MADRID)),
        (pd.Timestamp("2026-05-11T09:00:00.123456789"), datetime(2026, 5, 11, 9, 0, 0, 123456)),
        (np.datetime64("2026-05-11"), date(2026, 5, 11)),
        (np.datetime64("2026-05-11T09:00:00.123456789"), datetime(2026, 5, 11, 9, 0, 0, 123456)),
        (time(9), time(9)),
        ({"a": [Decimal(1), (None,)]}, {"a": ["1", [None]]}),
        (UserDict({1: float("nan")}), {"1": None}),
        (np.array([1, 2]), [1, 2]),
        (1 + 2j, "(1+2j)"),
    ],
)
def test_a_value_becomes_plain(value: Any, expected: Any) -> None:
    plain = to_plain(value)
    assert plain == expected
    assert type(plain) is type(expected)


@given(st.integers() | st.floats() | st.decimals() | st.integers(4_000, 20_000).map(lambda digits: 10**digits))
def test_json_can_hold_every_number(number: Any) -> None:
    json.dumps(to_plain(number), allow_nan=False)


def test_a_moment_keeps_its_offset() -> None:
    moment = pd.Timestamp("2026-05-11T09:00:00", tz="UTC")
    assert to_plain(moment) == datetime(2026, 5, 11, 9, tzinfo=timezone.utc)
